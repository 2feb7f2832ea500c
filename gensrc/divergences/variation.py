r"""Total variation, and the coupling whose two draws are equal most often.

The notation is that of :mod:`gensrc.divergences`.
"""

import torch
from torch import Tensor

from gensrc.checks import check_distributions


def maximal_coupling(p: Tensor, q: Tensor) -> Tensor:
    r"""A joint distribution of x ~ p and y ~ q under which x = y as often as possible.

    .. math:: \gamma_{jk} = \min(p_k, q_k)\,[j = k]
        + \frac{\max(p_j - q_j, 0)\, \max(q_k - p_k, 0)}{\mathrm{TV}(p, q)},
        \qquad \gamma(x \neq y) = \mathrm{TV}(p, q)

    Equation: eq-maximal-coupling

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the joint probabilities, shape (..., K, K): rows sum to p, columns to q.

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Levin, Peres and Wilmer (2009), proposition 4.7.

    >>> maximal_coupling(torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25]))
    tensor([[0.5000, 0.0000],
            [0.2500, 0.2500]])
    """
    check_distributions(p=p, q=q)
    more, less = (p - q).clamp(min=0), (q - p).clamp(min=0)
    tv = less.sum(-1, keepdim=True)
    moved = more[..., :, None] * (less / torch.where(tv > 0, tv, 1))[..., None, :]
    return torch.diag_embed(torch.minimum(p, q)) + moved


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    r"""Total variation distance: the largest difference in probability over all events.

    .. math:: \mathrm{TV}(p, q) = \tfrac12 \sum_k |p_k - q_k| = \max_A |p(A) - q(A)|

    Equation: def-total-variation

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the distance, between 0 and 1, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Levin, Peres and Wilmer (2009), chapter 4.

    >>> total_variation(torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25]))
    tensor(0.2500)
    """
    check_distributions(p=p, q=q)
    return (p - q).abs().sum(-1) / 2
