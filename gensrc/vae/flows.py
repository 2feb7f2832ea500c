r"""Normalizing flows: densities made by an invertible change of variables.

If :math:`z = f(\epsilon)` with an invertible, differentiable f and
:math:`\epsilon \sim \mathcal N(0, I)`, then

.. math:: \log q(z) = \log \mathcal N(\epsilon \,|\, 0, I)
    - \log \left| \det \frac{\partial f}{\partial \epsilon} \right| .

The layers here are affine couplings, whose Jacobian matrix is triangular.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gensrc.networks import mlp


class Transformed(NamedTuple):
    """What came out of a flow, (..., k), and the ``log_det`` of the map that made it, (...)."""

    value: Tensor
    log_det: Tensor


def couple(x: Tensor, log_scale: Tensor, shift: Tensor) -> Transformed:
    r"""Keep the first entries and map the others affinely.

    .. math:: y_1 = x_1, \qquad y_2 = e^{a(x_1)} \odot x_2 + t(x_1), \qquad
        \log \left| \det \frac{\partial y}{\partial x} \right| = \sum_j a_j(x_1)

    Equation: eq-coupling

    Args:
        x: shape (..., k).
        log_scale: a for the last entries of x, which may depend on the first, shape (..., m).
        shift: t for the same entries, shape (..., m).

    Returns:
        y (..., k) and the log-determinant (...).

    Raises:
        ValueError: the shapes of a and t differ or do not fit that of x, or m is not less than k.

    Source: Dinh, Sohl-Dickstein and Bengio (2017).

    >>> couple(torch.ones(2), torch.tensor([2.0]).log(), torch.tensor([5.0]))
    Transformed(value=tensor([1., 7.]), log_det=tensor(0.6931))
    """
    kept, moved, log_scale, shift = _parts("x", x, log_scale, shift)
    return Transformed(torch.cat([kept, log_scale.exp() * moved + shift], -1), log_scale.sum(-1))


def uncouple(y: Tensor, log_scale: Tensor, shift: Tensor) -> Transformed:
    r"""The inverse of :func:`couple`: the kept entries say which map to undo.

    .. math:: x_1 = y_1, \qquad x_2 = e^{-a(y_1)} \odot (y_2 - t(y_1))

    Equation: eq-coupling

    Args:
        y: shape (..., k).
        log_scale: a, as for :func:`couple`.
        shift: t, as for :func:`couple`.

    Returns:
        x (..., k) and the log-determinant of this inverse map (...).

    Raises:
        ValueError: as :func:`couple`.

    >>> uncouple(torch.tensor([1.0, 7.0]), torch.tensor([2.0]).log(), torch.tensor([5.0])).value
    tensor([1., 1.])
    """
    kept, moved, log_scale, shift = _parts("y", y, log_scale, shift)
    return Transformed(
        torch.cat([kept, (moved - shift) * (-log_scale).exp()], -1), -log_scale.sum(-1)
    )


def _parts(
    name: str, value: Tensor, log_scale: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The kept and the moved entries, and a and t in the shape of the moved ones."""
    m = log_scale.shape[-1] if log_scale.ndim else 0
    if log_scale.shape != shift.shape or value.ndim == 0 or not 0 < m < value.shape[-1]:
        raise ValueError(
            f"log_scale, shift: expected one shape (..., m) with 0 < m < "
            f"{value.shape[-1] if value.ndim else 0}, "
            f"got {tuple(log_scale.shape)} and {tuple(shift.shape)}"
        )
    kept, moved = value[..., :-m], value[..., -m:]
    try:
        return kept, moved, log_scale.expand_as(moved), shift.expand_as(moved)
    except RuntimeError:
        raise ValueError(
            f"log_scale, shift: expected a shape that fits {name} {tuple(value.shape)}, "
            f"got {tuple(log_scale.shape)}"
        ) from None


class CouplingFlow(nn.Module):
    r"""Couplings in a row, with the entries reversed between them, from noise to z.

    Each coupling has a small network for a and t; :math:`|a| \le 2`, so that a layer can stretch
    by at most :math:`e^2` and training stays calm.

    Args:
        entries: k, at least 2.
        layers: number of couplings; with fewer than two an entry never moves.
        hidden: units of the hidden layer of each network.
        generator: draws the initial weights.

    Raises:
        ValueError: fewer than two entries or no layers.
    """

    def __init__(
        self, entries: int, *, layers: int, hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        if entries < 2 or layers < 1:
            raise ValueError(f"entries, layers: expected >= 2 and >= 1, got {entries}, {layers}")
        kept, moved = entries // 2, entries - entries // 2
        sizes = [kept, hidden, 2 * moved]
        networks = [mlp(sizes, generator=generator, activation=nn.Tanh) for _ in range(layers)]
        self.networks = nn.ModuleList(networks)
        self.kept, self.entries = kept, entries

    def forward(self, noise: Tensor) -> Transformed:
        """z = f(noise) and log |det df/d noise|, for noise (..., k)."""
        self._check("noise", noise)
        value, log_det = noise, noise.new_zeros(noise.shape[:-1])
        for network in self.networks:
            value, more = couple(value, *self._scale_and_shift(network, value))
            value, log_det = value.flip(-1), log_det + more
        return Transformed(value, log_det)

    def inverse(self, z: Tensor) -> Transformed:
        """The noise that makes z (..., k), and the log-determinant of this inverse map."""
        self._check("z", z)
        value, log_det = z, z.new_zeros(z.shape[:-1])
        for network in reversed(self.networks):
            value = value.flip(-1)
            value, more = uncouple(value, *self._scale_and_shift(network, value))
            log_det = log_det + more
        return Transformed(value, log_det)

    def log_prob(self, z: Tensor) -> Tensor:
        r"""Log-density of z = f(noise), in nats, shape (...).

        .. math:: \log q(z) = \log \mathcal N(f^{-1}(z) \,|\, 0, I)
            + \log \left| \det \frac{\partial f^{-1}}{\partial z} \right|

        Equation: eq-flow-density
        """
        noise, log_det = self.inverse(z)
        return log_det - (noise.square().sum(-1) + self.entries * math.log(math.tau)) / 2

    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator) -> Tensor:
        """n draws of z, shape (n, k)."""
        like = next(self.parameters())
        noise = torch.randn((n, self.entries), generator=generator, device=generator.device)
        return self.forward(noise.to(like)).value

    def _check(self, name: str, value: Tensor) -> None:
        if value.ndim == 0 or value.shape[-1] != self.entries:
            raise ValueError(
                f"{name}: expected shape (..., {self.entries}), got {tuple(value.shape)}"
            )

    def _scale_and_shift(self, network: nn.Module, value: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = network(value[..., : self.kept]).chunk(2, -1)
        return 2 * torch.tanh(scale / 2), shift
