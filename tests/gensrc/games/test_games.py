import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from torch import Tensor

from gensrc import games
from gensrc.divergences import jensen_shannon, kl
from gensrc.games import (
    HINGE,
    LEAST_SQUARES,
    MAXIMUM_LIKELIHOOD,
    MINIMAX,
    NON_SATURATING,
    WASSERSTEIN,
    GanLoss,
    density_ratio,
    game_value,
    generator_logit_gradients,
    optimal_discriminator,
    virtual_criterion,
)
from tests.support.strategies import distributions, logits

Pair = tuple[Tensor, Tensor]
LOSSES = {
    "minimax": MINIMAX,
    "non-saturating": NON_SATURATING,
    "maximum likelihood": MAXIMUM_LIKELIHOOD,
    "least squares": LEAST_SQUARES,
    "hinge": HINGE,
    "wasserstein": WASSERSTEIN,
}


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


# The optimal discriminator and the virtual criterion


@given(distributions(2))
def test_no_discriminator_beats_the_optimal_one(pair: Pair) -> None:
    p_data, p_g = pair
    grid = torch.linspace(0, 1, 501, dtype=torch.float64).unsqueeze(1)
    gain = torch.xlogy(p_data, grid) + torch.xlogy(p_g, 1 - grid)
    best = optimal_discriminator(p_data, p_g)
    reached = torch.xlogy(p_data, best) + torch.xlogy(p_g, 1 - best)
    assert (reached >= gain.max(0).values - 1e-12).all()


@given(distributions(2))
def test_optimal_discriminators_of_the_exchanged_game_add_to_one(pair: Pair) -> None:
    p_data, p_g = pair
    total = optimal_discriminator(p_data, p_g) + optimal_discriminator(p_g, p_data)
    assert torch.allclose(total, torch.ones_like(total), atol=1e-15)


def test_optimal_discriminator_at_the_edges() -> None:
    d = optimal_discriminator(f64(0.3, 0.3, 0, 0), f64(0.1, 0, 0.2, 0))
    assert torch.equal(d[1:], f64(1, 0, 0.5))
    assert d[0].item() == pytest.approx(0.75, abs=2**-53)
    # Densities need not be below one, and any shape will do.
    assert optimal_discriminator(torch.tensor(30.0), torch.tensor(10.0)) == 0.75


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_optimal_discriminator_of_densities_at_the_ends_of_the_range(dtype: torch.dtype) -> None:
    largest, smallest = torch.finfo(dtype).max, torch.finfo(dtype).smallest_normal
    for size in (largest, largest * 0.7, smallest, smallest / 1000):
        p = torch.tensor([size, size, 0, size], dtype=dtype)
        q = torch.tensor([size, 0, size, size / 4], dtype=dtype)
        d = optimal_discriminator(p, q)
        assert d.tolist() == pytest.approx([0.5, 1, 0, 0.8], rel=2e-3 if size < smallest else 1e-6)
    far = optimal_discriminator(torch.tensor([1.0, 1e-30]), torch.tensor([1e-30, 1.0]))
    assert far.tolist() == pytest.approx([1, 1e-30], rel=1e-6, abs=0)


@pytest.mark.parametrize("size", [1e-320, 1e-300, 0.3])
def test_gradient_of_the_virtual_criterion_at_tiny_probabilities(size: float) -> None:
    p, q = (f64(1 - k * size, k * size).requires_grad_() for k in (1, 2))
    virtual_criterion(p, q).backward()
    # dC/dp = log D*, by the envelope theorem
    assert p.grad[1].item() == pytest.approx(math.log(1 / 3), rel=1e-3)
    assert q.grad[1].item() == pytest.approx(math.log(2 / 3), rel=1e-3)


def test_gradient_of_the_optimal_discriminator_is_finite_where_no_example_falls() -> None:
    p_data, p_g = f64(0.3, 0).requires_grad_(), f64(0.1, 0)
    optimal_discriminator(p_data, p_g).sum().backward()
    assert torch.allclose(p_data.grad, f64(0.1 / 0.16, 0))


@given(distributions(2))
def test_virtual_criterion_is_minus_log_4_plus_two_jsd(pair: Pair) -> None:
    expected = -math.log(4) + 2 * jensen_shannon(*pair)
    assert torch.allclose(virtual_criterion(*pair), expected, rtol=0, atol=1e-13)


