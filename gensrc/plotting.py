"""Figures of the book: one look, and functions that return nothing.

Every function draws into ``ax``, or into a new figure of one panel. :func:`panels` makes
several. The colours are those of Okabe and Ito (2008), which readers with any colour vision
can tell apart; lines differ in dashes and points in shape as well. No figure is wider than
``MAX_WIDTH``, so that its letters stay legible when a phone shrinks it to the width of its screen.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")


DASHES = ("-", "--", "-.", ":")


MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")


SINGLE_WIDTH, MAX_WIDTH = 4.2, 6.0
"""Width of a figure of one panel, and of a figure of several beside each other, in inches."""


STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": 120,
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2,
}


Values = Tensor | ArrayLike


def panels(columns: int = 1, rows: int = 1, *, height: float | None = None) -> list[Axes]:
    """New figure of ``rows`` times ``columns`` panels, read row by row.

    ``height`` is that of one row, in inches; by default a single panel is 4 wide to 3 high, and
    panels beside each other are square.
    """
    width = SINGLE_WIDTH if columns == 1 else MAX_WIDTH
    if height is None:
        height = 0.75 * width if columns == 1 else width / columns
    # Loads the backend: loaded inside a style, it would show the first figure only.
    plt.draw_if_interactive()  # type: ignore[no-untyped-call]
    with plt.rc_context(STYLE):
        _, axes = plt.subplots(
            rows, columns, figsize=(width, height * rows), layout="constrained", squeeze=False
        )
    return list(axes.flat)


def show_lines(
    x: Values,
    curves: Mapping[str, Values],
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Curves over one axis, such as densities; the names go to the legend."""
    ax = _axes(ax)
    for (name, y), colour, dashes in zip(curves.items(), cycle(PALETTE), cycle(DASHES)):
        ax.plot(_array(x), _array(y), color=colour, linestyle=dashes, label=name)
    _finish(ax, title, xlabel, ylabel)


