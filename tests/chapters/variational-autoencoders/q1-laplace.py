# %% right: reference
def kl_laplace(mean: Tensor, scale: Tensor) -> Tensor:
    away = mean.abs()
    return (away + scale * torch.exp(-away / scale) - 1 - scale.log()).sum(-1)


# %% right: one entry at a time
def kl_laplace(mean, scale):
    import math

    rows = []
    for means, scales in zip(mean.tolist(), scale.tolist()):
        total = 0.0
        for m, b in zip(means, scales):
            moment = abs(m) + b * math.exp(-abs(m) / b)
            total += math.log(2) + moment - math.log(2 * b) - 1
        rows.append(total)
    return torch.tensor(rows)


# %% right: both densities apart, in NumPy
def kl_laplace(mean, scale):
    import numpy as np

    m, b = np.abs(mean.numpy()), scale.numpy()
    cross = np.log(2) + m + b * np.exp(-m / b)
    entropy = 1 + np.log(2 * b)
    return torch.as_tensor((cross - entropy).sum(axis=1))


# %% wrong: the two moments added | You took E|z| = |μ| + b
def kl_laplace(mean, scale):
    return (mean.abs() + scale - 1 - scale.log()).sum(-1)


# %% wrong: the mean of the absolute value too small | You took E|z| = |μ|: q spreads
def kl_laplace(mean, scale):
    return (mean.abs() - 1 - scale.log()).sum(-1)


# %% wrong: the divergence the other way round | This is KL(p || q)
def kl_laplace(mean, scale):
    away = mean.abs()
    return (scale.log() - 1 + (away + (-away).exp()) / scale).sum(-1)


# %% wrong: normal distributions | divergence of normal distributions
def kl_laplace(mean, scale):
    return (scale**2 + mean**2 - 1 - 2 * scale.log()).sum(-1) / 2


# %% wrong: a mean over the entries | You averaged over the entries
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away + scale * torch.exp(-away / scale) - 1 - scale.log()).mean(-1)


# %% wrong: the constant forgotten | must be 0
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away + scale * torch.exp(-away / scale) - scale.log()).sum(-1)


# %% wrong: the logarithm with the wrong sign | density of q has the factor
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away + scale * torch.exp(-away / scale) - 1 + scale.log()).sum(-1)


# %% wrong: the sign of the mean kept | E|z| is almost |μ|
def kl_laplace(mean, scale):
    return (mean + scale * torch.exp(-mean.abs() / scale) - 1 - scale.log()).sum(-1)


# %% wrong: the exponent without the scale | differs from numerical integration
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away + scale * torch.exp(-away) - 1 - scale.log()).sum(-1)


# %% wrong: one number for each entry | must return shape (2,)
def kl_laplace(mean, scale):
    away = mean.abs()
    return away + scale * torch.exp(-away / scale) - 1 - scale.log()


# %% wrong: a list | must return a tensor
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away + scale * torch.exp(-away / scale) - 1 - scale.log()).sum(-1).tolist()


# %% wrong: nothing returned | did you forget to return
def kl_laplace(mean, scale):
    away = mean.abs()
    value = (away + scale * torch.exp(-away / scale) - 1 - scale.log()).sum(-1)


# %% wrong: divided by the mean | returned NaN
def kl_laplace(mean, scale):
    away = mean.abs()
    return (away * (away / away) + scale * torch.exp(-away / scale) - 1 - scale.log()).sum(-1)
