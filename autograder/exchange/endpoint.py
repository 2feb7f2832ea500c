"""Two processes that call each other's functions, with values copied and gradients carried.

Both ends are alike. A function or another object crosses as a handle; a call of it goes to where
it lives, its arguments and results as plain data (:mod:`autograder.exchange.serialize`). What the
callee changes in its arguments comes back and is written into the caller's objects. PyTorch's
gradients pass through a call as through any function, any number of times: each call is one node
of the caller's graph, and its derivative is again a call.
"""

import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import torch
from torch import Tensor

from autograder.exchange.autograd import Question, prepare, wrapped
from autograder.exchange.channel import Channel
from autograder.exchange.framing import WireError, read_tensor, tensor_bytes, tensor_head
from autograder.exchange.mutations import Watch
from autograder.exchange.proxies import Remote, StudentError, adopt, kind_of, remote_error
from autograder.exchange.random_state import Dice
from autograder.exchange.serialize import Reader, pack

DEEPEST = 30  # calls within calls
_SHARED = ("torch", "math", "operator", "numpy", "gensrc", "scipy")  # where both have the same


class Peer:
    """One of the two ends.

    Args:
        channel: the connection to the other end.
        trusted: whether this end judges: then only handles that it gave out can be called
            from the other, and nothing that comes chooses a function by its name.
        explain: gives what else to say of an exception that a call raised.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        trusted: bool,
        explain: Callable[[BaseException], dict[str, Any]] = lambda error: {},
    ) -> None:
        self.channel, self.trusted, self.explain = channel, trusted, explain
        self.exported: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}  # by id(); `exported` keeps the objects alive
        self.graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self.dropped: list[int] = []  # graphs of the other end that nobody needs any more
        self.raised: Exception | None = None  # by a function of ours that the other end called
        self.operations: dict[str, Callable[[dict[str, Any], Reader], Any]] = {}
        self.settle: Callable[[], object] = lambda: None  # done before each reply
        self.depth = 0
        self.methods: frozenset[str] = frozenset()  # that the exercise asks classes to have
        self.calls = count(1)
        self.dice = Dice(trusted)

    # --- asking

    def call(self, handle: int, *args: Any, **kwargs: Any) -> Any:
        """Call the function of the other end that has this handle."""
        return self.ask("call", (args, kwargs), handle=handle)

    def ask(self, operation: str, value: Any, **more: Any) -> Any:
        """Have the other end do ``operation`` with ``value``; return its result."""
        packed = pack(value, self._export)
        question = Question(self, operation, packed, more)
        wanted = torch.is_grad_enabled() and any(t.requires_grad for t in packed.tensors)
        if wanted or any(map(wrapped, packed.tensors)):
            outputs = question.as_node(*packed.tensors)
        else:
            outputs = question.run(packed.tensors)
        return question.result(outputs)

    def exchange(self, head: dict[str, Any], blobs: list[bytes]) -> tuple[Any, list[bytes]]:
        """Send a question; answer the other end's until its reply comes."""
        if self.depth >= DEEPEST:
            raise RecursionError("calls within calls between a test and an answer: too many")
        if self.dropped:
            head["drop"], self.dropped = self.dropped, []
        self.raised = None
        self.channel.send(head, blobs)
        self.depth += 1
        try:
            while True:
                head, blobs = self.channel.receive()
                if "op" not in head:
                    break
                self.answer(head, blobs)
        finally:
            self.depth -= 1
        if "error" in head:
            raised, self.raised = self.raised, None
            said = head["error"] if isinstance(head["error"], dict) else {}
            if raised is not None and type(raised).__name__ == said.get("type"):
                raise raised
            raise remote_error(said)
        return head, blobs

    # --- answering

    def serve(self) -> None:
        """Answer questions until the connection ends."""
        while True:
            self.answer(*self.channel.receive())

    def answer(self, head: dict[str, Any], blobs: list[bytes]) -> None:
        """Answer one question."""
        try:
            number = len(head.get("tensors", ()))
            for old in head.get("drop", ()):
                self.graphs.pop(old, None)
            heads = head.get("tensors", [])
            tensors = [read_tensor(h[:2], b) for h, b in zip(heads, blobs[:number], strict=True)]
            leaves, tensors = prepare(tensors, [h[2] for h in heads])
            reader = Reader(tensors, blobs[number:], self._adopt)
            self.dice.take(head, blobs)
            with torch.set_grad_enabled(bool(head.get("grad"))):
                reply = self._perform(head, reader, leaves)
        except Exception as error:
            if self.trusted:
                self.raised = error
                said = {"type": type(error).__name__, "text": ""}
            else:
                said = {**_names(error), **self.explain(error)}
            reply = {"error": said}, []
        self.settle()
        try:
            self.channel.send(*reply)
        except WireError as error:
            self.channel.send({"error": _names(error)}, [])

    def _perform(
        self, head: dict[str, Any], reader: Reader, leaves: list[Tensor]
    ) -> tuple[dict[str, Any], list[bytes]]:
        operation = head["op"]
        if operation == "vjp":
            value = self._pull_back(head, reader, leaves)
        elif operation == "call":
            args, kwargs = reader.read(head["tree"])
            watch = Watch(reader.mutable)
            value = self.exported[head["handle"]](*args, **kwargs)
        elif operation in self.operations:
            value = self.operations[operation](head, reader)
        else:
            raise WireError("a question that is none")
        known = {id(one): place for place, one in enumerate(reader.mutable)}
        packed = pack(value, self._export, known)
        answer: dict[str, Any] = {"tree": packed.tree}
        if operation == "call":
            answer["changed"] = watch.pack_changes(packed, self._export, known)
        if head.get("grad") and "id" in head and any(t.requires_grad for t in packed.tensors):
            inputs = leaves if operation != "vjp" else [*self.graphs[head["of"]][0], *leaves]
            self.graphs[head["id"]] = (inputs, list(packed.tensors))
        heads = [[*tensor_head(t), t.requires_grad] for t in packed.tensors]
        answer["tensors"] = heads
        if not self.trusted:
            self.dice.report(answer)
        return answer, [*map(tensor_bytes, packed.tensors), *packed.blobs]

    def _pull_back(self, head: dict[str, Any], reader: Reader, leaves: list[Tensor]) -> Any:
        """Return the gradients by the inputs of an earlier call (vector-Jacobian products)."""
        inputs, outputs = self.graphs[head["of"]]
        chosen = [outputs[place] for place in head["outputs"]]
        wanted = [one for one in inputs if one.requires_grad]
        found = torch.autograd.grad(
            chosen,
            wanted,
            reader.tensors,
            create_graph=bool(head.get("grad")),
            retain_graph=True,
            allow_unused=True,
        )
        by_input = dict(zip(map(id, wanted), found))
        return [by_input.get(id(one)) for one in inputs]

    # --- handles

    def _export(self, value: object) -> Any:
        if isinstance(value, Remote):
            return {"own": value._handle}
        if not self.trusted and isinstance(value, type(sys)):
            raise WireError(f"the module {value.__name__} cannot be handed over")
        shared = _shared_name(value) if self.trusted else None
        if shared:
            return {"shared": shared}
        if id(value) not in self.numbers:
            if self.trusted and not callable(value):
                raise WireError(f"a value of type {type(value).__name__} cannot be handed over")
            self.numbers[id(value)] = len(self.exported) + 1
            self.exported[self.numbers[id(value)]] = value
        name = str(getattr(value, "__name__", type(value).__name__))[:200]
        return {"handle": [self.numbers[id(value)], kind_of(value), name]}

    def _adopt(self, tag: str, body: Any) -> object:
        if tag == "own":
            return self.exported[body]
        if tag == "handle":
            return adopt(self, *body)
        if tag == "shared" and not self.trusted:
            found: Any = sys.modules[body[0]]
            for name in body[1].split("."):
                found = getattr(found, name)
            return found
        raise WireError("damaged data")


def _names(error: BaseException) -> dict[str, Any]:
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        text = str(error)
    except Exception:
        text = ""
    name = type(error).__name__
    if isinstance(error, StudentError):  # it came from the other end before
        name = str(error.said.get("type", name))
    return {"type": name[:200], "kinds": kinds, "text": text[:4000]}


def _shared_name(value: Any) -> list[str] | None:
    """Return module and name of a function or class that both ends have, or None."""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(name, str) or not callable(value) or isinstance(value, torch.nn.Module):
        return None
    if not isinstance(module, str):  # functions of torch and NumPy written in C
        module = "torch" if getattr(torch, name, None) is value else None
    if not module or module.split(".")[0] not in _SHARED or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None
