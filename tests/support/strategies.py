"""Random inputs for property tests (hypothesis), all in float64."""

import torch
from hypothesis import strategies as st
from torch import Tensor


@st.composite
def distributions(draw: st.DrawFn, count: int = 1, *, zeros: bool = True) -> tuple[Tensor, ...]:
    """``count`` distributions over the same 1 to 8 outcomes.

    The probabilities reach down to 1e-12; with ``zeros`` some are exactly zero.
    """
    outcomes = draw(st.integers(1, 8))
    weight = st.floats(-12, 0).map(lambda e: 10.0**e)
    if zeros:
        weight = st.just(0.0) | weight
    row = st.lists(weight, min_size=outcomes, max_size=outcomes).filter(any)
    rows = [torch.tensor(draw(row), dtype=torch.float64) for _ in range(count)]
    return tuple(r / r.sum() for r in rows)


def logits(bound: float = 30.0) -> st.SearchStrategy[Tensor]:
    """1 to 6 logits between -bound and bound."""
    numbers = st.lists(st.floats(-bound, bound), min_size=1, max_size=6)
    return numbers.map(lambda values: torch.tensor(values, dtype=torch.float64))
