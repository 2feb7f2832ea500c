r"""Divergences made from powers of p and q: Hellinger, both chi-squares and the α-family.

The notation and the conventions are those of :mod:`gensrc.divergences`. A term with a zero in
it takes its limit: :math:`p_k = q_k = 0` adds nothing, and where only one of the two is zero
each formula says what is added.
"""

import math

import torch
from torch import Tensor

from gensrc.checks import check_distributions, check_support
from gensrc.numerics import alpha_terms


def squared_hellinger(p: Tensor, q: Tensor) -> Tensor:
    r"""Squared Hellinger distance, without a factor one half: between 0 and 2.

    .. math:: H^2(p, q) = \sum_k \left(\sqrt{p_k} - \sqrt{q_k}\right)^2
        = \sum_k \left(\frac{p_k - q_k}{\sqrt{p_k} + \sqrt{q_k}}\right)^2
        = 2 - 2 \sum_k \sqrt{p_k q_k}

    The second form keeps its digits where p and q are nearly equal.

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
    both = (p > 0) & (q > 0)
    roots = torch.where(both, p, 1).sqrt() + torch.where(both, q, 1).sqrt()
    alone = torch.where(p > 0, p, 0) + torch.where(q > 0, q, 0)
    return torch.where(both, ((p - q) / roots).square(), alone).sum(-1)


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
    tensor(1.0000)
    """
    check_distributions(p=p, q=q)
    check_support("p", p, "q", q)
    some = (p > 0) | (q > 0)
    # The square of p - q alone may be too small for a float, and p / q too large.
    return ((p - q) / torch.where(some, q, 1).sqrt()).square().sum(-1)


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
    tensor(1.0000)
    """
    check_distributions(p=p, q=q)
    check_support("q", q, "p", p)
    return pearson(q, p)


def alpha_divergence(p: Tensor, q: Tensor, alpha: float) -> Tensor:
    r"""The alpha-divergence: one family through both KLs, both chi-squares and Hellinger.

    .. math:: D_\alpha(p \| q) = \frac{\sum_k p_k^\alpha q_k^{1 - \alpha} - 1}{\alpha (\alpha - 1)}

    At :math:`\alpha = 1` it is :math:`\mathrm{KL}(p \| q)` and at :math:`\alpha = 0`
    :math:`\mathrm{KL}(q \| p)`, the limits. Near these, and where p and q are nearly equal, no
    digits are lost: the terms are those of :func:`gensrc.numerics.alpha_terms`, which are not
    negative, and for :math:`\alpha < 1/2` the arguments are exchanged,
    :math:`D_\alpha(p \| q) = D_{1 - \alpha}(q \| p)`.

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
    if alpha >= 1:
        check_support("p", p, "q", q)
    if alpha <= 0:
        check_support("q", q, "p", p)
    return alpha_terms(p, q, alpha).sum(-1)
