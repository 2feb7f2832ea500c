"""The covariance floor: least variances, and components that no example belongs to."""

import torch
from torch import Tensor

from gensrc.mixtures.expectation import Moments


def check_floor(floor: float | None, x: Tensor) -> float:
    """The floor to use for data like ``x``."""
    if floor is None:
        return float(torch.finfo(x.dtype).eps ** (2 / 3))
    if not 0 < floor < 1:
        raise ValueError(f"floor: expected a fraction between 0 and 1, got {floor}")
    return floor


def reset_empty(moments: Moments) -> Moments:
    """Counts as weights; where there are none, the mean and covariance of all data."""
    counts, means, covariances = moments
    finfo = torch.finfo(counts.dtype)
    empty = counts <= finfo.tiny / finfo.eps
    weights = torch.where(empty, 0.0, counts) / counts.sum()
    means = torch.where(empty[:, None], 0.0, means)
    covariances = torch.where(empty[:, None, None], 0.0, covariances)
    centre, whole = pooled_moments(weights, means, covariances)
    means = torch.where(empty[:, None], centre, means)
    return Moments(weights, means, torch.where(empty[:, None, None], whole, covariances))


def pooled_moments(weights: Tensor, means: Tensor, covariances: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of the whole mixture."""
    centre = weights @ means
    offsets = means - centre
    within = covariances + offsets[:, :, None] * offsets[:, None]
    return centre, torch.tensordot(weights, within, 1)


def floor_covariances(moments: Moments, floor: float) -> tuple[Moments, list[int]]:
    """The moments with no covariance below the floor, and the components that it changed."""
    weights, means, covariances = moments
    scale = coordinate_scales(*pooled_moments(*moments))
    scale = scale[:, None] * scale
    unit = torch.eye(len(scale), dtype=scale.dtype, device=scale.device)
    held = torch.linalg.cholesky_ex(covariances / scale - floor * unit).info != 0
    if bool(held.any()):
        values, vectors = torch.linalg.eigh(covariances[held] / scale)
        opened = (vectors * values.clamp(min=floor)[:, None]) @ vectors.mT
        covariances = covariances.index_put((held,), opened * scale)
    return Moments(weights, means, covariances), held.nonzero().flatten().tolist()


def coordinate_scales(centre: Tensor, whole: Tensor) -> Tensor:
    """Standard deviation of each coordinate; of one that does not vary, that of the others."""
    rounding = 4 * torch.finfo(centre.dtype).eps * centre
    variances = whole.diagonal()
    varying = variances > rounding.square()
    usual = variances[varying].mean() if bool(varying.any()) else variances.new_ones(())
    return torch.where(varying, variances, usual).sqrt()


class CollapseWarning(UserWarning):
    """A component shrank until the floor held its covariance open."""


def collapse_message(held: list[int], step: int | None = None) -> str:
    when = "" if step is None else f" at step {step}"
    return (
        f"component(s) {held} collapsed{when} and were held open by the floor: "
        "use fewer components, another start or a larger floor"
    )
