"""Claims: an equation of the book, checked by a number.

A chapter states a result, computes both of its sides and calls :func:`verify`.
A claim that does not hold raises :class:`ClaimError`, so the chapter does not
run and the book is not built. A claim that holds prints one line without any
digit that differs between machines, and leaves a record in the metadata of the
cell's output; the ledger page is made from these records.
"""

import math
import sys
from typing import Any, NamedTuple

import torch
from torch import Tensor

MIME = "application/vnd.gensrc.claim+json"


MAX_WHOLE = 2**53
"""Whole numbers below it are float64 numbers."""


class ClaimError(AssertionError):
    """A claim of the book does not hold."""


def verify(
    label: str,
    measured: Any,
    expected: Any = None,
    *,
    atol: float | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> None:
    r"""Check that the equation ``label`` of the book holds, and record it.

    With ``atol`` the claim is :math:`|m_i - e_i| \le \text{atol}` for every element
    of ``measured`` and ``expected``. With ``at_most`` or ``at_least`` (or both) it
    is :math:`\text{at\_least} \le m_i \le \text{at\_most}`. NaN never satisfies a claim.

    Args:
        label: label of the equation or theorem, as in the book.
        measured: number, tensor, array or nested list of them.
        expected: the other side, of the same shape or a single number (``atol`` only).
        atol: absolute tolerance, in the unit of ``measured``.
        at_most: upper bound.
        at_least: lower bound.
        note: what was compared, in a few words; it is printed and goes to the ledger.

    Raises:
        ClaimError: the claim does not hold.
        ValueError: no relation, two relations, a tolerance or bound that says nothing (NaN,
            infinity on the open side, bounds that exclude all), shapes that do not match, complex
            numbers, or whole numbers that float64 would round.

    >>> verify("eq-half", 0.5, 1 / 2, atol=1e-12, note="a half")
    verified eq-half: equal within 1e-12 (a half)
    >>> verify("eq-half", 0.5, at_most=0.4)
    Traceback (most recent call last):
    gensrc.verify.ClaimError: eq-half: expected at most 0.4, got 0.5
    """
    values = _flat(measured, "measured")
    bounded = at_most is not None or at_least is not None
    if atol is not None and expected is not None and not bounded:
        found = _equal(values, _flat(expected, "expected"), float(atol))
    elif atol is None and expected is None and bounded:
        found = _between(values, at_least, at_most)
    else:
        given = {"expected": expected, "atol": atol, "at_most": at_most, "at_least": at_least}
        names = [name for name, value in given.items() if value is not None]
        raise ValueError(
            "verify: expected either `expected` with `atol`, or `at_most`/`at_least`, "
            f"got {', '.join(names) or 'neither'}"
        )
    if not bool(found.holds.all()):
        got = float(values.flatten()[found.worst])
        place = f" (element {found.worst} of {values.numel()})" if values.numel() > 1 else ""
        about = f" ({note})" if note else ""
        raise ClaimError(f"{label}: expected {found.wanted}, got {got:.10g}{place}{about}")
    relation, measure = found.relation, f"{found.measure:.1e}"
    record = {"label": label, "relation": relation, "measured": measure, "note": note}
    _emit(f"verified {label}: {relation}" + (f" ({note})" if note else ""), record)


class _Outcome(NamedTuple):
    """What became of a relation: where it ``holds``, and the ``worst`` element."""

    relation: str
    wanted: str
    holds: Tensor
    worst: int
    measure: float


def _equal(values: Tensor, target: Tensor, atol: float) -> _Outcome:
    """Whether all values are equal to the target, within the tolerance."""
    if not 0 <= atol < math.inf:
        raise ValueError(f"atol: expected a finite number >= 0, got {atol}")
    if target.shape != values.shape and target.numel() != 1:
        raise ValueError(
            f"expected: expected shape {tuple(values.shape)} or one number, "
            f"got {tuple(target.shape)}"
        )
    # Equal infinities have no difference to measure.
    gap = torch.where(values == target, 0.0, (values - target).abs())
    worst = int(gap.nan_to_num(nan=math.inf).argmax())
    target = target.reshape(()) if target.numel() == 1 else target
    shown = float(target.expand_as(values).flatten()[worst])
    relation = f"equal within {atol:g}"
    return _Outcome(relation, f"{shown:.10g} within {atol:g}", gap <= atol, worst, float(gap.max()))


def _between(values: Tensor, at_least: float | None, at_most: float | None) -> _Outcome:
    """Whether all values lie between the bounds; None is no bound."""
    low = -math.inf if at_least is None else float(at_least)
    high = math.inf if at_most is None else float(at_most)
    says_nothing = at_least == -math.inf or at_most == math.inf
    if says_nothing or not low <= high:
        raise ValueError(
            "at_least, at_most: expected bounds that some number can miss and some can keep, "
            f"got {at_least} and {at_most}"
        )
    parts = [f"at least {low:.6g}"] * (at_least is not None)
    parts += [f"at most {high:.6g}"] * (at_most is not None)
    gap = torch.maximum(low - values, values - high)
    worst = int(gap.nan_to_num(nan=math.inf).argmax())
    relation, holds = " and ".join(parts), (values >= low) & (values <= high)
    return _Outcome(relation, relation, holds, worst, float(values.flatten()[worst]))


def _flat(values: Any, name: str) -> Tensor:
    """``values`` as a float64 tensor on the CPU; at least one element."""
    if isinstance(values, (list, tuple)):
        parts = [_flat(value, name) for value in values]
        shapes = sorted({tuple(part.shape) for part in parts})
        if len(shapes) > 1:
            raise ValueError(f"{name}: expected parts of one shape, got {shapes}")
        values = torch.stack(parts) if parts else torch.empty(0)
    # With the dtype given, a Python float is not rounded to float32 on the way.
    kind = torch.float64 if isinstance(values, float) else None
    tensor = torch.as_tensor(values, dtype=kind, device="cpu").detach()
    if tensor.numel() == 0:
        raise ValueError(f"{name}: expected at least one number, got none")
    if tensor.is_complex():
        raise ValueError(f"{name}: expected real numbers, got {tensor.dtype}: verify each part")
    exact = tensor.to(torch.float64)
    if not tensor.is_floating_point() and bool((exact.abs() >= MAX_WHOLE).any()):
        raise ValueError(
            f"{name}: expected whole numbers below 2**53, which float64 holds, "
            f"got {float(exact.abs().max()):.17g}"
        )
    return exact


def _emit(line: str, record: dict[str, str]) -> None:
    """Print ``line``; inside a notebook attach ``record`` to the output."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import publish_display_data

        if get_ipython() is not None:
            publish_display_data({"text/plain": line}, metadata={MIME: record})  # type: ignore[no-untyped-call]
            return
    print(line)
