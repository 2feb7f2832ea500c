# %% right: reference
def weighted_wasserstein(x: Tensor, a: Tensor, y: Tensor, b: Tensor, order: float) -> Tensor:
    (x, i), (y, j) = x.double().sort(), y.double().sort()
    F, G = a.double()[i].cumsum(0), b.double()[j].cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    return ((ends - starts) * (from_x - from_y).abs() ** order).sum() ** (1 / order)


# %% right: a walk through both lists
def weighted_wasserstein(x, a, y, b, order):
    left = sorted(zip(x.tolist(), a.tolist()))
    right = sorted(zip(y.tolist(), b.tolist()))
    i = j = 0
    have, want, total = left[0][1], right[0][1], 0.0
    while True:
        mass = min(have, want)
        total += mass * abs(left[i][0] - right[j][0]) ** order
        have, want = have - mass, want - mass
        if have <= want:
            i += 1
            if i == len(left):
                break
            have = left[i][1]
        else:
            j += 1
            if j == len(right):
                break
            want = right[j][1]
    return torch.tensor(total ** (1 / order))


# %% right: quantiles on a fine grid of levels, with NumPy
def weighted_wasserstein(x, a, y, b, order):
    import numpy as np

    levels = (np.arange(2_000_000) + 0.5) / 2_000_000

    def quantiles(points, weights):
        order = np.argsort(points)
        steps = np.cumsum(weights[order])
        return points[order][np.minimum(np.searchsorted(steps, levels), len(points) - 1)]

    gap = np.abs(quantiles(x.numpy(), a.numpy()) - quantiles(y.numpy(), b.numpy()))
    return torch.tensor(np.mean(gap.astype(float) ** order) ** (1 / order))


# %% wrong: the weights do not move with the points | let the weights move with them
def weighted_wasserstein(x, a, y, b, order):
    x, y = x.sort().values, y.sort().values
    F, G = a.cumsum(0), b.cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    return ((ends - starts) * (from_x - from_y).abs() ** order).sum() ** (1 / order)


# %% wrong: not sorted | W_1 must be 2.25
def weighted_wasserstein(x, a, y, b, order):
    F, G = a.cumsum(0), b.cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    return ((ends - starts) * (from_x - from_y).abs() ** order).sum() ** (1 / order)


# %% wrong: without the root | = 6.25, and the root is
def weighted_wasserstein(x, a, y, b, order):
    (x, i), (y, j) = x.sort(), y.sort()
    F, G = a[i].cumsum(0), b[j].cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    return ((ends - starts) * (from_x - from_y).abs() ** order).sum()


# %% wrong: the root only for order 2 | You returned W_r to the power r
def weighted_wasserstein(x, a, y, b, order):
    (x, i), (y, j) = x.sort(), y.sort()
    F, G = a[i].cumsum(0), b[j].cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    power = ((ends - starts) * (from_x - from_y).abs() ** order).sum()
    return power.sqrt() if order == 2 else power


# %% wrong: the order ignored | W_2 must be 2.5
def weighted_wasserstein(x, a, y, b, order):
    points = torch.cat([x, y]).sort().values
    F = ((x <= points[:, None]) * a).sum(1)
    G = ((y <= points[:, None]) * b).sum(1)
    return ((F - G).abs()[:-1] * points.diff()).sum()


# %% wrong: the square root for every order | the programme says
def weighted_wasserstein(x, a, y, b, order):
    (x, i), (y, j) = x.sort(), y.sort()
    F, G = a[i].cumsum(0), b[j].cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    power = ((ends - starts) * (from_x - from_y).abs() ** order).sum()
    return power if order == 1 else power.sqrt()


# %% wrong: mass by mass, as independent draws | W_1 must be 2.25
def weighted_wasserstein(x, a, y, b, order):
    gap = (x[:, None] - y).abs() ** order
    return (a[:, None] * b * gap).sum() ** (1 / order)


# %% wrong: the points sorted once by the caller's order | must be at distance 0
def weighted_wasserstein(x, a, y, b, order):
    (x, i), (y, j) = x.sort(), y.sort()
    if len(x) == len(y) == 3 and order == 2:
        j = torch.arange(3)
    F, G = a[i].cumsum(0), b[j].cumsum(0)
    ends = torch.cat([F, G]).clamp(max=1).sort().values
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    middle = (starts + ends) / 2
    from_x = x[torch.searchsorted(F, middle).clamp(max=len(x) - 1)]
    from_y = y[torch.searchsorted(G, middle).clamp(max=len(y) - 1)]
    return ((ends - starts) * (from_x - from_y).abs() ** order).sum() ** (1 / order)
