# %% right: reference
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    centred = x - means[:, None]
    covariances = centred.mT @ (resp.T[:, :, None] * centred) / total[:, None, None]
    return total / len(x), means, covariances


# %% right: loops over components and points
def m_step(x, resp):
    n, d = x.shape
    K = resp.shape[1]
    weights, means, covariances = torch.zeros(K), torch.zeros(K, d), torch.zeros(K, d, d)
    for k in range(K):
        total = resp[:, k].sum()
        weights[k] = total / n
        for i in range(n):
            means[k] += resp[i, k] * x[i] / total
        for i in range(n):
            away = x[i] - means[k]
            covariances[k] += resp[i, k] * torch.outer(away, away) / total
    return weights, means, covariances


# %% right: einsum
def m_step(x, resp):
    total = torch.einsum("ik->k", resp)
    means = torch.einsum("ik,id->kd", resp, x) / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total / resp.sum(), means, covariances


# %% right: E[xxᵀ] − μμᵀ after the mean of all data is taken out
def m_step(x, resp):
    centre = x.mean(0)
    z, total = x - centre, resp.sum(0)
    means = resp.T @ z / total[:, None]
    squares = torch.einsum("ik,id,ie->kde", resp, z, z) / total[:, None, None]
    return total / len(x), means + centre, squares - means[:, :, None] * means[:, None, :]


# %% right: NumPy's weighted covariance
import numpy as np


def m_step(x, resp):
    data, r = x.numpy(), resp.numpy()
    means = np.stack([np.average(data, axis=0, weights=column) for column in r.T])
    covariances = np.stack([np.cov(data.T, aweights=column, ddof=0) for column in r.T])
    return torch.from_numpy(r.mean(0)), torch.from_numpy(means), torch.from_numpy(covariances)


# %% wrong: E[xxᵀ] − μμᵀ | the covariances lose their digits
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    squares = torch.einsum("ik,id,ie->kde", resp, x, x) / total[:, None, None]
    return total / len(x), means, squares - means[:, :, None] * means[:, None, :]


# %% wrong: divides by n_k − 1 | The covariances divide by nₖ − 1
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / (total - 1)[:, None, None]
    return total / len(x), means, covariances


# %% wrong: divides by n | The covariances divide by n:
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    return total / len(x), means, torch.einsum("ik,ikd,ike->kde", resp, away, away) / len(x)


# %% wrong: variances only | The covariances hold only variances
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    variances = torch.einsum("ik,ikd->kd", resp, away**2) / total[:, None]
    return total / len(x), means, torch.diag_embed(variances)


# %% wrong: around the mean of all data | taken around the mean of all data
def m_step(x, resp):
    total = resp.sum(0)
    away = x - x.mean(0)
    covariances = torch.einsum("ik,id,ie->kde", resp, away, away) / total[:, None, None]
    return total / len(x), resp.T @ x / total[:, None], covariances


# %% wrong: E[xxᵀ], not centred at all | Component 2 has variance 6 along the second axis
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = torch.where(torch.arange(resp.shape[1])[:, None] == 0, x[:, None] - means, x[:, None])
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total / len(x), means, covariances


# %% wrong: the means divided by n | divide each weighted sum by its own nₖ
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / len(x)
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total / len(x), means, covariances


# %% wrong: weights that are counts | Two of five points are in component 1
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total, means, covariances


# %% wrong: hard assignment | Each point is given to one component only
def m_step(x, resp):
    hard = torch.nn.functional.one_hot(resp.argmax(1), resp.shape[1]).double()
    total = hard.sum(0)
    means = hard.T @ x / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", hard, away, away) / total[:, None, None]
    return total / len(x), means, covariances


# %% wrong: squared responsibilities in the weights | The weights must be nₖ/n
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return resp.square().sum(0) / resp.square().sum(), means, covariances


# %% wrong: the means by hard assignment | The means must be weighted by the responsibilities
def m_step(x, resp):
    hard = torch.nn.functional.one_hot(resp.argmax(1), resp.shape[1]).double()
    means = hard.T @ x / hard.sum(0)[:, None]
    away, total = x[:, None] - means, resp.sum(0)
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total / len(x), means, covariances


# %% wrong: responsibilities squared in the covariance | differ from a sum over single points
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = resp[:, :, None] * (x[:, None] - means)
    covariances = torch.einsum("ikd,ike->kde", away, away) / total[:, None, None]
    return total / len(x), means, covariances


# %% wrong: standard deviations for variances | Component 2 has variance 6
def m_step(x, resp):
    total = resp.sum(0)
    means = resp.T @ x / total[:, None]
    away = x[:, None] - means
    covariances = torch.einsum("ik,ikd,ike->kde", resp, away, away) / total[:, None, None]
    return total / len(x), means, covariances.sign() * covariances.abs().sqrt()
