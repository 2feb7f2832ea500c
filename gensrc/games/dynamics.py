r"""How two players move in the game :math:`\min_x \max_y V(x, y)`: a flow and four kinds of steps.

Notation: a point is :math:`(x, y)`, the last axis of a tensor of shape (..., 2). The *field*
:math:`F(x, y) = (-\partial V/\partial x, \; \partial V/\partial y)` is where the two players push:
x down the slope of V, y up. In the xy game, :math:`V = xy` and :math:`F(x, y) = (-y, x)`, a
rotation by a right angle. The steps take any field; the default is that of the xy game. The step
size is :math:`\eta`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Field = Callable[[Tensor], Tensor]
"""From points, shape (..., 2), to where the players push there, the same shape."""


Step = Callable[[Tensor, float], Tensor]
"""From points and a step size to the next points."""


def xy_field(point: Tensor) -> Tensor:
    r"""Where the players of the xy game push.

    .. math:: F(x, y) = (-y, x)

    Equation: def-xy-flow

    Args:
        point: (x, y), shape (..., 2).

    Returns:
        F, the same shape.

    Raises:
        ValueError: the point does not have two finite coordinates.

    >>> xy_field(torch.tensor([3.0, 4.0]))
    tensor([-4.,  3.])
    """
    _check_point(point)
    return torch.stack([-point[..., 1], point[..., 0]], dim=-1)


def xy_orbit(start: Tensor, time: Tensor) -> Tensor:
    r"""Where the players of the xy game are if they move continuously.

    .. math:: x(t) = x_0 \cos t - y_0 \sin t, \qquad y(t) = x_0 \sin t + y_0 \cos t

    Equation: eq-xy-orbit

    Args:
        start: (x_0, y_0), shape (..., 2).
        time: t, in the time unit of the flow (2 pi is once around), shape (...) and the dtype
            of the start. The start or the time may be a single one.

    Returns:
        the points, shape (..., 2).

    Raises:
        ValueError: the start does not have two finite coordinates, a time is not finite, or
            shapes or dtypes differ.

    >>> xy_orbit(torch.tensor([1.0, 0.0]), torch.tensor(torch.pi / 6))
    tensor([0.8660, 0.5000])
    """
    _check_point(start)
    x, y = start.unbind(-1)
    if not isinstance(time, Tensor) or time.dtype != start.dtype or not time.isfinite().all():
        kind = time.dtype if isinstance(time, Tensor) else type(time).__name__
        raise ValueError(f"time: expected finite numbers of {start.dtype}, got {kind}: {time}")
    if () not in (x.shape, time.shape) and x.shape != time.shape:
        raise ValueError(f"time: expected shape {tuple(x.shape)}, got {tuple(time.shape)}")
    cos, sin = time.cos(), time.sin()
    return torch.stack([x * cos - y * sin, x * sin + y * cos], dim=-1)


def simultaneous(point: Tensor, size: float, field: Field = xy_field) -> Tensor:
    r"""One gradient step of both players at the same time.

    .. math:: (x', y') = (x, y) + \eta F(x, y)

    Equation: eq-simultaneous-radius

    Args:
        point: (x, y), shape (..., 2).
        size: step size eta > 0.
        field: F, from points to points.

    Returns:
        the next point, the same shape.

    Raises:
        ValueError: the point does not have two finite coordinates, the step size is not a
            positive number, or the field returns another shape.

    >>> simultaneous(torch.tensor([1.0, 0.0]), 0.5)
    tensor([1.0000, 0.5000])
    """
    field = _checked(point, size, field)
    return point + size * field(point)


def alternating(point: Tensor, size: float, field: Field = xy_field) -> Tensor:
    r"""One gradient step of x, and then one of y that sees it.

    .. math:: x' = x + \eta F_1(x, y), \qquad y' = y + \eta F_2(x', y)

    Equation: eq-alternating-invariant

    Args:
        point: (x, y), shape (..., 2).
        size: step size eta > 0.
        field: F, from points to points.

    Returns:
        the next point, the same shape.

    Raises:
        ValueError: the point does not have two finite coordinates, the step size is not a
            positive number, or the field returns another shape.

    >>> alternating(torch.tensor([1.0, 1.0]), 0.5)
    tensor([0.5000, 1.2500])
    """
    field = _checked(point, size, field)
    y = point[..., 1]
    x = point[..., 0] + size * field(point)[..., 0]
    moved = torch.stack([x, y], dim=-1)
    return torch.stack([x, y + size * field(moved)[..., 1]], dim=-1)


def extragradient(point: Tensor, size: float, field: Field = xy_field) -> Tensor:
    r"""A trial step of both, and then the step that the trial point asks for.

    .. math:: (x', y') = (x, y) + \eta F\big((x, y) + \eta F(x, y)\big)

    Equation: eq-extragradient-radius

    Args:
        point: (x, y), shape (..., 2).
        size: step size eta > 0.
        field: F, from points to points.

    Returns:
        the next point, the same shape.

    Raises:
        ValueError: the point does not have two finite coordinates, the step size is not a
            positive number, or the field returns another shape.

    Source: Korpelevich (1976).

    >>> extragradient(torch.tensor([1.0, 0.0]), 0.5)
    tensor([0.7500, 0.5000])
    """
    field = _checked(point, size, field)
    return point + size * field(point + size * field(point))


def xy_proximal(point: Tensor, size: float) -> Tensor:
    r"""The implicit step: the field is taken at the point where the step ends.

    .. math:: (x', y') = (x, y) + \eta F(x', y')
        = \frac{1}{1 + \eta^2} (x - \eta y, \; y + \eta x)

    For the xy game it has this closed form; in general each step is an equation to solve.

    Equation: eq-proximal-radius

    Args:
        point: (x, y), shape (..., 2).
        size: step size eta > 0.

    Returns:
        the next point, the same shape.

    Raises:
        ValueError: the point does not have two finite coordinates, or the step size is not a
            positive number.

    Source: Rockafellar (1976).

    >>> xy_proximal(torch.tensor([5.0, 0.0]), 2.0)
    tensor([1., 2.])
    """
    field = _checked(point, size, xy_field)
    cos, sin = 1 / math.hypot(1, size), size / math.hypot(1, size)  # cos^2 = 1 / (1 + size^2)
    return cos * (cos * point + sin * field(point))


def path(step: Step, start: Tensor, *, size: float, steps: int) -> Tensor:
    r"""The points that a number of steps visit, the start included.

    Args:
        step: one of the steps of this module, from (point, size) to the next point.
        start: shape (..., 2).
        size: step size eta > 0.
        steps: how many, 0 or more.

    Returns:
        the points, shape (steps + 1, ..., 2).

    Raises:
        ValueError: a start without two finite coordinates, fewer than 0 steps, a step size
            that is not a positive number, or points that leave the range of the dtype.

    >>> path(simultaneous, torch.tensor([1.0, 0.0]), size=1.0, steps=2)
    tensor([[1., 0.],
            [1., 1.],
            [0., 2.]])
    """
    _check_point(start)
    if steps < 0 or not 0 < size < float("inf"):
        raise ValueError(f"steps, size: expected steps >= 0 and size > 0, got {steps} and {size}")
    points = [start]
    for number in range(1, steps + 1):
        points.append(step(points[-1], size))
        if not bool(points[-1].isfinite().all()):
            raise ValueError(f"steps: expected finite points, got NaN or infinity in step {number}")
    return torch.stack(points)


def _checked(point: Tensor, size: float, field: Field) -> Field:
    """The field, whose shapes are checked; ValueError for a bad point or step size."""
    _check_point(point)
    if not 0 < size < float("inf"):
        raise ValueError(f"size: expected a positive number, got {size}")

    def checked(point: Tensor) -> Tensor:
        push = field(point)
        if push.shape != point.shape:
            raise ValueError(
                f"field: expected the shape {tuple(point.shape)} of the point, "
                f"got {tuple(push.shape)}"
            )
        return push

    return checked


def _check_point(point: Tensor) -> None:
    """Raise ValueError unless ``point`` holds points of the plane."""
    if not isinstance(point, Tensor) or not point.is_floating_point() or point.shape[-1:] != (2,):
        got = tuple(point.shape) if isinstance(point, Tensor) else type(point).__name__
        raise ValueError(f"point: expected a floating-point tensor of shape (..., 2), got {got}")
    if not bool(point.isfinite().all()):
        raise ValueError("point: expected finite numbers, got NaN or infinity")
