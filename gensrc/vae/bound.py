r"""The evidence lower bound, its Kullback–Leibler term, and estimators of its gradient.

The notation is that of :mod:`gensrc.vae`.
"""

import math

import torch
from torch import Tensor

from gensrc.checks import check_between, check_finite


def reparameterize(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    r"""A draw from a diagonal normal distribution, as a differentiable function of its parameters.

    .. math:: z = \mu + \sigma \odot \epsilon, \qquad \sigma = e^{\frac12 \log \sigma^2},
        \qquad \epsilon \sim \mathcal N(0, I)

    Equation: eq-reparameterised

    Args:
        mean: :math:`\mu`, shape (..., k).
        log_var: :math:`\log \sigma^2`, the same shape.
        noise: :math:`\epsilon`, standard normal, a shape (..., k) that broadcasts with the mean's;
            axes in front of it stand for several draws.

    Returns:
        z, the broadcast shape (..., k).

    Raises:
        ValueError: shapes that do not match, or numbers that are not finite or whose variance
            overflows.

    Source: Kingma and Welling (2014); Rezende, Mohamed and Wierstra (2014).

    >>> reparameterize(torch.tensor([1.0]), torch.tensor([4.0]).log(), torch.tensor([0.5]))
    tensor([2.])
    """
    _check_normal(mean, log_var)
    _check_noise(noise, mean)
    return mean + (log_var / 2).exp() * noise


def elbo(log_likelihood: Tensor, kl: Tensor, *, beta: float = 1.0) -> Tensor:
    r"""The evidence lower bound from its two parts.

    .. math:: \mathcal L = \mathbb E_{z \sim q}[\log p_\theta(x|z)]
        - \beta\, \mathrm{KL}(q_\phi(z|x) \,\|\, p(z))

    It bounds log p(x) from below for :math:`\beta \ge 1`.

    Equation: eq-elbo

    Args:
        log_likelihood: :math:`\mathbb E_q[\log p(x|z)]` or an estimate of it, any shape, nats.
        kl: the divergence of q from the prior, the same shape, nats; an estimate of it from draws
            may be negative.
        beta: weight of the divergence, at least 0.

    Returns:
        the bound in nats, the same shape.

    Raises:
        ValueError: the shapes differ, a number is not finite, or beta is negative or not finite.

    Source: Kingma and Welling (2014); Higgins et al. (2017), for beta.

    >>> elbo(torch.tensor([-10.0]), torch.tensor([2.0]))
    tensor([-12.])
    """
    if log_likelihood.shape != kl.shape:
        raise ValueError(
            f"kl: expected the shape {tuple(log_likelihood.shape)} of log_likelihood, "
            f"got {tuple(kl.shape)}"
        )
    check_finite("log_likelihood", log_likelihood)
    check_finite("kl", kl)
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta: expected a finite number >= 0, got {beta}")
    return log_likelihood - beta * kl


def kl_to_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    r"""KL divergence of a diagonal normal distribution to the standard normal.

    .. math:: \mathrm{KL}(\mathcal N(\mu, \mathrm{diag}\,\sigma^2) \,\|\, \mathcal N(0, I))
        = \tfrac12 \sum_j \left( \sigma_j^2 + \mu_j^2 - 1 - \log \sigma_j^2 \right)

    Equation: eq-kl-diagonal

    Args:
        mean: :math:`\mu`, shape (..., k).
        log_var: :math:`\log \sigma^2`, the same shape.

    Returns:
        the divergence in nats, shape (...).

    Raises:
        ValueError: the shapes differ, or numbers are not finite or the variance overflows.

    Source: Kingma and Welling (2014), appendix B.

    >>> kl_to_standard_normal(torch.tensor([2.0]), torch.tensor([0.0]))  # half of 2 squared
    tensor(2.)
    """
    _check_normal(mean, log_var)
    # exp(v) - 1 - v loses no digits near v = 0, where the divergence is small
    return (mean.square() + torch.expm1(log_var) - log_var).sum(-1) / 2


def kl_full_to_standard_normal(mean: Tensor, covariance: Tensor) -> Tensor:
    r"""KL divergence of a normal distribution with any covariance to the standard normal.

    .. math:: \mathrm{KL}(\mathcal N(\mu, \Sigma) \,\|\, \mathcal N(0, I))
        = \tfrac12 \left( \mathrm{tr}\,\Sigma + \mu^\top \mu - k - \log \det \Sigma \right)

    With the Cholesky factor :math:`\Sigma = L L^\top` and :math:`v_i = \log L_{ii}^2`, the part
    :math:`\mathrm{tr}\,\Sigma - k - \log \det \Sigma` is the sum of the squares of L off the
    diagonal and of :math:`e^{v_i} - 1 - v_i`, so that no digits are lost near the identity.

    Equation: eq-kl-full

    Args:
        mean: :math:`\mu`, shape (..., k).
        covariance: :math:`\Sigma`, symmetric positive definite, shape (..., k, k).

    Returns:
        the divergence in nats, shape (...), the shape to which the batches broadcast.

    Raises:
        ValueError: the shapes do not match, a number is not finite, or a matrix is not symmetric
            or not positive definite in its precision.

    >>> kl_full_to_standard_normal(torch.zeros(2), torch.eye(2))
    tensor(0.)
    """
    check_finite("mean", mean)
    check_finite("covariance", covariance)
    k = mean.shape[-1] if mean.ndim else 0
    if k == 0 or covariance.shape[-2:] != (k, k):
        raise ValueError(
            f"covariance: expected shape (..., {k}, {k}), got {tuple(covariance.shape)}"
        )
    _broadcast("covariance", covariance.shape[:-2], mean.shape[:-1])
    factor = cholesky("covariance", covariance)
    log_var = 2 * factor.diagonal(dim1=-2, dim2=-1).log()
    mixed = factor.tril(-1).square().sum((-2, -1))
    return (mean.square() + torch.expm1(log_var) - log_var).sum(-1) / 2 + mixed / 2


def reinforce_surrogate(value: Tensor, log_q: Tensor) -> Tensor:
    r"""The function whose gradient is the REINFORCE (score-function) estimate.

    .. math:: \nabla_\phi\, \mathbb E_{z \sim q_\phi}[f(z)]
        = \mathbb E_{z \sim q_\phi}[f(z)\, \nabla_\phi \log q_\phi(z)]

    The draws z must not carry a gradient: ``log_q`` is their log-density as a function of the
    parameters alone. Subtract a baseline from ``value`` to lower the variance.

    Equation: eq-score-function

    Args:
        value: f(z), any shape; it is treated as a constant.
        log_q: :math:`\log q_\phi(z)`, the same shape.

    Returns:
        the product, the same shape; only its gradient means anything.

    Raises:
        ValueError: the shapes differ, or a number is not finite.

    Source: Williams (1992).

    >>> mean = torch.tensor(1.0, requires_grad=True)
    >>> z = torch.tensor(3.0)
    >>> reinforce_surrogate(z**2, -((z - mean) ** 2) / 2).backward()
    >>> mean.grad  # 9 * (3 - 1)
    tensor(18.)
    """
    if value.shape != log_q.shape:
        raise ValueError(
            f"log_q: expected the shape {tuple(value.shape)} of value, got {tuple(log_q.shape)}"
        )
    check_between("value", value, -math.inf, math.inf, "finite numbers")
    check_finite("log_q", log_q)
    return value.detach() * log_q


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    r"""The bound of the importance-weighted autoencoder from K draws.

    .. math:: \mathcal L_K = \mathbb E \log \frac1K \sum_{k=1}^K w_k, \qquad
        w_k = \frac{p_\theta(x, z_k)}{q_\phi(z_k|x)}, \qquad z_k \sim q_\phi(z|x)

    Equation: eq-importance-weighted

    Args:
        log_weights: :math:`\log w_k`, the K draws along the last axis, shape (..., K);
            :math:`-\infty` for a weight of 0.

    Returns:
        :math:`\log \frac1K \sum_k w_k` in nats, shape (...).

    Raises:
        ValueError: no draws, or a weight that is NaN or infinite.

    Source: Burda, Grosse and Salakhutdinov (2016).

    >>> importance_weighted_bound(torch.tensor([1.0, 3.0]).log())  # log 2
    tensor(0.6931)
    """
    if log_weights.ndim == 0 or log_weights.shape[-1] == 0:
        raise ValueError(f"log_weights: expected shape (..., K), got {tuple(log_weights.shape)}")
    if log_weights.numel() and not float(log_weights.detach().max()) < math.inf:
        raise ValueError("log_weights: expected numbers below infinity, got NaN or infinity")
    return log_weights.logsumexp(-1) - math.log(log_weights.shape[-1])


def cholesky(name: str, matrices: Tensor) -> Tensor:
    """Cholesky factor; ValueError unless symmetric and positive definite in its precision."""
    eps = torch.finfo(matrices.dtype).eps
    diagonal = matrices.detach().diagonal(dim1=-2, dim2=-1)
    gap = (matrices - matrices.mT).detach().abs().amax((-2, -1))
    if bool((gap > eps**0.5 * diagonal.abs().amax(-1)).any()):
        raise ValueError(
            f"{name}: expected symmetric matrices, got a gap of {float(gap.max()):.3g}"
        )
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(matrices)
    # An entry that the ones before it determine leaves nothing but rounding on the diagonal.
    rest = factor.detach().diagonal(dim1=-2, dim2=-1).square() / torch.where(
        diagonal > 0, diagonal, 1
    )
    if bool((info != 0).any()) or bool((rest <= 4 * matrices.shape[-1] * eps).any()):
        raise ValueError(
            f"{name}: expected positive definite matrices, got one that is singular or indefinite "
            f"in {matrices.dtype}"
        )
    return factor


def _check_normal(mean: Tensor, log_var: Tensor) -> None:
    if mean.shape != log_var.shape or mean.ndim == 0:
        raise ValueError(
            f"log_var: expected the shape {tuple(mean.shape)} of mean, (..., k), "
            f"got {tuple(log_var.shape)}"
        )
    check_finite("mean", mean)
    check_finite("log_var", log_var)
    most = math.log(torch.finfo(log_var.dtype).max)
    wanted = f"at most {most:.4g}, beyond which the variance overflows in {log_var.dtype}"
    check_between("log_var", log_var, -math.inf, most, wanted)


def _check_noise(noise: Tensor, mean: Tensor) -> None:
    check_finite("noise", noise)
    if noise.ndim == 0 or noise.shape[-1] != mean.shape[-1]:
        raise ValueError(f"noise: expected (..., {mean.shape[-1]}), got {tuple(noise.shape)}")
    _broadcast("noise", noise.shape, mean.shape)


def _broadcast(name: str, shape: torch.Size, other: torch.Size) -> None:
    """Raise ValueError unless the leading axes of an argument fit those of the mean."""
    try:
        torch.broadcast_shapes(shape, other)  # type: ignore[no-untyped-call]
    except RuntimeError:
        raise ValueError(
            f"{name}: expected axes that fit {tuple(other)} of mean, got {tuple(shape)}"
        ) from None
