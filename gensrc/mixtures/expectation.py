r"""One step of EM as a few large matrix products, the data read once.

The E-step needs the quadratic form :math:`(x_i - \mu_k)^\top \Sigma_k^{-1} (x_i - \mu_k)` of every
example under every component; the M-step needs the weighted products
:math:`\sum_i r_{ik} x_i x_i^\top`. Both are done for all components at once, in blocks of examples
small enough to stay in the processor's cache. There are two ways:

* :class:`Features`. The log-density is linear in the products :math:`x_a x_b`, the coordinates
  :math:`x_a` and 1, and the M-step needs the weighted sums of the same features. Fewest operations
  in few dimensions; squares cancel, so it serves only where components are not narrow beside the
  spread of the data.
* :class:`Whitened`. :math:`z_{ik} = L_k^{-1}(x_i - \mu_k)` with :math:`\Sigma_k = L_k L_k^\top`;
  the form is :math:`|z_{ik}|^2`. In the M-step one factor centred at the component is enough, since
  :math:`\sum_i r_{ik}(x_i - \mu_k')(x_i - c)^\top` is the same for every c.

A block of data is centred and transposed, twice, below a row of ones. It has one part for each
thread, shape (parts, 2d + 1, size), and so has everything made of it: torch gives every thread its
own share of the first axis, and what a thread has written it reads again itself. (With one matrix
for all threads each reads what the others wrote, and that costs up to half of the time where the
processors do not share a cache; see ``benchmarks/em.py``.) The memory of a block is set aside once
and used again by every block of every pass: a pass allocates nothing that grows with the number of
examples, and keeps no copy of the data.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from gensrc.mixtures.posteriors import far_below, log_normaliser, resolve_far

_STRIP = 16  # coordinates handled together when whitening
_BLOCK = {"cpu": 2**19}  # numbers in the working memory of a part, by device
_BLOCK_ELSEWHERE = 2**24
_LEAST = 64  # examples in a part, of which its length is a multiple: rows begin at cache lines


class Moments(NamedTuple):
    """Expected counts (K,), means (K, d) and covariances (K, d, d) of the components."""

    counts: Tensor
    means: Tensor
    covariances: Tensor


class Accumulator(Protocol):
    """How a block of examples is scored, and how its responsibilities are added up.

    ``width`` sets the length of blocks; ``heights`` are those of the matrices that a way
    works in, each (parts, height, size), and ``use`` hands them over.
    """

    width: int
    heights: tuple[int, ...]

    def use(self, rooms: Sequence[Tensor]) -> None: ...
    def scores(self, part: Tensor) -> Tensor: ...
    def add(self, resp: Tensor, part: Tensor) -> None: ...
    def moments(self) -> Moments: ...


class Features:
    """Scores and sums as inner products with (x_a x_b, 1, x_a).

    The d(d + 1)/2 products are arranged as x_a x_{a+s} for s = 0, 1, ..., with a + s taken modulo d
    and each pair met once, so that whole lags s come from one elementwise product.
    """

    def __init__(self, weights: Tensor, means: Tensor, factors: Tensor) -> None:
        d = self.d = means.shape[1]
        self.pairs = d * (d + 1) // 2
        index = torch.arange(self.pairs, device=means.device)
        self.rows, self.cols = index % d, (index % d + index // d) % d
        precisions = torch.cholesky_inverse(factors)
        times = torch.where(index < d, -0.5, -1.0)  # a pair of coordinates stands for two terms
        linear = (precisions @ means[:, :, None]).squeeze(2)
        constant = log_normaliser(weights, factors) - (linear * means).sum(1) / 2
        quadratic = precisions[:, self.rows, self.cols] * times
        self.coefficients = torch.cat([quadratic, constant[:, None], linear], 1)
        self.sums = torch.zeros_like(self.coefficients)
        self.width = self.coefficients.shape[1]
        self.heights: tuple[int, ...] = self.width, len(means)

    def use(self, rooms: Sequence[Tensor]) -> None:
        self.features, self.joint = rooms

    def scores(self, part: Tensor) -> Tensor:
        d, (parts, _, size), (stride, row, _) = self.d, part.shape, part.stride()
        lags, rest = divmod(self.pairs, d)
        shifted = part[:, 1].as_strided((parts, lags, d, size), (stride, row, row, 1))
        whole = torch.unflatten(self.features[:, : lags * d], 1, (lags, d))
        torch.mul(shifted, part[:, None, 1 : d + 1], out=whole)
        if rest:  # d is even: at lag d/2 half of the coordinates make all the pairs
            last = part[:, 1 + lags : 1 + lags + rest]
            torch.mul(last, part[:, 1 : 1 + rest], out=self.features[:, lags * d : self.pairs])
        self.features[:, self.pairs :] = part[:, : d + 1]
        coefficients = self.coefficients.expand(parts, -1, -1)
        return torch.bmm(coefficients, self.features, out=self.joint)

    def add(self, resp: Tensor, part: Tensor) -> None:
        self.sums += torch.bmm(resp, self.features.mT).sum(0)

    def moments(self) -> Moments:
        d = self.d
        counts = self.sums[:, self.pairs]
        mean_of = self.sums / counts[:, None]
        means = mean_of[:, -d:]
        second = means.new_empty(len(means), d, d)
        second[:, self.rows, self.cols] = mean_of[:, : self.pairs]
        second[:, self.cols, self.rows] = mean_of[:, : self.pairs]
        return Moments(counts, means, second - means[:, :, None] * means[:, None])


class Whitened:
    """Scores through z = L⁻¹(x − μ), sums of (x − μ)(x − c)ᵀ.

    L⁻¹ is lower triangular and the sums are symmetric, so a strip of coordinates meets only
    itself and the coordinates before it.
    """

    def __init__(self, weights: Tensor, means: Tensor, factors: Tensor) -> None:
        unit = torch.eye(means.shape[1], dtype=means.dtype, device=means.device)
        inverses = torch.linalg.solve_triangular(factors, unit.expand_as(factors), upper=False)
        maps = torch.cat([-inverses @ means[:, :, None], inverses], 2)
        strips = [slice(a, a + _STRIP) for a in range(0, means.shape[1], _STRIP)]
        self.maps = [maps[:, s, : s.stop + 1].flatten(0, 1).contiguous() for s in strips]
        self.sums = [torch.zeros_like(m) for m in self.maps]
        self.strips, self.means = strips, means
        self.constant = log_normaliser(weights, factors)[:, None]
        self.counts = torch.zeros_like(weights)
        self.width = len(self.maps[0])
        self.heights: tuple[int, ...] = self.width, self.width, len(means), len(means)

    def use(self, rooms: Sequence[Tensor]) -> None:
        self.buffer, self.squares, self.forms, self.joint = rooms

    def scores(self, part: Tensor) -> Tensor:
        joint = self.joint.copy_(self.constant)
        for maps in self.maps:
            rows, columns = maps.shape
            white = self.buffer[:, :rows]
            torch.bmm(maps.expand(len(part), -1, -1), part[:, :columns], out=white)
            squares = torch.mul(white, white, out=self.squares[:, :rows])
            by_component = torch.unflatten(squares, 1, (len(self.means), -1))
            joint.sub_(torch.sum(by_component, 2, out=self.forms), alpha=0.5)
        return joint

    def add(self, resp: Tensor, part: Tensor) -> None:
        self.counts += resp.sum((0, 2))
        for strip, sums in zip(self.strips, self.sums):
            rows, columns = sums.shape
            centred = torch.unflatten(self.buffer[:, :rows], 1, (len(self.means), -1))
            own = part[:, None, 1 + strip.start : 1 + min(strip.stop, self.means.shape[1])]
            torch.sub(own, self.means[:, strip, None], out=centred).mul_(resp[:, :, None])
            sums += torch.bmm(self.buffer[:, :rows], part[:, :columns].mT).sum(0)

    def moments(self) -> Moments:
        """With y = x − c: E[(y − μ)yᵀ] − (μ' − μ)μ'ᵀ is the covariance about μ'."""
        k, d = self.means.shape
        mean_of = self.means.new_zeros(k, d, d + 1)
        for strip, sums in zip(self.strips, self.sums):
            mean_of[:, strip, : sums.shape[1]] = sums.view(k, -1, sums.shape[1])
        mean_of /= self.counts[:, None, None]
        step = mean_of[:, :, 0]
        means = self.means + step
        lower = (mean_of[:, :, 1:] - step[:, :, None] * means[:, None]).tril()
        return Moments(self.counts, means, lower + lower.tril(-1).mT)


def is_featured(components: int, dimensions: int) -> bool:
    """Whether features are the faster way: measured, with 1 to 16 components."""
    return dimensions <= min(16 + 2 * components, 40)


class ExpectationPass:
    """EM's passes over one data set ``x`` (n, d)."""

    def __init__(self, x: Tensor) -> None:
        self.x, self.centre = x, x.mean(0)
        self.space = x.new_empty(0)
        self.tight = torch.finfo(x.dtype).eps ** (1 / 3)
        self.featured = True
        self.far = x.new_zeros((), dtype=torch.bool)
        self.resolve: Callable[[Tensor, Tensor], Tensor] | None = None

    def __call__(
        self, weights: Tensor, means: Tensor, covariances: Tensor
    ) -> tuple[Tensor, Moments]:
        """Total log-likelihood of the mixture (nats), and the moments of its components."""
        factors = torch.linalg.cholesky(covariances)
        offsets = means - self.centre
        few = is_featured(*means.shape) and self.featured
        if few and self._is_wide(weights, offsets, factors):
            log_likelihood, found = self._run(Features(weights, offsets, factors))
            self.featured = self._is_exact(found)
            if self.featured and not bool(self.far):
                return log_likelihood, found._replace(means=found.means + self.centre)
        log_likelihood, found = self._run(Whitened(weights, offsets, factors))
        if bool(self.far):  # rare: once more, and the responsibilities with differences
            self.resolve = partial(resolve_far, weights, offsets, factors)
            log_likelihood, found = self._run(Whitened(weights, offsets, factors))
            self.resolve = None
        return log_likelihood, found._replace(means=found.means + self.centre)

    def _is_wide(self, weights: Tensor, offsets: Tensor, factors: Tensor) -> bool:
        """Whether no component is so narrow, beside the spread of all, that squares cancel."""
        variances = factors.square().sum(2)
        spread = (weights @ (variances + offsets.square())).sqrt()
        relative = torch.cholesky_inverse(factors) * spread[:, None] * spread
        return bool(torch.linalg.matrix_norm(relative).max() * self.tight < 1)

    def _is_exact(self, found: Moments) -> bool:
        """Whether the variances found are not small differences of large squares."""
        variances = found.covariances.diagonal(dim1=1, dim2=2)
        whole = variances > self.tight * (variances + found.means.square())
        return bool((whole | (found.counts == 0)[:, None]).all())

    def _run(self, way: Accumulator) -> tuple[Tensor, Moments]:
        log_likelihood, lowest = self.x.new_zeros(()), self.x.new_zeros(())
        done, shape = 0, (0, 0)
        while done < len(self.x):
            if shape != (shape := self._shape(len(self.x) - done, way.width)):
                part, resp, top, *rooms = self._rooms(shape, way.heights)
                part[:, 0] = 1
                way.use(rooms)
            block = self.x[done : done + shape[0] * shape[1]]
            self._load(torch.unflatten(block, 0, shape), part)
            scores = way.scores(part)
            self._respond(scores, part, resp)
            # log p(x_i) = log Σ_k exp(score_k) = score_k − log resp_k for every k: take the largest
            torch.amax(scores, 1, out=top[:, 0])
            torch.amax(resp, 1, out=top[:, 1]).log_()
            lowest = torch.minimum(lowest, top[:, 0].min())
            log_likelihood += top[:, 0].sub_(top[:, 1]).sum()
            way.add(resp, part)
            done += len(block)
        self.far = lowest < far_below(lowest.dtype)
        return log_likelihood, way.moments()

    def _shape(self, left: int, width: int) -> tuple[int, int]:
        """Parts of the next block, and examples in each of them, when so many are left."""
        device = self.x.device.type
        parts = torch.get_num_threads() if device == "cpu" else 1
        most = max(_LEAST, _BLOCK.get(device, _BLOCK_ELSEWHERE) // width // _LEAST * _LEAST)
        size = min(most, left // parts // _LEAST * _LEAST)
        return (parts, size) if size else (1, min(most, left))

    def _rooms(self, shape: tuple[int, int], own: tuple[int, ...]) -> list[Tensor]:
        """Matrices of a block: data, responsibilities, two rows, and the way's own."""
        parts, size = shape
        heights = [2 * len(self.centre) + 1, own[-1], 2, *own]
        lengths = [parts * height * size for height in heights]
        if len(self.space) < sum(lengths):
            self.space = self.centre.new_empty(sum(lengths))
        rooms = torch.split(self.space[: sum(lengths)], lengths)
        return [room.view(parts, -1, size) for room in rooms]

    def _load(self, block: Tensor, part: Tensor) -> None:
        """The block centred and transposed, twice, below the row of ones."""
        d = len(self.centre)
        torch.sub(block.mT, self.centre[:, None], out=part[:, 1 : d + 1])
        part[:, d + 1 :] = part[:, 1 : d + 1]

    def _respond(self, scores: Tensor, part: Tensor, resp: Tensor) -> None:
        """Responsibilities (parts, K, size) from the scores, in ``resp``."""
        if self.resolve is None:
            torch.softmax(scores, 1, out=resp)
        else:
            centred = part[:, 1 : len(self.centre) + 1].mT.flatten(0, 1)
            found = self.resolve(centred, scores.mT.flatten(0, 1)).softmax(1)
            resp.copy_(torch.unflatten(found, 0, (len(part), -1)).mT)
