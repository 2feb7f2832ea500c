"""Checks of arguments that all topics share; each raises ValueError and says what it got."""

import math

import torch
from torch import Tensor

SUM_TOLERANCE = 1e-5
"""How far from one the sum of a distribution may be, in every dtype.

It admits a softmax in float32 over many outcomes, and numbers typed to five digits. What such a
sum adds to a divergence is its square, 1e-10, except for the total variation, where it is half of
it; transport problems divide by the sum.
"""


def check_distributions(**arguments: Tensor) -> None:
    """Raise ValueError unless all arguments are distributions of one shape (..., K)."""
    check_densities(**arguments)
    for name, value in arguments.items():
        if value.ndim == 0:
            raise ValueError(f"{name}: expected shape (..., K), got a single number")
        total = value.detach().sum(-1, dtype=torch.float64)
        off = (total - 1).abs()
        if off.numel() and off.max() > SUM_TOLERANCE:
            worst = float(total.flatten()[off.argmax()])
            raise ValueError(
                f"{name}: expected a sum of 1 within {SUM_TOLERANCE:g} over the last axis, "
                f"got {worst:.7g}"
            )


def check_log_distributions(**arguments: Tensor) -> None:
    """Raise ValueError unless all are logarithms of distributions of one shape (..., K)."""
    for name, value in arguments.items():
        if not isinstance(value, Tensor) or not value.is_floating_point():
            kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
        bad = value.isnan() | (value == torch.inf)
        if bad.any():
            raise ValueError(
                f"{name}: expected logarithms of probabilities, got {float(value[bad][0])}"
            )
    check_distributions(**{f"exp({name})": x.detach().exp() for name, x in arguments.items()})


def check_support(name_p: str, p: Tensor, name_q: str, q: Tensor) -> None:
    """Raise ValueError if a divergence is infinite only where q may have been rounded to 0.

    A term with q = 0 < p is infinite. It is believed, unless all p of such terms together is less
    than the rounding of the sum of p, or q has other numbers so small that the next is 0.
    """
    missed = (q == 0) & (p > 0)
    if not missed.any():
        return
    mass = torch.where(missed, p, 0).detach().sum(-1)
    faint = torch.where(q > 0, q, 1).detach().amin(-1)
    info = torch.finfo(q.dtype)
    doubtful = (mass > 0) & ((mass < torch.finfo(p.dtype).eps) | (faint < info.tiny / info.eps))
    if doubtful.any():
        where = missed & doubtful[..., None]
        raise ValueError(
            f"{name_q}: expected numbers > 0 that are not rounded to 0, or {name_p} = 0 there, got "
            f"{name_q} = 0 at {name_p} = {float(p[where].max()):.3g} where the divergence is "
            "infinite: if it is an underflow, use kl_from_logs"
        )


def check_densities(**arguments: Tensor) -> None:
    """Raise ValueError unless all arguments are finite, not negative, and of one shape."""
    first = next(iter(arguments))
    for name, value in arguments.items():
        if not isinstance(value, Tensor) or not value.is_floating_point():
            kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
        if value.shape != arguments[first].shape:
            raise ValueError(
                f"{name}: expected the shape {tuple(arguments[first].shape)} of {first}, "
                f"got {tuple(value.shape)}"
            )
        if not value.isfinite().all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        if (value < 0).any():
            raise ValueError(f"{name}: expected numbers >= 0, got {float(value.min()):.7g}")


def check_floats(name: str, value: Tensor, axes: int) -> None:
    """Raise ValueError unless the value is a floating-point tensor of so many axes, not empty."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
    if value.dim() != axes or value.numel() == 0:
        wanted = {1: "(n,)", 2: "(n, m)"}[axes]
        raise ValueError(f"{name}: expected shape {wanted}, not empty, got {tuple(value.shape)}")


def check_finite(name: str, value: Tensor) -> None:
    """Raise ValueError unless the value is a floating-point tensor of finite numbers."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
    check_between(name, value, -math.inf, math.inf, "finite numbers")


def check_between(
    name: str, value: Tensor, low: float, high: float, expected: str | None = None
) -> None:
    """Raise ValueError if a number is NaN, infinite or outside [low, high]; one pass over it."""
    if not value.numel():
        return
    if value.dtype == torch.bool:
        value = value.to(torch.uint8)
    ends = [float(end) for end in torch.aminmax(value.detach())]
    if not (low <= ends[0] and ends[1] <= high and all(map(math.isfinite, ends))):
        expected = expected or f"numbers in [{low:g}, {high:g}]"
        worst = ends[1] if low <= ends[0] and math.isfinite(ends[0]) else ends[0]
        raise ValueError(f"{name}: expected {expected}, got {worst:.7g}")


def check_binary(name: str, value: Tensor) -> None:
    """Raise ValueError unless every entry is 0 or 1."""
    off = (value != 0) & (value != 1)
    if off.any():
        got = float(value[off].flatten()[0])
        raise ValueError(f"{name}: expected states 0 and 1, got {got:.7g}")
