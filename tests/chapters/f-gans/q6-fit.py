# %% right: reference
def fit_normal(x, p, reverse):
    width = x[1] - x[0]
    mean = (p * x).sum() * width
    if not reverse:
        return {"mean": mean, "std": ((p * (x - mean) ** 2).sum() * width).sqrt()}
    fits = []
    for start in (-2.0, 2.0):
        numbers = torch.tensor([start, 0.0], dtype=torch.float64, requires_grad=True)
        descend = torch.optim.Adam([numbers], lr=0.05)
        for _ in range(150):
            log_q = torch.distributions.Normal(numbers[0], numbers[1].exp()).log_prob(x)
            loss = (log_q.exp() * (log_q - p.log())).sum() * width
            descend.zero_grad()
            loss.backward()
            descend.step()
        fits.append((loss.item(), numbers.detach()))
    best = min(fits, key=lambda fit: fit[0])[1]
    return {"mean": best[0], "std": best[1].exp()}


# %% right: a search on a grid
def fit_normal(x, p, reverse):
    means = torch.linspace(-3.5, 3.5, 141, dtype=torch.float64)
    stds = torch.linspace(0.4, 3.2, 113, dtype=torch.float64)
    grid = torch.cartesian_prod(means, stds)
    log_q = torch.distributions.Normal(grid[:, :1], grid[:, 1:]).log_prob(x)
    q = log_q.exp()
    kl = (q * (log_q - p.log())).sum(1) if reverse else -(p * log_q).sum(1)
    best = grid[kl.argmin()]
    return {"mean": best[0], "std": best[1]}


# %% right: SciPy from three starts, for both divergences
def fit_normal(x, p, reverse):
    import numpy as np
    from scipy.optimize import minimize as smallest

    grid, density = x.numpy(), p.numpy()

    def loss(numbers):
        mean, log_std = numbers[0], np.clip(numbers[1], -3, 3)
        log_q = -0.5 * ((grid - mean) / np.exp(log_std)) ** 2 - log_std - 0.5 * np.log(2 * np.pi)
        if reverse:
            return (np.exp(log_q) * (log_q - np.log(density))).sum()
        return (density * (np.log(density) - log_q)).sum()

    runs = [smallest(loss, (m, 0.0), method="Nelder-Mead") for m in (-2.0, 0.0, 2.0)]
    mean, log_std = min(runs, key=lambda run: run.fun).x
    return {"mean": torch.tensor(mean), "std": torch.tensor(np.exp(log_std))}


# %% wrong: half the standard deviation for the other one | Start near each mode
def fit_normal(x, p, reverse):
    width = x[1] - x[0]
    mean = (p * x).sum() * width
    std = ((p * (x - mean) ** 2).sum() * width).sqrt()
    return {"mean": mean, "std": std if not reverse else std / 2}


# %% wrong: the two divergences exchanged | You minimised the other divergence
def fit_normal(x, p, reverse):
    means = torch.linspace(-3.5, 3.5, 141, dtype=torch.float64)
    stds = torch.linspace(0.4, 3.2, 113, dtype=torch.float64)
    grid = torch.cartesian_prod(means, stds)
    log_q = torch.distributions.Normal(grid[:, :1], grid[:, 1:]).log_prob(x)
    kl = -(p * log_q).sum(1) if reverse else (log_q.exp() * (log_q - p.log())).sum(1)
    best = grid[kl.argmin()]
    return {"mean": best[0], "std": best[1]}


# %% wrong: the variance in place of the standard deviation | compare the mean and the variance
def fit_normal(x, p, reverse):
    width = x[1] - x[0]
    mean = (p * x).sum() * width
    return {"mean": mean, "std": (p * (x - mean) ** 2).sum() * width}


# %% wrong: only from the left mode | the heavier mode may be on either side
def fit_normal(x, p, reverse):
    width = x[1] - x[0]
    mean = (p * x).sum() * width
    if not reverse:
        return {"mean": mean, "std": ((p * (x - mean) ** 2).sum() * width).sqrt()}
    numbers = torch.tensor([-2.0, 0.0], dtype=torch.float64, requires_grad=True)
    descend = torch.optim.Adam([numbers], lr=0.05)
    for _ in range(150):
        log_q = torch.distributions.Normal(numbers[0], numbers[1].exp()).log_prob(x)
        loss = (log_q.exp() * (log_q - p.log())).sum() * width
        descend.zero_grad()
        loss.backward()
        descend.step()
    return {"mean": numbers[0].detach(), "std": numbers[1].detach().exp()}


# %% wrong: too few steps | did the descent end
def fit_normal(x, p, reverse):
    width = x[1] - x[0]
    mean = (p * x).sum() * width
    if not reverse:
        return {"mean": mean, "std": ((p * (x - mean) ** 2).sum() * width).sqrt()}
    return {"mean": torch.tensor(-2.0), "std": torch.tensor(1.2)}


# %% wrong: the logarithm of the standard deviation | must be positive
def fit_normal(x, p, reverse):
    return {"mean": torch.tensor(-2.0), "std": torch.tensor(-0.3)}


# %% wrong: a fit by eye | the best normal has the mean and the variance of p
def fit_normal(x, p, reverse):
    mean, std = (-2.0, 0.7) if reverse else (-0.66, 2.2)
    return {"mean": torch.tensor(mean), "std": torch.tensor(std)}


# %% wrong: the grid's distance forgotten | compare the mean and the variance of your q
def fit_normal(x, p, reverse):
    mean = (p * x).sum()
    return {"mean": mean, "std": ((p * (x - mean) ** 2).sum()).sqrt()}
