r"""The rows of the table of f-divergences, one elementary function at a time.

Each row has a generator :math:`f(u)`, its conjugate :math:`f^*(t)`, an output activation
:math:`g(v)` that increases from all real v into the domain of :math:`f^*`, the composition
:math:`f^*(g(v))` computed without :math:`g` where that keeps digits (``_cost``), and the optimal
critic :math:`f'(u)`. A conjugate is the supremum over :math:`u \ge 0` for *every* real t:
:math:`+\infty` beyond the upper end of its domain, and :math:`-f(0)` below :math:`f'(0)` where
that slope is finite.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gensrc.fgan.roots import Root
from gensrc.numerics import alpha_terms, kl_terms, xlogy

NEWTON_STEPS = 6
"""Steps to float64 accuracy in :func:`jeffrey_conjugate`, whatever t is."""


def identity(v: Tensor) -> Tensor:
    """g(v) = v, for conjugates that are finite everywhere."""
    return v


def kl_generator(u: Tensor) -> Tensor:
    """F(u) = u log u."""
    return xlogy(u, u)


def kl_conjugate(t: Tensor) -> Tensor:
    """f*(t) = exp(t - 1)."""
    return (t - 1).exp()


def kl_critic(u: Tensor) -> Tensor:
    """f'(u) = 1 + log u."""
    return 1 + u.log()


def reverse_kl_generator(u: Tensor) -> Tensor:
    """F(u) = -log u."""
    return -u.log()


def reverse_kl_conjugate(t: Tensor) -> Tensor:
    """f*(t) = -1 - log(-t) for t < 0."""
    inside = t < 0
    return torch.where(inside, -1 - torch.where(inside, -t, 1).log(), math.inf)


def reverse_kl_activation(v: Tensor) -> Tensor:
    """g(v) = -exp(-v)."""
    return _below(-(-v).exp(), 0.0)


def reverse_kl_cost(v: Tensor) -> Tensor:
    """f*(g(v)) = v - 1."""
    return v - 1


def reverse_kl_critic(u: Tensor) -> Tensor:
    """f'(u) = -1/u."""
    return -1 / u


def pearson_generator(u: Tensor) -> Tensor:
    """F(u) = (u - 1)^2."""
    return (u - 1).square()


def pearson_conjugate(t: Tensor) -> Tensor:
    """f*(t) = t + t^2/4 for t >= f'(0) = -2, and -f(0) = -1 below."""
    return (t.clamp(min=-2) / 2 + 1).square() - 1


def pearson_critic(u: Tensor) -> Tensor:
    """f'(u) = 2 (u - 1)."""
    return 2 * (u - 1)


def neyman_generator(u: Tensor) -> Tensor:
    """F(u) = (1 - u)^2 / u, written so that it neither overflows nor is NaN for large u."""
    return (u - 1) * (1 - 1 / u)


def neyman_conjugate(t: Tensor) -> Tensor:
    """f*(t) = 2 - 2 sqrt(1 - t) for t <= 1."""
    inside = t < 1
    value = 2 - 2 * torch.where(inside, 1 - t, 1).sqrt()
    return torch.where(t > 1, math.inf, torch.where(inside, value, 2))


def below_one_activation(v: Tensor) -> Tensor:
    """g(v) = 1 - exp(-v)."""
    return _below(-torch.expm1(-v), 1.0)


def neyman_cost(v: Tensor) -> Tensor:
    """f*(g(v)) = 2 - 2 exp(-v/2)."""
    return -2 * torch.expm1(-v / 2)


def neyman_critic(u: Tensor) -> Tensor:
    """f'(u) = 1 - 1/u^2."""
    return 1 - u**-2


def squared_hellinger_generator(u: Tensor) -> Tensor:
    """F(u) = (sqrt(u) - 1)^2, from u - 1, which keeps its digits near u = 1."""
    root = u.sqrt()
    return torch.where(u < 4, (u - 1) / (root + 1), root - 1).square()


