import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, norm
from torch import Tensor

from gensrc.divergences import (
    f_divergence,
    jensen_shannon,
    kl,
    quadrature,
    total_variation,
    xlogy,
)
from tests.support.strategies import distributions

Pair = tuple[Tensor, Tensor]
ALL = [kl, jensen_shannon, total_variation, lambda p, q: f_divergence(p, q, lambda u: (u - 1) ** 2)]
NAMES = ["kl", "jensen_shannon", "total_variation", "f_divergence"]


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def close(a: Tensor, b: Tensor | float, atol: float = 1e-12) -> bool:
    b = torch.as_tensor(b, dtype=a.dtype)
    return bool(((a == b) | ((a - b).abs() <= atol * (1 + b.abs()))).all())


# Against other implementations and hand values


@given(distributions(2))
def test_kl_is_scipys(pair: Pair) -> None:
    p, q = pair
    assert close(kl(p, q), float(entropy(p, q)))


@given(distributions(2))
def test_jensen_shannon_is_scipys(pair: Pair) -> None:
    p, q = pair
    assert jensen_shannon(p, q).item() == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)


def test_jensen_shannon_of_the_smallest_probabilities() -> None:
    p, q = f64(1.0, 5e-324), f64(1.0, 0.0)  # half of 5e-324 is rounded to 0
    assert abs(jensen_shannon(p, q).item()) < 1e-300


@given(distributions(2))
def test_total_variation_is_the_largest_difference_over_events(pair: Pair) -> None:
    p, q = pair
    events = torch.tensor(
        [[event >> k & 1 for k in range(len(p))] for event in range(2 ** len(p))]
    ).double()
    assert close(total_variation(p, q), (events @ (p - q)).max())


def test_hand_values() -> None:
    p, q = f64(0.5, 0.5), f64(0.25, 0.75)
    assert close(kl(p, q), math.log(4 / 3) / 2)
    assert close(kl(q, p), 0.75 * math.log(3) - math.log(2))
    assert close(total_variation(p, q), 0.25)


# Properties


@given(distributions(2))
def test_bounds_and_symmetry(pair: Pair) -> None:
    p, q = pair
    jsd, tv, divergence = jensen_shannon(p, q), total_variation(p, q), kl(p, q)
    assert -1e-15 <= jsd <= math.log(2) + 1e-15
    assert 0 <= tv <= 1 + 1e-15
    assert divergence >= -1e-14
    assert tv <= (divergence.clamp(min=0) / 2).sqrt() + 1e-12  # Pinsker
    assert tv**2 / 2 - 1e-15 <= jsd <= math.log(2) * tv + 1e-12
    assert close(jensen_shannon(q, p), jsd)
    assert total_variation(q, p) == tv


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
@given(pqrs=distributions(4))
def test_convex_and_never_increased_by_merging(
    divergence: Callable[..., Tensor], pqrs: tuple[Tensor, ...]
) -> None:
    p, q, r, s = pqrs
    mixed = divergence((p + r) / 2, (q + s) / 2)
    assert mixed <= (divergence(p, q) + divergence(r, s)) / 2 * (1 + 1e-9) + 1e-12
    merged = [torch.cat([x[:1], x[1:].sum(0, keepdim=True)]) for x in (p, q)]
    assert divergence(*merged) <= divergence(p, q) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
def test_each_row_is_a_pair_and_dtype_is_kept(divergence: Callable[..., Tensor]) -> None:
    p = torch.softmax(torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0)), -1)
    q = p.roll(1, -1)
    result = divergence(p, q)
    assert result.shape == (2, 3)
    assert result.dtype == torch.float32
    assert torch.allclose(result[1, 2], divergence(p[1, 2], q[1, 2]))
    assert (divergence(p, p) == 0).all()
    assert divergence(p[:0], q[:0]).shape == (0, 3)


# Conventions at the boundary


def test_zero_log_zero_is_zero_and_a_missed_outcome_costs_infinity() -> None:
    p, q = f64(0.5, 0.5, 0), f64(0.5, 0.25, 0.25)
    assert close(kl(p, q), math.log(2) / 2)
    assert kl(q, p) == math.inf
    assert kl(p, p) == 0


