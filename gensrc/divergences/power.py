r"""Divergences made from powers of p and q: Hellinger, both chi-squares and the α-family.

The notation and the conventions are those of :mod:`gensrc.divergences`. A term with a zero in
it takes its limit: :math:`p_k = q_k = 0` adds nothing, and where only one of the two is zero
each formula says what is added.
"""

import math

import torch
from torch import Tensor

from gensrc.checks import check_distributions


def squared_hellinger(p: Tensor, q: Tensor) -> Tensor:
    r"""Squared Hellinger distance, without a factor one half: between 0 and 2.

    .. math:: H^2(p, q) = \sum_k \left(\sqrt{p_k} - \sqrt{q_k}\right)^2
        = 2 - 2 \sum_k \sqrt{p_k q_k}

    Equation: def-squared-hellinger

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the squared distance, shape (...); 2 where the supports are disjoint.

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Nowozin, Cseke and Tomioka (2016), whose table has no factor one half either.

    >>> squared_hellinger(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    tensor(2.)
    """
    check_distributions(p=p, q=q)
    return (_root(p) - _root(q)).square().sum(-1)


def pearson(p: Tensor, q: Tensor) -> Tensor:
    r"""Pearson's chi-square divergence: the denominator is q, the second argument.

    .. math:: \chi^2(p \| q) = \sum_k \frac{(p_k - q_k)^2}{q_k}

    It is :math:`+\infty` where some :math:`q_k = 0 < p_k`.

    Equation: def-pearson

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Pearson (1900); Nowozin, Cseke and Tomioka (2016).

    >>> pearson(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))  # 1/4 / (1/2), twice
    tensor(1.)
    """
    check_distributions(p=p, q=q)
    inside = q > 0
    terms = (p - q).square() / torch.where(inside, q, 1)
    missed = ((p > 0) & ~inside).any(-1)
    return torch.where(missed, math.inf, torch.where(inside, terms, 0).sum(-1))


def neyman(p: Tensor, q: Tensor) -> Tensor:
    r"""Neyman's chi-square divergence: Pearson's with the arguments exchanged.

    .. math:: \chi^2_N(p \| q) = \sum_k \frac{(p_k - q_k)^2}{p_k} = \chi^2(q \| p)

    It is :math:`+\infty` where some :math:`p_k = 0 < q_k`.

    Equation: def-neyman

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Neyman (1949); Nowozin, Cseke and Tomioka (2016).

    >>> neyman(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0]))
    tensor(1.)
    """
    check_distributions(p=p, q=q)
    return pearson(q, p)


def alpha_divergence(p: Tensor, q: Tensor, alpha: float) -> Tensor:
    r"""The alpha-divergence: one family through both KLs, both chi-squares and Hellinger.

    .. math:: D_\alpha(p \| q) = \frac{\sum_k p_k^\alpha q_k^{1 - \alpha} - 1}{\alpha (\alpha - 1)}

    At :math:`\alpha = 1` it is :math:`\mathrm{KL}(p \| q)` and at :math:`\alpha = 0`
    :math:`\mathrm{KL}(q \| p)`, the limits. Near these no digits are lost: the sum is written as
    :math:`\sum_k p_k (e^{(\alpha - 1) \log(p_k / q_k)} - 1)`, and for :math:`\alpha < 1/2` the
    arguments are exchanged, :math:`D_\alpha(p \| q) = D_{1 - \alpha}(q \| p)`.

    Equation: def-alpha-divergence
    Equation: eq-alpha-limits

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.
        alpha: any finite number.

    Returns:
        the divergence in nats, shape (...). It is infinite where some :math:`q_k = 0 < p_k`
        and alpha >= 1, and where some :math:`p_k = 0 < q_k` and alpha <= 0.

    Raises:
        ValueError: an argument is not a distribution, the shapes differ, or alpha is not finite.

    Source: Amari (1985); Nowozin, Cseke and Tomioka (2016).

    >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])
    >>> alpha_divergence(p, q, 2.0)  # half of Pearson's
    tensor(0.5000)
    """
    check_distributions(p=p, q=q)
    if not math.isfinite(alpha):
        raise ValueError(f"alpha: expected a finite number, got {alpha}")
    if alpha < 0.5:
        return alpha_divergence(q, p, 1 - alpha)
    both = (p > 0) & (q > 0)
    log_ratio = torch.where(both, p, 1).log() - torch.where(both, q, 1).log()
    growth = log_ratio if alpha == 1 else torch.expm1((alpha - 1) * log_ratio) / (alpha - 1)
    inside = torch.where(both, p * growth, 0).sum(-1)
    missed = torch.where(q == 0, p, 0).sum(-1)
    if alpha < 1:
        return (inside + missed / (1 - alpha)) / alpha
    return torch.where(missed > 0, math.inf, inside / alpha)


def _root(x: Tensor) -> Tensor:
    """Square root, with gradient 0 where x = 0."""
    some = x > 0
    return torch.where(some, torch.where(some, x, 1).sqrt(), 0)
