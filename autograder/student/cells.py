"""The student's side: runs the cells, keeps what they show, and serves calls of what they define.

Everything here runs in the process of the submission, which the student's code can change as
it likes. Nothing that it says is believed; see :mod:`autograder.judge.judge`.
"""

import contextlib
import socket
import sys
import traceback
from typing import Any

from autograder.exchange.channel import Channel, Gone
from autograder.exchange.endpoint import Peer
from autograder.exchange.serialize import Reader

MOST_SHOWN = 30  # pictures and values of one cell
LARGEST_PICTURE, LARGEST_TEXT = 2_000_000, 200_000  # characters of one of them
KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")

_shell: Any = None


def largest(kind: str) -> int:
    """Return how long a shown value of this kind may be."""
    return LARGEST_PICTURE if kind.startswith("image/") else LARGEST_TEXT


def operations_on(peer: Peer, names: dict[str, Any]) -> dict[str, Any]:
    """Return what the judge may ask of ``names``, besides calls."""

    def get(head: dict[str, Any], reader: Reader) -> Any:
        name = reader.read(head["tree"])
        if name not in names:
            raise NameError(f"name {name!r} is not defined")
        return names[name]

    def attribute(head: dict[str, Any], reader: Reader) -> Any:
        return getattr(peer.exported[head["handle"]], reader.read(head["tree"]))

    def advance(head: dict[str, Any], reader: Reader) -> Any:
        return [*_first(peer.exported[head["handle"]])]

    def module(head: dict[str, Any], reader: Reader) -> Any:
        method = getattr(peer.exported[head["handle"]], head["method"])
        found = method(*reader.read(head["tree"]))
        if head["method"] == "named_parameters":
            return [(name, value.detach()) for name, value in found]
        return dict(found) if head["method"] == "state_dict" else None

    return {"get": get, "attribute": attribute, "next": advance, "module": module}


def _first(iterator: Any) -> Any:
    for item in iterator:
        yield item
        return


def explain(error: BaseException) -> dict[str, Any]:
    """Return where in the student's cells ``error`` came from, and whether a name was withheld."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<cell ")]
    said: dict[str, Any] = {"withheld": type(error).__name__ == "Withheld"}
    if own and own[-1].name != "<module>":
        said["where"] = [own[-1].lineno, own[-1].name]
    return said


def make_shell() -> Any:
    """Return IPython's shell, which runs cells as a notebook does; made once, before any fork."""
    global _shell
    if _shell is None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.cache_size = 0
        config.InteractiveShell.xmode = "Context"
        _shell = InteractiveShell.instance(config=config)
        _shell.compile.get_code_name = lambda raw, code, number: f"<cell {number}>"
        _draw_inline(_shell)
    return _shell


def _draw_inline(shell: Any) -> None:
    """Have figures shown in place of windows."""
    import matplotlib as mpl
    from matplotlib_inline.backend_inline import configure_inline_support

    mpl.use("module://matplotlib_inline.backend_inline")
    configure_inline_support(shell, "inline")  # type: ignore[no-untyped-call]


class Cells:
    """Runs cells in a shell, and collects what they show."""

    def __init__(self) -> None:
        self.shell = make_shell()
        self.shown: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.shell.display_pub.publish = self._publish
        self.shell.displayhook.write_format_data = self._value
        self.shell.displayhook.write_output_prompt = lambda: None
        self.shell.displayhook.finish_displayhook = lambda: None
        self.shell._showtraceback = lambda kind, error, lines: self.errors.extend(lines)

    @property
    def names(self) -> dict[str, Any]:
        """The names that the cells have defined."""
        found: dict[str, Any] = self.shell.user_ns
        return found

    def _publish(self, data: dict[str, Any], metadata: Any = None, **rest: Any) -> None:
        self._keep("display_data", data)

    def _value(self, data: dict[str, Any], metadata: Any = None) -> None:
        self._keep("execute_result", data)

    def _keep(self, kind: str, data: dict[str, Any]) -> None:
        if len(self.shown) < MOST_SHOWN:
            kept = {key: data[key] for key in KINDS if isinstance(data.get(key), str)}
            small = {key: text for key, text in kept.items() if len(text) < largest(key)}
            self.shown.append({"kind": kind, "data": small})

    def run(self, source: str, number: int) -> dict[str, Any]:
        """Run one cell; return what it showed and how it ended."""
        self.shown, self.errors = [], []
        self.shell.execution_count = number
        outcome = self.shell.run_cell(source, store_history=False)
        error = outcome.error_before_exec or outcome.error_in_exec
        said: dict[str, Any] = {"shown": self.shown}
        if error is not None:
            lines = "\n".join(self.errors)[-20_000:]
            said["error"] = {
                "type": type(error).__name__,
                "text": str(error)[:4000],
                "traceback": lines,
                **explain(error),
            }
        return said


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def live(connection: socket.socket) -> None:
    """Serve one submission until the judge closes the connection."""
    peer = Peer(Channel(connection), trusted=False, explain=explain)
    cells = Cells()

    def run(head: dict[str, Any], reader: Reader) -> Any:
        return cells.run(*reader.read(head["tree"]))

    peer.operations = {**operations_on(peer, cells.names), "run": run}
    peer.settle = _flush
    try:
        peer.serve()
    except Gone:
        return
