"""The student's cells: they are run here, and what they define can be called by the judge.

Everything here runs in the process of the submission, which the student's code can change as
it likes. Nothing that it says is believed; see :mod:`autograder.judge`.
"""

import contextlib
import socket
import sys
import traceback
from typing import Any

from autograder.exchange.channel import Channel, Gone
from autograder.exchange.client import Client
from autograder.exchange.displays import KINDS, MAX_SHOWN, max_length
from autograder.exchange.framing import Head
from autograder.exchange.server import Operation

MAX_TRACEBACK, MAX_TEXT = 20_000, 4000  # characters
Names = dict[str, Any]  # what the cells have defined
_shell: Any = None


def operations_on(names: Names) -> dict[str, Operation]:
    """Return what the judge may ask of ``names``, besides calls."""

    def get(_: None, name: str) -> Any:
        if name not in names:
            raise NameError(f"name {name!r} is not defined")
        return names[name]

    return {"get": get, "attribute": getattr, "next": _next, "module": _module}


def _next(iterator: Any, _: None) -> list[Any]:
    """Return the next item in a list, or an empty list."""
    return [*_first(iterator)]


def _module(module: Any, value: list[Any]) -> Any:
    """Call a method of a network; return what can cross of its result."""
    method, *args = value
    found = getattr(module, method)(*args)
    if method == "named_parameters":
        return [(name, one.detach()) for name, one in found]
    return dict(found) if method == "state_dict" else None


def _first(iterator: Any) -> Any:
    for item in iterator:
        yield item
        return


def explain(error: BaseException) -> Head:
    """Return where in the student's cells ``error`` came from, and whether a name was withheld."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<cell ")]
    said: Head = {"withheld": type(error).__name__ == "Withheld"}
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
        self.shown: list[Head] = []
        self.errors: list[str] = []
        self.shell.display_pub.publish = self._publish
        self.shell.displayhook.write_format_data = self._value
        self.shell.displayhook.write_output_prompt = lambda: None
        self.shell.displayhook.finish_displayhook = lambda: None
        self.shell._showtraceback = lambda kind, error, lines: self.errors.extend(lines)

    @property
    def names(self) -> Names:
        """The names that the cells have defined."""
        found: Names = self.shell.user_ns
        return found

    def _publish(self, data: Head, metadata: Any = None, **rest: Any) -> None:
        self._keep("display_data", data)

    def _value(self, data: Head, metadata: Any = None) -> None:
        self._keep("execute_result", data)

    def _keep(self, kind: str, data: Head) -> None:
        if len(self.shown) < MAX_SHOWN:
            kept = {key: data[key] for key in KINDS if isinstance(data.get(key), str)}
            small = {key: text for key, text in kept.items() if len(text) < max_length(key)}
            self.shown.append({"kind": kind, "data": small})

    def run(self, source: str, number: int) -> Head:
        """Run one cell; return what it showed and how it ended."""
        self.shown, self.errors = [], []
        self.shell.execution_count = number
        outcome = self.shell.run_cell(source, store_history=False)
        error = outcome.error_before_exec or outcome.error_in_exec
        said: Head = {"shown": self.shown}
        if error is not None:
            lines = "\n".join(self.errors)[-MAX_TRACEBACK:]
            said["error"] = {
                "type": type(error).__name__,
                "text": str(error)[:MAX_TEXT],
                "traceback": lines,
                **explain(error),
            }
        return said


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def serve(connection: socket.socket) -> None:
    """Serve one submission until the judge closes the connection."""
    cells = Cells()

    def run(_: None, value: list[Any]) -> Head:
        return cells.run(*value)

    client = Client(
        Channel(connection),
        trusted=False,
        operations={**operations_on(cells.names), "run": run},
        explain=explain,
        before_reply=_flush,
    )
    with contextlib.suppress(Gone):
        client.connection.serve()
