"""The asking half of a connection: calls of functions that live in the other process.

Both ends are alike. A function or another object crosses as a handle; a call of it goes to where
it lives, its arguments and results as plain data (:mod:`autograder.exchange.serialize`). What the
callee changes in its arguments comes back and is written into the caller's objects. PyTorch's
gradients pass through a call as through any function, any number of times: each call is one node
of the caller's graph, and its derivative is again a call.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import torch
from torch import Tensor

from autograder.exchange.channel import Channel
from autograder.exchange.connection import Connection
from autograder.exchange.deserialize import Deserializer
from autograder.exchange.framing import (
    Head,
    ProtocolError,
    read_tensor,
    tensor_bytes,
    tensor_head,
)
from autograder.exchange.handles import Handles
from autograder.exchange.mutations import restore_into
from autograder.exchange.proxies import make_proxy
from autograder.exchange.random_state import RandomStateSync, advance
from autograder.exchange.serialize import Serialized, serialize
from autograder.exchange.server import Operation, Server


class Client:
    """Makes requests to the other end, and holds all that this end of the connection needs.

    Args:
        channel: carries the messages.
        trusted: whether this end judges.
        methods: names of methods that the exercise asks classes to have.
        operations: what the other end can ask besides calls, by name.
        explain: gives what else to say of an exception that a call raised.
        before_reply: called before each reply.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        trusted: bool,
        methods: frozenset[str] = frozenset(),
        operations: dict[str, Operation] | None = None,
        explain: Callable[[BaseException], Head] = lambda error: {},
        before_reply: Callable[[], object] = lambda: None,
    ) -> None:
        self.trusted, self.methods = trusted, methods
        self.handles = Handles(trusted, lambda *about: make_proxy(self, *about))
        self.random_state = RandomStateSync(trusted)
        server = Server(self.handles, self.random_state, operations or {}, explain)
        self.connection = Connection(channel, server, before_reply)
        self.numbers = count(1)

    def call(self, handle: int, *args: Any, **kwargs: Any) -> Any:
        """Call the function of the other end that has this handle."""
        return self.request("call", (args, kwargs), handle=handle)

    def request(self, operation: str, value: Any, **more: Any) -> Any:
        """Have the other end do ``operation`` with ``value``; return its result."""
        sent = serialize(value, self.handles.export)
        request = Request(self, operation, sent, more)
        wanted = torch.is_grad_enabled() and any(t.requires_grad for t in sent.tensors)
        if wanted or any(map(_is_wrapped, sent.tensors)):
            outputs = request.run_in_graph(*sent.tensors)
        else:
            outputs = request.run(sent.tensors)
        return request.result(outputs)


