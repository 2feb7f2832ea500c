# %% right: reference
def log_responsibilities(x, weights, means, covariances):
    factors = torch.linalg.cholesky(covariances)
    centred = (x - means[:, None]).mT
    white = torch.linalg.solve_triangular(factors, centred, upper=False)
    half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
    joint = weights.log() - half_log_det - white.square().sum(1).T / 2
    return joint.log_softmax(1)


# %% right: torch.distributions and logsumexp
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights.log() + normal.log_prob(x[:, None])
    return joint - joint.logsumexp(1, keepdim=True)


# %% right: loops over points and components, with inverse and determinant
def log_responsibilities(x, weights, means, covariances):
    n, K, d = len(x), len(weights), x.shape[1]
    joint = torch.empty(n, K)
    for k in range(K):
        inverse, log_det = torch.linalg.inv(covariances[k]), torch.logdet(covariances[k])
        for i in range(n):
            away = x[i] - means[k]
            joint[i, k] = torch.log(weights[k]) - 0.5 * (
                away @ inverse @ away + log_det + d * math.log(2 * math.pi)
            )
    largest = joint.max(1, keepdim=True).values
    return joint - largest - (joint - largest).exp().sum(1, keepdim=True).log()


# %% right: NumPy with eigenvalues
import numpy as np


def log_responsibilities(x, weights, means, covariances):
    values, vectors = np.linalg.eigh(covariances.numpy())
    away = x.numpy()[:, None, :] - means.numpy()
    along = np.einsum("nkd,kde->nke", away, vectors)
    with np.errstate(divide="ignore"):
        joint = np.log(weights.numpy()) - 0.5 * (along**2 / values + np.log(values)).sum(-1)
    top = joint.max(axis=1, keepdims=True)
    return torch.from_numpy(joint - top - np.log(np.exp(joint - top).sum(axis=1, keepdims=True)))


# %% wrong: densities multiplied and divided | NaN, because both densities underflow to 0
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights * normal.log_prob(x[:, None]).exp()
    return (joint / joint.sum(1, keepdim=True)).log()


# %% wrong: a small number inside the logarithm | add nothing inside a logarithm
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights.log() + normal.log_prob(x[:, None])
    return (joint.softmax(1) + 1e-300).log()


# %% wrong: r instead of log r | return log r, not r
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    return (weights.log() + normal.log_prob(x[:, None])).softmax(1)


# %% wrong: normalised over the points | normalise over the components
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    return (weights.log() + normal.log_prob(x[:, None])).log_softmax(0)


# %% wrong: the weights forgotten | leaves out the weights
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    return normal.log_prob(x[:, None]).log_softmax(1)


# %% wrong: the determinant forgotten | leaves out log det
def log_responsibilities(x, weights, means, covariances):
    away = x[:, None] - means
    quadratic = torch.einsum("nkd,kde,nke->nk", away, torch.linalg.inv(covariances), away)
    return (weights.log() - quadratic / 2).log_softmax(1)


# %% wrong: a whole log-determinant | log-determinant counts twice too much
def log_responsibilities(x, weights, means, covariances):
    away = x[:, None] - means
    quadratic = torch.einsum("nkd,kde,nke->nk", away, torch.linalg.inv(covariances), away)
    return (weights.log() - quadratic / 2 - torch.logdet(covariances)).log_softmax(1)


# %% wrong: no half before the quadratic term | The quadratic term lacks its ½
def log_responsibilities(x, weights, means, covariances):
    away = x[:, None] - means
    quadratic = torch.einsum("nkd,kde,nke->nk", away, torch.linalg.inv(covariances), away)
    return (weights.log() - quadratic - torch.logdet(covariances) / 2).log_softmax(1)


# %% wrong: the sign of the quadratic term | look at the ½ and the sign of the quadratic term
def log_responsibilities(x, weights, means, covariances):
    away = x[:, None] - means
    quadratic = torch.einsum("nkd,kde,nke->nk", away, torch.linalg.inv(covariances), away)
    return (weights.log() + quadratic / 2 - torch.logdet(covariances) / 2).log_softmax(1)


# %% wrong: diagonals only | Only the diagonals of the covariances are used
def log_responsibilities(x, weights, means, covariances):
    variances = torch.diagonal(covariances, dim1=1, dim2=2)
    normal = torch.distributions.Normal(means, variances.sqrt())
    return (weights.log() + normal.log_prob(x[:, None]).sum(-1)).log_softmax(1)


# %% wrong: the covariance for its inverse | differs from SciPy at random points
def log_responsibilities(x, weights, means, covariances):
    away = x[:, None] - means
    quadratic = torch.einsum("nkd,kde,nke->nk", away, covariances, away)
    return (weights.log() - quadratic / 2 - torch.logdet(covariances) / 2).log_softmax(1)


# %% wrong: very small log-densities clamped | leave log-space nowhere
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights.log() + normal.log_prob(x[:, None]).clamp(min=-510_000)
    return joint.log_softmax(1)


# %% wrong: squeezes away the one component | log_responsibilities of one component must return shape
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    return (weights.log() + normal.log_prob(x[:, None])).log_softmax(1).squeeze(1)


# %% wrong: one component not normalised | With one component r is 1
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights.log() + normal.log_prob(x[:, None])
    return joint.log_softmax(1) if len(weights) > 1 else joint


# %% wrong: weights kept away from zero | A component of weight 0 has log r = −∞
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    joint = weights.clamp(min=1e-12).log() + normal.log_prob(x[:, None])
    return joint.log_softmax(1)


# %% wrong: a weight of zero spreads | A component of weight 0 must not change the others
def log_responsibilities(x, weights, means, covariances):
    normal = torch.distributions.MultivariateNormal(means, covariances)
    density = normal.log_prob(x[:, None])
    return torch.where(weights > 0, (weights.clamp(min=1e-3).log() + density).log_softmax(1), -math.inf)
