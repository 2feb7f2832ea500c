"""The two quadratic terms of EM, for all components at once."""

import torch
from torch import Tensor


def squared_distances(x: Tensor, means: Tensor, factors: Tensor) -> Tensor:
    """(x_i - mu_k)' Sigma_k^{-1} (x_i - mu_k), shape (n, K); factors are Cholesky factors."""
    out = x.new_empty(len(x), len(means))
    for k in range(len(means)):
        white = torch.linalg.solve_triangular(factors[k], (x - means[k]).T, upper=False)
        out[:, k] = white.square().sum(0)
    return out


def weighted_moments(x: Tensor, resp: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Counts (K,), means (K, d) and covariances (K, d, d) under the weights ``resp``."""
    counts = resp.sum(0)
    means = resp.T @ x / counts[:, None]
    covariances = x.new_empty(len(counts), x.shape[1], x.shape[1])
    for k in range(len(counts)):
        centred = x - means[k]
        covariances[k] = (resp[:, k, None] * centred).T @ centred / counts[k]
    return counts, means, covariances
