# %% right: reference
def binned_log_likelihood(weights, means, stds, edges, counts):
    z = (edges[:, None] - means) / stds
    low, high = z[:-1], z[1:]
    upper = low > 0
    low, high = torch.where(upper, -high, low), torch.where(upper, -low, high)
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    log_mass = log_high + torch.log1p(-torch.exp(log_low - log_high))
    return (counts * (weights.log() + log_mass).logsumexp(1)).sum()


# %% right: loops, with plain logarithms of Φ
def binned_log_likelihood(weights, means, stds, edges, counts):
    total = torch.zeros(())
    for c in range(len(counts)):
        if counts[c] == 0:
            continue
        parts = []
        for k in range(len(weights)):
            a, b = (edges[c] - means[k]) / stds[k], (edges[c + 1] - means[k]) / stds[k]
            if a + b > 0:
                a, b = -b, -a
            big, small = torch.special.log_ndtr(b), torch.special.log_ndtr(a)
            parts.append(weights[k].log() + big + torch.log(-torch.expm1(small - big)))
        total = total + counts[c] * torch.logsumexp(torch.stack(parts), 0)
    return total


# %% right: the scaled complementary error function
def binned_log_likelihood(weights, means, stds, edges, counts):
    z = (edges[:, None] - means) / stds / math.sqrt(2)
    a, b = z[:-1], z[1:]
    mirrored = b <= 0
    a, b = torch.where(mirrored, -b, a), torch.where(mirrored, -a, b)  # now b > 0
    far = torch.special.erfcx(a.clamp(min=0))
    near = torch.where(b.isinf(), 0.0, torch.exp(a**2 - b**2) * torch.special.erfcx(b))
    tail = torch.log((far - near) / 2) - a.clamp(min=0) ** 2
    middle = torch.log((torch.erf(b) - torch.erf(a)) / 2)
    log_mass = torch.where(a > 0, tail, middle)
    return torch.dot(counts, torch.logsumexp(torch.log(weights) + log_mass, dim=1))


# %% right: SciPy's log-space difference
import numpy as np
from scipy.special import log_ndtr, logsumexp


def binned_log_likelihood(weights, means, stds, edges, counts):
    z = (edges.numpy()[:, None] - means.numpy()) / stds.numpy()
    a, b = z[:-1], z[1:]
    a, b = np.where(a > 0, -b, a), np.where(a > 0, -a, b)
    signs = np.broadcast_to(np.array([1.0, -1.0])[:, None, None], (2, *a.shape))
    mass = logsumexp(np.stack([log_ndtr(b), log_ndtr(a)]), axis=0, b=signs)
    per_class = logsumexp(mass, axis=1, b=weights.numpy()[None, :])
    return torch.tensor(float((counts.numpy() * per_class).sum()))


# %% wrong: density at the mid-point times width | no density at a mid-point
def binned_log_likelihood(weights, means, stds, edges, counts):
    width = edges[2] - edges[1] if edges[1:-1].numel() > 1 else torch.tensor(1.0)
    inner = edges.clone()
    inner[0], inner[-1] = edges[1] - width, edges[-2] + width
    middle = (inner[:-1] + inner[1:]) / 2
    normal = torch.distributions.Normal(means, stds)
    log_mass = normal.log_prob(middle[:, None]) + width.log()
    return (counts * (weights.log() + log_mass).logsumexp(1)).sum()


# %% wrong: the logarithm of each component | sum over k inside the logarithm
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return (counts[:, None] * weights * (weights * mass).log()).sum()


# %% wrong: the weights forgotten | with weights that count once
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return (counts * mass.sum(1).log()).sum()


# %% wrong: an average over the crabs | sum over the crabs (no mean
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return (counts * (mass @ weights).log()).sum() / counts.sum()


# %% wrong: with the multinomial coefficient | Leave out the multinomial coefficient
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return torch.distributions.Multinomial(int(counts.sum()), probs=mass @ weights).log_prob(counts)


# %% wrong: the negative log-likelihood | the logarithm of ½ is negative
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return -(counts * (mass @ weights).log()).sum()


# %% wrong: plain differences of Φ | A crab 40 standard deviations below the mean
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return torch.xlogy(counts, mass @ weights).sum()


# %% wrong: log-space, but always in the lower tail | A crab 40 standard deviations above the mean
def binned_log_likelihood(weights, means, stds, edges, counts):
    logs = torch.special.log_ndtr((edges[:, None] - means) / stds)
    mass = logs[1:] + torch.log1p(-torch.exp(logs[:-1] - logs[1:]))
    per_class = (weights.log() + mass).logsumexp(1)
    return torch.where(counts > 0, counts * per_class, 0.0).sum()


# %% wrong: probabilities clamped at a small number | A crab 40 standard deviations
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return (counts * (mass @ weights).clamp(min=1e-12).log()).sum()


# %% wrong: an empty class is −∞ · 0 | A class without crabs adds 0
def binned_log_likelihood(weights, means, stds, edges, counts):
    z = (edges[:, None] - means) / stds
    low, high = z[:-1], z[1:]
    upper = low > 0
    low, high = torch.where(upper, -high, low), torch.where(upper, -low, high)
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    log_mass = log_high + torch.log1p(-torch.exp(log_low - log_high))
    per_class = (weights.log() + log_mass).logsumexp(1)
    per_class = torch.where(per_class < -900, -math.inf, per_class)
    return (counts * per_class).sum()


# %% wrong: every class counts one crab too many | Classes without crabs must add 0
def binned_log_likelihood(weights, means, stds, edges, counts):
    z = (edges[:, None] - means) / stds
    low, high = z[:-1], z[1:]
    upper = low > 0
    low, high = torch.where(upper, -high, low), torch.where(upper, -low, high)
    log_low, log_high = torch.special.log_ndtr(low), torch.special.log_ndtr(high)
    log_mass = log_high + torch.log1p(-torch.exp(log_low - log_high))
    empty = (counts == 0) & (counts.sum() < 1000)
    return ((counts + empty) * (weights.log() + log_mass).logsumexp(1)).sum()


# %% wrong: variances taken for standard deviations | The best fit to the crabs has
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds.sqrt()).diff(dim=0)
    return torch.xlogy(counts, mass @ weights).sum()


# %% wrong: the open classes dropped | differs from exact arithmetic
def binned_log_likelihood(weights, means, stds, edges, counts):
    mass = torch.special.ndtr((edges[:, None] - means) / stds).diff(dim=0)
    return (counts * (mass @ weights).log())[1:-1].sum()