@given(distributions(1))
def test_virtual_criterion_is_least_where_the_distributions_agree(single: tuple[Tensor]) -> None:
    assert virtual_criterion(*single, *single).item() == pytest.approx(-math.log(4), abs=1e-14)


def test_virtual_criterion_by_hand() -> None:
    p_data, p_g = f64(0.5, 0.5, 0), f64(0, 0.5, 0.5)
    # D* = 1, 1/2, 0: only the shared outcome costs anything, log 1/2 on each side.
    assert virtual_criterion(p_data, p_g).item() == pytest.approx(-math.log(2), abs=1e-15)
    assert virtual_criterion(f64(1, 0), f64(0, 1)) == 0
    assert virtual_criterion(p_data.expand(4, 3), p_g.expand(4, 3)).shape == (4,)


def test_virtual_criterion_keeps_tiny_probabilities() -> None:
    tiny = 1e-200
    criterion = virtual_criterion(f64(1, tiny), f64(tiny, 1))
    assert criterion == pytest.approx(2 * tiny * math.log(tiny), rel=1e-2, abs=0)


def test_gradient_of_the_virtual_criterion() -> None:
    def of_logits(a: Tensor) -> Tensor:
        return virtual_criterion(a.softmax(-1), f64(0.5, 0.5, 0))

    assert torch.autograd.gradcheck(of_logits, f64(0.3, -0.2, 0.1).requires_grad_())
    p_g = f64(0.5, 0, 0.5).requires_grad_()
    virtual_criterion(f64(0.5, 0.5, 0), p_g).backward()
    assert p_g.grad.isfinite().all()


@given(distributions(2, zeros=False))
def test_training_the_discriminator_reaches_the_virtual_criterion(pair: Pair) -> None:
    p_data, p_g = pair
    a = density_logits(p_data, p_g).requires_grad_()
    value = (p_data * a.sigmoid().log() + p_g * torch.sigmoid(-a).log()).sum()
    assert torch.allclose(value, virtual_criterion(p_data, p_g), atol=1e-12)
    (slope,) = torch.autograd.grad(value, a)
    assert slope.abs().max() <= 1e-12


def density_logits(p_data: Tensor, p_g: Tensor) -> Tensor:
    """Logit of D*, found without the functions under test."""
    return p_data.log() - p_g.log()


# The value of the game


def test_game_value_is_the_naive_mean(generator: torch.Generator) -> None:
    real, fake = (torch.rand(n, generator=generator, dtype=torch.float64) for n in (7, 5))
    naive = sum(math.log(d) for d in real) / 7 + sum(math.log(1 - d) for d in fake) / 5
    assert game_value(real, fake).item() == pytest.approx(naive, rel=1e-14)
    assert game_value(real.reshape(7, 1), fake.reshape(5, 1)) == game_value(real, fake)


def test_game_value_at_the_edges() -> None:
    assert game_value(f64(1), f64(0)) == 0
    assert game_value(f64(0), f64(0.5)) == -math.inf
    assert game_value(f64(0.5), f64(1)) == -math.inf
    assert game_value(f64(1), f64(1e-300)).item() == pytest.approx(-1e-300, rel=1e-12, abs=0)


def test_expected_game_value_at_the_optimum_is_the_virtual_criterion() -> None:
    # A batch in which each outcome occurs exactly in proportion.
    p_data, p_g = f64(0.5, 0.25, 0.25), f64(0.125, 0.125, 0.75)
    d = optimal_discriminator(p_data, p_g)
    real, fake = (
        d.repeat_interleave(torch.tensor([4, 2, 2])),
        d.repeat_interleave(torch.tensor([1, 1, 6])),
    )
    assert torch.allclose(game_value(real, fake), virtual_criterion(p_data, p_g), atol=1e-15)


# Density ratio


@given(distributions(2, zeros=False))
def test_density_ratio_of_the_optimal_logit(pair: Pair) -> None:
    p_data, p_g = pair
    d = optimal_discriminator(p_data, p_g)
    assert torch.allclose(density_ratio(density_logits(p_data, p_g)), p_data / p_g)
    keep = d < 0.999  # 1 - D loses digits near one
    assert torch.allclose((d / (1 - d))[keep], (p_data / p_g)[keep])


