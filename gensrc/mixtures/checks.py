"""Checks of data, mixtures and responsibilities."""

import torch
from torch import Tensor


def check_data(x: Tensor, components: int = 1) -> None:
    """Raise ValueError unless ``x`` is data for that many components."""
    if x.dim() != 2 or x.shape[1] < 1 or x.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"x: expected a float32 or float64 tensor of shape (n, d), "
            f"got {x.dtype} of shape {tuple(x.shape)}"
        )
    # aminmax needs no memory, and a NaN anywhere makes both ends NaN
    if len(x) and not all(bool(end.isfinite()) for end in x.detach().aminmax()):
        raise ValueError("x: expected finite numbers, got NaN or infinity; drop those rows")
    if not 1 <= components <= len(x):
        raise ValueError(
            f"k: expected at least one component and at most one for each example, "
            f"got {components} components for {len(x)} examples"
        )


def check_squares(x: Tensor) -> None:
    """Raise ValueError unless sums of squares of the data's spread are ordinary numbers."""
    x = x.detach()
    finfo, spread = torch.finfo(x.dtype), x.amax(0) - x.amin(0)
    if not bool((len(x) * spread.square()).isfinite().all()):
        raise ValueError(
            "x: expected numbers whose squares do not overflow; rescale the data, "
            f"got a coordinate with spread {float(spread.max()):.3g} in {x.dtype}"
        )
    if bool(((spread > 0) & (spread.square() < finfo.tiny / finfo.eps)).any()):
        raise ValueError(
            "x: expected numbers whose squares do not underflow; rescale the data, "
            f"got a coordinate with spread {float(spread[spread > 0].min()):.3g} in {x.dtype}"
        )


def check_mixture(mixture: tuple[Tensor, Tensor, Tensor], x: Tensor | None = None) -> Tensor:
    """Cholesky factors of the covariances; ValueError if they or the rest are not as stated."""
    weights, means, covariances = mixture
    k, d = len(weights), means.shape[-1] if x is None else x.shape[1]
    shapes = tuple(tuple(part.shape) for part in mixture)
    if k < 1 or shapes != ((k,), (k, d), (k, d, d)):
        raise ValueError(f"mixture: expected shapes (K,), (K, {d}), (K, {d}, {d}), got {shapes}")
    kinds = {(part.dtype, part.device) for part in (*mixture, *([] if x is None else [x]))}
    if len(kinds) > 1 or weights.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            "mixture: expected the same dtype, float32 or float64, and device as the data, "
            f"got {sorted(f'{dtype} on {device}' for dtype, device in kinds)}"
        )
    tolerance = torch.finfo(weights.dtype).eps ** 0.5
    total = weights.sum().item()
    if not bool((weights >= 0).all()) or not abs(total - 1) <= tolerance:
        raise ValueError(f"weights: expected none negative and sum 1, got sum {total:.6g}")
    if not bool(means.isfinite().all()):
        raise ValueError("means: expected finite numbers, got NaN or infinity")
    factors: Tensor
    factors, info = torch.linalg.cholesky_ex(covariances)
    skew = (covariances - covariances.mT).abs().amax((1, 2))
    symmetric = skew <= tolerance * covariances.diagonal(dim1=1, dim2=2).amax(1)
    bad = (~symmetric | (info != 0)).nonzero().flatten().tolist()
    if bad:
        raise ValueError(
            "covariances: expected symmetric positive definite matrices, "
            f"got others for component(s) {bad}"
        )
    return factors


def check_responsibilities(resp: Tensor, x: Tensor, components: int | None = None) -> None:
    """Raise ValueError unless ``resp`` holds a distribution over components for each example."""
    k = resp.shape[-1] if components is None else components
    if resp.shape != (len(x), k) or k < 1 or (resp.dtype, resp.device) != (x.dtype, x.device):
        wanted = "K" if components is None else k
        raise ValueError(
            f"resp: expected shape ({len(x)}, {wanted}), dtype and device as the data, "
            f"got {tuple(resp.shape)}, {resp.dtype} on {resp.device}"
        )
    gap = (resp.sum(1) - 1).abs().max()
    if not bool((resp >= 0).all()) or not gap <= torch.finfo(x.dtype).eps ** 0.5:
        raise ValueError("resp: expected rows that sum to one, without negative or NaN entries")
