# %% right: reference
def ends_of_em(mu, sigma):
    d = mu / sigma
    slope = 1 + d.square()
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return slope, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% right: second moment over σ², and the folded normal by Φ
def ends_of_em(mu, sigma):
    slope = (mu**2 + sigma**2) / sigma**2
    normal = torch.distributions.Normal(0.0, 1.0)
    inside = normal.cdf(mu / sigma) - normal.cdf(-mu / sigma)
    return slope, 2 * sigma * normal.log_prob(mu / sigma).exp() + mu * inside


# %% right: one pair after the other, with math
def ends_of_em(mu, sigma):
    rows = []
    for m, s in zip(mu.flatten().tolist(), sigma.flatten().tolist()):
        tail = s * math.sqrt(2 / math.pi) * math.exp(-(m**2) / (2 * s**2))
        rows.append((1 + (m / s) ** 2, tail + m * (1 - math.erfc(m / s / math.sqrt(2)))))
    slope, first = torch.tensor(rows).T
    return slope.reshape(mu.shape), first.reshape(mu.shape)


# %% right: SciPy's folded normal and the trapezoidal rule for the second moment
import numpy as np
from scipy.stats import foldnorm


def ends_of_em(mu, sigma):
    z = np.linspace(-14, 14, 2001)
    bell = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    d = (mu / sigma).numpy()[..., None]
    slope = (((z + d) ** 2) * bell).sum(-1) * (z[1] - z[0])
    first = foldnorm.mean(d[..., 0], scale=sigma.numpy())
    return torch.tensor(slope), torch.tensor(first)


# %% wrong: the variance of each component forgotten | The slope lacks a 1
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return d**2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: σ² of tanh forgotten | The slope lacks the σ²
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return mu**2 + sigma**2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: μ/σ not squared | The slope has μ/σ where its square belongs
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return 1 + d, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: (2μ/σ)², the distance of the means | differs from M(λ)/λ at a tiny λ
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return 1 + 4 * d**2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: the slope at μ, which is less than 1 | With μ = 0 EM creeps
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return torch.exp(-d.square() / 2) / 2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: the root of the second moment | The first step is E|x|, the mean of an absolute value
def ends_of_em(mu, sigma):
    return 1 + (mu / sigma) ** 2, (mu**2 + sigma**2).sqrt()


# %% wrong: the first step taken to be μ | The first step is E|x|, which exceeds μ
def ends_of_em(mu, sigma):
    return 1 + (mu / sigma) ** 2, mu.clone()


# %% wrong: only the exponential term | The first step lacks a term
def ends_of_em(mu, sigma):
    d = mu / sigma
    return 1 + d**2, sigma * math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)


# %% wrong: μ without its factor | The μ in the first step needs a factor
def ends_of_em(mu, sigma):
    d = mu / sigma
    return 1 + d**2, sigma * math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2) + mu


# %% wrong: φ counted once | off by a factor 2
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = torch.exp(-d.square() / 2) / math.sqrt(2 * math.pi)
    return 1 + d**2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: μΦ(μ/σ) | subtract the part of the normal on the other side
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return 1 + d**2, sigma * bulk + mu * torch.special.ndtr(d)


# %% wrong: no ½ in the exponent | The first step differs from M(λ) at a huge λ
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square())
    return 1 + d**2, sigma * (bulk + d * torch.erf(d / math.sqrt(2)))


# %% wrong: only one of the two normals folded | the first step lands on μ itself
def ends_of_em(mu, sigma):
    d = mu / sigma
    bulk = math.sqrt(2 / math.pi) * torch.exp(-d.square() / 2)
    return 1 + d**2, sigma * bulk + mu * torch.erf(d / math.sqrt(2)) / 2
