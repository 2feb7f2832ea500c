r"""Kullback-Leibler divergences between normal distributions, in closed form.

Notation: :math:`\mu_p, \sigma_p` are the mean and the standard deviation of p (both in the unit
of x), :math:`\Sigma_p` is a covariance matrix (unit squared). The result does not depend on the
unit, and is in nats.
"""

import torch
from torch import Tensor

from gensrc.numerics import log_excess


def kl_normal(
    mean_p: Tensor | float, std_p: Tensor | float, mean_q: Tensor | float, std_q: Tensor | float
) -> Tensor:
    r"""KL divergence between two normal distributions of one variable, elementwise.

    .. math:: \mathrm{KL}\left(\mathcal N(\mu_p, \sigma_p^2)
        \,\|\, \mathcal N(\mu_q, \sigma_q^2)\right) = \log \frac{\sigma_q}{\sigma_p}
        + \frac{\sigma_p^2 + (\mu_p - \mu_q)^2}{2 \sigma_q^2} - \frac12

    With :math:`\sigma_p = (1 + e)\, \sigma_q` the terms without the means are
    :math:`e - \log(1 + e) + e^2/2`, which keeps its digits where e is small.

    Equation: eq-kl-normal

    Args:
        mean_p: mean of p, in the unit of x; a tensor of any shape, or a number.
        std_p: standard deviation of p, in the same unit, positive.
        mean_q: mean of q.
        std_q: standard deviation of q, positive.

    Returns:
        the divergence in nats, of the shape to which the arguments broadcast.

    Raises:
        ValueError: an argument is not finite, or a standard deviation is not positive.

    Source: Kullback (1959), chapter 9.

    >>> kl_normal(torch.tensor(0.0), torch.tensor(1.0), torch.tensor(1.0), torch.tensor(1.0))
    tensor(0.5000)
    """
    numbers = {"mean_p": mean_p, "std_p": std_p, "mean_q": mean_q, "std_q": std_q}
    mean_p, std_p, mean_q, std_q = _tensors(numbers)
    for name, std in (("std_p", std_p), ("std_q", std_q)):
        if (std <= 0).any():
            raise ValueError(f"{name}: expected numbers > 0, got {float(std.min()):.7g}")
    e = (std_p - std_q) / std_q
    near = e.abs() < 0.5
    far = e - (std_p.log() - std_q.log())
    excess = torch.where(near, log_excess(torch.where(near, e, 0)), far)
    distance = (mean_p - mean_q) / std_q
    return excess + e.square() / 2 + distance.square() / 2


