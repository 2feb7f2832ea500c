# %% right: reference
def wasserstein_exponentials(alpha: Tensor, beta: Tensor) -> dict[str, Tensor]:
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap, "w2": 2**0.5 * gap}


# %% right: over a common denominator, in float32
def wasserstein_exponentials(alpha, beta):
    alpha, beta = alpha.float(), beta.float()
    w1 = torch.abs(beta - alpha) / (alpha * beta)
    return {"w2": w1 * torch.tensor(2.0).sqrt(), "w1": w1}


# %% right: from the mean and the mean square, number by number
def wasserstein_exponentials(alpha, beta):
    import math

    means = [abs(1 / a - 1 / b) for a, b in zip(alpha.flatten().tolist(), beta.flatten().tolist())]
    w1 = torch.tensor(means).reshape(alpha.shape)
    squares = torch.tensor([math.sqrt(2 * w * w) for w in means]).reshape(alpha.shape)
    return {"w1": w1, "w2": squares}


# %% wrong: without the absolute value | a distance is positive
def wasserstein_exponentials(alpha, beta):
    gap = 1 / alpha - 1 / beta
    return {"w1": gap, "w2": 2**0.5 * gap.abs()}


# %% wrong: the distance of the rates | divided by the rate
def wasserstein_exponentials(alpha, beta):
    gap = (alpha - beta).abs()
    return {"w1": gap, "w2": 2**0.5 * gap}


# %% wrong: the square of W_2 | you returned W_2 squared
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap, "w2": 2 * gap**2}


# %% wrong: the mean square of an exponential taken as 1 | the mean square of −log(1 − u) is 2
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap, "w2": gap}


# %% wrong: the root of one factor only | take the root of the 2 as well
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap, "w2": 2 * gap}


# %% wrong: another mean square | w2 differs from the integral
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap, "w2": 3**0.5 * gap}


# %% wrong: not zero for equal rates | Equal rates are at distance 0
def wasserstein_exponentials(alpha, beta):
    return {"w1": (1 / alpha - 1 / beta).abs(), "w2": (2 / alpha**2 + 2 / beta**2).sqrt()}


# %% wrong: one number for W_1 | must return shape (2,)
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap.mean(), "w2": gap}


# %% wrong: a list | must return a tensor, got list
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap.tolist(), "w2": gap.tolist()}


# %% wrong: nothing returned | must return a dictionary
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()


# %% wrong: one entry | must return the entries w1, w2
def wasserstein_exponentials(alpha, beta):
    return {"w1": (1 / alpha - 1 / beta).abs()}


# %% wrong: an entry left empty | did you forget to return the result?
def wasserstein_exponentials(alpha, beta):
    return {"w1": None, "w2": None}


# %% wrong: NaN for equal rates | returned NaN
def wasserstein_exponentials(alpha, beta):
    gap = (1 / alpha - 1 / beta).abs()
    return {"w1": gap * gap / gap, "w2": 2**0.5 * gap}
