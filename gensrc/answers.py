"""Checks of the form of an answer, for the tests of the graded exercises.

Each returns the numbers in 64-bit precision, cut off from their gradients, or raises
AssertionError with a sentence for the student: which function, which part, what was expected and
what came. A traceback leaves out the frames between the test and the assert that failed.
"""

import contextlib
from typing import Any

import torch
from torch import Tensor

Shape = tuple[int, ...]


def tensor_answer(name: str, answer: Any, shape: Shape, /, of: str = "") -> Tensor:
    """The numbers of an answer that must be one tensor.

    Args:
        name: of the student's function.
        answer: what it returned.
        shape: the shape that it must have.
        of: where the tensor is a part of what the function returned, which part.

    Returns:
        the tensor in float64; infinite numbers are let through.

    Raises:
        AssertionError: no tensor, another shape, NaN, or less precise than the default type.

    >>> tensor_answer("twice", torch.tensor([1, 2]), (2,))
    tensor([1., 2.], dtype=torch.float64)
    """
    __tracebackhide__ = True
    of, least = of and f" for {of}", torch.get_default_dtype()
    assert answer is not None, f"{name} returned None{of}: did you forget to return the result?"
    assert isinstance(answer, Tensor), (
        f"{name} must return a tensor, got {_kind(answer)}{of}: use torch.as_tensor."
    )
    assert tuple(answer.shape) == tuple(shape), (
        f"{name} must return shape {tuple(shape)} here, got {tuple(answer.shape)}{of}."
    )
    assert not answer.is_floating_point() or answer.dtype.itemsize >= least.itemsize, (
        f"{name} must return {least}, got {answer.dtype}{of}: keep the type of the arguments."
    )
    assert not answer.isnan().any(), f"{name} returned NaN{of}: look for 0/0, 0·∞ or ∞ − ∞."
    return answer.detach().double()


def dict_answer(name: str, answer: Any, /, **shapes: Shape) -> dict[str, Tensor]:
    """The numbers of an answer that must be a dictionary of tensors with these keys and shapes.

    >>> dict_answer("line", {"slope": torch.tensor(2.0)}, slope=())
    {'slope': tensor(2., dtype=torch.float64)}
    """
    __tracebackhide__ = True
    assert isinstance(answer, dict), f"{name} must return a dictionary, got {_kind(answer)}."
    assert set(answer) == set(shapes), (
        f"{name} must return the entries {', '.join(shapes)} and no others."
    )
    found = {}
    for key, shape in shapes.items():  # a comprehension would be a frame that is not hidden
        found[key] = tensor_answer(name, answer[key], shape, key)
    return found


def tuple_answer(name: str, answer: Any, /, **shapes: Shape) -> tuple[Tensor, ...]:
    """The numbers of an answer of several parts, in this order and of these shapes.

    The names are those that messages call the parts. A number or an array counts as a tensor.

    >>> tuple_answer("halves", (1.5, torch.ones(2)), small=(), large=(2,))
    (tensor(1.5000, dtype=torch.float64), tensor([1., 1.], dtype=torch.float64))
    """
    __tracebackhide__ = True
    several = isinstance(answer, (tuple, list))
    got = f"{len(answer)} parts" if several else _kind(answer)
    whole = several and len(answer) == len(shapes)
    assert whole, f"{name} must return {len(shapes)} parts ({', '.join(shapes)}), got {got}."
    parts = dict(zip(shapes, map(_as_tensor, answer)))
    return tuple(dict_answer(name, parts, **shapes).values())


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> bool:
    """Whether two tensors are equal up to this relative error, and a thousandth of it absolutely.

    >>> close(torch.tensor(1.0), torch.tensor(1.001)), close(torch.ones(2), torch.ones(2))
    (False, True)
    """
    return torch.allclose(found, expected, rtol=tolerance, atol=1e-3 * tolerance)


def _as_tensor(part: Any) -> Any:
    """A tensor of what holds numbers; anything else as it is."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        return torch.as_tensor(part)
    return part


def _kind(answer: Any) -> str:
    """What a message calls an answer of another kind."""
    return "None (was return forgotten?)" if answer is None else type(answer).__name__
