# %% right: reference
def pearson_exponentials(a: Tensor, b: Tensor) -> Tensor:
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate) - 1, torch.inf)


# %% right: a square over a product
def pearson_exponentials(a, b):
    answers = []
    for c, d in zip(a.tolist(), b.tolist()):
        answers.append((c - d) ** 2 / (d * (2 * c - d)) if 2 * c > d else float("inf"))
    return torch.tensor(answers, dtype=a.dtype)


# %% right: by the ratio of the rates
def pearson_exponentials(a, b):
    r = (a / b).double()
    inside = r > 0.5
    safe = torch.where(inside, r, 1.0)
    return torch.where(inside, safe.square() / (2 * safe - 1) - 1, torch.inf)


# %% wrong: p and q exchanged | You exchanged p and q
def pearson_exponentials(a, b):
    rate = 2 * b - a
    return torch.where(rate > 0, b**2 / (a * rate) - 1, torch.inf)


# %% wrong: the 1 forgotten | Too large by 1
def pearson_exponentials(a, b):
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate), torch.inf)


# %% wrong: half of it | f(u) = (u − 1)² has no ½
def pearson_exponentials(a, b):
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate) - 1, torch.inf) / 2


# %% wrong: means in place of rates | or took the rates for means
def pearson_exponentials(a, b):
    a, b = 1 / a, 1 / b
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate) - 1, torch.inf)


# %% wrong: negative where the integral is infinite | no divergence is negative
def pearson_exponentials(a, b):
    return a**2 / (b * (2 * a - b)) - 1


# %% wrong: the exponent wrong | expand the square and integrate
def pearson_exponentials(a, b):
    return a**2 / (b * (a + b)) - 0.5


# %% wrong: 2a − b in the denominator twice | the integral of p²/q = 4 exp(−3x) is 4/3
def pearson_exponentials(a, b):
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / rate**2 - 1, torch.inf)


# %% wrong: zero where it is infinite | its integral is infinite
def pearson_exponentials(a, b):
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate) - 1, 0.0)


# %% wrong: 1 too little for equal rates | For equal rates the distributions are equal
def pearson_exponentials(a, b):
    rate = 2 * a - b
    return torch.where(rate > 0, a**2 / (b * rate) - 2, torch.inf)
