# %% right: reference
def prices_of(cost: Tensor, plan: Tensor) -> dict[str, Tensor]:
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    f, g, known = torch.zeros_like(cost[:, 0]), torch.zeros_like(cost[0]), {("f", 0)}
    for _ in range(n + m):
        for s, t in zip(i.tolist(), j.tolist()):
            if ("f", s) in known and ("g", t) not in known:
                g[t] = cost[s, t] - f[s]
                known.add(("g", t))
            elif ("g", t) in known and ("f", s) not in known:
                f[s] = cost[s, t] - g[t]
                known.add(("f", s))
    return {"f": f, "g": g, "reduced": cost - f[:, None] - g}


# %% right: a system of linear equations
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows = torch.zeros(len(i) + 1, n + m).double()
    right = torch.zeros(len(i) + 1).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0] = 1
    y = torch.linalg.solve(rows, right)
    f, g = y[:n], y[n:]
    return {"f": f, "g": g, "reduced": cost - (f[:, None] + g[None])}


# %% right: least squares, then shifted, in float32
def prices_of(cost, plan):
    n, m = cost.shape
    used = (plan > 0).flatten()
    A = torch.cat([torch.eye(n).repeat_interleave(m, 1), torch.eye(m).repeat(1, n)])
    y = torch.linalg.lstsq(A[:, used].T, cost.flatten()[used].float()[:, None], driver="gelsd")
    y = y.solution.flatten()
    f, g = y[:n] - y[0], y[n:] + y[0]
    return {"f": f, "g": g, "reduced": cost.float() - f[:, None] - g}


# %% wrong: g must be 0 in the first place instead of f | f of the first source must be 0
def prices_of(cost, plan):
    answer = solve_tree(cost, plan)
    shift = answer["g"][0].clone()
    return {**answer, "f": answer["f"] + shift, "g": answer["g"] - shift}


def solve_tree(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows, right = torch.zeros(n + m, n + m).double(), torch.zeros(n + m).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0] = 1
    y = torch.linalg.solve(rows, right)
    return {"f": y[:n], "g": y[n:], "reduced": cost - y[:n, None] - y[n:]}


# %% wrong: the sign of the reduced costs | The reduced costs must be
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows, right = torch.zeros(n + m, n + m).double(), torch.zeros(n + m).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0] = 1
    y = torch.linalg.solve(rows, right)
    return {"f": y[:n], "g": y[n:], "reduced": y[:n, None] + y[n:] - cost}


# %% wrong: the sign of the reduced costs of random plans | have the wrong sign
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows, right = torch.zeros(n + m, n + m).double(), torch.zeros(n + m).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0] = 1
    y = torch.linalg.solve(rows, right)
    return {"f": y[:n], "g": y[n:], "reduced": (y[:n, None] + y[n:] - cost) * (-1) ** (n == 2)}


# %% wrong: negative reduced costs cut off | with negative ones as they are
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows, right = torch.zeros(n + m, n + m).double(), torch.zeros(n + m).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0] = 1
    y = torch.linalg.solve(rows, right)
    return {"f": y[:n], "g": y[n:], "reduced": (cost - y[:n, None] - y[n:]).clamp(min=0)}


# %% wrong: the transforms, whatever the plan | f of B must be 3
def prices_of(cost, plan):
    g = cost[0]
    f = (cost - g).amin(dim=1)
    return {"f": f, "g": g, "reduced": cost - f[:, None] - g}


# %% wrong: f taken from the first shared target, g from the first source | g must be (1, −1, 4)
def prices_of(cost, plan):
    f = torch.zeros_like(cost[:, 0])
    f[1:] = (cost[1:] - cost[0])[:, -1]
    return {"f": f, "g": cost[0], "reduced": cost - f[:, None] - cost[0]}


# %% wrong: one round through the routes | follow the routes from one place to the next
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    f, g, known = torch.zeros_like(cost[:, 0]), torch.zeros_like(cost[0]), {("f", 0)}
    for _ in range(2):
        for s, t in zip(i.tolist(), j.tolist()):
            if ("f", s) in known and ("g", t) not in known:
                g[t] = cost[s, t] - f[s]
                known.add(("g", t))
            elif ("g", t) in known and ("f", s) not in known:
                f[s] = cost[s, t] - g[t]
                known.add(("f", s))
    return {"f": f, "g": g, "reduced": cost - f[:, None] - g}


# %% wrong: the last f is 0 in random plans | f_0 must be 0 for every plan
def prices_of(cost, plan):
    n, m = cost.shape
    i, j = plan.nonzero(as_tuple=True)
    rows, right = torch.zeros(n + m, n + m).double(), torch.zeros(n + m).double()
    for k, (s, t) in enumerate(zip(i.tolist(), j.tolist())):
        rows[k, s] = rows[k, n + t] = 1
        right[k] = cost[s, t]
    rows[-1, 0 if n == 2 else n - 1] = 1
    y = torch.linalg.solve(rows, right)
    return {"f": y[:n], "g": y[n:], "reduced": cost - y[:n, None] - y[n:]}
