import math
from collections.abc import Callable

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from torch import Tensor

from gensrc import fgan
from gensrc.divergences import f_divergence, jensen_shannon, kl, total_variation
from gensrc.fgan import (
    GAN,
    JEFFREY,
    JENSEN_SHANNON,
    KL,
    NEYMAN,
    PEARSON,
    REVERSE_KL,
    SQUARED_HELLINGER,
    TOTAL_VARIATION,
    FDivergence,
    alpha,
    fgan_loss,
    jensen_shannon_weighted,
    variational_bound,
)
from gensrc.games import MINIMAX, virtual_criterion
from tests.support.strategies import distributions, logits

Pair = tuple[Tensor, Tensor]
ROWS = {
    "kl": KL,
    "reverse kl": REVERSE_KL,
    "pearson": PEARSON,
    "neyman": NEYMAN,
    "hellinger": SQUARED_HELLINGER,
    "jeffreys": JEFFREY,
    "js": JENSEN_SHANNON,
    "js 0.2": jensen_shannon_weighted(0.2),
    "tv": TOTAL_VARIATION,
    "gan": GAN,
    **{f"alpha {a}": alpha(a) for a in (-1.0, -0.3, 0.0, 0.4, 1.0, 1.7, 3.0)},
}
# f written with math alone, another way than in the package
NAIVE: dict[str, Callable[[float], float]] = {
    "kl": lambda u: u * math.log(u),
    "reverse kl": lambda u: -math.log(u),
    "pearson": lambda u: u**2 - 2 * u + 1,
    "neyman": lambda u: (1 - u) ** 2 / u,
    "hellinger": lambda u: u - 2 * math.sqrt(u) + 1,
    "jeffreys": lambda u: (u - 1) * math.log(u),
    "js": lambda u: (u * math.log(u) - (u + 1) * math.log((u + 1) / 2)) / 2,
    "js 0.2": lambda u: 0.2 * u * math.log(u) - (0.8 + 0.2 * u) * math.log(0.8 + 0.2 * u),
    "tv": lambda u: abs(u - 1) / 2,
    "gan": lambda u: u * math.log(u) - (u + 1) * math.log(u + 1),
    "alpha 0.0": lambda u: -math.log(u) + u - 1,
    "alpha 1.0": lambda u: u * math.log(u) - u + 1,
    **{
        f"alpha {a}": lambda u, a=a: (u**a - 1 - a * (u - 1)) / (a * (a - 1))  # type: ignore[misc]
        for a in (-1.0, -0.3, 0.4, 1.7, 3.0)
    },
}
AT_ZERO = {  # f(0), where it is finite
    "kl": 0.0,
    "pearson": 1.0,
    "hellinger": 1.0,
    "js": math.log(2) / 2,
    "js 0.2": -0.8 * math.log(0.8),
    "tv": 0.5,
    "gan": 0.0,
    **{f"alpha {a}": 1 / a for a in (0.4, 1.0, 1.7, 3.0)},
}
each_row = pytest.mark.parametrize("name", ROWS)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def conjugate_by_search(name: str, t: float) -> float:
    """The largest u t - f(u): by a grid over log u, then by SciPy between its neighbours."""
    f = NAIVE[name]

    def gain(log_u: float) -> float:
        u = math.exp(log_u)
        return u * t - f(u)

    grid = [k / 4 for k in range(-240, 161)]
    best = max(grid, key=gain)
    found = optimize.minimize_scalar(
        lambda x: -gain(x), bounds=(best - 0.25, best + 0.25), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    return max(-float(found.fun), -AT_ZERO.get(name, math.inf))


# The rows


def test_the_rows_are_those_of_the_module() -> None:
    constants = {k: v for k, v in vars(fgan).items() if isinstance(v, FDivergence)}
    assert len(constants) == 9
    assert all(any(v is row for row in ROWS.values()) for v in constants.values())
    assert len({row.name for row in ROWS.values()}) == len(ROWS)


@each_row
def test_generator_is_its_formula(name: str) -> None:
    u = torch.logspace(-5, 4, 65, dtype=torch.float64)
    expected = torch.tensor([NAIVE[name](x) for x in u.tolist()], dtype=torch.float64)
    assert torch.allclose(ROWS[name].f(u), expected, rtol=1e-9, atol=1e-12)
    at_zero = ROWS[name].f(f64(0)).item()
    assert at_zero == pytest.approx(AT_ZERO.get(name, math.inf), abs=1e-15)


@each_row
def test_generator_is_zero_at_one(name: str) -> None:
    expected = -2 * math.log(2) if name == "gan" else 0.0
    assert ROWS[name].f(f64(1)).item() == pytest.approx(expected, abs=1e-15)


@each_row
def test_conjugate_is_the_supremum_on_the_whole_line(name: str) -> None:
    row, high = ROWS[name], ROWS[name].domain[1]
    t = [*row.activation(torch.linspace(-4, 4, 17, dtype=torch.float64)).tolist()]
    t += [x for x in (-40.0, -7.0, -2.5, -2.0, -1.0, -0.7, -0.5, 0.0) if x < high]
    expected = [conjugate_by_search(name, x) for x in t]
    assert torch.allclose(row.conjugate(f64(*t)), f64(*expected), rtol=1e-8, atol=1e-9)


@each_row
def test_conjugate_beyond_its_domain_is_infinite(name: str) -> None:
    low, high = ROWS[name].domain
    assert low == -math.inf
    beyond = ROWS[name].conjugate(f64(high, high + 1e-6, high + 1, math.inf))
    closed = {"neyman": 2.0, "tv": 0.5, "alpha -1.0": 1.0, "alpha -0.3": 1 / 0.3}
    assert beyond[0].item() == pytest.approx(closed.get(name, math.inf), abs=1e-6)
    assert (beyond[1:] == math.inf).all()
    below = ROWS[name].conjugate(f64(-math.inf)).item()
    assert below == pytest.approx(-AT_ZERO.get(name, math.inf), abs=1e-15)


@pytest.mark.parametrize("t", [-1e4, -50.0, -3.0, -1.0, 0.0, 1e-9, 0.5, 1.0, 2.0, 30.0])
def test_jeffrey_is_by_the_function_of_lambert(t: float) -> None:
    # f*(t) = W(e^(1 - t)) + 1/W(e^(1 - t)) + t - 2, with Wright's function for large 1 - t
    w = float(special.wrightomega(1 - t))
    expected = w + 1 / w + t - 2
    assert JEFFREY.conjugate(f64(t)).item() == pytest.approx(expected, rel=1e-10, abs=1e-10)


@each_row
@settings(max_examples=25)
@given(v=logits(8))
def test_activation_increases_into_the_domain(name: str, v: Tensor) -> None:
    row, v = ROWS[name], v.requires_grad_()
    t = row.activation(v)
    assert (t < row.domain[1]).all()
    assert t.isfinite().all()
    assert torch.autograd.grad(t.sum(), v)[0].min() > 0
    assert torch.allclose(row.cost(v), row.conjugate(t), rtol=1e-7, atol=1e-7)


@each_row
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_outputs(name: str, dtype: torch.dtype) -> None:
    row = ROWS[name]
    v = torch.tensor([-60.0, -30, 0, 30, 60], dtype=dtype, requires_grad=True)
    t = row.activation(v)
    assert ((t < row.domain[1]) | (name == "tv")).all()  # whose domain contains its end
    assert t.isfinite().all()
    assert row.conjugate(t).isfinite().all()  # the activation keeps below an open end
    variational_bound(t, t, row)
    for value in (t, row.cost(v)):
        assert value.dtype == dtype
        assert value.isfinite().all()
        assert torch.autograd.grad(value.sum(), v, retain_graph=True)[0].isfinite().all()
    # f* of the rounded activation loses what the composition keeps: it still increases.
    if name not in ("tv", "neyman", "alpha -1.0", "alpha -0.3"):  # which are bounded above
        assert (torch.autograd.grad(row.cost(v).sum(), v)[0][2:] > 0).all()


@each_row
def test_slope_of_the_conjugate_is_the_ratio(name: str) -> None:
    u = f64(0.02, 0.3, 0.9, 1.1, 2.5, 40)
    if name == "tv":
        return  # its critic takes two values only
    t = ROWS[name].optimal_critic(u).requires_grad_()
    (slope,) = torch.autograd.grad(ROWS[name].conjugate(t).sum(), t)
    assert torch.allclose(slope, u, rtol=1e-7)


@each_row
def test_optimal_critic_is_the_derivative(name: str) -> None:
    u = f64(0.01, 0.3, 0.9, 1.2, 7, 500).requires_grad_()
    (slope,) = torch.autograd.grad(ROWS[name].f(u).sum(), u)
    assert torch.allclose(ROWS[name].optimal_critic(u), slope, rtol=1e-9, atol=1e-12)


@each_row
def test_gradients_of_the_conjugate(name: str) -> None:
    row = ROWS[name]
    t = row.activation(f64(-2, -0.4, 0.3, 1.2)).detach().requires_grad_()
    assert torch.autograd.gradcheck(row.conjugate, t)
    outside = f64(row.domain[1] + 1, -0.25).requires_grad_()
    if math.isfinite(row.domain[1]):
        (slope,) = torch.autograd.grad(row.conjugate(outside)[1], outside)
        assert slope.isfinite().all()


def test_alpha_family() -> None:
    u, t = torch.logspace(-2, 2, 9, dtype=torch.float64), torch.linspace(-3, 0.4, 9).double()
    for a, row, factor in ((2, PEARSON, 0.5), (0.5, SQUARED_HELLINGER, 2), (-1, NEYMAN, 0.5)):
        assert torch.allclose(alpha(a).f(u), factor * row.f(u), atol=1e-13)
        assert torch.allclose(alpha(a).conjugate(t), factor * row.conjugate(t / factor))
    for limit in (0.0, 1.0):
        for part in ("f", "conjugate", "optimal_critic"):
            exact = getattr(alpha(limit), part)(u if part != "conjugate" else t)
            for a in (limit - 1e-6, limit + 1e-6):
                near = getattr(alpha(a), part)(u if part != "conjugate" else t)
                assert torch.allclose(near, exact, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("a", [1 + 1e-12, 1 - 1e-12, 1e-12, -1e-12, 0.999, 1.001, 0.3, -2.0, 3.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_alpha_keeps_its_digits(a: float, dtype: torch.dtype) -> None:
    u = torch.tensor([1e-3, 0.5, 0.99, 1.01, 2, 30, 1 + 2.0**-13], dtype=dtype)
    with mpmath.workdps(50):
        alpha_mp = mpmath.mpf(a)
        expected = [
            float((mpmath.mpf(x) ** alpha_mp - 1 - alpha_mp * (mpmath.mpf(x) - 1))
                  / (alpha_mp * (alpha_mp - 1)))
            for x in u.tolist()
        ]  # fmt: skip
    found = alpha(a).f(u)
    assert found.dtype == dtype
    tolerance = 100 * torch.finfo(dtype).eps
    assert torch.allclose(found.double(), f64(*expected), rtol=tolerance, atol=0)


@pytest.mark.parametrize("name", ["hellinger", "js", "js 0.2", "alpha 0.4", "alpha 1.0"])
def test_generators_keep_their_digits_near_one(name: str) -> None:
    x = torch.tensor([2.0**-13, -(2.0**-13), 2.0**-16])  # 1 + x is exact in float32
    found = ROWS[name].f(1 + x).double() / x.double().square()
    factor = {"hellinger": 1 / 4, "js": 1 / 8, "js 0.2": 0.08}.get(name, 1 / 2)
    assert torch.allclose(found, torch.full_like(found, factor), rtol=1e-3)


@each_row
def test_generators_at_an_infinite_ratio(name: str) -> None:
    slope = ROWS[name].slope
    expected = -math.inf if name in ("gan", "reverse kl") else math.inf
    assert ROWS[name].f(f64(math.inf)) == expected
    assert slope == ROWS[name].domain[1]
    p, q = f64(0.5, 0.5), f64(1, 0)
    value = f_divergence(p, q, ROWS[name].f, slope=slope)
    assert value.item() == pytest.approx(ROWS[name].f(f64(0.5)).item() + 0.5 * slope)


@pytest.mark.parametrize("a", [0.0, 0.3, 0.9, 0.999, 1 - 1e-9, -0.5, -2.0])
def test_alpha_activation_is_usable_near_one(a: float) -> None:
    row = alpha(a)
    v = f64(-3, -0.5, 0, 0.4, 3)
    assert row.cost(f64(0)) == 0
    assert torch.allclose(row.activation(v), row.optimal_critic((v / max(1, 1 - a)).exp()))
    assert torch.allclose(row.cost(v), row.conjugate(row.activation(v)), rtol=1e-7, atol=1e-12)
    if a > 0.99:
        limit = alpha(1.0)
        assert torch.allclose(row.activation(v), limit.activation(v), rtol=1e-2)
        assert torch.allclose(row.cost(v), limit.cost(v), rtol=1e-2)
    high = row.activation(torch.tensor([200.0]))
    assert high.double() < row.domain[1]  # in float32 too, where 1e9 - 1 is rounded to 1e9


def test_gradient_of_jeffreys_cost() -> None:
    for dtype, far in ((torch.float32, 87.0), (torch.float64, 700.0)):
        v = torch.tensor([-1e4, -3, 0, 2, far, 3 * far, math.inf], dtype=dtype).requires_grad_()
        (slope,) = torch.autograd.grad(JEFFREY.cost(v).sum(), v)
        assert not slope.isnan().any()
        assert torch.allclose(slope[4].log().double(), f64(far - 1)[0], rtol=1e-3)  # log u
        assert slope[5] == math.inf
    t = f64(-30, -1, 0.5, 1, 4).requires_grad_()
    assert torch.autograd.gradcheck(JEFFREY.conjugate, t)
    assert torch.autograd.gradgradcheck(JEFFREY.conjugate, t)


def test_a_bound_that_is_the_difference_of_infinities_is_refused() -> None:
    with pytest.raises(ValueError, match="expected values with a bound, got means nan"):
        variational_bound(f64(-math.inf, math.inf), f64(0), KL)
    with pytest.raises(ValueError, match="got means -inf and -inf of T"):
        variational_bound(f64(-math.inf), f64(-math.inf), REVERSE_KL)


# The divergences


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=25)
@given(pair=distributions(2))
def test_divergence_is_the_known_one(name: str, pair: Pair) -> None:
    p, q = pair
    w = 0.2 * p + 0.8 * q
    known = {
        "kl": lambda: kl(p, q),
        "reverse kl": lambda: kl(q, p),
        "hellinger": lambda: (p.sqrt() - q.sqrt()).square().sum(-1),
        "jeffreys": lambda: kl(p, q) + kl(q, p),
        "js": lambda: jensen_shannon(p, q),
        "js 0.2": lambda: 0.2 * kl(p, w) + 0.8 * kl(q, w),
        "tv": lambda: total_variation(p, q),
        "gan": lambda: virtual_criterion(p, q),
        "alpha 1.0": lambda: kl(p, q),
        "alpha 0.0": lambda: kl(q, p),
    }
    if name in known:
        value = f_divergence(p, q, ROWS[name].f)
        assert torch.allclose(value, known[name](), rtol=1e-6, atol=1e-9)


# The bound


def exact_bound(t: Tensor, p: Tensor, q: Tensor, row: FDivergence) -> Tensor:
    """The bound with expectations in place of means; outcomes of probability 0 count nothing."""
    first = torch.where(p > 0, p * t, 0).sum()
    return first - torch.where(q > 0, q * row.conjugate(t), 0).sum()


@each_row
@settings(max_examples=25)
@given(pair=distributions(2, zeros=False))
def test_bound_is_tight_at_the_optimal_critic(name: str, pair: Pair) -> None:
    p, q = (0.999 * x + 0.001 / len(x) for x in pair)
    t = ROWS[name].optimal_critic(p / q)
    value = f_divergence(p, q, ROWS[name].f)
    assert torch.allclose(exact_bound(t, p, q, ROWS[name]), value, rtol=1e-7, atol=1e-9)


@each_row
@settings(max_examples=25)
@given(pair=distributions(2), scale=st.floats(0, 3))
def test_no_critic_exceeds_the_divergence(name: str, pair: Pair, scale: float) -> None:
    p, q = pair
    draw = torch.Generator().manual_seed(len(p))
    v = 10**scale * torch.randn(20, len(p), generator=draw, dtype=torch.float64)
    t = ROWS[name].activation(v)
    value = f_divergence(p, q, ROWS[name].f).item()
    for critic in t[t.isfinite().all(-1)]:
        bound = exact_bound(critic, p, q, ROWS[name]).item()
        assert math.isnan(bound) or bound <= value + 1e-9 * (1 + abs(value))


@each_row
def test_bound_of_a_batch_is_the_naive_mean(name: str, generator: torch.Generator) -> None:
    row = ROWS[name]
    real = row.activation(torch.randn(7, generator=generator, dtype=torch.float64))
    fake = row.activation(torch.randn(5, 1, generator=generator, dtype=torch.float64))
    paid = sum(conjugate_by_search(name, t) for t in fake.flatten().tolist()) / 5
    value = variational_bound(real, fake, row)
    assert value.shape == ()
    assert value.item() == pytest.approx(sum(real.tolist()) / 7 - paid, abs=1e-7)


def test_bound_by_hand() -> None:
    # p = (1/2, 1/2), q = (1/4, 3/4): T = 2 (p/q - 1) = 2, -2/3; T + T^2/4 = 3, -5/9
    bound = variational_bound(f64(2, -2 / 3), f64(2, -2 / 3, -2 / 3, -2 / 3), PEARSON)
    assert bound.item() == pytest.approx(2 / 3 - (3 - 5 / 3) / 4, abs=1e-15)
    assert variational_bound(f64(0.5), f64(-0.5), TOTAL_VARIATION) == 1
    # with T* of disjoint supports: infinite for KL, log 2 for Jensen-Shannon
    assert variational_bound(KL.optimal_critic(f64(math.inf)), f64(-math.inf), KL) == math.inf
    ends = JENSEN_SHANNON.optimal_critic(f64(math.inf, 0))
    assert variational_bound(ends[0], ends[1], JENSEN_SHANNON).item() == pytest.approx(math.log(2))


def test_values_at_an_end_of_the_domain() -> None:
    assert variational_bound(f64(0.0), f64(-1.0), REVERSE_KL) == 1  # f*(-1) = -1
    assert variational_bound(f64(-1.0), f64(0.0), REVERSE_KL) == -math.inf
    assert variational_bound(f64(1e-15), f64(-1e-15), REVERSE_KL).isfinite()
    assert variational_bound(f64(0.5 + 1e-15), f64(0.5 + 1e-15), TOTAL_VARIATION) == 0
    assert variational_bound(f64(0.5), f64(-3.0), TOTAL_VARIATION) == 1  # f*(-3) = -f(0)
    single = torch.tensor([0.5 + 1e-7])
    assert variational_bound(single, single, TOTAL_VARIATION) == 0


@pytest.mark.parametrize(
    ("critic", "row", "message"),
    [
        (f64(0.1), REVERSE_KL, r"domain of the conjugate \(reverse KL\), from -inf to 0, got 0.1"),
        (f64(0.2, 0.51), TOTAL_VARIATION, "total variation.*from -inf to 0.5, got 0.51"),
        (f64(1.5), NEYMAN, "Neyman.*from -inf to 1, got 1.5"),
        (f64(0.35), JENSEN_SHANNON, "from -inf to 0.3465736, got 0.35"),
        (f64(1e-9), GAN, "from -inf to 0, got 1e-09"),
        (f64(2.1), alpha(0.5), r"alpha 0.5.*from -inf to 2, got 2.1"),
        (f64(math.nan), KL, "KL.*got nan"),
        (f64(), KL, "expected at least one value, got none"),
        (torch.tensor([1]), KL, "expected a floating-point tensor, got torch.int64"),
        (0.5, KL, "expected a floating-point tensor, got float"),
    ],
)
def test_bad_critics(critic: Tensor, row: FDivergence, message: str) -> None:
    with pytest.raises(ValueError, match=f"critic_p: .*{message}"):
        variational_bound(critic, f64(-1), row)
    with pytest.raises(ValueError, match=f"critic_q: .*{message}"):
        variational_bound(f64(-1), critic, row)


@pytest.mark.parametrize("w", [0.0, 1.0, -0.5, math.nan])
def test_bad_weights(w: float) -> None:
    with pytest.raises(ValueError, match=r"w: expected a number inside \(0, 1\), got"):
        jensen_shannon_weighted(w)


def test_bad_alpha() -> None:
    with pytest.raises(ValueError, match="a: expected a finite number, got inf"):
        alpha(math.inf)


# The losses


@each_row
@settings(max_examples=25)
@given(real=logits(15), fake=logits(15))
def test_losses_are_their_formulas(name: str, real: Tensor, fake: Tensor) -> None:
    row, loss = ROWS[name], fgan_loss(ROWS[name])
    paid = row.conjugate(row.activation(fake)).mean()
    value = row.activation(real).mean() - paid
    critic, generator = loss.discriminator(real, fake), loss.generator(fake)
    assert torch.allclose(critic, -value, rtol=1e-6, atol=1e-6)
    assert torch.allclose(generator, -paid, rtol=1e-6, atol=1e-6)


@settings(max_examples=25)
@given(real=logits(40), fake=logits(40))
def test_the_gan_row_is_the_minimax_game(real: Tensor, fake: Tensor) -> None:
    loss = fgan_loss(GAN)
    assert torch.allclose(loss.discriminator(real, fake), MINIMAX.discriminator(real, fake))
    assert torch.allclose(loss.generator(fake), MINIMAX.generator(fake))


@each_row
def test_the_order_is_real_then_fake(name: str) -> None:
    loss = fgan_loss(ROWS[name])
    real, fake = f64(0.3, -0.2).requires_grad_(), f64(0.1, -0.4, 0.5).requires_grad_()
    up_real, up_fake = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert (up_real < 0).all()
    assert (up_fake > 0).all()
    assert torch.autograd.grad(loss.generator(fake), fake)[0].max() < 0


def test_cost_by_default_is_the_composition() -> None:
    row = FDivergence(GAN.f, GAN.conjugate, GAN.activation, GAN.optimal_critic)
    v = f64(-3, 0, 2)
    assert torch.allclose(row.cost(v), GAN.cost(v), rtol=1e-14)


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    v = 3 * torch.randn(100, generator=generator, dtype=torch.float64)
    for row in ROWS.values():
        there, t = v.to(cuda), row.activation(v)
        assert torch.allclose(row.f(there.exp()).cpu(), row.f(v.exp()), rtol=1e-9)
        assert torch.allclose(row.cost(there).cpu(), row.cost(v), rtol=1e-9)
        assert torch.allclose(row.conjugate(t.to(cuda)).cpu(), row.conjugate(t), rtol=1e-9)
        bound = variational_bound(t.to(cuda), t.to(cuda), row)
        assert torch.allclose(bound.cpu(), variational_bound(t, t, row), rtol=1e-9)