def squared_hellinger_conjugate(t: Tensor) -> Tensor:
    """f*(t) = t / (1 - t) = 1 / (1 - t) - 1 for t < 1."""
    inside = t < 1
    distance = torch.where(inside, 1 - t, 1)
    value = torch.where(t > -1, (1 - distance) / distance, 1 / distance - 1)
    return torch.where(inside, value, math.inf)


def squared_hellinger_cost(v: Tensor) -> Tensor:
    """f*(g(v)) = exp(v) - 1."""
    return torch.expm1(v)


def squared_hellinger_critic(u: Tensor) -> Tensor:
    """f'(u) = 1 - 1/sqrt(u)."""
    return 1 - u.rsqrt()


def jeffrey_generator(u: Tensor) -> Tensor:
    """F(u) = (u - 1) log u."""
    return (u - 1) * u.log()


def jeffrey_conjugate(t: Tensor) -> Tensor:
    """f*(t) = u - 1 + log u at the u with log u + 1 - 1/u = t, found by Newton's method.

    With x = -log u the equation is x + exp(x) = 1 - t, whose left side is convex: from a start
    to the right of the root the steps cannot overshoot.
    """
    z = (1 - t).clamp(-torch.finfo(t.dtype).max, torch.finfo(t.dtype).max)
    with torch.no_grad():
        x = torch.minimum(z, z.clamp(min=1).log())
        for _ in range(NEWTON_STEPS):
            x = x - (x + x.exp() - z) / (1 + x.exp())
    x = Root.apply(z, x)  # type: ignore[no-untyped-call]
    return torch.where(t.isinf(), t, torch.expm1(-x) - x)


def jeffrey_critic(u: Tensor) -> Tensor:
    """f'(u) = log u + 1 - 1/u."""
    return u.log() + 1 - 1 / u


def total_variation_generator(u: Tensor) -> Tensor:
    """F(u) = |u - 1| / 2."""
    return (u - 1).abs() / 2


def total_variation_conjugate(t: Tensor) -> Tensor:
    """f*(t) = t for -1/2 <= t <= 1/2, and -f(0) = -1/2 below."""
    return torch.where(t <= 0.5, t.clamp(min=-0.5), math.inf)


def total_variation_activation(v: Tensor) -> Tensor:
    """g(v) = tanh(v) / 2, which is f*(g(v)) as well."""
    return v.tanh() / 2


def total_variation_critic(u: Tensor) -> Tensor:
    """f'(u) = sign(u - 1) / 2; at the kink u = 1 the middle of the possible slopes."""
    return (u - 1).sign() / 2


def gan_generator(u: Tensor) -> Tensor:
    """F(u) = u log u - (u + 1) log(u + 1)."""
    return torch.where(u.isinf(), -u, -_x_log1p_inverse(u) - torch.log1p(u))


def gan_conjugate(t: Tensor) -> Tensor:
    """f*(t) = -log(1 - exp(t)) for t < 0."""
    inside = t < 0
    return torch.where(inside, -(-torch.expm1(torch.where(inside, t, -1))).log(), math.inf)


def gan_activation(v: Tensor) -> Tensor:
    """g(v) = -log(1 + exp(-v))."""
    return _below(logsigmoid(v), 0.0)


def gan_cost(v: Tensor) -> Tensor:
    """f*(g(v)) = log(1 + exp(v))."""
    return -logsigmoid(-v)


def gan_critic(u: Tensor) -> Tensor:
    """f'(u) = -log(1 + 1/u)."""
    return -torch.log1p(1 / u)


def jensen_shannon_generator(u: Tensor, w: float) -> Tensor:
    """F(u) = w u log u - m log m with m = 1 - w + w u, in terms that are not negative."""
    m = (1 - w) + w * u
    value = w * kl_terms(u, m) + (1 - w) * kl_terms(torch.ones_like(u), m)
    return torch.where(u.isinf(), u, value)


