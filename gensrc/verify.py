"""Claims: an equation of the book, checked by a number.

A chapter states a result, computes both of its sides and calls :func:`verify`.
A claim that does not hold raises :class:`ClaimError`, so the chapter does not
run and the book is not built. A claim that holds prints one line without any
digit that differs between machines, and leaves a record in the metadata of the
cell's output; the ledger page is made from these records.
"""

import math
import sys
from typing import Any

import torch
from torch import Tensor

MIME = "application/vnd.gensrc.claim+json"


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
        ValueError: no relation, two relations, or shapes that do not match.

    >>> verify("eq-half", 0.5, 1 / 2, atol=1e-12, note="a half")
    verified eq-half: equal within 1e-12 (a half)
    >>> verify("eq-half", 0.5, at_most=0.4)
    Traceback (most recent call last):
    gensrc.verify.ClaimError: eq-half: expected at most 0.4, got 0.5
    """
    values = _flat(measured, "measured")
    if atol is not None and at_most is None and at_least is None and expected is not None:
        target = _flat(expected, "expected")
        if target.shape != values.shape and target.numel() != 1:
            raise ValueError(
                f"expected: expected shape {tuple(values.shape)} or one number, "
                f"got {tuple(target.shape)}"
            )
        relation = f"equal within {atol:g}"
        # Equal infinities have no difference to measure.
        gap = torch.where(values == target, 0.0, (values - target).abs())
        worst = int(gap.nan_to_num(nan=math.inf).argmax())
        shown = float(target.expand_as(values).flatten()[worst])
        wanted = f"{shown:.10g} within {atol:g}"
        holds = gap <= atol
        slack = float(gap.max())
    elif atol is None and expected is None and (at_most is not None or at_least is not None):
        low = -math.inf if at_least is None else float(at_least)
        high = math.inf if at_most is None else float(at_most)
        parts = [f"at least {low:.6g}"] * (at_least is not None)
        parts += [f"at most {high:.6g}"] * (at_most is not None)
        relation = wanted = " and ".join(parts)
        holds = (values >= low) & (values <= high)
        gap = torch.maximum(low - values, values - high)
        worst = int(gap.nan_to_num(nan=math.inf).argmax())
        slack = float(values.flatten()[worst])
    else:
        raise ValueError("verify: expected either `expected` with `atol`, or `at_most`/`at_least`")
    if not bool(holds.all()):
        got = float(values.flatten()[worst])
        place = f" (element {worst} of {values.numel()})" if values.numel() > 1 else ""
        about = f" ({note})" if note else ""
        raise ClaimError(f"{label}: expected {wanted}, got {got:.10g}{place}{about}")
    record = {"label": label, "relation": relation, "measured": f"{slack:.1e}", "note": note}
    _emit(f"verified {label}: {relation}" + (f" ({note})" if note else ""), record)


def _flat(values: Any, name: str) -> Tensor:
    """``values`` as a float64 tensor on the CPU; at least one element."""
    if isinstance(values, (list, tuple)):
        values = torch.stack([_flat(v, name) for v in values]) if values else torch.empty(0)
    # With the dtype given, a Python float is not rounded to float32 on the way.
    tensor = torch.as_tensor(values, dtype=torch.float64, device="cpu").detach()
    if tensor.numel() == 0:
        raise ValueError(f"{name}: expected at least one number, got none")
    return tensor


def _emit(line: str, record: dict[str, str]) -> None:
    """Print ``line``; inside a notebook attach ``record`` to the output."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import publish_display_data

        if get_ipython() is not None:
            publish_display_data({"text/plain": line}, metadata={MIME: record})  # type: ignore[no-untyped-call]
            return
    print(line)