class Request:
    """One request to the other end, sent when :meth:`run` is called."""

    before: tuple[Tensor, ...] = ()  # inputs that the other end has already

    def __init__(self, client: Client, operation: str, sent: Serialized, more: Head) -> None:
        self.client, self.operation, self.sent, self.more = client, operation, sent, more
        self.number = next(client.numbers)
        self.grad = torch.is_grad_enabled()
        self.flags = [(t.requires_grad or _is_wrapped(t), t.is_leaf) for t in sent.tensors]
        self.head: Head = {}
        self.blobs: list[bytes] = []
        self.differentiable: list[bool] = []
        self.tracked = False  # whether the other end keeps the graph

    def again(self) -> "Request":
        """Return the same request, not yet sent."""
        return Request(self.client, self.operation, self.sent, self.more)

    def run_in_graph(self, *tensors: Tensor) -> list[Tensor]:
        """Send it in a node of this end's graph; return the tensors of the reply."""
        self.token = _Token(self.client.connection, self.number)
        self.tracked = True
        apply: Any = RemoteCall.apply
        return list(apply(self, *tensors)[:-1])

    def run(self, tensors: Any) -> list[Tensor]:
        """Send it with the numbers of ``tensors``; return the tensors of the reply."""
        heads = [[*tensor_head(t), [w, leaf]] for t, (w, leaf) in zip(tensors, self.flags)]
        head = {"op": self.operation, "tree": self.sent.tree, "tensors": heads, **self.more}
        head |= {"grad": self.grad} | ({"id": self.number} if self.tracked else {})
        blobs = [*map(tensor_bytes, tensors), *self.sent.blobs]
        self.client.random_state.attach(head, blobs)
        self.head, blobs = self.client.connection.round_trip(head, blobs)
        try:
            heads = self.head["tensors"]
            made = [read_tensor(h[:2], b) for h, b in zip(heads, blobs[: len(heads)], strict=True)]
            self.differentiable = [
                bool(h[2]) and t.dtype.is_floating_point for h, t in zip(heads, made)
            ]
        except (KeyError, TypeError, ValueError, IndexError):
            raise ProtocolError("a damaged reply") from None
        self.blobs = blobs[len(made) :]
        self.client.random_state.advance(self.head)
        return made

    def result(self, outputs: list[Tensor]) -> Any:
        """Return the reply's value, with ``outputs`` for its tensors, after writing changes."""
        handles = self.client.handles
        reader = Deserializer(outputs, self.blobs, handles.resolve, self.sent.mutable)
        value = reader.read(self.head.get("tree"))
        changes = self.head.get("changed") or []
        if not isinstance(changes, list):
            raise ProtocolError("a damaged reply")
        for change in changes:
            try:
                target = self.sent.mutable[change[0]]
                new = reader.read(change[1])
                if self.client.trusted and isinstance(target, torch.Generator):
                    advance(target, new)
                else:
                    restore_into(target, new)
            except (LookupError, TypeError, ValueError, RuntimeError) as error:
                raise ProtocolError(f"a change that cannot be made ({error})") from None
        return value

    def pull_back(self, inputs: tuple[Tensor, ...], gradients: tuple[Any, ...]) -> list[Any]:
        """Return the gradients by ``inputs``; they can be differentiated again."""
        given = [place for place, one in enumerate(gradients) if one is not None]
        if not given:
            return [None] * len(inputs)
        sent = serialize([gradients[place] for place in given])
        sent.mutable.clear()
        request = Request(self.client, "vjp", sent, {"of": self.number, "outputs": given})
        request.flags = [(request.grad, True)] * len(given)
        request.before = inputs
        if request.grad or any(map(_is_wrapped, (*inputs, *sent.tensors))):
            outputs = request.run_in_graph(*inputs, *sent.tensors)
        else:
            outputs = request.run(sent.tensors)
        found = request.result(list(outputs))
        if not isinstance(found, list) or len(found) != len(inputs):
            raise ProtocolError("gradients that do not fit the inputs")
        for one, by in zip(found, inputs):
            if one is not None and (not isinstance(one, Tensor) or one.shape != by.shape):
                raise ProtocolError("a gradient of another shape than its input")
        return found


class RemoteCall(torch.autograd.Function):
    """A request as a node of the caller's graph."""

    generate_vmap_rule = False

    @staticmethod
    def forward(request: Request, *tensors: Tensor) -> tuple[Tensor, ...]:
        return (*request.run(tensors[len(request.before) :]), torch.zeros(()))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        request, *tensors = inputs
        ctx.request = request
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        flags = [*request.differentiable, False]
        ctx.mark_non_differentiable(*[one for one, yes in zip(output, flags) if not yes])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return (None, *ctx.request.pull_back(ctx.saved_tensors, gradients[:-1]))

    @staticmethod
    def vmap(info: Any, in_dims: Any, request: Request, *tensors: Tensor) -> Any:
        """Send it once for each example, and stack what comes back."""
        rows = []
        for place in range(info.batch_size):
            slices = [t if d is None else t.select(d, place) for t, d in zip(tensors, in_dims[1:])]
            one = request.again()
            one.before = tuple(slices[: len(request.before)])
            one.flags = request.flags
            rows.append((*one.run_in_graph(*slices), torch.zeros(())))
        request.head, request.blobs = one.head, one.blobs
        request.differentiable = one.differentiable
        stacked = tuple(torch.stack(column) for column in zip(*rows))
        return stacked, tuple(0 for _ in stacked)


class _Token:
    """Tells the other end, when it goes, that the graph of a call is not needed any more."""

    def __init__(self, connection: Connection, number: int) -> None:
        self.connection, self.number = connection, number

    def __del__(self) -> None:
        self.connection.dropped.append(self.number)


def _is_wrapped(tensor: Tensor) -> bool:
    """Return whether a transform of torch.func, such as vmap, has wrapped the tensor."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))
