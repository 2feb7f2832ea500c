"""What every test shares: guards, settings of hypothesis and Matplotlib, devices to run on."""

from collections.abc import Iterator

import matplotlib as mpl
import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.support import guards, parts
from tests.support.browsing import book, browser  # noqa: F401  (fixtures)
from tests.support.gradebooks import _gradebooks_are_copies  # noqa: F401
from tests.support.sandboxing import _graders_without_sandbox  # noqa: F401

mpl.use("Agg")
settings.register_profile(
    "gensrc",
    deadline=None,  # the time of one example says nothing on a shared machine
    derandomize=True,  # a run is red for a reason, never for a draw
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gensrc")
# Hypothesis also tries constants of all modules that are loaded, and so other examples whenever
# tests run in another order: without them every run tries the same ones.
assert callable(providers._get_local_constants)
providers._get_local_constants = lambda: providers._local_constants


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make check` ask for one chapter."""
    parser.addoption("--chapter", default="", help="leave out what is about other chapters")


def pytest_configure(config: pytest.Config) -> None:
    """Let the guards watch every test, those outside this folder too, and parts order them."""
    config.pluginmanager.register(guards)
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(parts)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def cuda() -> torch.device:
    return torch.device("cuda")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
