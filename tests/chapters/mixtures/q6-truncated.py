# %% right: reference
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    z_at_a = torch.where(a.isinf(), 0.0, a) * at_a
    z_at_b = torch.where(b.isinf(), 0.0, b) * at_b
    first = (at_a - at_b) / mass
    second = 1 + (z_at_a - z_at_b) / mass
    return mean + std * first, std.square() * (second - first.square())


# %% right: torch.distributions, and open ends moved to 40 standard deviations
def truncated_moments(mean, std, low, high):
    unit = torch.distributions.Normal(0.0, 1.0)
    a, b = ((e - mean) / std for e in (low, high))
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = unit.cdf(b) - unit.cdf(a)
    phi_a, phi_b = unit.log_prob(a).exp(), unit.log_prob(b).exp()
    shift = (phi_a - phi_b) / mass
    return mean + std * shift, std**2 * (1 + (a * phi_a - b * phi_b) / mass - shift**2)


# %% right: derivatives of log Z, by autograd
def truncated_moments(mean, std, low, high):
    m = mean.clone().requires_grad_()
    a, b = ((e - m) / std for e in (low.clamp(min=-1e4), high.clamp(max=1e4)))
    log_mass = torch.log(torch.special.ndtr(b) - torch.special.ndtr(a))
    (slope,) = torch.autograd.grad(log_mass.sum(), m, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), m)
    return mean + std**2 * slope.detach(), std**2 + std**4 * bend


# %% right: one element after the other, with math
def truncated_moments(mean, std, low, high):
    def phi(z):
        return 0.0 if math.isinf(z) else math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    firsts, variances = [], []
    for m, s, l, h in zip(*(t.flatten().tolist() for t in (mean, std, low, high))):
        a, b = (l - m) / s, (h - m) / s
        Z = (math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2))) / 2
        ea = 0.0 if math.isinf(a) else a * phi(a)
        eb = 0.0 if math.isinf(b) else b * phi(b)
        shift = (phi(a) - phi(b)) / Z
        firsts.append(m + s * shift)
        variances.append(s * s * (1 + (ea - eb) / Z - shift**2))
    return torch.tensor(firsts).reshape(mean.shape), torch.tensor(variances).reshape(mean.shape)


# %% wrong: the sign of the shift | lies on the wrong side of μ
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_b - at_a) / mass
    second = 1 + (a * at_a - b * at_b) / mass
    return mean + std * first, std.square() * (second - first.square())


# %% wrong: σ forgotten in the expected value | multiply by σ before you add μ
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    second = 1 + (a * at_a - b * at_b) / mass
    return mean + first, std.square() * (second - first.square())


# %% wrong: not divided by the probability | not divided by the probability of the interval
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = at_a - at_b
    second = 1 + a * at_a - b * at_b
    return mean + std * first, std.square() * (second - first.square())


# %% wrong: the square of the shift not subtracted | subtract the square of the mean shift
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    return mean + std * first, std.square() * (1 + (a * at_a - b * at_b) / mass)


# %% wrong: E[X²] instead of the variance | That is E[X²]
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    second = 1 + (a * at_a - b * at_b) / mass
    return mean + std * first, mean**2 + 2 * mean * std * first + std.square() * second


# %% wrong: the variance without σ² | The unit of the variance is wrong
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    return mean + std * first, 1 + (a * at_a - b * at_b) / mass - first.square()


# %% wrong: σ instead of σ² | The variance scales with σ², not σ
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    return mean + std * first, std * (1 + (a * at_a - b * at_b) / mass - first.square())


# %% wrong: the sign of zφ(z) | have the wrong sign
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    return mean + std * first, std**2 * (1 - (a * at_a - b * at_b) / mass - first.square())


# %% wrong: ∞ · 0 at an open end | An open end gives NaN
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    second = 1 + (a * at_a - b * at_b) / mass
    return mean + std * first, std.square() * (second - first.square())


# %% wrong: open ends clamped too near | With an open end the moments differ from quadrature
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = torch.where(a.isinf(), -4.0, a), torch.where(b.isinf(), 4.0, b)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    second = 1 + (a * at_a - b * at_b) / mass
    return mean + std * first, std.square() * (second - first.square())


# %% wrong: the mid-point and width²/12 | is not the integral of x over the class
def truncated_moments(mean, std, low, high):
    return (low + high) / 2, (high - low) ** 2 / 12


# %% wrong: width²/12 for the variance | is not E[X²] − E[X]² over the class
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    return mean + std * (at_a - at_b) / mass, (high - low) ** 2 / 12


# %% wrong: E[X]² − E[X²] | A variance is positive
def truncated_moments(mean, std, low, high):
    a, b = (low - mean) / std, (high - mean) / std
    a, b = a.clamp(min=-40), b.clamp(max=40)
    mass = torch.special.ndtr(b) - torch.special.ndtr(a)
    at_a, at_b = (torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) for z in (a, b))
    first = (at_a - at_b) / mass
    return mean + std * first, std**2 * (first.square() - 1 - (a * at_a - b * at_b) / mass)
