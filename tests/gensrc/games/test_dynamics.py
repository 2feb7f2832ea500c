"""`gensrc.games.dynamics`: the orbit against a solver of equations, the steps against loops."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from torch import Tensor

from gensrc.games.dynamics import (
    alternating,
    extragradient,
    path,
    simultaneous,
    xy_field,
    xy_orbit,
    xy_proximal,
)

STEPS = [simultaneous, alternating, extragradient, xy_proximal]
number = st.floats(-4, 4)
size = st.floats(0.01, 1.5)


def f64(*values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def gradient_field(value: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The field of a game, by automatic differentiation."""

    def field(point: Tensor) -> Tensor:
        x, y = (part.clone().requires_grad_() for part in point.detach().unbind(-1))
        by_x, by_y = torch.autograd.grad(value(x, y).sum(), (x, y))
        return torch.stack([-by_x, by_y], dim=-1)

    return field


@given(number, number)
def test_the_field_is_that_of_the_product(x: float, y: float) -> None:
    assert torch.equal(xy_field(f64(x, y)), gradient_field(lambda x, y: x * y)(f64(x, y)))


def test_orbit_solves_the_differential_equation() -> None:
    times = torch.linspace(0, 7, 15, dtype=torch.float64)
    solved = solve_ivp(
        lambda _, p: xy_field(f64(*p)).numpy(),
        (0, 7),
        [1.5, -0.5],
        t_eval=times.numpy(),
        rtol=1e-10,
        atol=1e-12,
    )
    orbit = xy_orbit(f64(1.5, -0.5), times)
    assert torch.allclose(orbit, torch.from_numpy(solved.y.T), atol=1e-8)
    assert torch.allclose(orbit.norm(dim=1), f64(math.sqrt(2.5)), atol=1e-14)


@given(number, number, size)
def test_steps_by_hand(x: float, y: float, h: float) -> None:
    point = f64(x, y)
    middle = (x - h * y, y + h * x)
    expected = {
        simultaneous: middle,
        alternating: (x - h * y, y + h * (x - h * y)),
        extragradient: (x - h * middle[1], y + h * middle[0]),
        xy_proximal: tuple(torch.linalg.solve(f64([1, h], [-h, 1]), point).tolist()),
    }
    for step, after in expected.items():
        assert step(point, h).tolist() == pytest.approx(after, abs=1e-13)


@given(number, number, size)
def test_radii_and_the_invariant(x: float, y: float, h: float) -> None:
    start = f64(x, y)
    radius = start.norm()
    growth = {
        simultaneous: math.sqrt(1 + h**2),
        extragradient: math.sqrt(1 - h**2 + h**4),
        xy_proximal: 1 / math.sqrt(1 + h**2),
    }
    for step, factor in growth.items():
        last = path(step, start, size=h, steps=5)[-1]
        assert last.norm().item() == pytest.approx(float(radius) * factor**5, abs=1e-10)
    points = path(alternating, start, size=h, steps=20)
    kept = points.square().sum(1) - h * points.prod(1)
    assert torch.allclose(kept, kept[0].expand(21), rtol=1e-9, atol=1e-10)


def test_the_figures_of_the_errata() -> None:
    start = f64(1, 0)
    spiral = path(simultaneous, start, size=0.1, steps=100)[-1].norm().item()
    assert spiral == pytest.approx(1.6446, abs=5e-5)
    assert path(alternating, start, size=0.1, steps=1000).norm(dim=1).max() <= math.sqrt(
        1.05 / 0.95
    )