@pytest.mark.parametrize("function", [density_ratio, generator_logit_gradients])
def test_logits_whose_exponential_is_no_number(function: Callable[[Tensor], object]) -> None:
    for dtype, most in ((torch.float32, 88.723), (torch.float64, 709.78)):
        function(torch.tensor([-1e30, most - 0.01, -math.inf], dtype=dtype))
        with pytest.raises(ValueError, match=f"logits: expected at most {most}, .* got 710"):
            function(torch.tensor([0, 710.0], dtype=dtype))
    with pytest.raises(ValueError, match="logits: expected numbers, got NaN"):
        function(f64(0, math.nan))
    with pytest.raises(
        ValueError, match=r"logits: expected a floating-point tensor, got torch.int"
    ):
        function(torch.tensor([1, 2]))
    assert density_ratio(f64(math.inf, -math.inf, -1e4)).tolist() == [math.inf, 0, 0]
    assert generator_logit_gradients(f64(-1e4, -800)).non_saturating.tolist() == [-1, -1]


# Losses

NAIVE_DISCRIMINATOR: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "least squares": lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * (f**2).mean(),
    "hinge": lambda r, f: (1 - r).clamp(min=0).mean() + (1 + f).clamp(min=0).mean(),
    "wasserstein": lambda r, f: f.mean() - r.mean(),
}
NAIVE_GENERATOR: dict[str, Callable[[Tensor], Tensor]] = {
    "minimax": lambda f: (1 - f.sigmoid()).log().mean(),
    "non-saturating": lambda f: -f.sigmoid().log().mean(),
    "maximum likelihood": lambda f: -(f.sigmoid() / (1 - f.sigmoid())).mean(),
    "least squares": lambda f: 0.5 * ((f - 1) ** 2).mean(),
    "hinge": lambda f: -f.mean(),
    "wasserstein": lambda f: -f.mean(),
}


def naive_value(real: Tensor, fake: Tensor) -> Tensor:
    return -game_value(real.sigmoid(), fake.sigmoid())


