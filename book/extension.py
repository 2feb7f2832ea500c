"""What the book adds to Sphinx: no page asks another host for anything."""

from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Drop the scripts that Jupyter Book's extensions load from content delivery networks."""
    app.connect("config-inited", lambda _app, config: config.nb_ipywidgets_js.clear())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
