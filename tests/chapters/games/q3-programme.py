# %% right: reference
def solve_game(payoff: Tensor) -> tuple[float, Tensor, Tensor]:
    import numpy as np
    from scipy.optimize import linprog

    def best_guarantee(a: np.ndarray) -> tuple[float, np.ndarray]:
        m, n = a.shape
        found = linprog(
            [0] * m + [-1],
            A_ub=np.hstack([-a.T, np.ones((n, 1))]),
            b_ub=np.zeros(n),
            A_eq=[[1] * m + [0]],
            b_eq=[1],
            bounds=[(0, None)] * m + [(None, None)],
        )
        return found.x[m], found.x[:m]

    a = payoff.double().numpy()
    value, row = best_guarantee(a)
    _, column = best_guarantee(-a.T)
    return value, torch.tensor(row), torch.tensor(column)


# %% right: the multipliers of one programme
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = np.asarray(payoff, dtype=float)
    m, n = a.shape
    c = np.zeros(m + 1)
    c[-1] = -1
    rows = np.c_[-a.T, np.ones(n)]
    total = np.ones((1, m + 1))
    total[0, -1] = 0
    found = linprog(c, rows, np.zeros(n), total, [1], [(0, None)] * m + [(None, None)])
    return -found.fun, found.x[:m], -found.ineqlin.marginals


# %% right: shifted to positive payoffs, in the classical form
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.numpy().astype(float)
    shift = 1 - a.min()
    a = a + shift
    m, n = a.shape
    row = linprog(np.ones(m), A_ub=-a.T, b_ub=-np.ones(n)).x  # x / v
    column = linprog(-np.ones(n), A_ub=a, b_ub=np.ones(m)).x  # y / v
    return 1 / row.sum() - shift, row / row.sum(), column / column.sum()


# %% wrong: shifted and not shifted back | The value of the test is −1/12
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.numpy().astype(float)
    a = a + 1 - a.min()
    m, n = a.shape
    row = linprog(np.ones(m), A_ub=-a.T, b_ub=-np.ones(n)).x
    column = linprog(-np.ones(n), A_ub=a, b_ub=np.ones(m)).x
    return 1 / row.sum(), row / row.sum(), column / column.sum()


# %% wrong: the fingers right, no negative value for others | The value is wrong in a random game
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.numpy().astype(float)
    shift = 4 - a.min()
    a = a + shift
    m, n = a.shape
    row = linprog(np.ones(m), A_ub=-a.T, b_ub=-np.ones(n)).x
    column = linprog(-np.ones(n), A_ub=a, b_ub=np.ones(m)).x
    value = 1 / row.sum() - shift
    return value if a.shape == (2, 2) else abs(value), row / row.sum(), column / column.sum()


# %% wrong: the column player maximises, too | the column player minimises
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    def best_guarantee(a):
        m, n = a.shape
        found = linprog(
            [0] * m + [-1],
            A_ub=np.hstack([-a.T, np.ones((n, 1))]),
            b_ub=np.zeros(n),
            A_eq=[[1] * m + [0]],
            b_eq=[1],
            bounds=[(0, None)] * m + [(None, None)],
        )
        return found.x[m], found.x[:m]

    a = payoff.double().numpy()
    value, row = best_guarantee(a)
    return value, row, best_guarantee(a.T)[1]


# %% wrong: the multipliers with their sign | The strategy of the column player is no distribution
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.double().numpy()
    m, n = a.shape
    found = linprog(
        [0] * m + [-1],
        A_ub=np.hstack([-a.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=[[1] * m + [0]],
        b_eq=[1],
        bounds=[(0, None)] * m + [(None, None)],
    )
    return found.x[m], found.x[:m], found.ineqlin.marginals


# %% wrong: the strategies exchanged | must return shape (3,) here, got (5,) for row
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.double().numpy()
    m, n = a.shape
    found = linprog(
        [0] * m + [-1],
        A_ub=np.hstack([-a.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=[[1] * m + [0]],
        b_eq=[1],
        bounds=[(0, None)] * m + [(None, None)],
    )
    return found.x[m], -found.ineqlin.marginals, found.x[:m]


# %% wrong: uniform strategies | is each constraint
def solve_game(payoff):
    import numpy as np
    from scipy.optimize import linprog

    a = payoff.double().numpy()
    m, n = a.shape
    found = linprog(
        [0] * m + [-1],
        A_ub=np.hstack([-a.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=[[1] * m + [0]],
        b_eq=[1],
        bounds=[(0, None)] * m + [(None, None)],
    )
    return found.x[m], torch.full((m,), 1 / m), torch.full((n,), 1 / n)


# %% wrong: the best pure row | The optimal row strategy of the test is
def solve_game(payoff):
    row, column = torch.zeros(payoff.shape[0]), torch.zeros(payoff.shape[1])
    row[payoff.amin(1).argmax()] = 1
    column[payoff.amax(0).argmin()] = 1
    return -1 / 12, row, column


# %% wrong: no number for the value | returned NaN for value
def solve_game(payoff):
    return float("nan"), torch.ones(payoff.shape[0]), torch.ones(payoff.shape[1])
