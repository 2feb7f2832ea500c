"""Calls as nodes of PyTorch's graph: asked in the forward pass, differentiated by asking again."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from autograder.exchange.framing import WireError, read_tensor, tensor_bytes, tensor_head
from autograder.exchange.mutations import write_into
from autograder.exchange.random_state import advance
from autograder.exchange.serialize import Packed, Reader, pack

if TYPE_CHECKING:
    from autograder.exchange.endpoint import Peer


class Question:
    """One question to the other end, asked when :meth:`run` is called."""

    def __init__(self, peer: "Peer", operation: str, packed: Packed, more: dict[str, Any]) -> None:
        self.peer, self.operation, self.packed, self.more = peer, operation, packed, more
        self.number = next(peer.calls)
        self.grad = torch.is_grad_enabled()
        self.flags = [(t.requires_grad or wrapped(t), t.is_leaf) for t in packed.tensors]
        self.head: dict[str, Any] = {}
        self.blobs: list[bytes] = []
        self.differentiable: list[bool] = []
        self.tracked = False  # whether the other end keeps the graph

    def again(self) -> "Question":
        """Return the same question, not yet asked."""
        return Question(self.peer, self.operation, self.packed, self.more)

    def as_node(self, *tensors: Tensor) -> list[Tensor]:
        """Ask in a node of this end's graph; return the tensors of the reply."""
        self.token = _Token(self.peer, self.number)
        self.tracked = True
        apply: Any = Node.apply
        return list(apply(self, *tensors)[:-1])

    def run(self, tensors: Any) -> list[Tensor]:
        """Ask with the numbers of ``tensors``; return the tensors of the reply."""
        heads = [[*tensor_head(t), [w, leaf]] for t, (w, leaf) in zip(tensors, self.flags)]
        head = {"op": self.operation, "tree": self.packed.tree, "tensors": heads, **self.more}
        head |= {"grad": self.grad} | ({"id": self.number} if self.tracked else {})
        blobs = [*map(tensor_bytes, tensors), *self.packed.blobs]
        if self.peer.trusted:
            self.peer.dice.give(head, blobs)
        self.head, blobs = self.peer.exchange(head, blobs)
        try:
            heads = self.head["tensors"]
            made = [read_tensor(h[:2], b) for h, b in zip(heads, blobs[: len(heads)], strict=True)]
            self.differentiable = [
                bool(h[2]) and t.dtype.is_floating_point for h, t in zip(heads, made)
            ]
        except (KeyError, TypeError, ValueError, IndexError):
            raise WireError("a damaged reply") from None
        self.blobs = blobs[len(made) :]
        if self.peer.trusted:
            self.peer.dice.hear(self.head)
        return made

    def result(self, outputs: list[Tensor]) -> Any:
        """Return the reply's value, with ``outputs`` for its tensors, after writing changes."""
        reader = Reader(outputs, self.blobs, self.peer._adopt, self.packed.mutable)
        value = reader.read(self.head.get("tree"))
        changes = self.head.get("changed") or []
        if not isinstance(changes, list):
            raise WireError("a damaged reply")
        for change in changes:
            try:
                target = self.packed.mutable[change[0]]
                new = reader.read(change[1])
                if self.peer.trusted and isinstance(target, torch.Generator):
                    advance(target, new)
                else:
                    write_into(target, new)
            except (LookupError, TypeError, ValueError, RuntimeError) as error:
                raise WireError(f"a change that cannot be made ({error})") from None
        return value

    def pull_back(self, inputs: tuple[Tensor, ...], gradients: tuple[Any, ...]) -> list[Any]:
        """Return the gradients by ``inputs``; they can be differentiated again."""
        given = [place for place, one in enumerate(gradients) if one is not None]
        if not given:
            return [None] * len(inputs)
        packed = pack([gradients[place] for place in given])
        packed.mutable.clear()
        question = Question(self.peer, "vjp", packed, {"of": self.number, "outputs": given})
        question.flags = [(question.grad, True)] * len(given)
        question.before = inputs
        if question.grad or any(map(wrapped, (*inputs, *packed.tensors))):
            outputs = question.as_node(*inputs, *packed.tensors)
        else:
            outputs = question.run(packed.tensors)
        found = question.result(list(outputs))
        if not isinstance(found, list) or len(found) != len(inputs):
            raise WireError("gradients that are none")
        for one, by in zip(found, inputs):
            if one is not None and (not isinstance(one, Tensor) or one.shape != by.shape):
                raise WireError("a gradient of another shape than its input")
        return found

    before: tuple[Tensor, ...] = ()  # inputs that the other end has already


class Node(torch.autograd.Function):
    """A call in the caller's graph."""

    generate_vmap_rule = False

    @staticmethod
    def forward(question: Question, *tensors: Tensor) -> tuple[Tensor, ...]:
        return (*question.run(tensors[len(question.before) :]), torch.zeros(()))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        question, *tensors = inputs
        ctx.question = question
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        flags = [*question.differentiable, False]
        ctx.mark_non_differentiable(*[one for one, yes in zip(output, flags) if not yes])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return (None, *ctx.question.pull_back(ctx.saved_tensors, gradients[:-1]))

    @staticmethod
    def vmap(info: Any, in_dims: Any, question: Question, *tensors: Tensor) -> Any:
        """Ask once for each example, and stack what comes back."""
        rows = []
        for place in range(info.batch_size):
            slices = [t if d is None else t.select(d, place) for t, d in zip(tensors, in_dims[1:])]
            one = question.again()
            one.before = tuple(slices[: len(question.before)])
            one.flags = question.flags
            rows.append((*one.as_node(*slices), torch.zeros(())))
        question.head, question.blobs = one.head, one.blobs
        question.differentiable = one.differentiable
        stacked = tuple(torch.stack(column) for column in zip(*rows))
        return stacked, tuple(0 for _ in stacked)


class _Token:
    """Tells the other end, when it goes, that the graph of a call is not needed any more."""

    def __init__(self, peer: "Peer", number: int) -> None:
        self.peer, self.number = peer, number

    def __del__(self) -> None:
        self.peer.dropped.append(self.number)


def wrapped(tensor: Tensor) -> bool:
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def prepare(tensors: list[Tensor], flags: list[Any]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the leaves of a graph, and the tensors that a function gets for them."""
    leaves, given = [], []
    for tensor, (wanted, leaf) in zip(tensors, flags):
        if wanted and tensor.dtype.is_floating_point:
            tensor.requires_grad_()
        leaves.append(tensor)
        given.append(tensor if leaf or not tensor.requires_grad else tensor.clone())
    return leaves, given