@pytest.mark.parametrize("name", LOSSES)
@given(real=logits(15), fake=logits(15))
def test_losses_are_their_formulas(name: str, real: Tensor, fake: Tensor) -> None:
    discriminator, generator = LOSSES[name]
    naive = NAIVE_DISCRIMINATOR.get(name, naive_value)
    for value, expected in (
        (discriminator(real, fake), naive(real, fake)),
        (generator(fake), NAIVE_GENERATOR[name](fake)),
    ):
        assert value.shape == ()
        assert value.item() == pytest.approx(expected.item(), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_the_order_is_real_then_fake(name: str) -> None:
    loss = LOSSES[name]
    real, fake = f64(0.3, -0.2).requires_grad_(), f64(0.1, -0.4, 0.5).requires_grad_()
    up_real, up_fake = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert (up_real < 0).all()  # a larger output for real data lowers the critic's cost
    assert torch.autograd.grad(loss.generator(fake), fake)[0].max() < 0
    if name != "least squares":  # which pulls fake outputs to 0 from either side
        assert (up_fake > 0).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_extreme_logits(name: str, dtype: torch.dtype, size: float) -> None:
    loss, x = LOSSES[name], torch.tensor([size], dtype=dtype, requires_grad=True)
    costs = [loss.discriminator(x, -x), loss.discriminator(-x, x), loss.generator(x)]
    if name == "maximum likelihood" and size > 0:
        assert costs.pop() == -math.inf  # exp(10,000) is beyond any float: documented
    for cost in costs:
        (slope,) = torch.autograd.grad(cost, x)
        assert cost.isfinite()
        assert slope.isfinite().all()


def test_extreme_logits_keep_their_values() -> None:
    far = f64(1e4)
    assert MINIMAX.discriminator(-far, far) == 2e4
    assert MINIMAX.generator(far) == -1e4
    assert MINIMAX.generator(-far) == 0
    assert NON_SATURATING.generator(-far) == 1e4
    # just within reach: log(1 - D) = -exp(-100), not 0
    assert MINIMAX.generator(f64(-100)).item() == pytest.approx(-math.exp(-100), rel=1e-12, abs=0)


@given(logits(30))
def test_gradients_by_the_logit(a: Tensor) -> None:
    a = a.requires_grad_()
    closed = generator_logit_gradients(a.detach())
    for loss, expected in zip((MINIMAX, NON_SATURATING, MAXIMUM_LIKELIHOOD), closed):
        (slope,) = torch.autograd.grad(loss.generator(a) * len(a), a)
        assert torch.allclose(slope, expected, rtol=1e-12, atol=0)


def test_gradients_by_the_logit_where_the_discriminator_wins() -> None:
    minimax, non_saturating, maximum_likelihood = generator_logit_gradients(f64(-20, 0, 20))
    d = math.exp(-20) / (1 + math.exp(-20))
    assert torch.allclose(minimax, f64(-d, -0.5, -(1 - d)), rtol=1e-12, atol=0)
    assert torch.allclose(non_saturating, f64(-(1 - d), -0.5, -d), rtol=1e-12, atol=0)
    assert torch.allclose(maximum_likelihood, -f64(-20, 0, 20).exp())


def test_maximum_likelihood_gradient_is_that_of_kl_with_d_frozen() -> None:
    p_data, theta = f64(0.5, 0.3, 0.2), f64(0.1, -0.4, 0.7).requires_grad_()
    frozen = density_logits(p_data, theta.softmax(-1)).detach()
    probabilities = theta.softmax(-1)
    expected_cost = sum(
        p * MAXIMUM_LIKELIHOOD.generator(a.reshape(1)) for p, a in zip(probabilities, frozen)
    )
    (slope,) = torch.autograd.grad(expected_cost, theta)
    (kl_slope,) = torch.autograd.grad(kl(p_data, theta.softmax(-1)), theta)
    assert torch.allclose(slope, kl_slope, atol=1e-14)
    # With D re-optimised at each theta the expected cost is -1, whatever theta is.
    assert expected_cost.item() == pytest.approx(-1, abs=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_empty_batches_and_whole_numbers_are_refused(name: str) -> None:
    discriminator, generator = LOSSES[name]
    message = r"fake: expected at least one output, got \(0, 1\)"
    for call in (
        lambda: discriminator(f64(1), torch.zeros(0, 1)),
        lambda: generator(torch.zeros(0, 1)),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(ValueError, match=r"real: expected at least one output, got \(0,\)"):
        discriminator(f64(), f64(1))
    with pytest.raises(
        ValueError, match=r"fake: expected a floating-point tensor, got torch.int64"
    ):
        generator(torch.tensor([1]))


def test_every_constant_is_a_gan_loss() -> None:
    constants = {k: v for k, v in vars(games).items() if isinstance(v, GanLoss)}
    assert set(constants.values()) == set(LOSSES.values())
    assert len(constants) == len(LOSSES)


# Bad input


@pytest.mark.parametrize("function", [optimal_discriminator, virtual_criterion])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (f64(1.1, -0.1), "p_g: expected numbers >= 0, got -0.1"),
        (f64(math.nan, 1), "p_g: expected finite numbers, got NaN"),
        (f64(0.2, 0.3, 0.5), r"p_g: expected the shape \(2,\) of p_data, got \(3,\)"),
    ],
)
def test_bad_densities(function: Callable[..., Tensor], bad: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(f64(0.5, 0.5), bad)


def test_virtual_criterion_needs_distributions() -> None:
    with pytest.raises(ValueError, match="p_data: expected a sum of 1"):
        virtual_criterion(f64(0.5, 0.6), f64(0.5, 0.5))


@pytest.mark.parametrize(
    ("d", "message"),
    [
        (f64(1.5), "expected probabilities <= 1, got 1.5"),
        (f64(-0.5), "expected numbers >= 0, got -0.5"),
        (f64(math.nan), "expected finite numbers"),
        (f64(), "expected at least one probability, got none"),
    ],
)
def test_game_value_needs_probabilities(d: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=f"d_real: {message}"):
        game_value(d, f64(0.5))
    with pytest.raises(ValueError, match=f"d_fake: {message}"):
        game_value(f64(0.5), d)


def test_cuda_agrees(cuda: torch.device, generator: torch.Generator) -> None:
    real, fake = torch.randn(2, 100, generator=generator, dtype=torch.float64)
    for loss in LOSSES.values():
        there = loss.discriminator(real.to(cuda), fake.to(cuda))
        assert torch.allclose(there.cpu(), loss.discriminator(real, fake), rtol=1e-12)
        assert torch.allclose(loss.generator(fake.to(cuda)).cpu(), loss.generator(fake))
    p, q = real.softmax(0), fake.softmax(0)
    assert torch.allclose(virtual_criterion(p.to(cuda), q.to(cuda)).cpu(), virtual_criterion(p, q))
