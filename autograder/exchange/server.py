"""The answering half of a connection: does what a request asks, and makes the reply."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.exchange.deserialize import Deserializer
from autograder.exchange.framing import (
    Head,
    Message,
    ProtocolError,
    read_tensor,
    tensor_bytes,
    tensor_head,
)
from autograder.exchange.handles import Handles
from autograder.exchange.mutations import Snapshot
from autograder.exchange.proxies import StudentError
from autograder.exchange.random_state import RandomStateSync
from autograder.exchange.serialize import serialize

MAX_ERROR_TYPE, MAX_ERROR_TEXT = 200, 4000  # characters
Operation = Callable[[Any, Any], Any]  # of the object with the request's handle, and its value


class Server:
    """Handles the requests of the other end.

    Args:
        handles: the objects that can be called.
        random_state: keeps the random numbers in step.
        operations: what can be asked besides calls, by name.
        explain: gives what else to say of an exception that a call raised.
    """

    def __init__(
        self,
        handles: Handles,
        random_state: RandomStateSync,
        operations: dict[str, Operation],
        explain: Callable[[BaseException], Head],
    ) -> None:
        self.handles, self.random_state = handles, random_state
        self.operations, self.explain = operations, explain
        self.graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self.raised: Exception | None = None  # by a function of ours that the other end called

    def handle(self, head: Head, blobs: list[bytes]) -> Message:
        """Do what one request asks; return the reply."""
        try:
            for old in head.get("drop", ()):
                self.graphs.pop(old, None)
            heads = head.get("tensors", [])
            number = len(heads)
            tensors = [read_tensor(h[:2], b) for h, b in zip(heads, blobs[:number], strict=True)]
            leaves, tensors = _prepare(tensors, [h[2] for h in heads])
            reader = Deserializer(tensors, blobs[number:], self.handles.resolve)
            self.random_state.restore(head, blobs)
            with torch.set_grad_enabled(bool(head.get("grad"))):
                return self._perform(head, reader, leaves)
        except Exception as error:
            if self.handles.trusted:
                self.raised = error
                return {"error": {"type": type(error).__name__, "text": ""}}, []
            return {"error": {**describe(error), **self.explain(error)}}, []

    def _perform(self, head: Head, reader: Deserializer, leaves: list[Tensor]) -> Message:
        operation = head["op"]
        target: Any = self.handles.exported[head["handle"]] if "handle" in head else None
        if operation == "vjp":
            value = self._pull_back(head, reader, leaves)
        elif operation == "call":
            args, kwargs = reader.read(head["tree"])
            before = Snapshot(reader.mutable)
            value = target(*args, **kwargs)
        elif operation in self.operations:
            value = self.operations[operation](target, reader.read(head["tree"]))
        else:
            raise ProtocolError("a request that is unknown")
        known = {id(one): place for place, one in enumerate(reader.mutable)}
        made = serialize(value, self.handles.export, known)
        reply: Head = {"tree": made.tree}
        if operation == "call":
            reply["changed"] = before.changes(made, self.handles.export, known)
        if head.get("grad") and "id" in head and any(t.requires_grad for t in made.tensors):
            inputs = leaves if operation != "vjp" else [*self.graphs[head["of"]][0], *leaves]
            self.graphs[head["id"]] = (inputs, list(made.tensors))
        reply["tensors"] = [[*tensor_head(t), t.requires_grad] for t in made.tensors]
        self.random_state.report_drawn(reply)
        return reply, [*map(tensor_bytes, made.tensors), *made.blobs]

    def _pull_back(self, head: Head, reader: Deserializer, leaves: list[Tensor]) -> Any:
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


def describe(error: BaseException) -> Head:
    """Return what is told to the other end of an exception: its type, kinds and text."""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        text = str(error)
    except Exception:
        text = ""
    name = type(error).__name__
    if isinstance(error, StudentError):  # it came from the other end before
        name = str(error.said.get("type", name))
    return {"type": name[:MAX_ERROR_TYPE], "kinds": kinds, "text": text[:MAX_ERROR_TEXT]}


def _prepare(tensors: list[Tensor], flags: list[Any]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the leaves of a graph, and the tensors that a function gets for them."""
    leaves, given = [], []
    for tensor, (wanted, leaf) in zip(tensors, flags):
        if wanted and tensor.dtype.is_floating_point:
            tensor.requires_grad_()
        leaves.append(tensor)
        given.append(tensor if leaf or not tensor.requires_grad else tensor.clone())
    return leaves, given
