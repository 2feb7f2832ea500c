import inspect
import itertools
import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from gensrc.games import MINIMAX, NON_SATURATING
from gensrc.networks import mlp
from gensrc.training import History, Optimizers, alternate, batches, fit, minimize, simultaneous


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def counting(values: Callable[[int], float] = float) -> Callable[[Tensor], dict[str, Tensor]]:
    """A step that learns nothing: its loss is a function of its number."""
    number = itertools.count(1)
    return lambda batch: {"loss": torch.tensor(values(next(number)))}


def same() -> Iterator[Tensor]:
    return itertools.repeat(torch.zeros(1))


# minimize


def test_minimize_takes_the_optimizers_step() -> None:
    w = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    step = minimize(
        lambda x: {"loss": (w * x).square().sum() / 2, "other": w.sum()},
        torch.optim.SGD([w], lr=0.1),
    )
    expected = 3.0
    for x in (1.0, 2.0, 3.0):
        terms = step(torch.tensor([x], dtype=torch.float64))
        assert terms["other"].item() == pytest.approx(expected)
        expected -= 0.1 * expected * x**2
        assert w.item() == pytest.approx(expected, rel=1e-14)


# alternate: Algorithm 1


class Player(nn.Module):
    """One weight, and a record of what it was shown."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        self.seen: list[Tensor] = []
        self.attached: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        self.attached.append(x.requires_grad)
        self.seen.append(x.detach().clone())
        return self.w * x


def game(k: int) -> tuple[Player, Player, list[Tensor], Callable[[Tensor], object]]:
    generator, critic, drawn = Player(0.5), Player(0.2), []
    source = seeded()

    def noise(n: int) -> Tensor:
        drawn.append(torch.randn(n, generator=source, dtype=torch.float64))
        return drawn[-1]

    optimizers = Optimizers(
        torch.optim.SGD(generator.parameters(), lr=0.1),
        torch.optim.SGD(critic.parameters(), lr=0.3),
    )
    step = alternate(generator, critic, MINIMAX, noise=noise, optimizers=optimizers, critic_steps=k)
    return generator, critic, drawn, step


@pytest.mark.parametrize("k", [1, 3])
def test_alternate_is_algorithm_1(k: int) -> None:
    generator, critic, drawn, step = game(k)
    data = torch.linspace(-1, 2, 12, dtype=torch.float64)
    terms = step(data)

    # The same by hand: derivatives of V written out, k ascents of D, one descent of G.
    g, d = 0.5, 0.2
    for j in range(k):
        x, fake = data.tensor_split(k)[j], g * drawn[j]
        value = torch.sigmoid(d * x).log().mean() + (1 - torch.sigmoid(d * fake)).log().mean()
        slope = (x * torch.sigmoid(-d * x)).mean() - (fake * torch.sigmoid(d * fake)).mean()
        d += 0.3 * slope.item()
    z = drawn[k]
    cost = (1 - torch.sigmoid(d * g * z)).log().mean()
    g -= 0.1 * (-d * z * torch.sigmoid(d * g * z)).mean().item()
    assert critic.w.item() == pytest.approx(d, rel=1e-12)
    assert generator.w.item() == pytest.approx(g, rel=1e-12)
    assert terms["critic"].item() == pytest.approx(-value.item(), rel=1e-12)
    assert terms["loss"].item() == pytest.approx(cost.item(), rel=1e-12)


def test_every_update_sees_fresh_data_and_fresh_noise() -> None:
    generator, critic, drawn, step = game(3)
    data = torch.arange(7, dtype=torch.float64)
    step(data)
    assert [len(z) for z in drawn] == [3, 2, 2, 2]
    assert torch.unique(torch.cat(drawn)).numel() == 9
    assert all(torch.equal(a, b) for a, b in zip(generator.seen, drawn))
    real = critic.seen[0:6:2]
    assert torch.equal(torch.cat(real), data)
    assert len(critic.seen) == 7
    # The critic's descents spend nothing on the generator; the generator's goes through both.
    assert critic.attached == [False] * 6 + [True]


def test_no_update_leaks_into_the_next() -> None:
    # The generator's descent also leaves a gradient in the critic; it must not be used.
    _, critic, _, step = game(1)
    zeros = torch.zeros(4, dtype=torch.float64)
    step(zeros + 1)
    assert critic.w.grad.abs() > 0
    before = critic.w.item()
    silent = Player(0.0)
    optimizers = Optimizers(
        torch.optim.SGD(silent.parameters(), lr=0.0), torch.optim.SGD(critic.parameters(), lr=0.3)
    )
    step = alternate(silent, critic, MINIMAX, noise=torch.zeros, optimizers=optimizers)
    step(zeros)  # both samples are zero, so the critic has no slope
    assert critic.w.item() == before


def test_bad_critic_steps() -> None:
    with pytest.raises(ValueError, match="critic_steps: expected at least 1, got 0"):
        game(0)
    *_, step = game(3)
    with pytest.raises(ValueError, match="batch: expected >= 3 examples, got 2"):
        step(torch.zeros(2, dtype=torch.float64))


def test_two_networks_find_the_mean_of_the_data() -> None:
    # x ~ N(3, 1), G(z) = z + b from b = 0. Twenty seeds ended with |b - 3| <= 0.052.
    for seed in range(3):
        g = seeded(seed)
        generator, critic = mlp([1, 1], generator=g), mlp([1, 16, 1], generator=g)
        with torch.no_grad():
            generator[0].weight.fill_(1.0)
            generator[0].bias.fill_(0.0)
        generator[0].weight.requires_grad_(False)
        optimizers = Optimizers(
            torch.optim.Adam([generator[0].bias], lr=0.02),
            torch.optim.Adam(critic.parameters(), lr=0.02, betas=(0.5, 0.9), weight_decay=0.01),
        )
        step = alternate(
            generator,
            critic,
            NON_SATURATING,
            noise=lambda n, g=g: torch.randn(n, 1, generator=g),
            optimizers=optimizers,
        )
        data = 3 + torch.randn(2000, 1, generator=g)
        fit(step, batches(data, 128, generator=g), steps=500)
        assert abs(generator[0].bias.item() - 3) < 0.15


# fit


def test_fit_returns_every_value_and_calls_back() -> None:
    calls: list[tuple[int, dict[str, float]]] = []
    history = fit(
        counting(), same(), steps=3, callbacks=[lambda i, v: calls.append((i, v)), lambda *_: None]
    )
    assert history.curves["loss"].tolist() == [1.0, 2.0, 3.0]
    assert history.curves["loss"].dtype == torch.float64
    assert not history.interrupted
    assert calls == [(1, {"loss": 1.0}), (2, {"loss": 2.0}), (3, {"loss": 3.0})]


def test_callbacks_may_come_from_an_iterator() -> None:
    calls: list[int] = []
    fit(counting(), same(), steps=2, callbacks=iter([lambda i, _: calls.append(i)]))
    assert calls == [1, 2]


def test_fit_takes_exactly_as_many_batches_as_steps() -> None:
    source = iter([torch.tensor([float(i)]) for i in range(5)])
    seen = []
    fit(lambda b: seen.append(b.item()) or {"loss": b.sum()}, source, steps=3)
    assert seen == [0.0, 1.0, 2.0]
    assert next(source).item() == 3.0


def test_no_steps() -> None:
    assert fit(counting(), same(), steps=0) == History({}, False)


def test_a_number_of_steps_is_not_negative() -> None:
    with pytest.raises(ValueError, match="steps: expected 0 or more, got -1"):
        fit(counting(), same(), steps=-1)


def test_every_step_returns_the_same_names() -> None:
    for names, got in ((["loss", "other"], r"\['loss', 'other'\]"), (["other"], r"\['other'\]")):
        terms = iter([["loss"], names])
        with pytest.raises(
            ValueError, match=rf"step 2: expected values named \['loss'\], got {got}"
        ):
            fit(lambda _, t=terms: dict.fromkeys(next(t), torch.zeros(())), same(), steps=2)
    with pytest.raises(ValueError, match=r"step 1: expected values named loss, got \[\]"):
        fit(lambda _: {}, same(), steps=1)


@pytest.mark.parametrize("place", ["step", "callback", "batches"])
def test_interrupting_returns_the_history_so_far(place: str) -> None:
    def interrupt(number: int) -> float:
        if number == 3:
            raise KeyboardInterrupt
        return float(number)

    def source() -> Iterator[Tensor]:
        for number in itertools.count(1):
            if place == "batches":
                interrupt(number)
            yield torch.zeros(1)

    history = fit(
        counting(interrupt if place == "step" else float),
        source(),
        steps=10,
        callbacks=[lambda i, _: interrupt(i)] if place == "callback" else [],
    )
    assert history.interrupted
    expected = [1.0, 2.0, 3.0] if place == "callback" else [1.0, 2.0]
    assert history.curves["loss"].tolist() == expected


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_names_its_step(bad: float) -> None:
    with pytest.raises(FloatingPointError, match=f"^step 4: loss is {bad}; check the data, or low"):
        fit(counting(lambda n: bad if n == 4 else 0.0), same(), steps=9)


def test_batches_that_end_are_noticed() -> None:
    with pytest.raises(ValueError, match="batches: expected 5 of them, got 2"):
        fit(counting(), [torch.zeros(1)] * 2, steps=5)


def test_no_progress_bar_outside_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    fit(counting(), same(), steps=3)
    assert capfd.readouterr() == ("", "")
    fit(counting(), same(), steps=3, progress=True)
    captured = capfd.readouterr()
    assert "3/3" in captured.err
    assert captured.out == ""


def test_fit_is_short_and_knows_no_model() -> None:
    source = inspect.getsource(fit)
    assert len(source.splitlines()) < 40
    for word in ("generator", "critic", "optimizer", "backward", "model", "device"):
        assert word not in source


# batches


def test_each_pass_shows_every_example_once_in_a_new_order() -> None:
    stream = batches(torch.arange(6), 2, generator=seeded())
    passes = [torch.cat([next(stream) for _ in range(3)]).tolist() for _ in range(8)]
    assert all(sorted(p) == list(range(6)) for p in passes)
    assert len({tuple(p) for p in passes}) >= 7  # 720 orders


def test_the_remainder_of_a_pass_is_left_out() -> None:
    stream = batches(torch.arange(7), 3, generator=seeded())
    passes = [torch.cat([next(stream), next(stream)]).tolist() for _ in range(50)]
    assert all(len(set(p)) == 6 for p in passes)
    assert {left for p in passes for left in set(range(7)) - set(p)} == set(range(7))


def test_batches_repeat_with_the_generator() -> None:
    a, b = (batches(torch.arange(10), 4, generator=seeded(3)) for _ in "ab")
    assert all(torch.equal(next(a), next(b)) for _ in range(9))


@pytest.mark.parametrize("size", [0, -1, 7])
def test_bad_batch_size_is_noticed_at_once(size: int) -> None:
    with pytest.raises(
        ValueError, match=rf"batch_size: expected 1 to 6 \(all examples\), got {size}"
    ):
        batches(torch.arange(6), size, generator=seeded())


def test_cuda_agrees(cuda: torch.device) -> None:
    def train(device: torch.device) -> Tensor:
        g = seeded()
        network = mlp([2, 8, 1], generator=g).double().to(device)
        step = minimize(
            lambda x: {"loss": network(x).square().mean()},
            torch.optim.SGD(network.parameters(), lr=0.1),
        )
        data = torch.randn(20, 2, generator=g, dtype=torch.float64).to(device)
        return fit(step, batches(data, 5, generator=g), steps=20).curves["loss"]

    assert torch.allclose(train(cuda), train(torch.device("cpu")), rtol=1e-9)


# simultaneous: the single-step method


def test_simultaneous_is_the_single_step_method() -> None:
    generator, critic = Player(0.5), Player(0.2)
    z = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    data = torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64)
    optimizers = Optimizers(
        torch.optim.SGD(generator.parameters(), lr=0.1),
        torch.optim.SGD(critic.parameters(), lr=0.3),
    )
    step = simultaneous(generator, critic, MINIMAX, noise=lambda n: z[:n], optimizers=optimizers)
    g, d = 0.5, 0.2
    for _ in range(3):
        terms = step(data)
        fake = g * z
        value = torch.sigmoid(d * data).log().mean() + (1 - torch.sigmoid(d * fake)).log().mean()
        up = (data * torch.sigmoid(-d * data)).mean() - (fake * torch.sigmoid(d * fake)).mean()
        down = (-d * z * torch.sigmoid(d * fake)).mean()  # at the old d
        cost = (1 - torch.sigmoid(d * fake)).log().mean()
        g, d = g - 0.1 * down.item(), d + 0.3 * up.item()
        assert critic.w.item() == pytest.approx(d, rel=1e-12)
        assert generator.w.item() == pytest.approx(g, rel=1e-12)
        assert terms["critic"].item() == pytest.approx(-value.item(), rel=1e-12)
        assert terms["loss"].item() == pytest.approx(cost.item(), rel=1e-12)


def test_simultaneous_leaves_frozen_weights_alone() -> None:
    generator, critic = nn.Linear(1, 1), nn.Linear(1, 1)
    generator.weight.requires_grad_(False)
    before = generator.weight.clone(), generator.bias.clone()
    optimizers = Optimizers(
        torch.optim.SGD([generator.bias], lr=0.1), torch.optim.SGD(critic.parameters(), lr=0.1)
    )
    step = simultaneous(
        generator, critic, MINIMAX, noise=lambda n: torch.ones(n, 1), optimizers=optimizers
    )
    step(torch.ones(3, 1))
    assert torch.equal(generator.weight, before[0])
    assert not torch.equal(generator.bias, before[1])
