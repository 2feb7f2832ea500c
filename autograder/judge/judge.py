"""The judge's side: walks through the cells of a submission, and decides what each test is worth.

The judge runs the cells that were given and the tests, in a process that no code of a student's
reaches. A name that a test uses is its own, or one of the given cells', or it comes from the
student's process: functions to be called there, values as copies.
"""

import ast
import builtins
import contextlib
import io
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from autograder.cells import GIVEN, STUDENT, TEST, Outcome, Step, python
from autograder.exchange import random_state
from autograder.exchange.channel import Gone, TimeOver, WatchedChannel
from autograder.exchange.client import Client
from autograder.exchange.framing import ProtocolError
from autograder.exchange.proxies import StudentError
from autograder.judge.outcomes import (
    MAX_TEXT,
    is_own,
    partial_credit,
    student_error,
    text_of,
    validate_report,
)

MAX_STARTS = 8  # processes for one submission
TOOK_TOO_LONG = "Your code took too long and was stopped."
DIED = (
    "Python died while your code ran: it used too much memory, ended the process, or left the "
    "limits of the sandbox."
)
UNREADABLE = "What your code returned could not be read."
NO_MORE = "This was not run, because your code died or took too long too often before."


class Process(Protocol):
    """A process of the student's, just started."""

    channel: WatchedChannel

    def kill(self) -> None:
        """End it and everything that it started."""


class CellTimeOver(BaseException):
    """A test ran out of time in the judge's own process."""


class _Names(dict[str, Any]):
    """The judge's names; what is not here comes from the student."""

    def __init__(self, fetch: Callable[[str], Any]) -> None:
        super().__init__(__name__="__main__", get_ipython=lambda: _NoMagic())
        self.fetch = fetch
        self.theirs: set[str] = set()

    def __missing__(self, name: str) -> Any:
        if name not in self.theirs and (hasattr(builtins, name) or name.startswith("__")):
            raise KeyError(name)
        return self.fetch(name)