def jensen_shannon_conjugate(t: Tensor, w: float) -> Tensor:
    """f*(t) = (1 - w) log((1 - w) / (1 - w exp(t/w))) for t < -w log w."""
    high = -w * math.log(w)
    inside = t < high
    gap = torch.where(inside, (t - high) / w, -1)
    value = (1 - w) * (math.log(1 - w) - (-torch.expm1(gap)).log())
    return torch.where(inside, value, math.inf)


def jensen_shannon_activation(v: Tensor, w: float) -> Tensor:
    """g(v) = -w log w - w log(1 + exp(-v))."""
    high = -w * math.log(w)
    return _below(high + w * logsigmoid(v), high)


def jensen_shannon_cost(v: Tensor, w: float) -> Tensor:
    """f*(g(v)) = (1 - w) (log(1 - w) + log(1 + exp(v)))."""
    return (1 - w) * (math.log(1 - w) - logsigmoid(-v))


def jensen_shannon_critic(u: Tensor, w: float) -> Tensor:
    """f'(u) = -w log(w + (1 - w)/u)."""
    return -w * (w + (1 - w) / u).log()


def alpha_generator(u: Tensor, a: float) -> Tensor:
    """F(u) = (u^a - 1 - a (u - 1)) / (a (a - 1)); its limits at a = 1 and a = 0."""
    return torch.where(u.isinf(), u, alpha_terms(u, torch.ones_like(u), a))


def alpha_conjugate(t: Tensor, a: float) -> Tensor:
    """f*(t) = ((1 + (a - 1) t)^(a/(a - 1)) - 1) / a where the base is positive.

    Elsewhere it is -f(0) = -1/a for a > 1, and plus infinity for a < 1, except for the value
    -1/a at the end t = 1/(1 - a) of the domain if a < 0.
    """
    if a == 1:
        return torch.expm1(t)
    base = (a - 1) * t  # less one
    inside = base > -1
    log_base = torch.log1p(torch.where(inside, base, 0))
    value = -log_base if a == 0 else torch.expm1(a / (a - 1) * log_base) / a
    beyond = -1 / a if a > 1 else math.inf
    end = -1 / a if a > 1 or a < 0 else math.inf
    return torch.where(base < -1, beyond, torch.where(inside, value, end))


def alpha_activation(v: Tensor, a: float) -> Tensor:
    """g(v) = (1 - exp(-kv)) / (1 - a) with k = min(1, 1 - a) for a < 1, and v for a >= 1.

    For 0 <= a < 1 the best output is log u, and the limit for a to 1 is v.
    """
    if a >= 1:
        return v
    return _below(-torch.expm1(-min(1.0, 1 - a) * v) / (1 - a), 1 / (1 - a))


def alpha_cost(v: Tensor, a: float) -> Tensor:
    """f*(g(v)) = (exp(kav/(1 - a)) - 1) / a with k = min(1, 1 - a) for a < 1, and v for a = 0."""
    if a >= 1:
        return alpha_conjugate(v, a)
    rate = a if a > 0 else a / (1 - a)
    return v if a == 0 else torch.expm1(rate * v) / a


def alpha_critic(u: Tensor, a: float) -> Tensor:
    """f'(u) = (u^(a - 1) - 1) / (a - 1), and log u for a = 1."""
    return u.log() if a == 1 else torch.expm1((a - 1) * u.log()) / (a - 1)


def _x_log1p_inverse(u: Tensor) -> Tensor:
    """The function u log(1 + 1/u), with its limit 0 at u = 0."""
    some = u >= torch.finfo(u.dtype).tiny
    return torch.where(some, u * torch.log1p(1 / torch.where(some, u, 1)), 0)


def _below(t: Tensor, high: float) -> Tensor:
    """The numbers t, kept below an open end that rounding would reach."""
    edge = torch.tensor(high, dtype=t.dtype)
    last = torch.nextafter(edge, edge - math.inf) if high else edge - torch.finfo(t.dtype).tiny
    return t.clamp(max=float(last))