def kl_multivariate_normal(mean_p: Tensor, cov_p: Tensor, mean_q: Tensor, cov_q: Tensor) -> Tensor:
    r"""KL divergence between two multivariate normal distributions.

    .. math:: \mathrm{KL} = \tfrac12 \left( \operatorname{tr}(\Sigma_q^{-1} \Sigma_p) - d
        + (\mu_q - \mu_p)^\top \Sigma_q^{-1} (\mu_q - \mu_p)
        + \log \frac{\det \Sigma_q}{\det \Sigma_p} \right)

    With the Cholesky factors :math:`\Sigma = L L^\top` the trace is the sum of squares of
    :math:`L_q^{-1} L_p`, and no matrix is inverted. Where the covariances are near each other, so
    that these terms cancel, it is computed as :math:`\tfrac12 \sum_i (x_i - \log(1 + x_i))` with
    the eigenvalues :math:`x_i` of :math:`L_q^{-1} (\Sigma_p - \Sigma_q) L_q^{-\top}`.

    Equation: eq-kl-multivariate-normal

    Args:
        mean_p: mean of p, in the unit of x, shape (..., d).
        cov_p: covariance of p, unit squared, shape (..., d, d).
        mean_q: mean of q, shape (..., d).
        cov_q: covariance of q, shape (..., d, d).

    Returns:
        the divergence in nats, shape (...), the shape to which the batches broadcast.

    Raises:
        ValueError: the shapes do not fit, a number is not finite, or a covariance is not
            symmetric or not positive definite (a singular one has no density).

    Source: Kullback (1959), chapter 9.

    >>> eye = torch.eye(2)
    >>> kl_multivariate_normal(torch.zeros(2), eye, torch.tensor([3.0, 4.0]), eye)  # 25 / 2
    tensor(12.5000)
    """
    _tensors({"mean_p": mean_p, "cov_p": cov_p, "mean_q": mean_q, "cov_q": cov_q})
    d = mean_p.shape[-1] if mean_p.ndim else 0
    for name, mean in (("mean_p", mean_p), ("mean_q", mean_q)):
        if d == 0 or mean.shape[-1:] != (d,):
            raise ValueError(f"{name}: expected shape (..., {d or 'd'}), got {tuple(mean.shape)}")
    factor_p, factor_q = _factor("cov_p", cov_p, d), _factor("cov_q", cov_q, d)
    offset = (mean_q - mean_p)[..., None]
    spread = torch.linalg.solve_triangular(factor_q, factor_p, upper=False)
    shift = torch.linalg.solve_triangular(factor_q, offset, upper=False)
    log_dets = [factor.diagonal(dim1=-2, dim2=-1).log().sum(-1) for factor in (factor_p, factor_q)]
    squares = spread.square().sum((-2, -1)) - d + shift.square().sum((-2, -1))
    near, excess = _excess(cov_p, cov_q, factor_q)
    far = squares / 2 + log_dets[1] - log_dets[0]
    return torch.where(near, excess / 2 + shift.square().sum((-2, -1)) / 2, far)


def _excess(cov_p: Tensor, cov_q: Tensor, factor_q: Tensor) -> tuple[Tensor, Tensor]:
    """Whether two covariances are near, and tr(S) - d - log det S of S = inv(cov_q) cov_p there."""
    half = torch.linalg.solve_triangular(factor_q, cov_p - cov_q, upper=False)
    change = torch.linalg.solve_triangular(factor_q, half.mT, upper=False)
    x = torch.linalg.eigvalsh((change + change.mT) / 2)
    near = x.abs().amax(-1) < 0.5
    return near, log_excess(torch.where(near[..., None], x, 0)).sum(-1)


def _tensors(arguments: dict[str, Tensor | float]) -> list[Tensor]:
    """The arguments as finite tensors; plain numbers follow the first tensor among them."""
    found = [value for value in arguments.values() if isinstance(value, Tensor)]
    like = found[0] if found else torch.zeros((), dtype=torch.float64)
    tensors = []
    for name, value in arguments.items():
        if not isinstance(value, Tensor):
            value = torch.as_tensor(value, dtype=like.dtype, device=like.device)
        if not value.is_floating_point():
            raise ValueError(f"{name}: expected a floating-point tensor, got {value.dtype}")
        if not value.isfinite().all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        tensors.append(value)
    return tensors


def _factor(name: str, covariance: Tensor, d: int) -> Tensor:
    """Cholesky factor; ValueError unless symmetric and positive definite in its precision."""
    if covariance.shape[-2:] != (d, d):
        raise ValueError(f"{name}: expected shape (..., {d}, {d}), got {tuple(covariance.shape)}")
    eps = torch.finfo(covariance.dtype).eps
    diagonal = covariance.diagonal(dim1=-2, dim2=-1)
    skew = (covariance - covariance.mT).abs().amax((-2, -1))
    if (skew > eps**0.5 * diagonal.abs().amax(-1)).any():
        raise ValueError(f"{name}: expected symmetric matrices, got a gap of {float(skew.max()):g}")
    factor: Tensor
    factor, info = torch.linalg.cholesky_ex(covariance)
    # A coordinate that the ones before it determine leaves nothing but rounding on the diagonal.
    rest = factor.diagonal(dim1=-2, dim2=-1).square() / torch.where(diagonal > 0, diagonal, 1)
    if (info != 0).any() or (rest <= 4 * d * eps).any():
        raise ValueError(
            f"{name}: expected positive definite matrices, got one that is singular or indefinite "
            f"in {covariance.dtype}"
        )
    return factor
