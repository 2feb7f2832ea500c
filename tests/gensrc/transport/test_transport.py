import itertools
import math
import sys
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog
from scipy.stats import wasserstein_distance
from torch import Tensor

from gensrc.transport import (
    Potentials,
    Transport,
    c_transform,
    earth_mover,
    earth_mover_dual,
    lipschitz_form,
    lp_matrices,
    optimality,
    solvers,
    wasserstein_1d,
)

SOLVERS = [earth_mover, earth_mover_dual]
each_solver = pytest.mark.parametrize("solver", SOLVERS)


def f64(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


class Problem(NamedTuple):
    cost: Tensor
    a: Tensor
    b: Tensor


def weights(n: int, generator: torch.Generator, *, zeros: bool = False) -> Tensor:
    w = torch.rand(n, generator=generator, dtype=torch.float64)
    if zeros:
        w = w * (torch.rand(n, generator=generator) < 0.6)
        w[0] += 0.1
    return w / w.sum()


def random_problem(n: int, m: int, seed: int = 0, *, zeros: bool = False) -> Problem:
    generator = torch.Generator().manual_seed(seed)
    cost = torch.randn(n, m, generator=generator, dtype=torch.float64)
    return Problem(cost, weights(n, generator, zeros=zeros), weights(m, generator, zeros=zeros))


def on_points(n: int, seed: int = 0, *, d: int = 2) -> Problem:
    """Two distributions over the same points, and their Euclidean distances."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=generator, dtype=torch.float64)
    distance = (x[:, None] - x).norm(dim=-1)
    return Problem(distance, weights(n, generator, zeros=True), weights(n, generator, zeros=True))


def by_linprog(cost: Tensor, a: Tensor, b: Tensor) -> float:
    """The value, with constraints written by loops and another method of HiGHS."""
    n, m = cost.shape
    rows = []
    for i in range(n):
        rows.append([float(k == i) for k in range(n) for _ in range(m)])
    for j in range(m):
        rows.append([float(k == j) for _ in range(n) for k in range(m)])
    found = linprog(cost.flatten().tolist(), A_eq=rows, b_eq=[*a, *b], method="highs-ipm")
    return float(found.fun)


def assert_optimal(problem: Problem, result: Transport, tolerance: float = 1e-9) -> None:
    """The conditions of an optimum, written out."""
    cost, a, b = problem
    f, g = result.potentials
    assert (result.plan >= 0).all()
    assert torch.allclose(result.plan.sum(1), a, rtol=0, atol=tolerance)
    assert torch.allclose(result.plan.sum(0), b, rtol=0, atol=tolerance)
    assert (f[:, None] + g <= cost + tolerance).all()
    used = result.plan > 0
    assert torch.allclose((f[:, None] + g)[used], cost[used], rtol=0, atol=10 * tolerance)
    assert float((a * f).sum() + (b * g).sum()) == pytest.approx(float(result.value), abs=tolerance)


# One dimension


def samples(minimum: int = 1) -> st.SearchStrategy[Tensor]:
    numbers = st.lists(st.floats(-100, 100), min_size=minimum, max_size=7)
    return numbers.map(lambda values: torch.tensor(values, dtype=torch.float64))


@given(samples(), samples())
def test_w1_of_samples_is_scipys(x: Tensor, y: Tensor) -> None:
    expected = wasserstein_distance(x.numpy(), y.numpy())
    assert float(wasserstein_1d(x, y)) == pytest.approx(expected, abs=1e-11)


@given(samples(), samples(), st.sampled_from([1, 1.5, 2, 3]))
def test_wp_of_samples_is_the_value_of_the_programme(x: Tensor, y: Tensor, p: float) -> None:
    cost = (x[:, None] - y).abs() ** p
    a, b = (torch.full_like(s, 1 / len(s)) for s in (x, y))
    value = max(float(earth_mover(cost, a, b).value), 0)
    assert float(wasserstein_1d(x, y, p=p)) ** p == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_wp_is_the_best_of_all_matchings(generator: torch.Generator) -> None:
    x, y = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    for p in (1, 2, 4):
        matched = min(
            float((x - y[list(order)]).abs().pow(p).mean()) ** (1 / p)
            for order in itertools.permutations(range(5))
        )
        assert float(wasserstein_1d(x, y, p=p)) == pytest.approx(matched, rel=1e-12)


def test_wp_by_hand() -> None:
    x, y = f64(3, 0), f64(1, 1, 1)
    # Half of the mass moves by 1, half by 2.
    assert wasserstein_1d(x, y) == 1.5
    assert float(wasserstein_1d(x, y, p=2)) == pytest.approx(math.sqrt(2.5), rel=1e-15)
    assert wasserstein_1d(x, y, p=math.inf) == 2
    assert wasserstein_1d(x, x.flip(0), p=3) == 0
    # Steps of thirds and halves: 1/3 moves by 0, 1/6 by 1, 1/6 by 1, 1/3 by 0.
    assert float(wasserstein_1d(f64(0, 1, 2), f64(0, 2))) == pytest.approx(1 / 3, rel=1e-15)


def test_wp_of_large_orders_and_numbers_does_not_overflow() -> None:
    assert float(wasserstein_1d(f64(0, 0), f64(1e300, 1e300), p=2)) == pytest.approx(1e300)
    assert float(wasserstein_1d(f64(0), f64(1e-200), p=3)) == pytest.approx(1e-200)
    assert float(wasserstein_1d(f64(0, 0), f64(1, 2), p=5000)) == pytest.approx(2, rel=1e-3)


def test_gradient_of_wp() -> None:
    x, y = f64(0.3, -1, 2).requires_grad_(), f64(0.5, 4).requires_grad_()
    for p in (1, 2, 3):
        assert torch.autograd.gradcheck(lambda x, y, p=p: wasserstein_1d(x, y, p=p), (x, y))
    wasserstein_1d(x, x.detach().clone(), p=2).backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_wp_keeps_the_dtype(dtype: torch.dtype) -> None:
    x, y = torch.tensor([0.0, 2.0], dtype=dtype), torch.tensor([1.0], dtype=dtype)
    assert wasserstein_1d(x, y, p=2).dtype == dtype
    assert wasserstein_1d(x, y, p=2) == 1


def test_wp_refuses() -> None:
    x = f64(1, 2)
    with pytest.raises(ValueError, match=r"x: expected finite numbers"):
        wasserstein_1d(f64(1, math.nan), x)
    with pytest.raises(ValueError, match=r"y: expected finite numbers"):
        wasserstein_1d(x, f64(1, math.inf))
    with pytest.raises(ValueError, match=r"y: expected shape \(n,\), not empty, got \(0,\)"):
        wasserstein_1d(x, f64())
    with pytest.raises(ValueError, match=r"x: expected shape \(n,\), not empty, got \(1, 2\)"):
        wasserstein_1d(x[None], x)
    with pytest.raises(ValueError, match=r"x: expected a floating-point tensor, got torch\.int64"):
        wasserstein_1d(torch.arange(3), x)
    with pytest.raises(ValueError, match=r"x, y: expected differences within torch\.float64"):
        wasserstein_1d(f64(1e308), f64(-1e308))
    for p in (0.5, math.nan):
        with pytest.raises(ValueError, match="p: expected an order of at least 1"):
            wasserstein_1d(x, x, p=p)


# The programme and its dual


@each_solver
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (5, 1), (3, 4), (6, 6), (12, 7)])
@pytest.mark.parametrize("zeros", [False, True])
def test_value_is_that_of_the_programme_written_by_loops(
    solver: type, n: int, m: int, zeros: bool
) -> None:
    problem = random_problem(n, m, seed=10 * n + m, zeros=zeros)
    result = solver(*problem)
    assert float(result.value) == pytest.approx(by_linprog(*problem), abs=1e-7)
    assert float((result.plan * problem.cost).sum()) == pytest.approx(
        float(result.value), abs=1e-12
    )
    assert_optimal(problem, result)
    assert result.potentials.f[0] == 0


@each_solver
@pytest.mark.parametrize("seed", range(5))
def test_equal_weights_are_an_assignment(solver: type, seed: int) -> None:
    cost = random_problem(7, 7, seed).cost
    same = torch.full((7,), 1 / 7, dtype=torch.float64)
    rows, columns = linear_sum_assignment(cost.numpy())
    expected = float(cost[rows, columns].mean())
    assert float(solver(cost, same, same).value) == pytest.approx(expected, abs=1e-12)


@each_solver
def test_by_hand(solver: type) -> None:
    # 0.5 of the mass stays, 0.25 goes from place 0 to 1 and 0.25 from 0 to 2.
    distance = f64(0, 1, 2).sub(f64(0, 1, 2)[:, None]).abs()
    result = solver(distance, f64(1, 0, 0), f64(0.5, 0.25, 0.25))
    assert result.value == 0.75
    assert torch.equal(result.plan[0], f64(0.5, 0.25, 0.25))
    assert not result.plan[1:].any()


@each_solver
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e9, 1e150])
def test_the_unit_of_the_cost_does_not_matter(solver: type, scale: float) -> None:
    cost, a, b = random_problem(6, 8, seed=3)
    expected = solver(cost, a, b)
    result = solver(scale * cost, a, b)
    assert float(result.value) == pytest.approx(scale * float(expected.value), rel=1e-9)
    assert torch.allclose(result.potentials.g, scale * expected.potentials.g, rtol=1e-7)


@each_solver
def test_costs_of_zero(solver: type) -> None:
    _, a, b = random_problem(3, 4)
    assert solver(f64(*[0] * 12).reshape(3, 4), a, b).value == 0


@each_solver
def test_a_forbidden_route_is_not_used(solver: type) -> None:
    cost, a, b = random_problem(5, 5, seed=8, zeros=True)
    cost = cost.masked_fill(torch.eye(5, dtype=torch.bool), -50.0)
    assert solver(cost, a, b).plan.diagonal().sum() > 0
    cost.fill_diagonal_(math.inf)
    result = solver(cost, f64(*[0.2] * 5), b)
    assert not result.plan.diagonal().any()
    assert float(result.value) == pytest.approx(
        by_linprog(cost.nan_to_num(posinf=1e3), f64(*[0.2] * 5), b), abs=1e-7
    )
    assert_optimal(Problem(cost, f64(*[0.2] * 5), b), result)
    assert all(potential.isfinite().all() for potential in result.potentials)


@each_solver
def test_places_that_nothing_reaches_are_fine_without_mass(solver: type) -> None:
    cost = f64(1, 2, math.inf, math.inf, math.inf, math.inf).reshape(2, 3)
    result = solver(cost, f64(1, 0), f64(0.5, 0.5, 0))
    assert result.value == 1.5
    assert all(potential.isfinite().all() for potential in result.potentials)


@each_solver
def test_no_plan_is_one_sentence(solver: type) -> None:
    cost = f64(0, math.inf, math.inf, 0).reshape(2, 2)
    with pytest.raises(ValueError, match="the programme is infeasible"):
        solver(cost, f64(0.5, 0.5), f64(0.25, 0.75))
    assert solver(cost, f64(0.5, 0.5), f64(0.5, 0.5)).value == 0


@pytest.mark.parametrize("n", [101, 150])
def test_large_problems_go_through_pot_and_agree_with_highs(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = random_problem(n, n - 1, seed=n, zeros=True)
    called = []
    network = solvers.network
    monkeypatch.setattr(solvers, "network", lambda *a: called.append(a) or network(*a))
    monkeypatch.setattr(solvers, "MAX_HIGHS_ROUTES", 2000)
    by_pot = earth_mover(*problem)
    assert len(called) == 1
    monkeypatch.setattr(solvers, "MAX_HIGHS_ROUTES", 10**9)
    by_highs = earth_mover(*problem)
    assert len(called) == 1
    assert float(by_pot.value) == pytest.approx(float(by_highs.value), abs=1e-11)
    assert_optimal(problem, by_pot)
    assert_optimal(problem, by_highs)


@each_solver
@pytest.mark.parametrize("forbidden", [1e8, 1e10, 1e11, 1e13, 1e300])
@pytest.mark.parametrize("n", [5, 12, 36])
def test_a_large_finite_cost_forbids_a_route(solver: type, forbidden: float, n: int) -> None:
    cost, a, _ = random_problem(n, n, seed=n, zeros=True)
    b = torch.full((n,), 1 / n, dtype=torch.float64)
    draw = torch.rand(n, n, generator=torch.Generator().manual_seed(n + 1))
    shut = (draw < 0.5) & ~torch.eye(n, dtype=torch.bool)
    shut[a.argmax()] = False
    expected = solver(cost.masked_fill(shut, math.inf), a, b)
    problem = Problem(cost.masked_fill(shut, forbidden), a, b)
    result = solver(*problem)
    assert float(result.value) == pytest.approx(float(expected.value), rel=1e-12)
    assert_optimal(problem, result)


@pytest.mark.parametrize("forbidden", [math.inf, 1e8, 1e10, 1e13])
def test_large_problems_with_forbidden_routes(forbidden: float) -> None:
    cost, a, b = random_problem(60, 50, seed=3)
    shut = torch.rand(60, 50, generator=torch.Generator().manual_seed(4)) < 0.5
    problem = Problem(cost.masked_fill(shut, forbidden), a, b)
    by_dual = earth_mover_dual(*problem)  # by HiGHS
    by_pot = earth_mover(*problem)
    assert float(by_pot.value) == pytest.approx(float(by_dual.value), rel=1e-12)
    assert_optimal(problem, by_pot)


@each_solver
def test_a_large_cost_is_paid_where_there_is_no_other_way(solver: type) -> None:
    # Half of the mass of place 0 has to take the dear route.
    cost = f64(1, 1e11, 2, 1e11).reshape(2, 2)
    result = solver(cost, f64(0.5, 0.5), f64(0.5, 0.5))
    assert float(result.value) == pytest.approx(0.5e11 + 0.5, rel=1e-12)
    # Here it is worth its price: the other way round costs more.
    cost = f64(0, 1e7, 1e8, 1, 0, 1e7, 1e8, 1, 0).reshape(3, 3)
    result = solver(cost, f64(1, 0, 0), f64(0.5, 0.5 - 1e-9, 1e-9))
    assert float(result.value) == pytest.approx(5e6 - 0.01 + 0.1, rel=1e-9)


@each_solver
def test_costs_of_all_sizes(solver: type) -> None:
    for seed in range(20):
        draw = torch.Generator().manual_seed(seed)
        cost = 10 ** (20 * torch.rand(6, 5, generator=draw, dtype=torch.float64) - 8)
        a, b = weights(6, draw), weights(5, draw)
        result = solver(cost, a, b)
        f, g = result.potentials
        # weak duality, in sums without rounding
        earned = math.fsum((torch.cat([a / a.sum() * f, b / b.sum() * g])).tolist())
        assert (f[:, None] + g <= cost * (1 + 1e-9) + 1e-12 * cost.max()).all()
        assert earned == pytest.approx(float((cost * result.plan).sum()), rel=1e-8)


@each_solver
@pytest.mark.parametrize("mass", [1e-9, 1e-11, 1e-13])
def test_little_mass_is_moved(solver: type, mass: float) -> None:
    cost = f64(0, 1, 1, 0).reshape(2, 2)
    half, more = f64(0.5, 0.5), f64(0.5 + mass, 0.5 - mass)
    for pair in ((half, more), (more, half)):
        assert float(solver(cost, *pair).value) == pytest.approx(mass, rel=1e-2)
    assert solver(cost, f64(0.3, 0.7), f64(0.3, 0.7)).value == 0


@each_solver
def test_costs_in_common_do_no_harm(solver: type) -> None:
    cost, a, b = random_problem(6, 8, seed=3)
    cost = (cost * 1024).round() / 1024  # so that the sums are exact
    expected = solver(cost, a, b)
    result = solver(cost + 2.0**36, a, b)
    assert float(result.value) - 2.0**36 == pytest.approx(float(expected.value), abs=1e-4)
    assert torch.equal(result.plan > 0, expected.plan > 0)


def test_far_clusters_of_a_metric() -> None:
    line = f64(0, 1, 3, 1e11, 1e11 + 2, 1e11 + 3)
    distance = (line[:, None] - line).abs()
    p, q = f64(0.2, 0.2, 0.1, 0.3, 0, 0.2), f64(0.1, 0.1, 0.3, 0, 0.5, 0)
    result = lipschitz_form(distance, p, q)
    expected = 0.1 * 1 + 0.2 * 2 + 0.3 * 2 + 0.2 * 1
    assert float(result.value) == pytest.approx(expected, rel=1e-12)
    assert_optimal(Problem(distance, p, q), result)


def test_without_pot_highs_solves_large_problems_too(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(12, 11, seed=1)
    expected = earth_mover(*problem).value
    monkeypatch.setattr(solvers, "MAX_HIGHS_ROUTES", 1)
    monkeypatch.setitem(sys.modules, "ot", None)
    assert solvers.network(*(part.numpy() for part in problem)) is None
    assert torch.allclose(earth_mover(*problem).value, expected, rtol=0, atol=1e-12)


def test_a_solver_that_errs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(4, 4)
    primal = solvers.primal

    def wrong(*problem: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        plan, f, g = primal(*problem)
        return np.outer(plan.sum(1), plan.sum(0)), f, g  # the marginals are right, the plan dear

    monkeypatch.setattr(solvers, "primal", wrong)
    with pytest.raises(RuntimeError, match="solver: expected an optimum within 1e-09"):
        earth_mover(*problem)


def test_gradient_of_the_value_by_the_cost_is_the_plan() -> None:
    cost, a, b = random_problem(4, 5, seed=2)
    cost.requires_grad_()
    result = earth_mover(cost, a, b)
    (slope,) = torch.autograd.grad(result.value, cost)
    assert torch.equal(slope, result.plan)


@each_solver
def test_float32_follows_float64(solver: type) -> None:
    problem = random_problem(5, 6, seed=4)
    result = solver(*(part.float() for part in problem))
    parts = [result.value, result.plan, *result.potentials]
    assert all(part.dtype == torch.float32 for part in parts)
    exact = solver(*problem)
    for part, other in zip(parts, [exact.value, exact.plan, *exact.potentials]):
        assert torch.allclose(part.double(), other, rtol=0, atol=1e-5)


@each_solver
def test_sums_within_rounding_of_one_are_accepted(solver: type) -> None:
    cost, a, b = random_problem(5, 6, seed=4)
    exact = solver(cost, a, b).value
    assert torch.allclose(solver(cost, a * (1 + 5e-6), b * (1 - 5e-6)).value, exact, atol=1e-12)


@pytest.mark.parametrize("solver", [*SOLVERS, lp_matrices, lipschitz_form])
def test_refuses(solver: type) -> None:
    cost, a = f64(0, 1, 1, 0).reshape(2, 2), f64(0.5, 0.5)
    cases = [
        ((cost, f64(0.5, 0.6), a), r"a: expected a sum of 1 .* got 1\.1"),
        ((cost, a, f64(1.5, -0.5)), r"b: expected numbers >= 0, got -0\.5"),
        ((cost, a, f64(0.5, math.nan)), "b: expected finite numbers"),
        ((cost, f64(1, 0, 0), a), r"a: expected 2 weights .* shape \(2, 2\), got 3"),
        ((cost, a, f64(1)), r"b: expected 2 weights .* got 1"),
        ((cost, a[None], a), r"a: expected shape \(n,\), not empty, got \(1, 2\)"),
        ((cost[0], a, a), r"cost: expected shape \(n, m\), not empty, got \(2,\)"),
        ((cost.long(), a, a), "cost: expected a floating-point tensor, got torch.int64"),
        ((cost.numpy(), a, a), "cost: expected a floating-point tensor, got ndarray"),
        ((cost * math.nan, a, a), r"cost: expected numbers or \+inf .*, got NaN or -inf"),
        ((cost - math.inf, a, a), r"cost: expected numbers or \+inf .*, got NaN or -inf"),
    ]
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            solver(*arguments)


# Matrices


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 3), (4, 2)])
def test_matrices_take_a_plan_to_its_marginals(n: int, m: int) -> None:
    cost, a, b = random_problem(n, m, seed=5)
    matrix, right, c = lp_matrices(cost, a, b)
    plan = torch.rand(n, m, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert matrix.shape == (n + m, n * m)
    assert torch.allclose(matrix @ plan.flatten(), torch.cat([plan.sum(1), plan.sum(0)]))
    assert torch.equal(right, torch.cat([a, b]))
    assert torch.equal(c.reshape(n, m), cost)
    sparse = solvers.marginal_matrix(n, m).toarray()
    assert np.array_equal(sparse, matrix.numpy())
    assert lp_matrices(cost.float(), a.float(), b.float()).A.dtype == torch.float32


# Certificates and transforms


def test_optimality_measures_each_fault() -> None:
    problem = random_problem(4, 5, seed=6)
    best = earth_mover(*problem)
    assert all(float(number) <= 1e-12 for number in optimality(*problem, best))
    f, g = best.potentials
    product = problem.a[:, None] * problem.b
    dear = optimality(*problem, best._replace(plan=product))
    gap = float((product * problem.cost).sum() - best.value)
    assert float(dear.slackness) == pytest.approx(gap, rel=1e-9)
    assert float(dear.marginals) <= 1e-15
    short = optimality(*problem, best._replace(plan=best.plan * 0.9))
    heaviest = max(float(problem.a.max()), float(problem.b.max()))
    assert float(short.marginals) == pytest.approx(0.1 * heaviest, rel=1e-9)
    greedy = optimality(*problem, best._replace(potentials=Potentials(f + 0.25, g)))
    assert float(greedy.feasibility) == pytest.approx(0.25, rel=1e-9)
    swapped = best.plan.clone()
    swapped[0, 0] -= 2
    assert float(optimality(*problem, best._replace(plan=swapped)).marginals) >= 1


def test_slackness_of_infeasible_potentials_does_not_cancel() -> None:
    cost, half = f64(0, 1, 1, 0).reshape(2, 2), f64(0.5, 0.5)
    prices = Potentials(f64(1, -1), f64(0, 0))  # one route exceeded by as much as one is below
    wrong = Transport(f64(0)[0], torch.eye(2, dtype=torch.float64) / 2, prices)
    assert optimality(cost, half, half, wrong).slackness == 1


@given(st.integers(0, 10**6))
def test_c_transform_is_the_largest_that_fits(seed: int) -> None:
    cost, _, _ = random_problem(4, 3, seed)
    f = torch.randn(4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    g = c_transform(cost, f)
    excess = f[:, None] + g - cost
    assert excess.max() <= 1e-12
    assert excess.amax(0).abs().max() <= 1e-12  # each is as large as it can be
    better = c_transform(cost.T, g)
    assert (better >= f - 1e-12).all()
    assert torch.allclose(c_transform(cost, better), g)


@given(st.integers(0, 10**6))
def test_on_a_metric_a_transform_is_lipschitz_and_its_own_is_its_negative(seed: int) -> None:
    distance = on_points(6, seed).cost
    g = torch.randn(6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    h = c_transform(distance, g)
    assert ((h[:, None] - h).abs() <= distance + 1e-12).all()
    assert torch.allclose(c_transform(distance, h), -h, rtol=0, atol=1e-12)


def test_c_transform_refuses() -> None:
    with pytest.raises(ValueError, match=r"f: expected one finite number for each of 2 rows"):
        c_transform(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(ValueError, match="with NaN or infinity"):
        c_transform(torch.zeros(2, 3), torch.tensor([0.0, math.inf]))
    with pytest.raises(ValueError, match="cost: expected numbers"):
        c_transform(torch.full((1, 1), math.nan), torch.zeros(1))


# One Lipschitz function


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [1, 2, 9, 20])
def test_lipschitz_form_has_the_value_of_the_plan(n: int, seed: int) -> None:
    problem = on_points(n, seed)
    result = lipschitz_form(*problem)
    assert float(result.value) == pytest.approx(by_linprog(*problem), abs=1e-7)
    assert torch.equal(result.potentials.f, -result.potentials.g)
    assert_optimal(problem, result)


def test_lipschitz_form_on_a_line_sends_mass_straight_through() -> None:
    # On a line every path of steps is as short as the direct way, so that flows have stops.
    line = torch.arange(7, dtype=torch.float64)
    problem = Problem((line[:, None] - line).abs(), f64(1, *[0] * 6), f64(*[0] * 6, 1))
    result = lipschitz_form(*problem)
    assert result.value == 6
    assert result.plan[0, 6] == 1
    assert result.plan.sum() == 1


def test_shortcut_keeps_the_balance_and_removes_stops(generator: torch.Generator) -> None:
    flow = torch.rand(6, 6, generator=generator, dtype=torch.float64).numpy()
    np.fill_diagonal(flow, 0)
    straight = solvers.remove_transit(flow)
    balance = flow.sum(1) - flow.sum(0)
    assert np.allclose(straight.sum(1) - straight.sum(0), balance)
    assert np.allclose(straight.sum(1), np.maximum(balance, 0))
    assert (straight >= 0).all()


def test_lipschitz_form_without_a_path() -> None:
    far = f64(0, math.inf, math.inf, 0).reshape(2, 2)
    assert lipschitz_form(far, f64(0.5, 0.5), f64(0.5, 0.5)).value == 0
    with pytest.raises(ValueError, match="the programme is unbounded"):
        lipschitz_form(far, f64(0.5, 0.5), f64(0.25, 0.75))
    parts = torch.block_diag(*[f64(0, 1, 1, 0).reshape(2, 2)] * 2)
    parts[:2, 2:] = parts[2:, :2] = math.inf
    p, q = f64(0.5, 0, 0.2, 0.3), f64(0.25, 0.25, 0.3, 0.2)
    result = lipschitz_form(parts, p, q)
    assert float(result.value) == pytest.approx(0.35, abs=1e-12)
    assert_optimal(Problem(parts, p, q), result)
    with pytest.raises(ValueError, match="the programme is unbounded"):
        lipschitz_form(parts, p, f64(0.25, 0.15, 0.6, 0))


def test_lipschitz_form_needs_a_metric() -> None:
    half = f64(0.5, 0.5, 0)
    line = f64(0, 1, 2)
    squares = (line[:, None] - line).square()
    with pytest.raises(ValueError, match=r"got d\[0, 2\] = 4 > d\[0, 1\] \+ d\[1, 2\] = 2$"):
        lipschitz_form(squares, half, half)
    skew = f64(0, 1, 2, 2, 0, 1, 2, 1, 0).reshape(3, 3)
    with pytest.raises(ValueError, match="not symmetric"):
        lipschitz_form(skew, half, half)
    for faulty in (squares - 1, squares + torch.eye(3)):
        with pytest.raises(ValueError, match=r"a negative entry or d\[i, i\] not 0"):
            lipschitz_form(faulty, half, half)
    with pytest.raises(ValueError, match=r"distance: expected shape \(n, n\), got \(2, 3\)"):
        lipschitz_form(squares[:2], half[:2], half)


# Devices


def test_cuda_agrees(cuda: torch.device) -> None:
    problem = on_points(8)
    moved = Problem(*(part.to(cuda) for part in problem))
    for solver in (earth_mover, earth_mover_dual, lipschitz_form):
        here, there = solver(*problem), solver(*moved)
        for part, other in zip((here.value, here.plan), (there.value, there.plan)):
            assert other.device.type == "cuda"
            assert torch.allclose(part, other.cpu(), atol=1e-12)
        assert all(float(number) <= 1e-9 for number in optimality(*moved, there))
    x, y = (torch.randn(n, dtype=torch.float64) for n in (5, 7))
    assert torch.allclose(
        wasserstein_1d(x, y, p=2), wasserstein_1d(x.to(cuda), y.to(cuda), p=2).cpu()
    )
    f = torch.zeros(8, dtype=torch.float64)
    transformed = c_transform(moved.cost, f.to(cuda))
    assert torch.equal(c_transform(problem.cost, f), transformed.cpu())
    assert torch.equal(lp_matrices(*problem).A, lp_matrices(*moved).A.cpu())
    with pytest.raises(ValueError, match="expected one device"):
        earth_mover(moved.cost, problem.a, problem.b)
