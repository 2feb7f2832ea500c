r"""Likelihoods of a decoder: densities p(x|z) of vectors with independent entries.

A likelihood is an object with three functions of the decoder's ``output`` (..., d): the
log-density of x, summed over the d entries, the mean of x, and draws of x. The output holds for
every entry one real number: a logit :math:`l` (Bernoulli and continuous Bernoulli), or the mean
itself (Gaussian). The leading axes of x and output are examples and draws of z; they broadcast.

A log-density raises ValueError if x lies outside the support or is NaN, if the last axes differ,
or if the output is not finite or so large that the log-density overflows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from gensrc.checks import check_between, check_finite

SERIES = (1 / 6, -1 / 180, 1 / 2835, -1 / 37800, 1 / 467775, -691 / 3831077250)
"""Coefficients of h², h⁴, … in log(sinh(h)/h)."""


NEAR = 0.25
"""Below this |h| the series is used: the next term is less than 1e-16."""


TANH_SERIES = (1, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925)
"""Coefficients of 1, h², h⁴, … in tanh(h)/h."""


TANH_NEAR = 1 / 16
"""Below this |h| that series is used: the next term is less than 1e-16."""


class Likelihood(Protocol):
    """The density of x given the decoder's output."""

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Log-density of ``x`` (..., d), summed over the last axis, in nats."""

    def mean(self, output: Tensor) -> Tensor:
        """Mean of x, the shape of ``output``."""

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """One draw of x for each entry of ``output``, with a generator on its device."""


@dataclass(frozen=True)
class Bernoulli:
    r"""Binary entries: one with probability :math:`\lambda = \sigma(l)`, else zero."""

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        r"""Minus the cross-entropy of x in [0, 1]; a log-probability only for x in {0, 1}.

        .. math:: \log p(x) = \sum_j x_j \log \lambda_j + (1 - x_j) \log (1 - \lambda_j)

        Equation: def-bernoulli-decoder

        Raises:
            ValueError: an entry of x below 0 or above 1, such as a byte of an image, or shapes
                that do not match.

        >>> BERNOULLI.log_prob(torch.ones(2), torch.tensor([0.0, 0.0]))  # -log 4
        tensor(-1.3863)
        """
        x, output = _match(x, output, low=0, high=1)
        return _finite(-binary_cross_entropy_with_logits(output, x, reduction="none").sum(-1))

    def mean(self, output: Tensor) -> Tensor:
        """The probability of a one."""
        return output.sigmoid()

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Zeros and ones."""
        return torch.bernoulli(output.sigmoid(), generator=generator)


@dataclass(frozen=True)
class ContinuousBernoulli:
    r"""Entries in [0, 1] with the density that cross-entropy becomes when it is normalised."""

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        r"""Cross-entropy and its normaliser, for x in [0, 1] and every logit.

        .. math:: \log p(x) = \sum_j l_j \left(x_j - \tfrac12\right)
            - \log \frac{\sinh(l_j / 2)}{l_j / 2}
            = \sum_j -|l_j|\, t_j - \log \frac{1 - e^{-|l_j|}}{|l_j|}

        Here t is the distance of x from the end that the logit prefers: 1 - x for l > 0, else x.
        The second form keeps its digits for large logits, the first near zero.

        Equation: eq-continuous-bernoulli

        Raises:
            ValueError: an entry of x outside [0, 1], where there is no density, or shapes that do
                not match.

        Source: Loaiza-Ganem and Cunningham (2019).

        >>> CONTINUOUS_BERNOULLI.log_prob(torch.rand(3), torch.zeros(3))  # uniform
        tensor(0.)
        """
        x, output = _match(x, output, low=0, high=1)
        near = output.abs() < 2 * NEAR
        small, size = torch.where(near, output, 0), torch.where(near, 1, output.abs())
        square = (small / 2).square()
        flat = small * (x - 0.5) - square * _polynomial(square, SERIES)
        away = torch.where(output > 0, 1 - x, x)
        steep = -size * away - torch.log(-torch.expm1(-size) / size)
        return _finite(torch.where(near, flat, steep).sum(-1))

    def mean(self, output: Tensor) -> Tensor:
        r""":math:`1/(1 - e^{-l}) - 1/l`, one half at l = 0.

        >>> CONTINUOUS_BERNOULLI.mean(torch.tensor([0.0, 1000.0]))
        tensor([0.5000, 0.9990])
        """
        h = output / 2
        slopes = [2 * n * c for n, c in enumerate(SERIES, 1)]
        near = h * _polynomial(h.square().clamp(max=NEAR**2), slopes)
        away = torch.where(h.abs() < NEAR, 1, h)
        return (1 + torch.where(h.abs() < NEAR, near, 1 / away.tanh() - 1 / away)) / 2

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        r"""The inverse of the distribution function, :math:`\log(1 + u (e^l - 1)) / l`."""
        u = torch.rand(output.shape, generator=generator, device=output.device, dtype=output.dtype)
        # For l > 0 draw 1 - x, whose logit is -l: no exponential can then overflow.
        size = output.abs()
        tiny = size < torch.finfo(output.dtype).tiny
        safe = torch.where(tiny, 1, size)
        x = -torch.log1p(u * torch.expm1(-safe)) / safe
        x = torch.where(tiny, u, x)
        return torch.where(output > 0, 1 - x, x).clamp(0, 1)


