"""Log-densities of components beside one another: their constants, and examples far from all."""

import math

import torch
from torch import Tensor


def log_normaliser(weights: Tensor, factors: Tensor) -> Tensor:
    """log π_k − log det(2πΣ_k)/2, finite also where the weight is zero."""
    log_det = factors.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    least = torch.finfo(weights.dtype).min / 4
    return weights.log().clamp(min=least) - log_det - factors.shape[-1] * math.log(math.tau) / 2


def far_below(dtype: torch.dtype) -> float:
    """Log-density below which rounding may hide by how much one component is likelier."""
    return -float(torch.finfo(dtype).eps ** -0.5)


def resolve_far(
    weights: Tensor, means: Tensor, factors: Tensor, x: Tensor, joint: Tensor
) -> Tensor:
    """``joint`` (n, K), for examples far from every component relative to the likeliest one, r.

    A square of 1/√ε and more has a rounding error of √ε and more, and beyond 1/ε it hides the other
    components. Therefore the difference of two forms is taken as (z_k − z_r)·(z_k + z_r), where
    z_k − z_r = (A_k − A_r)(x − μ_r) − A_k(μ_k − μ_r) with A_k = L_k⁻¹.
    """
    height, best = joint.detach().max(1)
    far = height < far_below(x.dtype)
    if not bool(far.any()):
        return joint
    unit = torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    inverses = torch.linalg.solve_triangular(factors, unit.expand_as(factors), upper=False)
    constant = log_normaliser(weights, factors)
    for r in sorted(set(best[far].tolist())):
        rows = (far & (best == r)).nonzero().flatten()
        away = x[rows] - means[r]
        turned, shift = inverses - inverses[r], (inverses @ (means - means[r])[:, :, None])
        white = away @ inverses[r].T
        steps = (away @ turn.T - move.T for turn, move in zip(turned, shift))
        gaps = torch.stack([(step * (step + 2 * white)).sum(1) for step in steps], 1)
        joint = joint.index_put((rows,), constant - constant[r] - gaps / 2)
    return joint
