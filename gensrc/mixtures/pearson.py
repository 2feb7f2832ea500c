r"""Pearson's method of moments: two normal components from five moments.

Notation. A mixture of two normal densities in one dimension has weights :math:`\pi_1, \pi_2`,
means :math:`m + \gamma_1 < m + \gamma_2` and variances :math:`\sigma_1^2, \sigma_2^2`, where m is
the mean of all. Its central moments are :math:`M_2, M_3, \dots`, and
:math:`\kappa_4 = M_4 - 3 M_2^2`, :math:`\kappa_5 = M_5 - 10 M_2 M_3`.

Since :math:`\pi_1\gamma_1 + \pi_2\gamma_2 = 0`, the two numbers :math:`p = \gamma_1\gamma_2 < 0`
and :math:`s = \gamma_1 + \gamma_2` give the weights, and the line
:math:`\sigma_j^2 = a + b\gamma_j` gives the variances: :math:`M_2` fixes
:math:`a = M_2 + p` and :math:`M_3` fixes :math:`b = -(M_3 + ps)/(3p)`.
With :math:`r = ps`, the fourth and fifth moments become

.. math::
    6p^3 + 3\kappa_4 p = 2r^2 + 4 M_3 r - M_3^2, \qquad
    3\kappa_5 p^2 = 2r^3 - 4p^3 r - 5 M_3^2 r + 20 M_3 p^3.

The first turns the :math:`r^3` of the second into r, so that r is a ratio of polynomials in p;
put back into the first, it leaves one equation in p, of degree nine.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from torch import Tensor

_REAL = 1e-6  # a root whose imaginary part is smaller than this part of it counts as real


_MATCH = 1e-6  # how closely a solution must reproduce the moments, in standard units


class PearsonRoots(NamedTuple):
    """The R admissible solutions, in the order of the product of the deviations of the means.

    Args:
        weights: shape (R, 2); in every solution the lower mean comes first.
        means: shape (R, 2), in the unit of the data.
        stds: shape (R, 2), in the unit of the data.
        sixth: sixth central moment of each solution, shape (R,); the data's own, which the
            method does not use, tells the solutions apart.
    """

    weights: Tensor
    means: Tensor
    stds: Tensor
    sixth: Tensor


def central_moments(values: Tensor, counts: Tensor | None = None) -> Tensor:
    r"""Mean and central moments of orders 2 to 6 of numbers, or of the mid-points of classes.

    .. math:: m = \frac1n \sum_i x_i, \qquad M_j = \frac1n \sum_i (x_i - m)^j

    Equation: def-central-moments

    Args:
        values: x, shape (n,).
        counts: how often each value occurs, shape (n,); once if not given.

    Returns:
        (m, M2, M3, M4, M5, M6), shape (6,), in powers of the unit of x.

    Raises:
        ValueError: numbers that are not finite, counts of another shape, infinite, negative or all
            0, or a spread whose sixth power overflows or underflows.

    Source: Pearson (1894).

    >>> central_moments(torch.tensor([0.0, 2.0]))
    tensor([1., 1., 0., 1., 0., 1.])
    """
    weights = torch.ones_like(values) if counts is None else counts.to(values)
    if values.dim() != 1 or not values.is_floating_point() or not bool(values.isfinite().all()):
        raise ValueError("values: expected finite floating-point numbers of shape (n,)")
    if weights.shape != values.shape or not bool(
        ((weights >= 0) & weights.isfinite()).all() & (weights.sum() > 0)
    ):
        raise ValueError(
            f"counts: expected shape {tuple(values.shape)}, finite, none negative, not all 0, "
            f"got shape {tuple(weights.shape)} and sum {float(weights.sum()):g}"
        )
    weights = weights / weights.sum()
    mean = (weights * values).sum()
    powers = torch.arange(2, 7, device=values.device)
    moments = (weights * (values - mean) ** powers[:, None]).sum(1)
    used, finfo = values[weights > 0], torch.finfo(values.dtype)
    spread = used.max() - used.min()
    if not bool(moments.isfinite().all()) or 0 < float(spread) < finfo.tiny ** (1 / 7):
        raise ValueError(
            "values: expected a spread whose sixth power neither overflows nor underflows in "
            f"{values.dtype}, got {float(spread):g}; rescale the values"
        )
    return torch.cat([mean[None], moments])


def pearson_moments(moments: Tensor) -> PearsonRoots:
    r"""Every pair of normal components with different means that has the given moments.

    .. math::
        2N^2 + 4 M_3 N D - (M_3^2 + 3\kappa_4 p + 6p^3) D^2 = 0, \qquad
        N = 3\kappa_5 p^2 - 8 M_3 p^3 + 6 M_3 \kappa_4 p + 2 M_3^3, \quad
        D = 2p^3 + 3\kappa_4 p + 4 M_3^2

    Equation: eq-pearson-nonic

    Each root p < 0 gives r = N/D and so the components; it is admissible if both variances are
    positive. Equal means (p = 0) are not among the roots: of ½N(0, 1) + ½N(0, 4) no pair is
    found. The moments are used as they come: the crabs' class mid-points lead to the same
    three digits with Sheppard's corrections for the width of the classes as without.

    Args:
        moments: (m, M2, M3, M4, M5), shape (5,); further ones are not used, so that what
            :func:`central_moments` returns will do.

    Returns:
        the admissible solutions, possibly none.

    Raises:
        ValueError: too few moments, numbers that are not finite, M2 not positive, or powers of
            the standard deviation that overflow or underflow.

    Source: Pearson (1894).

    >>> found = pearson_moments(torch.tensor([0.0, 5.0, 0.0, 43.0, 0.0]))  # N(-2, 1) and N(2, 1)
    >>> found.means, found.stds
    (tensor([[-2.,  2.]]), tensor([[1., 1.]]))
    """
    if moments.dim() != 1 or len(moments) < 5 or not moments.is_floating_point():
        raise ValueError(f"moments: expected (m, M2, M3, M4, M5), got {tuple(moments.shape)}")
    if not bool(moments[:5].isfinite().all()) or not float(moments[1]) > 0:
        raise ValueError("moments: expected finite numbers and M2 > 0")
    mean, m2, m3, m4, m5 = (float(v) for v in moments[:5])
    unit = math.sqrt(m2)
    finfo = torch.finfo(moments.dtype)
    if not finfo.tiny ** (1 / 7) < unit < finfo.max ** (1 / 7):
        raise ValueError(
            "moments: expected a standard deviation whose sixth power neither overflows nor "
            f"underflows in {moments.dtype}, got {unit:g}; rescale the data"
        )
    standard = np.array([1.0, m3 / unit**3, m4 / m2**2, m5 / unit**5])
    found = [_components(p, r, standard) for p, r in _candidates(standard)]
    rows = [row for row in found if row is not None]
    table = torch.as_tensor(np.array(rows).reshape(-1, 7)).to(moments)
    return PearsonRoots(
        table[:, 0:2], mean + unit * table[:, 2:4], unit * table[:, 4:6], m2**3 * table[:, 6]
    )


def _candidates(standard: NDArray[np.float64]) -> list[tuple[float, float]]:
    """(p, r) at the negative real roots of the nonic, for moments in standard units."""
    _, m3, m4, m5 = standard.tolist()
    k4, k5 = m4 - 3, m5 - 10 * m3
    p = Polynomial([0.0, 1.0])
    top = 3 * k5 * p**2 - 8 * m3 * p**3 + 6 * m3 * k4 * p + 2 * m3**3
    bottom = 2 * p**3 + 3 * k4 * p + 4 * m3**2
    nonic = 2 * top**2 + 4 * m3 * top * bottom - (m3**2 + 3 * k4 * p + 6 * p**3) * bottom**2
    roots = np.sort_complex(nonic.roots())
    real = roots.real[(abs(roots.imag) < _REAL * abs(roots)) & (roots.real < 0)]
    return [(q, float(top(q) / bottom(q))) for q in real.tolist() if bottom(q) != 0]


def _components(p: float, r: float, standard: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Weights, deviations, standard deviations and sixth moment, if they have these moments."""
    middle, half = r / p / 2, math.sqrt((r / p) ** 2 / 4 - p)
    g = np.array([middle - half, middle + half])
    v = 1 + p - (standard[1] + r) / (3 * p) * g
    w = np.array([g[1], -g[0]]) / (2 * half)
    if not (v > 0).all():
        return None
    fitted = [
        g**2 + v,
        g**3 + 3 * g * v,
        g**4 + 6 * g**2 * v + 3 * v**2,
        g**5 + 10 * g**3 * v + 15 * g * v**2,
        g**6 + 15 * g**4 * v + 45 * g**2 * v**2 + 15 * v**3,
    ]
    reached = np.array(fitted) @ w
    # Where N and D vanish together, r is not determined, and the root solves nothing.
    if not np.allclose(reached[:4], standard, rtol=_MATCH, atol=_MATCH):
        return None
    return np.concatenate([w, g, np.sqrt(v), reached[4:]])
