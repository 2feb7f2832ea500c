"""Divergences where floats are short: near pairs, ends of the floats, infinite values."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from gensrc.divergences import (
    alpha_divergence,
    estimate_jensen_shannon,
    estimate_mean,
    f_divergence,
    jeffreys,
    jensen_shannon,
    jensen_shannon_weighted,
    kl,
    kl_from_logs,
    kl_multivariate_normal,
    kl_normal,
    neyman,
    pearson,
    plug_in_bias,
    quadrature,
    reverse_kl,
    squared_hellinger,
)

Divergence = Callable[[Tensor, Tensor], Tensor]


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


# Each with the factor of its second order: sum of (p - q)^2 / q times it
NEAR: dict[str, tuple[Divergence, float]] = {
    "kl": (kl, 1 / 2),
    "kl_from_logs": (lambda p, q: kl_from_logs(p.log(), q.log()), 1 / 2),
    "reverse_kl": (reverse_kl, 1 / 2),
    "jeffreys": (jeffreys, 1.0),
    "jensen_shannon": (jensen_shannon, 1 / 8),
    "weighted": (partial(jensen_shannon_weighted, weight=0.3), 0.21 / 2),
    "hellinger": (squared_hellinger, 1 / 4),
    "pearson": (pearson, 1.0),
    "neyman": (neyman, 1.0),
    **{f"alpha {a}": (partial(alpha_divergence, alpha=a), 1 / 2) for a in (-1, 0, 1e-9, 0.4, 1, 3)},
    "f, u log u": (partial(f_divergence, f=lambda u: u * u.log()), 1 / 2),
    "f, -log u": (partial(f_divergence, f=lambda u: -u.log()), 1 / 2),
}
each_near = pytest.mark.parametrize("name", NEAR)


def near_pairs(size: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Five hundred pairs whose probabilities differ by a share of that size."""
    draw = torch.Generator().manual_seed(0)
    p = torch.softmax(torch.randn(500, 6, generator=draw, dtype=torch.float64), -1)
    q = p * (1 + size * torch.randn(500, 6, generator=draw, dtype=torch.float64))
    return p.to(dtype), (q / q.sum(-1, keepdim=True)).to(dtype)


@each_near
@pytest.mark.parametrize(
    ("dtype", "size", "tolerance"),
    [(torch.float32, 1e-4, 1e-2), (torch.float64, 1e-8, 1e-6), (torch.float32, 0.05, 0.2)],
)
def test_near_distributions_keep_their_digits(
    name: str, dtype: torch.dtype, size: float, tolerance: float
) -> None:
    if name == "kl_from_logs" and size == 1e-4:
        tolerance = 0.1  # the logarithms are rounded before they are subtracted
    divergence, factor = NEAR[name]
    p, q = near_pairs(size, dtype)
    found = divergence(p, q)
    assert found.dtype == dtype
    assert (found >= 0).all()
    second_order = (factor * (p.double() - q.double()).square() / q.double()).sum(-1)
    assert ((found.double() / second_order - 1).abs() <= tolerance).all()


@each_near
def test_gradients_of_near_distributions(name: str) -> None:
    p, q = near_pairs(1e-5, torch.float64)
    a, b = (x[:3].log().requires_grad_() for x in (p, q))
    divergence, factor = NEAR[name]
    slope = torch.autograd.grad(divergence(a.softmax(-1), b.softmax(-1)).sum(), a)[0]
    change = (p - q)[:3]  # d/da of the second order: p (x - E x), x = 2 factor (p - q)/q
    assert torch.allclose(slope, 2 * factor * change, rtol=1e-3, atol=1e-13)
    wide = (p[:2] * f64(1, 3, 0.2, 1 + 1e-6, 1, 0.9)).log().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda a, b: divergence(a.softmax(-1), b.softmax(-1)), (wide, b[:2].detach())
    )


def test_a_sum_that_is_off_adds_its_square_only() -> None:
    half, off = f64(0.5, 0.5), f64(0.5, 0.500009)
    for divergence in (kl, reverse_kl, jensen_shannon, squared_hellinger, pearson):
        assert 0 <= divergence(off, half) <= 1e-9


# Underflow


def normals_on(low: float, high: float, scale: float) -> tuple[Tensor, Tensor]:
    x, w = quadrature(low, high, 4001)
    wide, narrow = (Normal(*f64(0, std)) for std in (2, scale))
    return wide.log_prob(x) + w.log(), narrow.log_prob(x) + w.log()


@pytest.mark.parametrize("end", [20.0, 31.0, 60.0])
@pytest.mark.parametrize("scale", [0.8, 0.05])
def test_kl_from_logs_survives_an_underflow(end: float, scale: float) -> None:
    log_p, log_q = normals_on(-end, end, scale)
    expected = kl_normal(0.0, 2.0, 0.0, scale).item()
    assert kl_from_logs(log_p, log_q).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scale", [0.8, 0.05])