def test_steps_take_other_fields() -> None:
    field = gradient_field(lambda x, y: x**2 + 3 * x * y - 2 * y**2)
    point, h = f64(0.5, -1.0), 0.1
    by_x, by_y = 2 * 0.5 + 3 * -1.0, 3 * 0.5 - 4 * -1.0
    x = 0.5 - h * by_x
    assert simultaneous(point, h, field).tolist() == pytest.approx([x, -1 + h * by_y])
    assert alternating(point, h, field).tolist() == pytest.approx([x, -1 + h * (3 * x + 4)])
    middle = (x, -1 + h * by_y)
    after = [0.5 - h * (2 * middle[0] + 3 * middle[1]), -1 + h * (3 * middle[0] - 4 * middle[1])]
    assert extragradient(point, h, field).tolist() == pytest.approx(after)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_dtypes(step: Callable[[Tensor, float], Tensor], dtype: torch.dtype) -> None:
    start = torch.ones(3, 4, 2, dtype=dtype)
    points = path(step, start, size=0.1, steps=2)
    assert points.shape == (3, 3, 4, 2)
    assert points.dtype == dtype
    assert torch.equal(path(step, start, size=0.1, steps=0)[0], start)
    assert torch.equal(points[2, 1, 1], path(step, start[0, 0], size=0.1, steps=2)[2])
    assert xy_orbit(start, torch.zeros(3, 4, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (f64(1, 2, 3), r"point: expected a floating-point tensor of shape \(..., 2\), got \(3,\)"),
        (f64(1), r"shape \(..., 2\), got \(1,\)"),
        (torch.tensor([1, 2]), "expected a floating-point tensor"),
        ([1.0, 2.0], "got list"),
        (f64(math.nan, 0), "point: expected finite numbers, got NaN"),
        (torch.zeros(0), r"shape \(..., 2\), got \(0,\)"),
    ],
)
def test_bad_points(bad: Tensor, message: str) -> None:
    for function in (lambda p: path(simultaneous, p, size=1.0, steps=1), xy_field):
        with pytest.raises(ValueError, match=message):
            function(bad)
    with pytest.raises(ValueError, match=message):
        xy_orbit(bad, f64(0.0))
    with pytest.raises(ValueError, match=message):
        xy_proximal(bad, 0.1)


@pytest.mark.parametrize(("size", "steps"), [(0.0, 1), (math.nan, 1), (math.inf, 1), (0.1, -1)])
def test_bad_sizes(size: float, steps: int) -> None:
    with pytest.raises(ValueError, match="steps, size: expected steps >= 0 and size > 0"):
        path(simultaneous, f64(1, 0), size=size, steps=steps)


@pytest.mark.parametrize("size", [0.0, -0.1, math.nan, math.inf])
@pytest.mark.parametrize("step", STEPS)
def test_each_step_refuses_a_size_that_is_not_positive(
    step: Callable[[Tensor, float], Tensor], size: float
) -> None:
    # A negative step is one of the reversed game.
    with pytest.raises(ValueError, match=f"size: expected a positive number, got {size}"):
        step(f64(1, 0), size)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_refuses_a_point_that_is_none(step: Callable[[Tensor, float], Tensor]) -> None:
    for bad in (f64(1, 2, 3), f64(math.inf, 0)):
        with pytest.raises(ValueError, match="point: expected"):
            step(bad, 0.1)


@pytest.mark.parametrize("step", [simultaneous, alternating, extragradient])
def test_a_field_keeps_the_shape(step: Callable[..., Tensor]) -> None:
    for field in (lambda p: p[..., :1], lambda p: p[:, None]):
        with pytest.raises(ValueError, match=r"field: expected the shape \(3, 2\) of the point"):
            step(torch.zeros(3, 2), 0.1, field)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("h", [1e-30, 1e30, 1e200, 1e300])
def test_proximal_steps_of_any_size(h: float, dtype: torch.dtype) -> None:
    after = xy_proximal(torch.tensor([5.0, 1.0], dtype=dtype), h)
    expected = [5.0, 1.0] if h < 1 else [-1 / h, 5 / h]
    assert after.tolist() == pytest.approx(
        expected, rel=1e-6, abs=1e-44 if dtype.itemsize == 4 else 0
    )


def test_a_path_that_leaves_the_numbers_is_an_error() -> None:
    with pytest.raises(
        ValueError, match="steps: expected finite points, got NaN or infinity in st"
    ):
        path(simultaneous, torch.tensor([1.0, 0.0]), size=1e10, steps=4)


def test_times_and_starts_do_not_meet_by_accident() -> None:
    starts = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"time: expected shape \(3,\), got \(3, 1\)"):
        xy_orbit(starts, torch.zeros(3, 1, dtype=torch.float64))
    for time in (torch.tensor(1), torch.tensor(1.0), f64(math.nan), 1.0):
        with pytest.raises(
            ValueError, match=r"time: expected finite numbers of torch.float64, got"
        ):
            xy_orbit(starts, time)


def test_cuda_agrees(cuda: torch.device) -> None:
    start = f64([1, 0.5], [-2, 3])
    for step in STEPS:
        there = path(step, start.to(cuda), size=0.2, steps=10)
        assert torch.allclose(there.cpu(), path(step, start, size=0.2, steps=10))
    time = torch.linspace(0, 6, 7, dtype=torch.float64)
    there = xy_orbit(start[0].to(cuda), time.to(cuda))
    assert torch.allclose(there.cpu(), xy_orbit(start[0], time))
