r"""The Kullback–Leibler divergence and the divergences that are made from it.

The notation is that of :mod:`gensrc.divergences`.
"""

import math

import torch
from torch import Tensor

from gensrc.checks import check_distributions, check_log_distributions, check_support
from gensrc.numerics import exp_excess, kl_terms


def reverse_kl(p: Tensor, q: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence with the arguments exchanged, the reverse KL.

    .. math:: \mathrm{KL}(q \| p) = \sum_k q_k \log \frac{q_k}{p_k}

    It is :math:`+\infty` where some :math:`p_k = 0 < q_k`.

    Equation: def-reverse-kl

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Kullback and Leibler (1951).

    >>> reverse_kl(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0]))  # log 2
    tensor(0.6931)
    """
    check_distributions(p=p, q=q)
    check_support("q", q, "p", p)
    return kl_terms(q, p).sum(-1)


def jeffreys(p: Tensor, q: Tensor) -> Tensor:
    r"""Jeffreys' divergence, the symmetrised KL: infinite as soon as one support is not the other.

    .. math:: J(p, q) = \mathrm{KL}(p \| q) + \mathrm{KL}(q \| p)
        = \sum_k (p_k - q_k) \log \frac{p_k}{q_k}

    Equation: def-jeffreys

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Jeffreys (1946).

    >>> jeffreys(torch.tensor([0.75, 0.25]), torch.tensor([0.25, 0.75]))  # log 3
    tensor(1.0986)
    """
    check_distributions(p=p, q=q)
    check_support("p", p, "q", q)
    check_support("q", q, "p", p)
    return (kl_terms(p, q) + kl_terms(q, p)).sum(-1)


def jensen_shannon_weighted(p: Tensor, q: Tensor, *, weight: float) -> Tensor:
    r"""Jensen-Shannon divergence with unequal weights w of p and 1 - w of q.

    .. math:: \mathrm{JSD}_w(p, q) = w\, \mathrm{KL}(p \| m) + (1 - w)\, \mathrm{KL}(q \| m),
        \qquad m = w p + (1 - w) q

    With w = 1/2 it is the Jensen-Shannon divergence.

    Equation: def-jensen-shannon-weighted

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.
        weight: w, between 0 and 1.

    Returns:
        the divergence in nats, at most the entropy of a coin with probability w, shape (...).

    Raises:
        ValueError: an argument is not a distribution, the shapes differ, or w leaves [0, 1].

    Source: Lin (1991).

    >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    >>> jensen_shannon_weighted(p, q, weight=0.25)  # log 4 - 3/4 log 3
    tensor(0.5623)
    """
    check_distributions(p=p, q=q)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight: expected a number between 0 and 1, got {weight}")
    if weight in (0, 1):
        return 0.0 * p.sum(-1)
    m = weight * p + (1 - weight) * q
    p, q = (torch.where(m > 0, x, 0) for x in (p, q))  # where a product is too small for a float
    kl_pm, kl_qm = kl_terms(p, m).sum(-1), kl_terms(q, m).sum(-1)
    return weight * kl_pm + (1 - weight) * kl_qm


def kl(p: Tensor, q: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence, the expected log-ratio under p.

    .. math:: \mathrm{KL}(p \| q) = \sum_k p_k \log \frac{p_k}{q_k}
        = \sum_k \left( p_k \log \frac{p_k}{q_k} - p_k + q_k \right)

    No term of the second sum is negative, so that a small divergence keeps its digits. It is
    :math:`+\infty` where some :math:`q_k = 0 < p_k`. A q that was rounded to 0 gives that too, and
    is refused where it can be told: see :func:`kl_from_logs`.

    Equation: def-kl

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...).

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Kullback and Leibler (1951).

    >>> kl(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))  # log 2
    tensor(0.6931)
    """
    check_distributions(p=p, q=q)
    check_support("p", p, "q", q)
    return kl_terms(p, q).sum(-1)


def kl_from_logs(log_p: Tensor, log_q: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence of distributions given by their logarithms.

    .. math:: \mathrm{KL}(p \| q) = \sum_k p_k\, (\log p_k - \log q_k)
        = \sum_k p_k \left(e^{d_k} - 1 - d_k\right), \qquad d_k = \log q_k - \log p_k

    For a softmax, or densities with thin tails, where q itself would be rounded to 0: of normal
    densities with nodes x and weights w give ``log_prob(x) + w.log()``.

    Equation: def-kl

    Args:
        log_p: logarithms of probabilities in nats, shape (..., K); -inf for a zero.
        log_q: logarithms of probabilities in nats, the same shape; -inf for a zero.

    Returns:
        the divergence in nats, shape (...); infinite where some log q_k = -inf < log p_k.

    Raises:
        ValueError: the exponentials are not distributions, or the shapes differ.

    Source: Kullback and Leibler (1951).

    >>> kl_from_logs(torch.tensor([0.0, -300.0]), torch.tensor([0.0, -400.0]))
    tensor(0.)
    >>> kl_from_logs(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.0, -200.0]))  # 100 - log 2
    tensor(99.3069)
    """
    check_log_distributions(log_p=log_p, log_q=log_q)
    p, q = log_p.exp(), log_q.exp()
    some, finite = log_p > -math.inf, log_q > -math.inf
    d = torch.where(finite & some, log_q, 0) - torch.where(finite & some, log_p, 0)
    near = d < 1
    far = q - p - p * torch.where(near, 0, d)
    terms = torch.where(near, p * exp_excess(torch.where(near, d, 0)), far)
    return torch.where(some, torch.where(finite, terms, math.inf), q).sum(-1)


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    r"""Jensen-Shannon divergence, with the halves: between 0 and log 2.

    .. math:: \mathrm{JSD}(p, q) = \tfrac12 \mathrm{KL}(p \| m) + \tfrac12 \mathrm{KL}(q \| m),
        \qquad m = \tfrac12 (p + q)

    Equation: def-jensen-shannon
    Equation: eq-jsd-disjoint

    Args:
        p: probabilities, shape (..., K).
        q: probabilities, the same shape.

    Returns:
        the divergence in nats, shape (...); log 2 where the supports are disjoint.

    Raises:
        ValueError: an argument is not a distribution, or the shapes differ.

    Source: Lin (1991).

    >>> jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))  # log 2
    tensor(0.6931)
    """
    check_distributions(p=p, q=q)
    m = (p + q) / 2
    p, q = (torch.where(m > 0, x, 0) for x in (p, q))  # half of the smallest float is 0
    kl_pm, kl_qm = kl_terms(p, m).sum(-1), kl_terms(q, m).sum(-1)
    return (kl_pm + kl_qm) / 2
