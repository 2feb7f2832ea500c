# %% right: reference
def fit_both(weights: Tensor, means: Tensor, stds: Tensor) -> dict[str, Tensor]:
    import math

    from scipy.optimize import minimize

    mean = (weights * means).sum()
    variance = (weights * (stds**2 + (means - mean) ** 2)).sum()
    z = torch.linspace(-8, 8, 401, dtype=torch.float64)
    mass = torch.softmax(-z * z / 2, 0)

    def reverse(v) -> float:
        x = v[0] + math.exp(v[1]) * z
        parts = -(((x[:, None] - means) / stds) ** 2) / 2 + (weights / stds).log()
        return float(-v[1] - (mass * parts.logsumexp(1)).sum())

    starts = [*zip(means.tolist(), stds.log().tolist()), (mean.item(), variance.log().item() / 2)]
    runs = [minimize(reverse, start, method="Nelder-Mead") for start in starts]
    m, log_s = min(runs, key=lambda run: run.fun).x
    return {
        "forward": torch.stack([mean, variance.sqrt()]),
        "reverse": torch.tensor([m, math.exp(log_s)]),
    }


# %% right: a coarse grid, both ways
def fit_both(weights, means, stds):
    x = torch.linspace(-16, 16, 641, dtype=torch.float64)

    def log_normal(at, mean, std):
        return -(((at - mean) / std) ** 2) / 2 - torch.log(std) - 0.9189385332046727

    log_p = (weights.log() + log_normal(x[:, None], means, stds)).logsumexp(1)
    p = log_p.exp() / log_p.exp().sum()
    mean = (p * x).sum()
    std = (p * (x - mean) ** 2).sum().sqrt()
    z = torch.linspace(-6, 6, 121, dtype=torch.float64)
    mass = torch.softmax(-z * z / 2, 0)
    best = (float("inf"), 0.0, 1.0)
    places = torch.arange(-6.2, 6.2, 0.02, dtype=torch.float64)
    for width in torch.arange(0.25, float(std) + 0.05, 0.02, dtype=torch.float64):
        at = places[:, None] + width * z
        spread = torch.zeros(())
        log_mix = None
        for w, m, s in zip(weights, means, stds):
            part = w.log() + log_normal(at, m, s)
            log_mix = part if log_mix is None else torch.logaddexp(log_mix, part)
        cost = -(mass * log_mix).sum(1) - width.log() + spread
        low = cost.min(0)
        if low.values < best[0]:
            best = (float(low.values), float(places[low.indices]), float(width))
    return {"forward": torch.stack([mean, std]), "reverse": torch.tensor(best[1:])}


# %% right: gradient steps from each component
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    variance = (weights * (means**2 + stds**2)).sum() - mean**2
    z = torch.linspace(-7, 7, 281, dtype=torch.float64)
    mass = torch.softmax(-z * z / 2, 0)
    m = torch.cat([means, mean[None]]).clone().requires_grad_()
    log_s = torch.cat([stds.log(), variance.log()[None] / 2]).clone().requires_grad_()

    def costs():
        x = m[:, None] + log_s.exp()[:, None] * z
        parts = -(((x[..., None] - means) / stds) ** 2) / 2 + (weights / stds).log()
        return -log_s - (mass * parts.logsumexp(2)).sum(1)

    optimizer = torch.optim.Adam([m, log_s], lr=0.03)
    for _ in range(500):
        optimizer.zero_grad()
        costs().sum().backward()
        optimizer.step()
    k = costs().argmin()
    return {
        "forward": torch.stack([mean, variance.sqrt()]),
        "reverse": torch.stack([m[k], log_s[k].exp()]).detach(),
    }


# %% wrong: the forward fit twice | Both fits are the same
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * (stds**2 + (means - mean) ** 2)).sum().sqrt()
    return {"forward": torch.stack([mean, std]), "reverse": torch.stack([mean, std])}


# %% wrong: the heaviest component for the reverse fit | start a search at each component
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * (stds**2 + (means - mean) ** 2)).sum().sqrt()
    k = weights.argmin()
    return {
        "forward": torch.stack([mean, std]),
        "reverse": torch.stack([means[k], stds[k]]),
    }


# %% wrong: the variance within components only | which moments of p
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * stds**2).sum().sqrt()
    return {"forward": torch.stack([mean, std]), "reverse": torch.stack([mean, std])}


# %% wrong: a variance for a standard deviation | The second number of the forward fit is a variance
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    variance = (weights * (stds**2 + (means - mean) ** 2)).sum()
    return {"forward": torch.stack([mean, variance]), "reverse": torch.stack([mean, variance])}


# %% wrong: the logarithm of the width | did you return log s
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * (stds**2 + (means - mean) ** 2)).sum().sqrt()
    k = weights.argmax()
    return {
        "forward": torch.stack([mean, std]),
        "reverse": torch.stack([means[k], stds[k].log()]),
    }


# %% wrong: a tuple | must return a dictionary, got tuple
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * (stds**2 + (means - mean) ** 2)).sum().sqrt()
    return torch.stack([mean, std]), torch.stack([mean, std])


# %% wrong: the two exchanged | which moments of p
def fit_both(weights, means, stds):
    mean = (weights * means).sum()
    std = (weights * (stds**2 + (means - mean) ** 2)).sum().sqrt()
    k = weights.argmax()
    return {
        "forward": torch.stack([means[k], stds[k]]),
        "reverse": torch.stack([mean, std]),
    }
