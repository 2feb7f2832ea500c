"""Networks trained side by side are the networks trained one by one."""

import pytest
import torch
from torch import nn

from gensrc.networks import ParallelLinear, mlp, parallel_mlps


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copy_out(parallel: nn.Sequential, index: int, sizes: list[int]) -> nn.Sequential:
    """One of the parallel networks, as a network of its own."""
    alone = mlp(sizes, generator=seeded(), activation=nn.Tanh)
    with torch.no_grad():
        for layer, own in zip(parallel, alone):
            if isinstance(own, nn.Linear):
                own.weight.copy_(layer.weight[index].T)
                own.bias.copy_(layer.bias[index, 0])
    return alone


def test_equal_to_separate_networks_through_training() -> None:
    sizes, copies = [2, 7, 3], 4
    parallel = parallel_mlps(copies, sizes, generator=seeded(), activation=nn.Tanh).double()
    alone = [copy_out(parallel, c, sizes).double() for c in range(copies)]
    x = torch.randn(9, copies, 2, generator=seeded(1), dtype=torch.float64)
    for _ in range(2):
        for c, network in enumerate(alone):
            assert torch.allclose(parallel(x)[:, c], network(x[:, c]), rtol=1e-10)
        parallel.zero_grad()
        parallel(x).square().mean().backward()
        with torch.no_grad():
            for p in parallel.parameters():
                p -= copies * p.grad
        for c, network in enumerate(alone):
            network.zero_grad()
            network(x[:, c]).square().mean().backward()
            with torch.no_grad():
                for p in network.parameters():
                    p -= p.grad


def test_copies_differ() -> None:
    parallel = parallel_mlps(3, [2, 4, 1], generator=seeded())
    out = parallel(torch.ones(1, 3, 2))[0, :, 0]
    assert len(set(out.tolist())) == 3


def test_bad_numbers() -> None:
    with pytest.raises(ValueError, match="copies: expected at least 1, got 0"):
        parallel_mlps(0, [2, 1], generator=seeded())
    with pytest.raises(ValueError, match="sizes: expected at least two positive numbers, got"):
        parallel_mlps(2, [2], generator=seeded())


def test_a_layer_refuses_what_it_cannot_keep_apart() -> None:
    with pytest.raises(ValueError, match="copies, inputs, outputs: expected positive numbers, got"):
        ParallelLinear(2, 0, 1, generator=seeded())
    layer = ParallelLinear(3, 2, 1, generator=seeded())
    for shape in ((5, 2), (5, 1, 2), (5, 3, 4), (3, 2)):
        with pytest.raises(ValueError, match=r"x: expected shape \(n, 3, 2\), got"):
            layer(torch.zeros(shape))
