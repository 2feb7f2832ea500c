import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import entropy
from torch import Tensor

from gensrc.divergences import (
    alpha_divergence,
    f_divergence,
    jeffreys,
    jensen_shannon,
    jensen_shannon_weighted,
    kl,
    maximal_coupling,
    neyman,
    pearson,
    reverse_kl,
    squared_hellinger,
    total_variation,
    xlogy,
)
from tests.support.strategies import distributions

Pair = tuple[Tensor, Tensor]
Divergence = Callable[[Tensor, Tensor], Tensor]
ALPHAS = (-1.5, -1.0, -0.3, 0.0, 0.2, 0.5, 0.7, 1.0, 1.3, 2.0, 3.0)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def close(a: Tensor, b: Tensor | float, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
    return torch.allclose(a.double(), torch.as_tensor(b, dtype=torch.float64), rtol=rtol, atol=atol)


def f_of_alpha(u: Tensor, a: float) -> Tensor:
    if a == 1:
        return torch.xlogy(u, u) - u + 1
    if a == 0:
        return -u.log() + u - 1
    return (u**a - 1 - a * (u - 1)) / (a * (a - 1))


def f_of_weight(u: Tensor, w: float) -> Tensor:
    m = 1 - w + w * u
    return w * torch.xlogy(u, u) - torch.xlogy(m, m)


# Each row: the function, its generator f, and the limit of f(u)/u
ROWS: dict[str, tuple[Divergence, Callable[[Tensor], Tensor], float]] = {
    "reverse_kl": (reverse_kl, lambda u: -u.log(), 0.0),
    "jeffreys": (jeffreys, lambda u: (u - 1) * u.log(), math.inf),
    "squared_hellinger": (squared_hellinger, lambda u: (u.sqrt() - 1) ** 2, 1.0),
    "pearson": (pearson, lambda u: (u - 1) ** 2, math.inf),
    "neyman": (neyman, lambda u: (u - 1) ** 2 / u, 1.0),
    "weighted 0.3": (
        partial(jensen_shannon_weighted, weight=0.3),
        partial(f_of_weight, w=0.3),
        -0.3 * math.log(0.3),
    ),
} | {
    f"alpha {a:g}": (
        partial(alpha_divergence, alpha=a),
        partial(f_of_alpha, a=a),
        math.inf if a >= 1 else 1 / (1 - a),
    )
    for a in ALPHAS
}
each_row = pytest.mark.parametrize("name", ROWS)


@each_row
@given(pair=distributions(2))
def test_each_row_is_its_f_divergence_zeros_included(name: str, pair: Pair) -> None:
    divergence, f, slope = ROWS[name]
    assert close(divergence(*pair), f_divergence(*pair, f, slope=slope), rtol=1e-7, atol=1e-9)


@each_row
def test_each_row_is_its_sum_in_numpy(name: str) -> None:
    pair = f64(0.5, 0.3, 0.2), f64(0.1, 0.3, 0.6)
    p, q = (x.numpy() for x in pair)
    by_hand = {
        "reverse_kl": entropy(q, p),
        "jeffreys": entropy(p, q) + entropy(q, p),
        "squared_hellinger": sum((a**0.5 - b**0.5) ** 2 for a, b in zip(p.tolist(), q.tolist())),
        "pearson": 0.16 / 0.1 + 0.16 / 0.6,
        "neyman": 0.16 / 0.5 + 0.16 / 0.2,
        "weighted 0.3": (0.3 * entropy(p, 0.3 * p + 0.7 * q) + 0.7 * entropy(q, 0.3 * p + 0.7 * q)),
        "alpha 0": entropy(q, p),
        "alpha 1": entropy(p, q),
    }
    for a in ALPHAS:
        if a not in (0, 1):
            powers = [x**a * y ** (1 - a) for x, y in zip(p.tolist(), q.tolist())]
            by_hand[f"alpha {a:g}"] = (sum(powers) - 1) / (a * (a - 1))
    assert close(ROWS[name][0](*pair), float(by_hand[name]))


@each_row
@given(pqrs=distributions(4))
def test_convex_not_negative_and_never_increased_by_merging(
    name: str, pqrs: tuple[Tensor, ...]
) -> None:
    divergence = ROWS[name][0]
    p, q, r, s = pqrs
    mixed = divergence((p + r) / 2, (q + s) / 2)
    assert mixed <= (divergence(p, q) + divergence(r, s)) / 2 * (1 + 1e-9) + 1e-12
    merged = [torch.cat([x[:1], x[1:].sum(0, keepdim=True)]) for x in (p, q)]
    assert -1e-13 <= divergence(*merged) <= divergence(p, q) * (1 + 1e-9) + 1e-12


@each_row
def test_rows_of_a_batch_dtype_and_equal_arguments(name: str) -> None:
    divergence = ROWS[name][0]
    p = torch.softmax(torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0)), -1)
    q = p.roll(1, -1)
    result = divergence(p, q)
    assert result.shape == (2, 3)
    assert result.dtype == torch.float32
    assert torch.allclose(result[1, 2], divergence(p[1, 2], q[1, 2]))
    assert close(result, divergence(p.double(), q.double()), rtol=1e-4, atol=1e-5)
    assert (divergence(p, p).abs() <= 1e-6).all()
    assert divergence(p[:0], q[:0]).shape == (0, 3)


