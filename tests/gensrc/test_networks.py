import io
import math

import pytest
import torch
from torch import nn

from gensrc.networks import mlp


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_layers_in_order() -> None:
    network = mlp([2, 5, 3, 1], generator=seeded(), activation=nn.Tanh, output=nn.Sigmoid)
    kinds = [type(layer) for layer in network]
    assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear, nn.Sigmoid]
    shapes = [tuple(p.shape) for p in network.parameters()]
    assert shapes == [(5, 2), (5,), (3, 5), (3,), (1, 3), (1,)]


def test_computes_its_formula() -> None:
    network = mlp([2, 5, 1], generator=seeded())
    w1, b1, w2, b2 = network.parameters()
    x = torch.randn(7, 2, generator=seeded(1))
    assert torch.allclose(network(x), (x @ w1.T + b1).clamp(min=0) @ w2.T + b2, atol=1e-6)
    assert mlp([2, 1], generator=seeded())(x).shape == (7, 1)


def test_drawn_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    a, b = mlp([3, 4, 1], generator=seeded()), mlp([3, 4, 1], generator=seeded())
    c = mlp([3, 4, 1], generator=seeded(1))
    assert torch.equal(torch.get_rng_state(), before)
    for p, q, r in zip(a.parameters(), b.parameters(), c.parameters()):
        assert torch.equal(p, q)
        assert not torch.equal(p, r)


def test_scale_of_the_weights() -> None:
    layer = mlp([100, 400], generator=seeded())[0]
    for p in layer.parameters():
        assert p.abs().max() <= 0.1
        # A uniform distribution on [-b, b] has standard deviation b / sqrt 3; 400 draws or more.
        assert p.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.1)


def test_gradient_reaches_every_parameter() -> None:
    network = mlp([2, 16, 16, 1], generator=seeded(), activation=nn.Tanh)
    network(torch.randn(8, 2, generator=seeded(1))).sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())


def test_save_and_load() -> None:
    network, other = mlp([2, 4, 1], generator=seeded()), mlp([2, 4, 1], generator=seeded(1))
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    x = torch.randn(5, 2, generator=seeded(2))
    assert torch.equal(network(x), other(x))


@pytest.mark.parametrize("sizes", [[], [3], [3, 0, 1], [3, -1]])
def test_bad_sizes(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="sizes: expected at least two positive numbers, got"):
        mlp(sizes, generator=seeded())


def test_cuda_agrees(cuda: torch.device) -> None:
    network = mlp([2, 16, 1], generator=seeded()).double()
    x = torch.randn(9, 2, generator=seeded(1), dtype=torch.float64)
    here = network(x)
    assert torch.allclose(network.to(cuda)(x.to(cuda)).cpu(), here, rtol=1e-12)