def test_an_underflow_is_refused_where_it_can_be_told(scale: float) -> None:
    log_p, log_q = normals_on(-31.0, 31.0, scale)
    p, q = log_p.exp(), log_q.exp()
    refusing: list[Divergence] = [
        kl, jeffreys, pearson, partial(alpha_divergence, alpha=1.5),
        partial(f_divergence, f=lambda u: u * u.log()),
    ]  # fmt: skip
    for divergence in refusing:
        with pytest.raises(ValueError, match=r"if it is an underflow, use kl_|that overflows"):
            divergence(p, q)
    for divergence in (reverse_kl, neyman, partial(alpha_divergence, alpha=-0.5)):
        with pytest.raises(ValueError, match=r"p: expected numbers > 0 .*, got p = 0 at q ="):
            divergence(q, p)
    assert jensen_shannon(p, q).isfinite()


def test_a_zero_is_a_zero() -> None:
    p, q = f64(0.5, 0.5), f64(1, 0)
    assert kl(p, q) == math.inf
    assert kl_from_logs(p.log(), q.log()) == math.inf
    with pytest.raises(ValueError, match="got q = 0 at p = 1e-20"):
        kl(f64(1, 1e-20), q)  # a share that the sum does not hold
    softmax = torch.tensor([[0.0, -50.0], [0.0, -160.0]])
    with pytest.raises(ValueError, match=r"got q = 0 at p = 1\.93e-22"):
        kl(*softmax.softmax(-1))
    assert kl_from_logs(*softmax.log_softmax(-1)) <= 1e-19


def test_kl_from_logs_is_kl() -> None:
    p, q = torch.softmax(3 * torch.randn(2, 9, 5, dtype=torch.float64), -1)
    q[:, 0] = 0
    p[:, :2] = f64(0, 0)
    p, q = (x / x.sum(-1, keepdim=True) for x in (p, q))
    assert torch.allclose(kl_from_logs(p.log(), q.log()), kl(p, q), rtol=1e-12)
    a, b = (x.clone().requires_grad_() for x in (p.log(), q.log()))
    kl_from_logs(a, b).sum().backward()
    assert a.grad is not None
    assert b.grad is not None
    assert torch.allclose(b.grad, q - p)
    assert torch.allclose(a.grad, torch.where(p > 0, p * (p.log() - q.log()), 0))


@pytest.mark.parametrize(
    ("log_q", "message"),
    [
        (f64(0, math.nan), "log_q: expected logarithms of probabilities, got nan"),
        (f64(0, math.inf), "log_q: expected logarithms of probabilities, got inf"),
        (f64(0, 0), r"exp\(log_q\): expected a sum of 1 .* got 2"),
        (f64(0), r"exp\(log_q\): expected the shape \(2,\) .* got \(1,\)"),
        (torch.tensor([0, 0]), "log_q: expected a floating-point tensor, got torch.int64"),
    ],
)
def test_kl_from_logs_rejects(log_q: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kl_from_logs(f64(0.5, 0.5).log(), log_q)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_squares_too_small_and_ratios_too_large(dtype: torch.dtype) -> None:
    tiny = 1e-38 if dtype == torch.float32 else 1e-307
    p, q = (torch.tensor([1.0, x], dtype=dtype) for x in (tiny**0.6, tiny))
    assert pearson(p, q).item() == pytest.approx(tiny**0.2, rel=1e-4)
    assert alpha_divergence(p, q, 2).item() == pytest.approx(tiny**0.2 / 2, rel=1e-4)
    p = torch.tensor([1.0, 1e-3], dtype=dtype) / 1.001
    q = torch.tensor([1.0, 1e-30], dtype=dtype)
    assert f_divergence(p, q, lambda u: (u - 1) ** 2).item() == pytest.approx(1e24, rel=0.01)


# Gradients of infinite values


@pytest.mark.parametrize("divergence", [kl, pearson, partial(alpha_divergence, alpha=1.5)])
def test_an_infinite_value_has_an_infinite_gradient(divergence: Divergence) -> None:
    for dtype in (torch.float32, torch.float64):
        p = torch.tensor([0.5, 0.5], dtype=dtype).requires_grad_()
        q = torch.tensor([1.0, 0.0], dtype=dtype).requires_grad_()
        slopes = torch.autograd.grad(divergence(p, q), (p, q))
        assert slopes[0][1] == math.inf
        assert slopes[1][1] == -math.inf
        assert slopes[0][0].isfinite()


# f-divergences


def by_alpha(a: float) -> Callable[[Tensor], Tensor]:
    return lambda u: (u**a - 1 - a * (u - 1)) / (a * (a - 1))


@pytest.mark.parametrize("a", [0.95, 0.99, 0.999, 0.9999])
def test_a_slope_that_is_reached_slowly_is_not_guessed(a: float) -> None:
    p, q = f64(0.5, 0.5), f64(1, 0)
    with pytest.raises(ValueError, match=r"f: expected f\(u\)/u that settles .* got"):
        f_divergence(p, q, by_alpha(a))
    found = f_divergence(p, q, by_alpha(a), slope=1 / (1 - a))
    assert found.item() == pytest.approx(alpha_divergence(p, q, a).item(), rel=1e-9)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (by_alpha(0.9), 10.0),
        (lambda u: (u - 1) ** 2 / u, 1.0),
        (lambda u: (u - 1).abs() ** 3 / u / u, 1.0),
        (lambda u: u * u.log() - u + 1, math.inf),
        (lambda u: (u - 1) ** 4, math.inf),
        (lambda u: -u.log(), 0.0),
    ],
)
def test_slopes_that_can_be_read_off(f: Callable[[Tensor], Tensor], slope: float) -> None:
    p, q = f64(0.5, 0.5), f64(1, 0)
    expected = float(f(f64(0.5))) + 0.5 * slope
    assert f_divergence(p, q, f).item() == pytest.approx(expected, rel=1e-8)


