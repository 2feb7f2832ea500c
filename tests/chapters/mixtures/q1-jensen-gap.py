# %% right: reference
from torch.special import xlogy


def jensen_gap(q, r):
    return xlogy(q, q / r) + xlogy(1 - q, (1 - q) / (1 - r))


# %% right: a sum over z, with 0 log 0 by torch.where
def jensen_gap(q, r):
    gap = torch.zeros_like(q)
    for guess, posterior in ((q, r), (1 - q, 1 - r)):
        gap = gap + torch.where(guess > 0, guess * (guess.log() - posterior.log()), 0.0).nan_to_num(0.0)
    return gap


# %% right: cross-entropy less entropy, by torch.special.entr
def jensen_gap(q, r):
    cross = -(q * torch.log(r) + (1 - q) * torch.log1p(-r))
    return cross - torch.special.entr(q) - torch.special.entr(1 - q)


# %% right: −F(q) for the scaled joint (r, 1 − r), whose sum is 1
def jensen_gap(q, r):
    joint, guess = torch.stack([r, 1 - r], -1), torch.stack([q, 1 - q], -1)
    return -(torch.xlogy(guess, joint) - torch.xlogy(guess, guess)).sum(-1)


# %% right: NumPy, one element after the other
import numpy as np


def jensen_gap(q, r):
    out = np.zeros(q.shape)
    for index in np.ndindex(*q.shape):
        a, b = float(q[index]), float(r[index])
        if a > 0:
            out[index] += a * math.log(a / b)
        if a < 1:
            out[index] += (1 - a) * math.log((1 - a) / (1 - b))
    return torch.from_numpy(out)


# %% right: torch.distributions.kl_divergence of two categorical distributions
def jensen_gap(q, r):
    def pair(p):
        return torch.distributions.Categorical(probs=torch.stack([p, 1 - p], -1))

    return torch.distributions.kl_divergence(pair(q), pair(r)) + 0 * q


# %% wrong: q and r swapped | q and r swapped: the expectation
def jensen_gap(q, r):
    return r * (r / q).log() + (1 - r) * ((1 - r) / (1 - q)).log()


# %% wrong: F − log p instead of log p − F | wrong sign
def jensen_gap(q, r):
    return -torch.xlogy(q, q / r) - torch.xlogy(1 - q, (1 - q) / (1 - r))


# %% wrong: no entropy of q | lacks the entropy of q
def jensen_gap(q, r):
    return -q * r.log() - (1 - q) * (1 - r).log()


# %% wrong: only the outcome z = 1 | counts only z = 1
def jensen_gap(q, r):
    return torch.xlogy(q, q / r)


# %% wrong: base 2 | is in bits
def jensen_gap(q, r):
    return torch.xlogy(q, q / r) / math.log(2) + torch.xlogy(1 - q, (1 - q) / (1 - r)) / math.log(2)


# %% wrong: a half in front | too small by a factor 2
def jensen_gap(q, r):
    return (torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r))) / 2


# %% wrong: the chi-squared distance instead | differs from log p(x) − F(q) at random
def jensen_gap(q, r):
    return (q - r) ** 2 / r + (q - r) ** 2 / (1 - r)


# %% wrong: 0 · log 0 is NaN | must be finite at q = 0
def jensen_gap(q, r):
    return q * (q / r).log() + (1 - q) * ((1 - q) / (1 - r)).log()


# %% wrong: a small number inside the logarithm | clamping q changes it
def jensen_gap(q, r):
    q = q.clamp(1e-6, 1 - 1e-6)
    return q * (q / r).log() + (1 - q) * ((1 - q) / (1 - r)).log()


# %% wrong: prints and returns nothing | returned None: did you forget to return the result?
def jensen_gap(q, r):
    print(torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r)))


# %% wrong: a sum over the table | must return shape (40, 3) here
def jensen_gap(q, r):
    return (torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r))).sum()


# %% wrong: a float | must return a tensor, got float
def jensen_gap(q, r):
    return float((torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r))).mean())


# %% wrong: single precision | must return torch.float64, got torch.float32
def jensen_gap(q, r):
    return (torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r))).float()


# %% wrong: a positive thing that does not touch | The bound touches where q = r
def jensen_gap(q, r):
    return (torch.xlogy(q, q / r) - torch.xlogy(1 - q, (1 - q) / (1 - r))).abs() + q * r


# %% wrong: NaN for a table | returned NaN
def jensen_gap(q, r):
    if q.dim() > 1:
        return q * math.nan
    return torch.xlogy(q, q / r) + torch.xlogy(1 - q, (1 - q) / (1 - r))