class _NoMagic:
    """Stands for IPython where a given cell sets something of the notebook's."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class Judge:
    """Judges one submission.

    Args:
        start: starts a process for the student's code.
        on_outcome: called with the outcome of each cell, by its number.
        limit: seconds for each cell.
        total: seconds for all of them.
    """

    def __init__(
        self,
        start: Callable[[], Process],
        on_outcome: Callable[[int, Outcome], None],
        *,
        limit: float,
        total: float,
        seed: int = 0,
    ) -> None:
        self.start, self.on_outcome, self.limit = start, on_outcome, limit
        self.end = time.monotonic() + total
        self.process: Process | None = None
        self.client: Client | None = None
        self.history: list[tuple[str, int]] = []
        self.starts = 0
        self.flags: list[str] = []
        self.names = _Names(self._fetch)
        self.fetched: dict[str, Any] = {}
        self.methods: frozenset[str] = frozenset()
        random_state.seed_all(seed)

    def run(self, steps: list[Step]) -> None:
        """Walk through the cells."""
        self.methods = frozenset(name for step in steps for name in step.get("methods", ()))
        try:
            for number, step in enumerate(steps):
                if step["kind"] in (GIVEN, STUDENT) and not step.get("skip"):
                    self._forget(step)
                    outcome = self._run_there(step, number)
                    if step["kind"] == GIVEN:
                        self._run_here(step, outcome)
                    self.on_outcome(number, outcome)
                elif step["kind"] == TEST and not step.get("skip"):
                    self.on_outcome(number, self._test(step))
        finally:
            self._kill()

    # --- the student's process

    def _ready(self) -> Client:
        """Return the connection to the student's process; start one where there is none."""
        if self.process is not None and self.process.channel.broken:
            self._kill()
        if self.process is None or self.client is None:
            if self.starts >= MAX_STARTS or time.monotonic() > self.end:
                raise TimeOver(NO_MORE)
            self.starts += 1
            self.process = self.start()
            self.client = Client(self.process.channel, trusted=True, methods=self.methods)
            for source, number in self.history:
                self.process.channel.deadline = self._deadline()
                self.client.request("run", [source, number])
                self._printed()
        self.process.channel.deadline = self._deadline()
        return self.client

    def _deadline(self) -> float:
        return min(time.monotonic() + self.limit, self.end)

    def _kill(self) -> None:
        if self.process is not None:
            self.process.kill()
        self.process = self.client = None
        self.fetched.clear()

    def _run_there(self, step: Step, number: int) -> Outcome:
        """Run a cell in the student's process; return what became of it."""
        outcome: Outcome = {}
        try:
            client = self._ready()
            self._printed()  # what tests have made it print is not shown
            outcome = validate_report(client.request("run", [step["source"], number]))
            self.history.append((step["source"], number))
        except Exception as error:  # whatever comes of what it says
            outcome["error"] = {"type": type(error).__name__, "text": self._in_words(error)}
        if self.process is not None:
            out, err = self._printed()
            outcome |= {"stdout": out, "stderr": err}
            if self.process.channel.broken:
                self._kill()
        if outcome.get("error", {}).get("withheld"):
            outcome["withheld"] = True
        return outcome

    def _printed(self) -> list[str]:
        """Return what was printed since the last call, to stdout and to stderr."""
        streams = self.process.channel.printed if self.process else []
        for stream in streams:
            stream.drain()
        return [stream.take() for stream in streams]

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, TimeOver):
            words = str(error) or TOOK_TOO_LONG
            self._flag("took too long" if words == TOOK_TOO_LONG else "stopped too often")
            return words
        if isinstance(error, Gone):
            self._flag("its process died")
            return DIED
        self._flag("returned what could not be read")
        return UNREADABLE

    def _flag(self, reason: str) -> None:
        if reason not in self.flags:
            self.flags.append(reason)

    # --- the judge's own names

    def _forget(self, step: Step) -> None:
        """Make the names that an answer binds come from the student from now on."""
        binds = step.get("binds", ())
        self.names.theirs.update(binds)
        for name in binds:
            self.names.pop(name, None)
        if step.get("imports"):
            with contextlib.suppress(Exception):
                exec(step["imports"], self.names)
        self.fetched.clear()

    def _fetch(self, name: str) -> Any:
        if name not in self.fetched:
            try:
                self.fetched[name] = self._ready_client().request("get", name)
            except NameError:
                raise NameError(f"name {name!r} is not defined") from None
        return self.fetched[name]

    def _ready_client(self) -> Client:
        if self.client is None:
            raise Gone
        return self.client

    def _run_here(self, step: Step, outcome: Outcome) -> None:
        """Run a given cell for the judge; say in ``outcome`` when that fails."""
        try:
            with self._alarm(), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(python(step["source"]), "<given cell>", "exec"), self.names)
        except (Exception, CellTimeOver) as error:
            if "error" not in outcome:
                outcome["fault"] = f"{type(error).__name__}: {error}"[:MAX_TEXT]

    @contextlib.contextmanager
    def _alarm(self) -> Iterator[None]:
        """Stop what runs in this process a little after the limit."""

        def stop(signal_number: int, frame: Any) -> None:
            raise CellTimeOver

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, self.limit + 2, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    # --- tests

    def _test(self, step: Step) -> Outcome:
        """Run a test cell; return its score and what to say of it."""
        most = step["points"]
        self.fetched.clear()
        said: Outcome = {"score": 0.0}
        try:
            self._ready()
            with (
                self._alarm(),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                value = _last_value(python(step["source"]), self.names)
            if self.process is None or self.process.channel.broken:
                raise Gone
            said["score"] = partial_credit(value, most)
        except CellTimeOver:
            said["text"] = TOOK_TOO_LONG
            self._flag("took too long")
            self._kill()
        except (Gone, TimeOver, ProtocolError) as error:
            broken = self.process.channel.broken if self.process else error
            if isinstance(error, ProtocolError) and not broken:  # the value itself cannot cross
                said |= {"type": "TypeError", "text": str(error)}
            else:
                said["text"] = self._in_words(broken or error)
        except StudentError as error:
            said |= student_error(error)
            if said.get("withheld"):
                self._flag("used what the exercise withholds")
        except BaseException as error:
            said |= {"type": type(error).__name__, "text": text_of(error)}
            said["own"] = isinstance(error, AssertionError) and is_own(error)
        if self.process is not None and self.process.channel.broken:
            self._kill()
        return said


def _last_value(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return the value of its last line where that is an expression."""
    body = ast.parse(source).body
    last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
    body = body[:-1] if last else body
    exec(compile(ast.Module(body, []), "<test>", "exec"), names)
    if last is None:
        return None
    value = eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
    return None if source.rstrip().endswith(";") else value