def test_generators_are_refused_where_they_are_no_numbers() -> None:
    p, q = f64(0.5, 0.5), f64(0.25, 0.75)
    with pytest.raises(ValueError, match=r"f: expected finite f\(u\), got nan at u = 2"):
        f_divergence(p, q, lambda u: (1 - u).sqrt())
    with pytest.raises(ValueError, match=r"f: expected finite f\(u\), got inf at u = 1e\+200"):
        f_divergence(f64(0.999, 1e-3), f64(1, 1e-203), lambda u: (u - 1) ** 2)
    with pytest.raises(ValueError, match=r"p, q: expected ratios p/q within torch\.float64"):
        f_divergence(f64(0.5, 0.5), f64(1, 5e-324), lambda u: (u - 1).abs())
    with pytest.raises(ValueError, match=r"f: expected values of the shape \(2,\) of u, got \(\)"):
        f_divergence(p, q, lambda u: u.sum())
    assert f_divergence(p, q, lambda u: u.detach() ** 2 - 1).item() == pytest.approx(1 / 3)


# Estimates


def test_infinite_draws_of_both_signs_have_no_mean() -> None:
    with pytest.raises(ValueError, match="expected infinite draws of one sign, got inf and -inf"):
        estimate_mean(f64(math.inf, -math.inf, 1))
    assert estimate_mean(f64(-math.inf, 1)).value == -math.inf


@pytest.mark.parametrize("n", [2.5, 5.0, True, "3"])
def test_a_number_of_draws_is_whole(n: int) -> None:
    with pytest.raises(ValueError, match="n: expected a whole number of draws, got"):
        plug_in_bias(f64(0.5, 0.5), n)


def test_gradient_of_the_plug_in_bias() -> None:
    p = f64(1, 0).requires_grad_()
    assert torch.autograd.grad(plug_in_bias(p, 5), p)[0].isfinite().all()
    a = f64(0.3, -1, 0.2).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: plug_in_bias(a.softmax(-1), 7), a)


def test_estimates_of_near_distributions_keep_their_digits() -> None:
    d = torch.tensor([1e-5, -2e-5, 0.0, 3e-5])
    zero = torch.zeros(4)
    found = estimate_jensen_shannon(zero, d, d, zero)
    x = d.double()
    expected = -(x.exp() / 2 + 0.5).log().mean()
    assert found.value.item() == pytest.approx(float(expected), rel=1e-5)
    a = f64(0, 1, -1).requires_grad_()
    (slope,) = torch.autograd.grad(estimate_jensen_shannon(a * 0, a, a, a * 0).value, a)
    assert torch.allclose(slope, -a.detach().sigmoid() / 3)


# Normal distributions


def test_normals_that_are_near() -> None:
    draw = torch.Generator().manual_seed(0)
    root = torch.randn(4, 4, generator=draw, dtype=torch.float64)
    cov = root @ root.T + torch.eye(4)
    turn = torch.randn(4, 4, generator=draw, dtype=torch.float64)
    zero = torch.zeros(4, dtype=torch.float64)
    for size in (1e-9, 1e-6, 1e-3):
        other = cov + size * (turn + turn.T)
        x = torch.linalg.solve(other, cov - other)
        expected = float((x @ x).trace() / 4)  # second order
        found = kl_multivariate_normal(zero, cov, zero, other).item()
        assert found == pytest.approx(expected, rel=max(10 * size, 1e-6))
    assert kl_multivariate_normal(zero, cov, zero, cov) == 0
    for e in (1e-9, 1e-3, 0.3):
        expected = e**2 - e**3 / 3 + e**4 / 4 - e**5 / 5 + e**6 / 6 - e**7 / 7
        found = kl_normal(0.0, 1 + e, 0.0, 1.0).item()
        assert found == pytest.approx(expected, rel=max(e**6, 1e-6))


def test_gradients_of_near_normals() -> None:
    root = torch.eye(3, dtype=torch.float64) + 1e-3
    shift = f64(0.1, 0, 0).requires_grad_()

    def of_root(root: Tensor, shift: Tensor) -> Tensor:
        unit, zero = torch.eye(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
        return kl_multivariate_normal(zero, root @ root.T, shift, unit)

    assert torch.autograd.gradcheck(of_root, (root.requires_grad_(), shift))