@each_row
def test_gradients_through_softmax(name: str) -> None:
    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 4, generator=g, dtype=torch.float64).requires_grad_() for _ in "ab")
    divergence = ROWS[name][0]
    assert torch.autograd.gradcheck(lambda a, b: divergence(a.softmax(-1), b.softmax(-1)), (a, b))


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("jeffreys",)])
def test_gradients_are_finite_where_an_outcome_is_missing_from_both(name: str) -> None:
    p, q = f64(0.5, 0.5, 0).requires_grad_(), f64(0.25, 0.75, 0).requires_grad_()
    ROWS[name][0](p, q).backward()
    assert p.grad is not None
    assert q.grad is not None
    assert p.grad.isfinite().all()
    assert q.grad.isfinite().all()


DISJOINT = {
    "reverse_kl": math.inf,
    "jeffreys": math.inf,
    "squared_hellinger": 2.0,
    "pearson": math.inf,
    "neyman": math.inf,
    "weighted 0.3": -0.3 * math.log(0.3) - 0.7 * math.log(0.7),
    "alpha -1": math.inf,
    "alpha 0": math.inf,
    "alpha 0.2": 1 / 0.16,
    "alpha 0.5": 4.0,
    "alpha 1": math.inf,
    "alpha 2": math.inf,
}


@pytest.mark.parametrize("name", DISJOINT)
def test_disjoint_supports(name: str) -> None:
    p, q = f64(0.3, 0.7, 0, 0), f64(0, 0, 0.6, 0.4)
    assert close(ROWS[name][0](p, q), DISJOINT[name])


ONE_SIDED = {  # p misses an outcome of q; the other way round
    "reverse_kl": (math.inf, math.log(2)),
    "jeffreys": (math.inf, math.inf),
    "squared_hellinger": (2 - math.sqrt(2),) * 2,
    "pearson": (1.0, math.inf),
    "neyman": (math.inf, 1.0),
    "alpha 2": (0.5, math.inf),
    "alpha -1": (math.inf, 0.5),
}


@pytest.mark.parametrize("name", ONE_SIDED)
def test_one_outcome_is_missing(name: str) -> None:
    one, both = f64(1, 0), f64(0.5, 0.5)
    assert close(ROWS[name][0](one, both), ONE_SIDED[name][0])
    assert close(ROWS[name][0](both, one), ONE_SIDED[name][1])


# The family and its members


@given(distributions(2, zeros=False), st.floats(-2, 3))
def test_alpha_exchanges_its_arguments(pair: Pair, alpha: float) -> None:
    p, q = pair
    assert close(alpha_divergence(p, q, alpha), alpha_divergence(q, p, 1 - alpha), rtol=1e-9)


def test_alpha_has_familiar_members() -> None:
    p, q = f64(0.5, 0.3, 0.2), f64(0.1, 0.3, 0.6)
    assert close(alpha_divergence(p, q, 2), pearson(p, q) / 2)
    assert close(alpha_divergence(p, q, -1), neyman(p, q) / 2)
    assert close(alpha_divergence(p, q, 0.5), 2 * squared_hellinger(p, q))


