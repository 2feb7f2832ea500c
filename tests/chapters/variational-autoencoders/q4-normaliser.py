# %% right: reference
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return torch.where(middle, 2.0, 2 * torch.atanh(u) / u).log()


# %% right: the logit, with a series near zero
def log_normaliser(probability):
    logit = probability.log() - torch.log1p(-probability)
    size = logit.abs()
    safe = torch.where(size < 0.01, 1.0, size)
    series = torch.log(torch.tensor(2.0)) + size**2 / 12
    return torch.where(size < 0.01, series, safe.log() - torch.tanh(safe / 2).log())


# %% right: log1p, number by number
def log_normaliser(probability):
    import math

    def one(p):
        u = 2 * p - 1
        if abs(u) < 1e-4:
            return math.log(2) + u * u / 3
        return math.log((math.log(p) - math.log1p(-p)) / u)

    values = [one(p) for p in probability.flatten().tolist()]
    return torch.tensor(values).reshape(probability.shape)


# %% wrong: the formula as it stands | returned NaN
def log_normaliser(probability):
    p = probability
    return ((p / (1 - p)).log() / (2 * p - 1)).log()


# %% wrong: ½ treated, a small number in the denominator | add no small number
def log_normaliser(probability):
    p = probability
    value = (p.log() - (1 - p).log()).abs() / ((2 * p - 1).abs() + 1e-9)
    return torch.where(p == 0.5, 2.0, value).log()


# %% wrong: the logarithm of the integral | so C = 2
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return -torch.where(middle, 2.0, 2 * torch.atanh(u) / u).log()


# %% wrong: C itself at other places | C is 1 over it
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return torch.where(middle, torch.tensor(2.0).log(), 2 * torch.atanh(u) / u)


# %% wrong: not symmetric | λ and 1 − λ have the same
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    value = torch.where(middle, 2.0, 2 * torch.atanh(u) / u).log()
    return torch.where(probability < 0.5, 0.9 * value, value)


# %% wrong: C everywhere | This is C
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return torch.where(middle, 2.0, 2 * torch.atanh(u) / u)


# %% wrong: bits | in bits
def log_normaliser(probability):
    u = 1 - 2 * probability
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return torch.where(middle, 2.0, 2 * torch.atanh(u) / u).log2()


# %% wrong: λ kept away from 0 and 1 | do not clamp
def log_normaliser(probability):
    u = 1 - 2 * probability.clamp(1e-6, 1 - 1e-6)
    middle = u == 0
    u = torch.where(middle, 0.5, u)
    return torch.where(middle, 2.0, 2 * torch.atanh(u) / u).log()


# %% wrong: the series everywhere | differs from numerical integration
def log_normaliser(probability):
    u = 1 - 2 * probability
    return torch.tensor(2.0).log() + u**2 / 3 + 0.0 * u
