# %% right: reference
def best_prices(cost: Tensor, f: Tensor) -> dict[str, Tensor]:
    g = (cost - f[:, None]).amin(dim=0)
    return {"g": g, "f": (cost - g).amin(dim=1)}


# %% right: by loops, in float32
def best_prices(cost, f):
    n, m = cost.shape
    g = [min(float(cost[i, j] - f[i]) for i in range(n)) for j in range(m)]
    new = [min(float(cost[i, j]) - g[j] for j in range(m)) for i in range(n)]
    return {"f": torch.tensor(new), "g": torch.tensor(g)}


# %% right: as the maximum of the negatives
def best_prices(cost, f):
    g = -torch.max(f.reshape(-1, 1) - cost, dim=0).values
    return {"g": g, "f": -torch.max(g.reshape(1, -1) - cost, dim=1).values}


# %% wrong: the maximum | the smaller one counts
def best_prices(cost, f):
    g = (cost - f[:, None]).amax(dim=0)
    return {"g": g, "f": (cost - g).amin(dim=1)}


# %% wrong: the sign of f | g must be (1, 3, 4)
def best_prices(cost, f):
    g = (cost + f[:, None]).amin(dim=0)
    return {"g": g, "f": (cost - g).amin(dim=1)}


# %% wrong: the old f | did you return the old one?
def best_prices(cost, f):
    return {"g": (cost - f[:, None]).amin(dim=0), "f": f}


# %% wrong: the maximum for the new f | The new f must be (0, −1)
def best_prices(cost, f):
    g = (cost - f[:, None]).amin(dim=0)
    return {"g": g, "f": (cost - g).amax(dim=1)}


# %% wrong: f left out where it is small | f_i + g_j exceeds c_ij on a route
def best_prices(cost, f):
    g = (cost - f.clamp(max=0)[:, None]).amin(dim=0)
    return {"g": g, "f": (cost - g).amin(dim=1)}


# %% wrong: g below what is possible | g is not the largest that f allows
def best_prices(cost, f):
    g = (cost - f.clamp(min=0)[:, None]).amin(dim=0) if len(f) > 2 else cost[0] - f[0]
    return {"g": g, "f": (cost - g).amin(dim=1)}


# %% wrong: the maximum over the targets for many | With the new f, f_i + g_j exceeds
def best_prices(cost, f):
    g = (cost - f[:, None]).amin(dim=0)
    new = (cost - g).amin(dim=1)
    return {"g": g, "f": new if len(f) == 2 else new + 1}


# %% wrong: a new f that is smaller | must not be smaller than the old one
def best_prices(cost, f):
    g = (cost - f[:, None]).amin(dim=0)
    new = (cost - g).amin(dim=1)
    return {"g": g, "f": new if len(f) == 2 else new - 9}
