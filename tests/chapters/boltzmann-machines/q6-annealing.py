# %% right: reference
def annealing_estimate(log_p_new: Tensor, log_p_old: Tensor, log_z0: float) -> dict:
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% right: logsumexp, and the variance from the mean of the squares
def annealing_estimate(log_p_new, log_p_old, log_z0):
    import math

    log_w = log_p_new.sum(1) - log_p_old.sum(1) + log_z0
    m = len(log_w)
    log_mean = torch.logsumexp(log_w, 0) - math.log(m)
    log_square = torch.logsumexp(2 * log_w, 0) - math.log(m)
    ratio = torch.expm1(log_square - 2 * log_mean)
    return {"log_z": log_mean, "standard_error": (ratio / m).sqrt()}


# %% right: NumPy
def annealing_estimate(log_p_new, log_p_old, log_z0):
    import numpy as np
    from scipy.special import logsumexp

    d = (log_p_new - log_p_old).double().numpy().sum(axis=1)
    w = np.exp(d - logsumexp(d)) * len(d)  # weights with mean 1
    log_z = log_z0 + logsumexp(d) - np.log(len(d))
    error = w.std(ddof=1) / np.sqrt(len(d))
    return {"log_z": torch.tensor(log_z), "standard_error": torch.tensor(error)}


# %% wrong: the mean of the logarithms | take the logarithm of the mean
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": log_w.mean(), "standard_error": error}


# %% wrong: the sum of the weights | divide by the number of runs
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.sum().log(), "standard_error": error}


# %% wrong: without log Z0 | log Z0 is missing
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: old minus new | upside down
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_old - log_p_new).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: the mean over the steps | plus the sum of the differences
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).mean(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: the standard deviation of one run | not divided by √M
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / w.mean()
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: the spread of the logarithms | that of the logarithms
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = log_w.std() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: not relative to the mean | not divided by the mean
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = log_w.exp().std() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: relative to the largest weight | The standard error is wrong
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = w.std() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: the weights themselves | returned NaN
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = 0
    w = torch.exp(log_w - top)
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: weights kept from underflow | The standard error changes when all weights
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    top = log_w.max()
    w = torch.exp(log_w - top)
    error = log_w.clamp(-600, 600).exp().std() / log_w.clamp(-600, 600).exp().mean() / len(w) ** 0.5
    return {"log_z": top + w.mean().log(), "standard_error": error}


# %% wrong: the mean of weights that are kept from overflow | subtract the largest
def annealing_estimate(log_p_new, log_p_old, log_z0):
    log_w = log_z0 + (log_p_new - log_p_old).sum(1)
    w = torch.exp(log_w - log_w.max())
    error = w.std() / w.mean() / len(w) ** 0.5
    return {"log_z": log_w.clamp(-600, 600).exp().mean().log(), "standard_error": error}
