"""Every public function and every model on a device, rehearsed without one.

See :mod:`tests.support.rehearsal`. What runs here mixes no devices and leaves its results where
its arguments were; it replaces no run on a real device.
"""

import pytest
import torch

from gensrc import divergences
from gensrc.divergences import kullback_leibler
from tests.support.examples import FUNCTIONS, MODELS, P, public_functions, public_models, resolve
from tests.support.rehearsal import (
    DeviceGenerator,
    DeviceTensor,
    Rehearsal,
    on_device,
    tensors,
)

WITHOUT_INPUT = {"boltzmann.exact.configurations", "numerics.quadrature", "networks.mlp"}
WITHOUT_INPUT |= {"networks.parallel_mlps"}
"""What takes no tensor makes its tensors on the CPU."""


def test_every_public_function_and_model_has_an_example() -> None:
    functions, models = set(public_functions()), set(public_models())
    assert len(functions) > 80
    assert len(models) > 6
    assert not functions ^ FUNCTIONS.keys(), "tests/support/examples.py: add or remove a line"
    assert not models ^ MODELS.keys(), "tests/support/examples.py: add or remove a line"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_stays_on_the_device_of_its_arguments(name: str) -> None:
    generator = DeviceGenerator()
    example = FUNCTIONS[name](generator)
    with Rehearsal():
        found = resolve(name)(*on_device(example.args), **on_device(example.kwargs))
    there = [isinstance(x, DeviceTensor) for x in tensors(found)]
    assert all(there) != (name in WITHOUT_INPUT and bool(there))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_stays_on_its_device(name: str) -> None:
    generator = DeviceGenerator()
    model = on_device(MODELS[name].make())
    if hasattr(model, "generator"):
        model.generator = generator
    with Rehearsal():
        value = MODELS[name].objective(model, generator)
        assert isinstance(value, DeviceTensor)
        if value.requires_grad:
            value.backward()  # type: ignore[no-untyped-call]
        if (sample := MODELS[name].sample) is not None:
            assert isinstance(sample(model, generator), DeviceTensor)


def test_a_tensor_of_the_cpu_in_the_middle_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def misplaced(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * y.log() + torch.zeros(3)

    with Rehearsal(), pytest.raises(RuntimeError, match="on cuda and on the CPU"):
        misplaced(on_device(P), on_device(P))
    with Rehearsal(), pytest.raises(RuntimeError, match="generator of another device"):
        torch.rand(3, generator=torch.Generator(), device="cuda")
    assert divergences.kl is kullback_leibler.kl
