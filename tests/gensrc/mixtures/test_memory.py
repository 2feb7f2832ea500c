"""No step of EM may need memory that grows with the examples times the components."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gensrc.mixtures import Mixture, em, expectation, fit, initial_mixture, responsibilities

N, D, K = 20_000, 3, 5


class Largest(TorchDispatchMode):
    """The most numbers in the memory of one tensor that was made inside, views aside."""

    def __init__(self, *known: Tensor) -> None:
        super().__init__()
        self.known = {tensor.untyped_storage().data_ptr() for tensor in known}
        self.numbers = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                memory = tensor.untyped_storage()
                if memory.data_ptr() not in self.known:
                    self.numbers = max(self.numbers, memory.nbytes() // tensor.element_size())
        return made


def start(d: int) -> tuple[Mixture, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(N, d, generator=generator, dtype=torch.float64)
    x += 4 * torch.randint(K, (N, 1), generator=generator)
    return initial_mixture(x, K, generator=generator), x


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(expectation._BLOCK, "cpu", 2**11)
    monkeypatch.setattr(fit, "_BLOCK", 2**10)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)  # a block has a part for each


@pytest.mark.parametrize("d", [D, 30])
def test_em_makes_nothing_that_grows_with_examples(d: int) -> None:
    mixture, x = start(d)
    with Largest(x) as largest:
        em(mixture, x, steps=3, tol=0)
    assert 0 < largest.numbers < N * min(K, d)


def test_a_start_makes_nothing_but_distances() -> None:
    _, x = start(D)
    with Largest(x) as largest:
        initial_mixture(x, K, generator=torch.Generator().manual_seed(1))
    assert N <= largest.numbers < 2 * N


def test_the_count_sees_a_whole_array() -> None:
    mixture, x = start(D)
    with Largest(x) as largest:
        responsibilities(mixture, x)
    assert largest.numbers >= N * K


def test_a_second_step_allocates_no_blocks() -> None:
    mixture, x = start(D)
    sweep = expectation.ExpectationPass(x)
    sweep(*mixture)
    with Largest(x, sweep.space) as largest:
        sweep(*mixture)
    assert largest.numbers < 2**11
