"""No wrong number in silence: every public function, given what it cannot compute with.

The examples of :mod:`tests.support.examples` are changed in one argument at a time. What comes
back must be a refusal (``ValueError``), or show what is wrong: NaN for NaN. A function that may
answer otherwise is listed with the reason.
"""

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.support.examples import FUNCTIONS, Call, f64, public_functions, resolve, seeded
from tests.support.rehearsal import tensors
from tests.support.strategies import distributions

BROADCASTS = {
    "numerics.xlogy": "an elementwise function, as those of PyTorch",
    "numerics.alpha_terms": "an elementwise function, as those of PyTorch",
    "numerics.kl_terms": "an elementwise function, as those of PyTorch",
    "numerics.log_ratio": "an elementwise function, as those of PyTorch",
    "divergences.normal.kl_normal": "each of its numbers may be a tensor that fits the others",
    "fgan.bound.variational_bound": "two samples, of any shapes",
    "games.losses.cross_entropy_discriminator": "two samples, of any shapes",
    "games.losses.hinge_discriminator": "two samples, of any shapes",
    "games.losses.least_squares_discriminator": "two samples, of any shapes",
    "games.losses.wasserstein_critic": "two samples, of any shapes",
    "games.discriminator.game_value": "two samples, of any shapes",
    "games.dynamics.xy_orbit": "times of any shape",
}
"""Functions of several tensors whose shapes need not agree, and why."""


def outcome(name: str, example: Call) -> Any:
    """What the function returns, or the ValueError that it raises."""
    try:
        return resolve(name)(*example.args, **example.kwargs)
    except ValueError as error:
        return error
    except RuntimeError as error:  # PyTorch's own refusal of shapes
        if name in BROADCASTS:
            return ValueError(error)
        raise


def changed(name: str, change: Callable[[Tensor], Tensor]) -> Iterator[tuple[str, Call]]:
    """The example with one of its tensors changed, and the name of the argument."""
    names = list(inspect.signature(resolve(name)).parameters)
    for place, value in enumerate(FUNCTIONS[name](seeded()).args):
        if isinstance(value, Tensor) and value.is_floating_point():
            fresh = FUNCTIONS[name](seeded())
            args = list(fresh.args)
            args[place] = change(value.clone())
            yield names[min(place, len(names) - 1)], Call(tuple(args), fresh.kwargs)


def first_entry(number: float) -> Callable[[Tensor], Tensor]:
    def change(value: Tensor) -> Tensor:
        value.view(-1)[0] = number
        return value

    return change


def takes_tensors(name: str) -> bool:
    return any(isinstance(x, Tensor) for x in FUNCTIONS[name](seeded()).args)


def several(name: str) -> bool:
    return sum(isinstance(x, Tensor) for x in FUNCTIONS[name](seeded()).args) > 1


WITH_TENSORS = [name for name in FUNCTIONS if takes_tensors(name)]


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_nan_gives_no_number(name: str) -> None:
    for argument, example in changed(name, first_entry(math.nan)):
        found = outcome(name, example)
        seen = isinstance(found, ValueError) or any(x.isnan().any() for x in tensors(found))
        assert seen, f"{argument} with NaN gives {found}"


@pytest.mark.parametrize("name", [n for n in WITH_TENSORS if several(n) and n not in BROADCASTS])
def test_a_column_beside_a_row_is_refused(name: str) -> None:
    for argument, example in changed(name, lambda value: value.unsqueeze(-1)):
        found = outcome(name, example)
        assert isinstance(found, ValueError), f"{argument} with one axis more gives {found}"


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_whole_numbers_are_refused_or_are_numbers(name: str) -> None:
    for argument, example in changed(name, lambda value: value.round().clamp(-9, 9).long()):
        as_floats = Call(
            tuple(x.double() if isinstance(x, Tensor) else x for x in example.args), example.kwargs
        )
        found, expected = outcome(name, example), outcome(name, as_floats)
        if not isinstance(found, ValueError):
            pairs = zip(tensors(found), tensors(expected))
            same = all(torch.allclose(a.double(), b.double(), equal_nan=True) for a, b in pairs)
            assert same, f"{argument} in whole numbers gives {found}, in floats {expected}"


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_nothing_gives_no_nan(name: str) -> None:
    for argument, example in changed(name, lambda value: value[:0] if value.ndim else value):
        if all(x.ndim for x in example.args if isinstance(x, Tensor)):
            found = outcome(name, example)
            assert isinstance(found, ValueError) or not any(
                x.isnan().any() for x in tensors(found)
            ), f"{argument} without entries gives {found}"


DIVERGENCES = [
    name
    for name in public_functions()
    if name.startswith("divergences.")
    and list(inspect.signature(resolve(name)).parameters)[:2] == ["p", "q"]
    and "coupling" not in name
]
"""Everything that measures how far q is from p."""


def of_pair(name: str, p: Tensor, q: Tensor) -> Tensor:
    example = FUNCTIONS[name](seeded())
    found: Tensor = resolve(name)(p, q, *example.args[2:], **example.kwargs)
    return found


def test_there_are_divergences() -> None:
    assert len(DIVERGENCES) >= 10


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("argument", [0, 1])
@pytest.mark.parametrize("wrong", [[-0.25, 0.75, 0.5], [0.25, 0.25, 0.25], [0.5, 0.5, 0.5]])
def test_what_is_no_distribution_is_refused(name: str, argument: int, wrong: list[float]) -> None:
    pair = [f64(0.25, 0.25, 0.5), f64(0.5, 0.25, 0.25)]
    pair[argument] = f64(*wrong)
    with pytest.raises(ValueError, match=r"expected"):
        of_pair(name, *pair)


@pytest.mark.parametrize("name", DIVERGENCES)
@given(distributions(1), st.integers(0, 1000), st.sampled_from([1e-2, 1e-4, 1e-6]))
def test_close_distributions_keep_their_distance(
    name: str, rows: tuple[Tensor], seed: int, size: float
) -> None:
    (p,) = rows
    noise = torch.randn(p.shape, generator=seeded(seed), dtype=p.dtype)
    single_p = (p.double() + 0.05).float()
    single_p = single_p / single_p.sum()
    single_q = single_p * (1 + size * noise).float()
    single_q = single_q / single_q.sum()
    found = of_pair(name, single_p, single_q).double()
    exact = of_pair(name, single_p.double(), single_q.double())
    assert found >= 0
    assert not found.sqrt().isnan()
    # the sums of p and q differ by rounding, to which no divergence is blind
    assert abs(found - exact) <= 0.02 * abs(exact) + 1e-6 * size + 1e-12, (found, exact)