def test_disjoint_supports() -> None:
    p, q = f64(0.2, 0.8, 0, 0), f64(0, 0, 0.5, 0.5)
    assert close(jensen_shannon(p, q), math.log(2))
    assert total_variation(p, q) == 1
    assert kl(p, q) == math.inf


def test_one_outcome() -> None:
    assert kl(f64(1), f64(1)) == jensen_shannon(f64(1), f64(1)) == 0


# f-divergences

GENERATORS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "kl": (lambda u: u * u.log(), kl),
    "kl, by xlogy": (lambda u: torch.xlogy(u, u), kl),
    "reverse kl": (lambda u: -u.log(), lambda p, q: kl(q, p)),
    "jeffreys": (lambda u: (u - 1) * u.log(), lambda p, q: kl(p, q) + kl(q, p)),
    "total variation": (lambda u: (u - 1).abs() / 2, total_variation),
    "jensen-shannon": (
        lambda u: (u * u.log() - (u + 1) * ((u + 1) / 2).log()) / 2,
        jensen_shannon,
    ),
    "hellinger": (
        lambda u: (u.sqrt() - 1) ** 2,
        lambda p, q: ((p.sqrt() - q.sqrt()) ** 2).sum(-1),
    ),
    "pearson": (
        lambda u: (u - 1) ** 2,
        lambda p, q: torch.where(p == q, 0, (p - q) ** 2 / q).sum(-1),
    ),
    "neyman": (
        lambda u: (u - 1) ** 2 / u,
        lambda p, q: torch.where(p == q, 0, (p - q) ** 2 / p).sum(-1),
    ),
}


@pytest.mark.parametrize("name", GENERATORS)
@given(pair=distributions(2))
def test_f_divergence_is_each_divergence_zeros_included(name: str, pair: Pair) -> None:
    f, divergence = GENERATORS[name]
    assert close(f_divergence(*pair, f), divergence(*pair), atol=1e-9)


def test_f_divergence_takes_a_known_slope() -> None:
    # f(u) = u^0.99-like generators approach their slope too slowly to be read off.
    a = 0.99

    def f(u: Tensor) -> Tensor:
        return (u**a - 1 - a * (u - 1)) / (a * (a - 1))

    p, q = f64(0.5, 0.5), f64(1, 0)
    expected = float(f(torch.tensor(0.5, dtype=torch.float64))) + 0.5 / (1 - a)
    assert close(f_divergence(p, q, f, slope=1 / (1 - a)), expected)


# Gradients


@given(distributions(2, zeros=False))
def test_gradients_of_kl(pair: Pair) -> None:
    p, q = (x.requires_grad_() for x in pair)
    kl(p, q).backward()
    assert p.grad is not None
    assert q.grad is not None
    # of the sum of p log(p/q) - p + q; between distributions a constant makes no difference
    assert close(p.grad, (p / q).log().detach())
    assert close(q.grad, 1 - (p / q).detach())


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
def test_gradients_are_finite_where_outcomes_are_missing(
    divergence: Callable[..., Tensor],
) -> None:
    p, q = f64(0.5, 0.5, 0, 0).requires_grad_(), f64(0.25, 0.25, 0.5, 0).requires_grad_()
    divergence(p, q).backward()
    assert p.grad is not None
    assert q.grad is not None
    assert p.grad.isfinite().all()
    assert q.grad.isfinite().all()
    assert q.grad[3] == 0 or divergence is total_variation


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
def test_gradients_through_softmax(divergence: Callable[..., Tensor]) -> None:
    def of_logits(a: Tensor, b: Tensor) -> Tensor:
        return divergence(a.softmax(-1), b.softmax(-1))

    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 4, generator=g, dtype=torch.float64).requires_grad_() for _ in "ab")
    assert torch.autograd.gradcheck(of_logits, (a, b))


def test_xlogy_has_gradient_zero_at_zero() -> None:
    x, y = f64(0, 0, 2).requires_grad_(), f64(0, 3, 3).requires_grad_()
    xlogy(x, y).sum().backward()
    assert x.grad is not None
    assert y.grad is not None
    assert close(x.grad, f64(0, 0, math.log(3)))
    assert close(y.grad, f64(0, 0, 2 / 3))


# Densities


