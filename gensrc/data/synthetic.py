"""Data drawn from a generator: a ring of normal distributions."""

import math

import torch
from torch import Tensor


def ring_modes(modes: int = 8, *, radius: float = 2.0) -> Tensor:
    """Centres of the modes of :func:`ring`: evenly spaced on a circle, shape (modes, 2).

    >>> ring_modes(4).round()
    tensor([[ 2.,  0.],
            [-0.,  2.],
            [-2., -0.],
            [ 0., -2.]])
    """
    if modes < 1 or not 0 < radius < math.inf:
        raise ValueError(
            f"modes, radius: expected modes >= 1 and radius > 0, got {modes} and {radius}"
        )
    angle = 2 * math.pi * torch.arange(modes) / modes
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def ring(
    n: int,
    *,
    generator: torch.Generator,
    modes: int = 8,
    radius: float = 2.0,
    std: float = 0.02,
) -> Tensor:
    """Draws from a ring of Gaussians: a mixture of equal, narrow, round normal distributions.

    Args:
        n: number of draws.
        generator: draws them; the samples lie on its device.
        modes: number of normal distributions.
        radius: of the circle of their means.
        std: standard deviation of each coordinate around its mean.

    Returns:
        samples, shape (n, 2), float32.

    Raises:
        ValueError: a number that makes no ring.

    Source: Metz et al. (2017), section 3.3.1, for the size of the ring.

    >>> x = ring(5, generator=torch.Generator().manual_seed(0))
    >>> x.norm(dim=1).round()
    tensor([2., 2., 2., 2., 2.])
    """
    if n < 1 or not 0 <= std < math.inf:
        raise ValueError(f"n, std: expected n >= 1 and std >= 0, got {n} and {std}")
    device = generator.device
    centres = ring_modes(modes, radius=radius).to(device)
    chosen = torch.randint(modes, (n,), generator=generator, device=device)
    noise = torch.randn(n, 2, generator=generator, device=device)
    return centres[chosen] + std * noise
