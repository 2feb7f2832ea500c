r"""Divergences estimated from samples, with the error that chance adds.

Notation: :math:`x_1, \dots, x_n` are independent draws from p, and :math:`y_1, \dots, y_m` from
q. The functions take the log-densities (nats) of both distributions at the draws, tensors whose
last axis runs over the draws. The standard error says how much an estimate varies from sample to
sample; it knows nothing of what no draw has shown.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gensrc.checks import check_distributions
from gensrc.numerics import xlogy


class Estimate(NamedTuple):
    """An estimated number and its standard error, in the same unit and of one shape."""

    value: Tensor
    standard_error: Tensor


def estimate_mean(values: Tensor) -> Estimate:
    r"""Mean of independent draws, with its standard error.

    .. math:: \bar v = \frac1n \sum_i v_i, \qquad
        \mathrm{se} = \sqrt{\frac{1}{n (n - 1)} \sum_i (v_i - \bar v)^2}

    Equation: def-estimate

    Args:
        values: draws, at least two, shape (..., n).

    Returns:
        the mean and its standard error, each of shape (...). If a draw is infinite so is the
        mean, and the standard error is infinite too.

    Raises:
        ValueError: fewer than two draws, NaN among them, or both infinities (whose mean is none).

    Source: Robert and Casella (2004), chapter 3.

    >>> estimate_mean(torch.tensor([1.0, 3.0]))
    Estimate(value=tensor(2.), standard_error=tensor(1.))
    """
    if not isinstance(values, Tensor) or not values.is_floating_point():
        kind = values.dtype if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"values: expected a floating-point tensor, got {kind}")
    if values.ndim == 0 or values.shape[-1] < 2:
        raise ValueError(f"values: expected at least two draws, got shape {tuple(values.shape)}")
    if values.isnan().any():
        raise ValueError("values: expected numbers, got NaN")
    if ((values == math.inf).any(-1) & (values == -math.inf).any(-1)).any():
        raise ValueError("values: expected infinite draws of one sign, got inf and -inf")
    finite = values.isfinite().all(-1)
    spread = torch.where(finite[..., None], values, 0).std(-1)
    error = torch.where(finite, spread / math.sqrt(values.shape[-1]), math.inf)
    return Estimate(values.mean(-1), error)


def estimate_kl(log_p: Tensor, log_q: Tensor) -> Estimate:
    r"""KL(p || q) from draws of p: the mean of the log-ratio.

    .. math:: \widehat{\mathrm{KL}} = \frac1n \sum_i \log \frac{p(x_i)}{q(x_i)}, \qquad x_i \sim p

    The estimate is unbiased, and may be negative.

    Equation: def-estimate

    Args:
        log_p: log-densities log p at draws from p, in nats, shape (..., n).
        log_q: log-densities log q at the same draws, the same shape.

    Returns:
        the estimate and its standard error in nats, each of shape (...).

    Raises:
        ValueError: the shapes differ, there are fewer than two draws, or log p is infinite.

    Source: Robert and Casella (2004), chapter 3.

    >>> estimate_kl(torch.tensor([0.0, 0.0]), torch.tensor([-1.0, -3.0]))
    Estimate(value=tensor(2.), standard_error=tensor(1.))
    """
    _check_pair("log_p", log_p, "log_q", log_q)
    return estimate_mean(log_p - log_q)


def estimate_total_variation(log_p: Tensor, log_q: Tensor) -> Estimate:
    r"""Total variation distance from draws of p: a mean of numbers between 0 and 1.

    .. math:: \widehat{\mathrm{TV}} = \frac1n \sum_i \max\left(0, 1 - \frac{q(x_i)}{p(x_i)}\right),
        \qquad x_i \sim p

    Equation: def-estimate

    Args:
        log_p: log-densities log p at draws from p, in nats, shape (..., n).
        log_q: log-densities log q at the same draws, the same shape.

    Returns:
        the estimate and its standard error, at most 1/(2 sqrt(n - 1)), each of shape (...).

    Raises:
        ValueError: the shapes differ, there are fewer than two draws, or log p is infinite.

    Source: Robert and Casella (2004), chapter 3.

    >>> estimate_total_variation(torch.zeros(2), torch.tensor([0.0, 0.5]).log())
    Estimate(value=tensor(0.7500), standard_error=tensor(0.2500))
    """
    _check_pair("log_p", log_p, "log_q", log_q)
    return estimate_mean(-torch.expm1((log_q - log_p).clamp(max=0)))


def estimate_jensen_shannon(
    log_p_x: Tensor, log_q_x: Tensor, log_p_y: Tensor, log_q_y: Tensor
) -> Estimate:
    r"""Jensen-Shannon divergence from draws x of p and y of q.

    .. math:: \widehat{\mathrm{JSD}} = \frac{1}{2n} \sum_i \log \frac{2 p(x_i)}{p(x_i) + q(x_i)}
        + \frac{1}{2m} \sum_j \log \frac{2 q(y_j)}{p(y_j) + q(y_j)}

    Equation: def-estimate

    Args:
        log_p_x: log p at draws from p, in nats, shape (..., n).
        log_q_x: log q at the same draws, the same shape.
        log_p_y: log p at draws from q, shape (..., m).
        log_q_y: log q at these draws, the same shape.

    Returns:
        the estimate and its standard error in nats, each of shape (...).

    Raises:
        ValueError: shapes that differ, fewer than two draws, or a draw of density zero.

    Source: Lin (1991); Goodfellow et al. (2014).

    >>> zeros = torch.zeros(2)
    >>> estimate_jensen_shannon(zeros, zeros - 100, zeros - 100, zeros).value  # log 2
    tensor(0.6931)
    """
    _check_pair("log_p_x", log_p_x, "log_q_x", log_q_x)
    _check_pair("log_q_y", log_q_y, "log_p_y", log_p_y)
    of_x = estimate_mean(-_log_half_sum(log_q_x - log_p_x))
    of_y = estimate_mean(-_log_half_sum(log_p_y - log_q_y))
    error = torch.hypot(of_x.standard_error, of_y.standard_error)
    return Estimate((of_x.value + of_y.value) / 2, error / 2)


def plug_in_bias(p: Tensor, n: int) -> Tensor:
    r"""Expected KL of the frequencies of n draws from p: what a plug-in estimate adds.

    .. math:: \mathbb E\, \mathrm{KL}(\hat p \| q) - \mathrm{KL}(p \| q)
        = \mathbb E\, \mathrm{KL}(\hat p \| p)
        = \sum_k \left( \mathbb E\, \hat p_k \log \hat p_k - p_k \log p_k \right)

    Here :math:`\hat p_k = N_k / n`, where the count :math:`N_k` is binomial. The expectation is a
    sum over its n + 1 values. For large n it is about :math:`(K - 1) / (2n)`, if all n p_k are
    large. An outcome with p_k = 0 or 1 adds nothing, and to the gradient no more than xlogy does.

    Equation: eq-plug-in-bias

    Args:
        p: probabilities, shape (..., K).
        n: number of draws, at least 1.

    Returns:
        the bias in nats, whatever q is, shape (...).

    Raises:
        ValueError: p is not a distribution, or n is not a whole number of at least 1.

    Source: Paninski (2003).

    >>> plug_in_bias(torch.tensor([0.5, 0.5]), 1)  # one draw: log 2
    tensor(0.6931)
    """
    check_distributions(p=p)
    if not isinstance(n, int) or isinstance(n, bool):
        raise ValueError(f"n: expected a whole number of draws, got {n!r}")
    if n < 1:
        raise ValueError(f"n: expected at least 1 draw, got {n}")
    exact = p.double()
    count = torch.arange(n + 1, dtype=torch.float64, device=p.device)
    ways = math.lgamma(n + 1) - torch.lgamma(count + 1) - torch.lgamma(n - count + 1)
    sure = (exact == 0) | (exact >= 1)
    chance = torch.where(sure, 0.5, exact)[..., None]
    log_chances = ways + count * chance.log() + (n - count) * torch.log1p(-chance)
    frequency = count / n
    expected = (log_chances.exp() * xlogy(frequency, frequency)).sum(-1)
    bias: Tensor = (torch.where(sure, 0, expected) - xlogy(exact, exact)).sum(-1)
    return bias.to(p.dtype)


def _log_half_sum(d: Tensor) -> Tensor:
    """log((1 + e^d) / 2), with its digits where d is small."""
    return torch.maximum(d, torch.zeros_like(d)) + torch.log1p(torch.expm1(-d.abs()) / 2)


def _check_pair(name_own: str, own: Tensor, name_other: str, other: Tensor) -> None:
    """Raise ValueError unless both hold log-densities of the same draws, made by the first."""
    for name, value in ((name_own, own), (name_other, other)):
        if not isinstance(value, Tensor) or not value.is_floating_point():
            kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
            raise ValueError(f"{name}: expected a floating-point tensor, got {kind}")
        if value.shape != own.shape:
            raise ValueError(
                f"{name}: expected the shape {tuple(own.shape)} of {name_own}, "
                f"got {tuple(value.shape)}"
            )
        if value.isnan().any() or (value == math.inf).any():
            raise ValueError(f"{name}: expected log-densities, got NaN or +infinity")
    if (own == -math.inf).any():
        raise ValueError(
            f"{name_own}: expected finite log-densities of its own draws, got -infinity"
        )