def show_training(
    curves: Mapping[str, Values],
    *,
    window: int = 1,
    xlabel: str = "step",
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Curves of a training history, each the mean over the last ``window`` steps."""
    arrays = {name: _array(curve) for name, curve in curves.items()}
    shortest = min((len(a) for a in arrays.values()), default=0)
    if not 1 <= window <= shortest:
        raise ValueError(f"window: expected 1 to {shortest} (all steps), got {window}")
    means = {
        name: np.convolve(a, np.full(window, 1 / window), "valid") for name, a in arrays.items()
    }
    ax = _axes(ax)
    for (name, y), colour, dashes in zip(means.items(), cycle(PALETTE), cycle(DASHES)):
        steps = np.arange(window, window + len(y))
        ax.plot(steps, y, color=colour, linestyle=dashes, label=name)
    _finish(ax, title, xlabel, ylabel)


def show_histogram(
    edges: Values,
    counts: Values,
    *,
    curves: Mapping[str, Values] | None = None,
    x: Values | None = None,
    xlabel: str = "",
    ylabel: str = "density",
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Bars of binned data, of total area one, with densities ``curves`` over ``x`` on top.

    An open first or last class is drawn as wide as its neighbour.
    """
    e, c = _array(edges).copy(), _array(counts)
    if len(e) != len(c) + 1:
        raise ValueError(f"edges: expected {len(c) + 1} of them for {len(c)} counts, got {len(e)}")
    e[0] = 2 * e[1] - e[2] if np.isinf(e[0]) else e[0]
    e[-1] = 2 * e[-2] - e[-3] if np.isinf(e[-1]) else e[-1]
    if (c < 0).any() or not 0 < c.sum() < np.inf or not (np.diff(e) > 0).all():
        raise ValueError(
            "edges, counts: expected edges that grow and counts >= 0, not all 0, got "
            f"edges from {e[0]:g} to {e[-1]:g} and counts from {c.min():g} to {c.max():g}"
        )
    ax = _axes(ax)
    ax.stairs(c / c.sum() / np.diff(e), e, fill=True, color="0.8", label="data")
    show_lines(x if x is not None else [], curves or {}, ax=ax)
    _finish(ax, title, xlabel, ylabel)


def show_bars(
    values: Mapping[str, float],
    *,
    xlabel: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Horizontal bars, one for each name, from the top."""
    lengths = _array([float(value) for value in values.values()])
    if not np.isfinite(lengths).all():
        raise ValueError(f"values: expected finite numbers, got {dict(zip(values, lengths))}")
    ax = _axes(ax)
    ax.barh(list(values), lengths, color=PALETTE[0])
    ax.invert_yaxis()
    _finish(ax, title, xlabel, "")


def show_points(
    samples: Values,
    *,
    modes: Values | None = None,
    labels: Values | None = None,
    names: Sequence[str] = (),
    limit: float | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> None:
    """Points in the plane, coloured and shaped by ``labels``, over crosses at the true modes."""
    points = _array(samples)
    groups = np.zeros(len(points)) if labels is None else _array(labels)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"samples: expected shape (n, 2), got {points.shape}")
    if groups.shape != points.shape[:1] or (groups % 1 != 0).any() or (groups < 0).any():
        raise ValueError(
            f"labels: expected {len(points)} whole numbers, 0 or more, got shape {groups.shape}"
        )
    groups, ax = groups.astype(int), _axes(ax)
    if modes is not None:
        ax.plot(*_array(modes).T, "x", color="black", markersize=9, label="true modes", zorder=3)
    for group in np.unique(groups):
        colour, marker = PALETTE[group % len(PALETTE)], MARKERS[group % len(MARKERS)]
        name = names[group] if group < len(names) else None
        ax.plot(
            *points[groups == group].T, marker, color=colour, markersize=4, alpha=0.5, label=name
        )
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    ax.set_aspect("equal")
    _finish(ax, title, xlabel, ylabel)


def show_ellipses(means: Values, covariances: Values, *, ax: Axes) -> None:
    """Ellipses two standard deviations around ``means`` (K, 2), in the colours of the labels."""
    m, c = _array(means), _array(covariances)
    if m.shape[1:] != (2,) or c.shape != (len(m), 2, 2):
        raise ValueError(
            f"means, covariances: expected shapes (K, 2) and (K, 2, 2), got {m.shape} and {c.shape}"
        )
    for k, (mean, covariance) in enumerate(zip(m, c)):
        variances, axes = np.linalg.eigh(covariance)
        if variances.min() < -1e-12 * abs(variances.max()):  # not by rounding alone
            raise ValueError(
                f"covariances: expected variances >= 0, got {variances.min():.3g} (ellipse {k})"
            )
        angle = np.degrees(np.arctan2(axes[1, 0], axes[0, 0]))
        width, height = 4 * np.sqrt(variances.clip(min=0))
        colour = PALETTE[k % len(PALETTE)]
        ax.add_patch(Ellipse(mean, width, height, angle=angle, fill=False, color=colour, lw=2))
    ax.autoscale_view()


def show_images(
    images: Values, *, columns: int = 10, title: str = "", ax: Axes | None = None
) -> None:
    """Grey images (n, height, width) with values in [0, 1], in rows of ``columns``; 1 is black."""
    stack = _array(images)
    if stack.ndim != 3 or len(stack) == 0:
        raise ValueError(f"images: expected shape (n, height, width), n >= 1, got {stack.shape}")
    rows = -(-len(stack) // columns)
    height, width = stack.shape[1:]
    padded = np.zeros((rows * columns, height + 1, width + 1))
    padded[: len(stack), :height, :width] = stack
    grid = padded.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    ax = ax or panels(height=max(SINGLE_WIDTH * rows / columns, 0.6))[0]
    ax.imshow(grid.reshape(rows * (height + 1), -1)[:-1, :-1], cmap="gray_r", vmin=0, vmax=1)
    ax.set_axis_off()
    ax.set_title(title)


def _axes(ax: Axes | None) -> Axes:
    return panels()[0] if ax is None else ax


def _array(values: Values) -> NDArray[np.float64]:
    """Numbers to draw; NaN is refused, because a picture would leave it out in silence."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    array = np.asarray(values, dtype=np.float64)
    if missing := int(np.isnan(array).sum()):
        raise ValueError(f"expected numbers to draw, got {missing} NaN of {array.size} values")
    return array


def _finish(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Title, labels where there are any, and a legend where something is named."""
    for set_text, text in ((ax.set_title, title), (ax.set_xlabel, xlabel), (ax.set_ylabel, ylabel)):
        if text:
            set_text(text)
    if ax.get_legend_handles_labels()[1]:
        with plt.rc_context(STYLE):
            ax.legend()
