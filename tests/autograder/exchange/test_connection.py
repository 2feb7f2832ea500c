"""Calls between two processes: values, changes in place, handles, gradients of any order."""

import os
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from autograder.exchange.channel import Channel, Gone
from autograder.exchange.client import Client
from autograder.exchange.framing import ProtocolError
from autograder.exchange.proxies import RemoteModule, StudentError
from autograder.student.cells import operations_on


class Pair(NamedTuple):
    left: Any
    right: Any


class Account:
    """An object whose class tries to please everybody."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def double(self) -> float:
        return 2 * self.amount

    def __eq__(self, other: object) -> bool:
        return True

    def __sub__(self, other: object) -> int:
        return 0

    __hash__ = None  # type: ignore[assignment]


class Liar(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class Everything(Tensor):
    @classmethod
    def __torch_function__(cls, *args: Any, **kwargs: Any) -> bool:
        return True


def fill(x: Any, value: Any) -> None:
    if isinstance(x, dict):
        x["new"] = value
    elif isinstance(x, list):
        x.append(value)
    elif isinstance(x, set):
        x.add(value)
    else:
        x[0] = value


def descend(f: Callable[[Tensor], Tensor], x: Tensor, steps: int) -> Tensor:
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(f(x), x)
        x = x - 0.1 * slope
    return x.detach()


def stubborn(x: Any) -> None:
    raise ValueError("expected another x")


def choose(function: Any) -> Any:
    """Call a function of the judge's with random numbers of the student's choice sent along."""
    made = torch.Generator().manual_seed(1).get_state().numpy().tobytes()
    numpy = np.random.RandomState(1).get_state(legacy=False)["state"]["key"].tobytes()
    python = list(random.Random(1).getstate()[1])
    head = {"op": "call", "handle": 1, "tree": {"u": [{"u": []}, {"d": []}]}, "tensors": []}
    head["random"] = [0, 624, python]
    return bool(function._client.connection.round_trip(head, [made, numpy]))


net = nn.Linear(2, 1)
NAMES: dict[str, Any] = {
    "same": lambda x: x,
    "twice": lambda x: 2 * x,
    "cubes": lambda x: x**3,
    "product": lambda x, y: {"value": (x * y).sum(), "parts": [x, y]},
    "pair": lambda x: Pair(x, [x, None]),
    "fill": fill,
    "descend": descend,
    "account": Account,
    "liar": lambda: Liar(3.0),
    "everything": lambda: torch.ones(2).as_subclass(Everything),
    "stubborn": stubborn,
    "net": net,
    "squares": lambda n: (k * k for k in range(n)),
    "draw": lambda g=None: torch.rand(3, generator=g),
    "apply": lambda f, *x: f(*x),
    "adder": lambda n: lambda x: x + n,
    "deep": lambda f, n: f(n) if n else 0,
    "sparse": lambda: torch.eye(2).to_sparse(),
    "module": lambda: os,
    "choose": choose,
    "end": os._exit,
    "halves": lambda x: (x // 2, x / 2),
}


@pytest.fixture
def far() -> Iterator[Callable[[str], Any]]:
    """Gives the functions of NAMES as they are in another process."""
    here, there = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        here.close()
        client = Client(Channel(there), trusted=False, operations=operations_on(NAMES))
        try:
            client.connection.serve()
        finally:
            os._exit(0)
    there.close()
    kept = torch.manual_seed, np.random.seed
    client = Client(Channel(here), trusted=True)
    yield lambda name: client.request("get", name)
    torch.manual_seed, np.random.seed = kept
    here.close()
    os.waitpid(pid, 0)


def test_values_come_back_as_they_went(far: Any) -> None:
    same = far("same")
    for value in (3, 2.5, "text", None, True, (1, [2, {"k": (3,)}]), {1, 2}, 1j, b"\x00", range(4)):
        assert same(value) == value
        assert type(same(value)) is type(value)
    assert torch.equal(same(torch.eye(3)[1]), torch.eye(3)[1])
    assert same(np.float32(1.5)).dtype == np.float32
    assert same(torch.float16) is torch.float16


def test_an_argument_that_comes_back_is_the_same_object(far: Any) -> None:
    x, items = torch.ones(2), [1, [2]]
    assert far("same")(x) is x
    assert far("same")(items) is items


def test_named_tuples_keep_their_fields(far: Any) -> None:
    made = far("pair")(torch.ones(2))
    assert made._fields == ("left", "right")
    assert torch.equal(made.left, torch.ones(2))


def test_changes_in_place_come_back(far: Any) -> None:
    tensor, array, items, table, group = torch.zeros(2, 2), np.zeros(3), [1], {"a": 1}, {1}
    view = tensor[:, 1]
    far("fill")(view, 5.0)
    far("fill")(array, 7.0)
    far("fill")(items, [2, 3])
    far("fill")(table, (4,))
    far("fill")(group, 2)
    assert tensor.tolist() == [[0, 5], [0, 0]]
    assert array.tolist() == [7, 0, 0]
    assert items == [1, [2, 3]]
    assert table == {"a": 1, "new": (4,)}
    assert group == {1, 2}


def test_gradients(far: Any) -> None:
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad((x * far("cubes")(2 * x)).sum(), x)
    assert torch.allclose(first, 32 * x**3)
    y = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    result = far("product")(x, y)
    result["value"].backward()
    assert torch.equal(y.grad, torch.tensor(6.0).double())
    assert result["parts"][0] is x
    assert not far("twice")(x.detach()).requires_grad
    with torch.no_grad():
        assert not far("twice")(x).requires_grad


def test_derivatives_of_higher_order(far: Any) -> None:
    cubes = far("cubes")
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    functional = torch.autograd.functional
    assert torch.allclose(functional.jacobian(cubes, x), torch.diag(3 * x**2))
    assert torch.allclose(functional.hessian(lambda t: cubes(t).sum(), x), torch.diag(6 * x))
    (first,) = torch.autograd.grad(cubes(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = torch.autograd.grad(second.sum(), x)
    assert torch.allclose(third, torch.full_like(x, 6.0))
    assert torch.autograd.gradcheck(cubes, x)
    assert torch.autograd.gradgradcheck(cubes, x)


def test_functional_transforms(far: Any) -> None:
    cubes = far("cubes")
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert torch.allclose(torch.func.grad(lambda t: cubes(t).sum())(x), 3 * x**2)
    assert torch.allclose(torch.func.jacrev(cubes)(x), torch.diag(3 * x**2))
    assert torch.allclose(torch.func.vmap(cubes)(x), x**3)


def test_functions_go_both_ways(far: Any) -> None:
    assert far("apply")(lambda x: x + 1, 2) == 3
    assert far("adder")(5)(torch.zeros(1)).item() == 5
    assert far("apply")(far("twice"), 4) == 8
    found = far("descend")(lambda x: ((x - 3) ** 2).sum(), torch.zeros(2), 50)
    assert torch.allclose(found, torch.full((2,), 3.0), atol=1e-3)
    assert far("apply")(torch.sin, torch.zeros(1)).item() == 0
    assert far("apply")(nn.Identity(), torch.ones(1)).item() == 1


def test_calls_within_calls_are_bounded(far: Any) -> None:
    def again(n: int) -> int:
        return int(far("deep")(again, n - 1)) + 1

    assert again(5) == 5
    with pytest.raises((RecursionError, StudentError)):
        again(200)


def test_objects_bring_no_behaviour(far: Any) -> None:
    account = far("account")(3.0)
    assert account.amount == 3.0
    assert account.double() == 6.0
    assert account != 3.0
    with pytest.raises(TypeError):
        account - 1
    with pytest.raises(AttributeError, match="cannot be changed"):
        account.amount = 4
    assert far("liar")() == 3.0
    assert type(far("liar")()) is float
    assert type(far("everything")()) is Tensor


def test_networks(far: Any) -> None:
    there = far("net")
    assert isinstance(there, RemoteModule)
    assert isinstance(there, nn.Module)
    x = torch.ones(1, 2, requires_grad=True)
    assert torch.allclose(there(x), net(x))
    (slope,) = torch.autograd.grad(there(x).sum(), x)
    assert torch.equal(slope, net.weight)
    assert [p.shape for p in there.parameters()] == [p.shape for p in net.parameters()]
    assert set(there.state_dict()) == {"weight", "bias"}
    assert there.eval() is there
    assert there.training is False
    assert torch.equal(there.weight, net.weight)


def test_errors_keep_their_kind(far: Any) -> None:
    with pytest.raises(ValueError, match="another x") as caught:
        far("stubborn")(1)
    assert isinstance(caught.value, StudentError)

    def fussy(x: Any) -> None:
        raise KeyError("a secret of the test")

    with pytest.raises(KeyError, match="a secret of the test"):
        far("apply")(fussy, 1)
    with pytest.raises(AttributeError):
        _ = far("net").nothing
    for name in ("sparse", "module"):
        with pytest.raises(StudentError, match="cannot be handed over"):
            far(name)()
    with pytest.raises(ProtocolError):
        far("same")(object())


def test_generators_of_numbers_and_of_values(far: Any) -> None:
    assert list(far("squares")(4)) == [0, 1, 4, 9]
    generator = torch.Generator().manual_seed(3)
    here = torch.Generator().manual_seed(3)
    for _ in range(2):
        assert torch.equal(far("draw")(generator), torch.rand(3, generator=here))


def test_global_random_numbers(far: Any) -> None:
    draw = far("draw")
    torch.manual_seed(5)
    first, second = draw(), draw()
    torch.manual_seed(5)
    again = draw()
    own = torch.rand(3)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(again, own)
    torch.manual_seed(5)
    assert torch.equal(first, torch.rand(3))


def test_a_student_does_not_choose_the_random_numbers_of_the_judge(far: Any) -> None:
    called = []
    torch.manual_seed(5)
    assert far("choose")(lambda: called.append(torch.rand(3)))
    (drawn,) = called
    torch.manual_seed(1)
    assert not torch.equal(drawn, torch.rand(3))
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))


def test_whole_and_fractional_results(far: Any) -> None:
    whole, half = far("halves")(torch.tensor(5.0, requires_grad=True))
    assert (whole.item(), half.item()) == (2, 2.5)
    assert half.requires_grad


def test_the_end_of_a_process_is_noticed(far: Any) -> None:
    end = far("end")
    with pytest.raises(Gone):
        end(0)