def test_divergences_of_densities_by_quadrature() -> None:
    x, w = quadrature(-20, 22, 400)
    p, q = (torch.from_numpy(norm.pdf(x, m, s)) * w for m, s in ((0, 1), (2, 1.5)))
    expected = math.log(1.5) + (1 + 4) / (2 * 1.5**2) - 0.5
    assert close(kl(p, q), expected)

    def integrand(t: float) -> float:
        a, b = norm.pdf(t, 0, 1), norm.pdf(t, 2, 1.5)
        return float(a * math.log(2 * a / (a + b)) + b * math.log(2 * b / (a + b))) / 2

    by_quad = sum(quad(integrand, *ends, epsabs=1e-13)[0] for ends in ((-12, 1), (1, 14)))
    assert close(jensen_shannon(p, q), by_quad, atol=1e-11)


def test_a_grid_that_misses_mass_is_noticed() -> None:
    x, w = quadrature(-1, 1, 400)
    p = torch.from_numpy(norm.pdf(x)) * w
    with pytest.raises(ValueError, match=r"p: expected a sum of 1 .* got 0\.682"):
        kl(p, p)


def test_quadrature_is_the_trapezoidal_rule() -> None:
    x, w = quadrature(-1, 2, 7)
    assert close((w * (3 * x + 1)).sum(), 1.5 * (4 - 1) + 3)
    assert close(w, f64(0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 1.0, 5), "low < high, got 1.0 and 1.0"),
        ((0.0, math.inf, 5), "low < high, got 0.0 and inf"),
        ((math.nan, 1.0, 5), "low < high, got nan"),
        ((0.0, 1.0, 1), "n: expected at least 2 nodes, got 1"),
    ],
)
def test_quadrature_rejects(arguments: tuple[float, float, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quadrature(*arguments)


# Bad input

GOOD = f64(0.5, 0.5)
BAD = {
    "negative": (f64(1.5, -0.5), "expected numbers >= 0, got -0.5"),
    "sum": (f64(0.5, 0.6), "expected a sum of 1 within 1e-05 over the last axis, got 1.1"),
    "sum, just outside": (f64(0.5, 0.50002), "got 1.00002"),
    "zeros": (f64(0, 0), "got 0"),
    "nan": (f64(math.nan, 0.5), "expected finite numbers, got NaN or infinity"),
    "infinity": (f64(math.inf, 0.5), "expected finite numbers, got NaN or infinity"),
    "integers": (torch.tensor([1, 0]), "expected a floating-point tensor, got torch.int64"),
    "list": ([0.5, 0.5], "expected a floating-point tensor, got list"),
}


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(divergence: Callable[..., Tensor], case: str) -> None:
    bad, message = BAD[case]
    with pytest.raises(ValueError, match=f"^p: .*{message}"):
        divergence(bad, GOOD)
    with pytest.raises(ValueError, match=f"^q: .*{message}"):
        divergence(GOOD, bad)


@pytest.mark.parametrize("divergence", ALL, ids=NAMES)
def test_shapes_must_agree(divergence: Callable[..., Tensor]) -> None:
    third = torch.full((3,), 1 / 3)
    with pytest.raises(ValueError, match=r"q: expected the shape \(2,\) of p, got \(3,\)"):
        divergence(GOOD.float(), third)
    with pytest.raises(ValueError, match=r"p: expected shape \(..., K\), got a single number"):
        divergence(torch.tensor(1.0), torch.tensor(1.0))


def test_a_sum_within_tolerance_is_accepted() -> None:
    assert kl(f64(0.5, 0.500009), GOOD).isfinite()
    # float32 softmax over many outcomes is the usual source of such sums
    p = torch.softmax(torch.randn(100_000, generator=torch.Generator().manual_seed(0)), 0)
    assert kl(p, p) == 0


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    p, q = torch.softmax(torch.randn(2, 50, 7, generator=generator, dtype=torch.float64), -1)
    q = torch.where(q == q.min(-1, keepdim=True).values, 0, q)
    q = q / q.sum(-1, keepdim=True)
    for divergence in ALL:
        there = divergence(p.to(cuda), q.to(cuda))
        assert there.is_cuda
        assert close(there.cpu(), divergence(p, q))