@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_alpha_tends_to_both_kls_without_losing_digits(step: float) -> None:
    p, q = f64(0.5, 0.3, 0.2), f64(0.1, 0.3, 0.6)
    for sign in (-1, 1):
        assert abs(alpha_divergence(p, q, 1 + sign * step) - kl(p, q)) < step + 1e-14
        assert abs(alpha_divergence(p, q, sign * step) - kl(q, p)) < step + 1e-14


@given(distributions(2), st.just(0.0) | st.floats(1e-100, 1))
def test_weighted_jensen_shannon_is_a_mutual_information(pair: Pair, weight: float) -> None:
    p, q = pair
    joint = torch.stack([weight * p, (1 - weight) * q])
    independent = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    found = jensen_shannon_weighted(p, q, weight=weight)
    both = (xlogy(joint, joint) - xlogy(joint, independent)).sum()
    assert close(found, both, atol=1e-11)
    assert close(found, jensen_shannon_weighted(q, p, weight=1 - weight), atol=1e-11)


def test_weighted_jensen_shannon_special_weights() -> None:
    p, q = f64(0.5, 0.5, 0), f64(0, 0.1, 0.9)
    assert close(jensen_shannon_weighted(p, q, weight=0.5), jensen_shannon(p, q))
    for weight in (0.0, 5e-324, 1.0):
        assert jensen_shannon_weighted(p, q, weight=weight).abs() < 1e-300


# Couplings


@given(distributions(2))
def test_coupling_has_the_marginals_and_meets_most_often(pair: Pair) -> None:
    p, q = pair
    joint = maximal_coupling(p, q)
    assert (joint >= 0).all()
    assert close(joint.sum(1), p)
    assert close(joint.sum(0), q)
    assert close(1 - joint.diagonal().sum(), total_variation(p, q))


def test_no_coupling_meets_more_often() -> None:
    g = torch.Generator().manual_seed(0)
    p, q = torch.softmax(2 * torch.randn(2, 4, generator=g, dtype=torch.float64), -1)
    cost = 1 - torch.eye(4)
    sums = [torch.kron(torch.eye(4), torch.ones(4)), torch.kron(torch.ones(4), torch.eye(4))]
    best = linprog(
        cost.flatten().numpy(), A_eq=torch.cat(sums).numpy(), b_eq=torch.cat([p, q]).numpy()
    )
    assert close((maximal_coupling(p, q) * cost).sum(), best.fun, rtol=1e-6)
    assert maximal_coupling(p.expand(2, 3, 4), q.expand(2, 3, 4)).shape == (2, 3, 4, 4)


# Bad input

TAKERS: dict[str, Divergence] = {name: row[0] for name, row in ROWS.items()} | {
    "coupling": maximal_coupling
}


@pytest.mark.parametrize("name", TAKERS)
def test_bad_arguments_are_named(name: str) -> None:
    good, divergence = f64(0.5, 0.5), TAKERS[name]
    for bad, message in (
        (f64(1.5, -0.5), "expected numbers >= 0, got -0.5"),
        (f64(0.5, 0.6), "expected a sum of 1 within 1e-05 over the last axis, got 1.1"),
        (f64(math.nan, 0.5), "expected finite numbers"),
        (torch.tensor([1, 0]), "expected a floating-point tensor, got torch.int64"),
    ):
        with pytest.raises(ValueError, match=f"^p: .*{message}"):
            divergence(bad, good)
        with pytest.raises(ValueError, match=f"^q: .*{message}"):
            divergence(good, bad)
    with pytest.raises(ValueError, match=r"q: expected the shape \(2,\) of p, got \(3,\)"):
        divergence(good, f64(0.2, 0.3, 0.5))


def test_bad_parameters_are_named() -> None:
    p = f64(0.5, 0.5)
    with pytest.raises(ValueError, match="alpha: expected a finite number, got nan"):
        alpha_divergence(p, p, math.nan)
    for weight in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="weight: expected a number between 0 and 1, got"):
            jensen_shannon_weighted(p, p, weight=weight)


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    p, q = torch.softmax(torch.randn(2, 50, 7, generator=generator, dtype=torch.float64), -1)
    q = torch.where(q == q.min(-1, keepdim=True).values, 0, q)
    q = q / q.sum(-1, keepdim=True)
    for divergence in TAKERS.values():
        there = divergence(p.to(cuda), q.to(cuda))
        assert there.is_cuda
        assert close(there.cpu(), divergence(p, q))
