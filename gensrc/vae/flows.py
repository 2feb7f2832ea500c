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
        ValueError: the leading axes or the two m differ, or m is not between 0 and k.

    Source: Dinh, Sohl-Dickstein and Bengio (2017).

    >>> couple(torch.ones(2), torch.tensor([2.0]).log(), torch.tensor([5.0]))
    Transformed(value=tensor([1., 7.]), log_det=tensor(0.6931))
    """
    m = _moved("x", x, log_scale, shift)
    kept, moved = x[..., :-m], x[..., -m:]
    return Transformed(torch.cat([kept, log_scale.exp() * moved + shift], -1), log_scale.sum(-1))


def uncouple(y: Tensor, log_scale: Tensor, shift: Tensor) -> Transformed:
    r"""The inverse of :func:`couple`: the kept entries say which map to undo.

    .. math:: x_1 = y_1, \qquad x_2 = e^{-a(y_1)} \odot (y_2 - t(y_1))

    Equation: eq-coupling

    Raises:
        ValueError: as :func:`couple`.

    >>> uncouple(torch.tensor([1.0, 7.0]), torch.tensor([2.0]).log(), torch.tensor([5.0])).value
    tensor([1., 1.])
    """
    m = _moved("y", y, log_scale, shift)
    kept, moved = y[..., :-m], y[..., -m:]
    return Transformed(
        torch.cat([kept, (moved - shift) * (-log_scale).exp()], -1), -log_scale.sum(-1)
    )


def _moved(name: str, x: Tensor, log_scale: Tensor, shift: Tensor) -> int:
    """The number m of entries that a coupling moves, after the checks of its shapes."""
    k, shapes = (x.shape[-1] if x.ndim else 0), (tuple(log_scale.shape), tuple(shift.shape))
    if k < 2:
        raise ValueError(f"{name}: expected at least two entries, (..., k), got {tuple(x.shape)}")
    if log_scale.ndim == 0 or shapes[0] != shapes[1] or not 0 < log_scale.shape[-1] < k:
        raise ValueError(
            f"log_scale, shift: expected one shape (..., m) with 0 < m < {k}, "
            f"got {shapes[0]} and {shapes[1]}"
        )
    if log_scale.shape[:-1] != x.shape[:-1]:
        raise ValueError(
            f"log_scale, shift: expected the leading axes {tuple(x.shape[:-1])} of {name}, "
            f"got {shapes[0]}"
        )
    return log_scale.shape[-1]


class CouplingFlow(nn.Module):
    r"""Couplings in a row, with the entries reversed between them, from noise to z.

    Each coupling has a small network for a and t; :math:`|a| \le 2`, so that a layer can stretch
    by at most :math:`e^2`.

    Args:
        entries: k, at least 2.
        layers: number of couplings; with fewer than two an entry never moves.
        hidden: units of the hidden layer of each network.
        generator: draws the initial weights.

    Raises:
        ValueError: fewer than two entries or no layers; later another number of entries.
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

    def extra_repr(self) -> str:
        return f"{self.entries}"

    def forward(self, noise: Tensor) -> Transformed:
        """z = f(noise) and log |det df/d noise|."""
        self._check("noise", noise)
        value, log_det = noise, noise.new_zeros(noise.shape[:-1])
        for network in self.networks:
            value, more = couple(value, *self._scale_and_shift(network, value))
            value, log_det = value.flip(-1), log_det + more
        return Transformed(value, log_det)

    def inverse(self, z: Tensor) -> Transformed:
        """The noise that makes z, and the log-determinant of this inverse map."""
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
            raise ValueError(f"{name}: expected (..., {self.entries}), got {tuple(value.shape)}")

    def _scale_and_shift(self, network: nn.Module, value: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = network(value[..., : self.kept]).chunk(2, -1)
        return 2 * torch.tanh(scale / 2), shift
