"""What every model promises, asked of all of them (:data:`tests.support.examples.MODELS`)."""

import copy
import io
import re

import pytest
import torch
from torch import nn

from tests.support.examples import MODELS, seeded

LEARNERS = {"boltzmann.learning.StochasticMaximumLikelihood"}
"""What computes its gradient itself: no autograd graph leads to its loss."""

UNUSED = {("boltzmann.deep_belief.DBN", "levels.0.biases.1")}
"""Parameters without a part in the model: the directed levels of a DBN have no hidden biases."""

each_model = pytest.mark.parametrize("name", MODELS)
sampled = pytest.mark.parametrize("name", [n for n, one in MODELS.items() if one.sample])


def reseeded(model: nn.Module) -> nn.Module:
    """The model with its own generator, where it has one, at the beginning."""
    if hasattr(model, "generator"):
        model.generator = seeded(1)  # type: ignore[assignment]
    return model


def value(name: str, model: nn.Module) -> torch.Tensor:
    return MODELS[name].objective(reseeded(model), seeded(1))


@each_model
def test_its_objective_is_one_finite_number_and_draws_from_no_global_state(name: str) -> None:
    model = MODELS[name].make()
    before = torch.get_rng_state()
    first, second = value(name, copy.deepcopy(model)), value(name, copy.deepcopy(model))
    assert first.shape == ()
    assert first.isfinite()
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


@each_model
def test_a_gradient_reaches_every_parameter(name: str) -> None:
    model = MODELS[name].make()
    found = value(name, model)
    if name not in LEARNERS:
        found.backward()  # type: ignore[no-untyped-call]
    for label, parameter in model.named_parameters():
        if (name, label) in UNUSED:
            assert parameter.grad is None
            continue
        assert parameter.grad is not None, f"no gradient reaches {label}"
        assert parameter.grad.isfinite().all()
        assert (parameter.grad != 0).any(), f"the gradient of {label} is zero"


@each_model
def test_evaluating_is_training_without_a_gradient(name: str) -> None:
    model = MODELS[name].make()
    trained = value(name, copy.deepcopy(model).train())
    assert torch.equal(trained, value(name, copy.deepcopy(model).eval()))


@each_model
def test_what_was_saved_is_loaded(name: str) -> None:
    model, other = MODELS[name].make(), MODELS[name].make()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.5)
    assert not torch.equal(value(name, copy.deepcopy(other)), value(name, copy.deepcopy(model)))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file))
    assert torch.equal(value(name, other), value(name, model))


@each_model
def test_it_is_read_off_its_text(name: str) -> None:
    text = repr(MODELS[name].make())
    assert name.rpartition(".")[2] in text
    assert re.search(r"\d", text), "the text of a model says its sizes"


@pytest.mark.parametrize("name", [n for n in MODELS if n not in LEARNERS])  # other draws
def test_float32_says_what_float64_says(name: str) -> None:
    model = MODELS[name].make()
    single = value(name, copy.deepcopy(model).float())
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), value(name, model), rtol=1e-4, atol=1e-5)


@sampled
def test_a_sample_is_decided_by_its_generator_alone(name: str) -> None:
    sample, model = MODELS[name].sample, MODELS[name].make()
    assert sample is not None
    before = torch.get_rng_state()
    first, second, third = (sample(model, seeded(k)) for k in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape[0] == 5
    assert first.isfinite().all()
    assert not first.requires_grad
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


@each_model
def test_cuda_agrees_with_the_cpu(name: str, cuda: torch.device) -> None:
    model = MODELS[name].make()
    expected = value(name, copy.deepcopy(model))
    moved = copy.deepcopy(model).to(cuda)
    if hasattr(moved, "generator"):
        moved.generator = torch.Generator(cuda)  # type: ignore[assignment]
    found = MODELS[name].objective(moved, torch.Generator(cuda))
    assert found.device.type == "cuda"
    if name not in LEARNERS:  # its chains are drawn on the device, by other numbers
        assert torch.allclose(found.cpu(), expected, rtol=1e-9)