@dataclass(frozen=True)
class Gaussian:
    """Real entries, normal with one fixed standard deviation around the decoder's output."""

    std: float = 1.0

    def __post_init__(self) -> None:
        if not (self.std > 0 and math.isfinite(self.std)):
            raise ValueError(f"std: expected a positive number, got {self.std}")

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        r"""Squared error, scaled, and the normaliser.

        .. math:: \log p(x) = -\frac{1}{2 s^2} \sum_j (x_j - \mu_j)^2 - d \log(s \sqrt{2\pi})

        Equation: def-gaussian-decoder

        >>> GAUSSIAN.log_prob(torch.zeros(1), torch.zeros(1))  # -log sqrt(2 pi)
        tensor(-0.9189)
        """
        x, output = _match(x, output)
        squares = ((x - output) / self.std).square().sum(-1)
        scale = math.log(self.std) + math.log(math.tau) / 2
        return _finite(-squares / 2 - output.shape[-1] * scale)

    def mean(self, output: Tensor) -> Tensor:
        """The output itself."""
        return output

    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """The output and normal noise."""
        noise = torch.randn(
            output.shape, generator=generator, device=output.device, dtype=output.dtype
        )
        return output + self.std * noise


BERNOULLI = Bernoulli()


CONTINUOUS_BERNOULLI = ContinuousBernoulli()


GAUSSIAN = Gaussian()


def cross_entropy_mass(logits: Tensor) -> Tensor:
    r"""What the exponential of minus cross-entropy integrates to over grey values: at most 1/2.

    .. math:: \int_0^1 \lambda^x (1 - \lambda)^{1 - x}\, dx
        = \frac{2 \lambda - 1}{\log \lambda - \log(1 - \lambda)}
        = \frac{\tanh(l / 2)}{l}

    Equation: eq-cross-entropy-mass

    Args:
        logits: l, any shape.

    Returns:
        the integral, the same shape: 1/2 at l = 0, and 1/|l| for large logits.

    Raises:
        ValueError: logits that are not finite.

    Source: Loaiza-Ganem and Cunningham (2019).

    >>> cross_entropy_mass(torch.tensor(0.0))
    tensor(0.5000)
    """
    check_finite("logits", logits)
    near = logits.abs() < 2 * TANH_NEAR
    small, safe = torch.where(near, logits, 0), torch.where(near, 1, logits)
    flat = _polynomial((small / 2).square(), TANH_SERIES) / 2
    return torch.where(near, flat, (safe / 2).tanh() / safe)


def _polynomial(x: Tensor, coefficients: Sequence[float]) -> Tensor:
    """c₀ + c₁ x + c₂ x² + …"""
    value = torch.zeros_like(x)
    for c in reversed(coefficients):
        value = value * x + c
    return value


def _match(
    x: Tensor, output: Tensor, *, low: float = -math.inf, high: float = math.inf
) -> tuple[Tensor, Tensor]:
    """Both in one shape, after the checks; leading axes are examples and draws of z."""
    if not output.is_floating_point():
        raise ValueError(f"output: expected a floating-point tensor, got {output.dtype}")
    shapes = tuple(x.shape), tuple(output.shape)
    if 0 in (x.ndim, output.ndim) or x.shape[-1] != output.shape[-1]:
        raise ValueError(f"x: expected the last axis of the decoder's output, got {shapes}")
    try:
        shape = torch.broadcast_shapes(*shapes)  # type: ignore[no-untyped-call]
    except RuntimeError:
        raise ValueError(f"x: expected a shape that fits the output, got {shapes}") from None
    check_between("x", x, low, high, "finite numbers" if high == math.inf else None)
    x = x if x.is_floating_point() else x.to(output.dtype)
    return x.expand(shape), output.expand(shape)


def _finite(log_density: Tensor) -> Tensor:
    """The log-density, which is NaN or infinite if the decoder's output was, or overflowed."""
    found = "finite numbers whose log-density does not overflow"
    check_between("x, output", log_density, -math.inf, math.inf, found)
    return log_density
