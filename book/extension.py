"""What the book adds to Sphinx: repairs of the pages that its extensions write.

* No page asks another host for anything.
* A proof has a title like any theorem, so that a long one can be folded.
* A claim that holds is a line with a mark of its own, not one more box of output.
* Pages keep to the rules of HTML and ARIA that a screen reader relies on.
"""

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective


class Proof(SphinxDirective):
    """``prf:proof`` with a title.

    sphinx-proof writes "Proof." into the first paragraph. Then a proof of ``:class: dropdown``
    has no title to click on, and the script of the buttons stops at the first one.
    """

    has_content = True
    option_spec = {"class": directives.class_option}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        proof = nodes.admonition(classes=["proof", "proof-of", *self.options.get("class", [])])
        proof += nodes.title("", "Proof")
        self.state.nested_parse(self.content, self.content_offset, proof)
        return [proof]


def drop_foreign_scripts(_app: Sphinx, config: Config) -> None:
    """Leave out the scripts for live widgets, which myst-nb loads from other hosts."""
    config.nb_ipywidgets_js.clear()


def mark_claims(_app: Sphinx, doctree: nodes.document) -> None:
    """Let the style sheet know which outputs are claims that hold."""
    for block in doctree.findall(nodes.literal_block):
        if "text_plain" in block["classes"] and block.astext().startswith("verified "):
            block["classes"].append("claim")


def drop_repeated_ids(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Theorems, exercises and solutions give one id to the contents of all of them."""
    for section in doctree.findall(nodes.section):
        if isinstance(section.parent, nodes.Admonition):
            section["ids"] = []


def mend_bibliography(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.document
) -> None:
    """docutils marks a bibliography as a list without items; plain paragraphs read well."""
    if "body" in context:
        body = context["body"].replace('<div role="list" class="citation-list">', "<div>")
        context["body"] = body.replace(' role="doc-biblioentry"', "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect all of the above."""
    app.setup_extension("sphinx_proof")
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    app.connect("config-inited", drop_foreign_scripts)
    app.connect("doctree-read", mark_claims)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("html-page-context", mend_bibliography)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
