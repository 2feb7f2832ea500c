import inspect
from collections.abc import Callable

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from gensrc import plotting
from gensrc.data import crabs, ring_modes

CALLS: dict[str, Callable[..., object]] = {
    "show_lines": lambda **k: plotting.show_lines([0, 1], {"p": [1, 2]}, **k),
    "show_training": lambda **k: plotting.show_training({"loss": torch.rand(9)}, **k),
    "show_histogram": lambda **k: plotting.show_histogram([0, 1, 2], [3, 1], **k),
    "show_bars": lambda **k: plotting.show_bars({"a": 1.0, "b": 2.0}, **k),
    "show_points": lambda **k: plotting.show_points(torch.rand(9, 2), **k),
    "show_images": lambda **k: plotting.show_images(torch.rand(3, 4, 4), **k),
}


@pytest.mark.parametrize("name", CALLS)
def test_returns_nothing_prints_nothing_changes_no_setting(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = dict(mpl.rcParams)
    assert CALLS[name](title="title") is None
    assert capfd.readouterr() == ("", "")
    assert dict(mpl.rcParams) == before
    figure = plt.gcf()
    assert figure.axes[0].get_title() == "title"
    assert to_rgb(figure.get_facecolor()) == (1, 1, 1)
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", CALLS)
def test_draws_into_the_axes_it_is_given(name: str) -> None:
    left, right = plotting.panels(2)
    CALLS[name](ax=right)
    assert len(plt.get_fignums()) == 1
    assert right.has_data()
    assert not left.has_data()


def test_every_function_is_tried() -> None:
    public = {n for n, f in inspect.getmembers(plotting, inspect.isfunction) if n[:5] == "show_"}
    assert public == set(CALLS) | {"show_ellipses"}


def test_letters_are_legible_on_a_phone() -> None:
    # A phone shows a figure about 358 CSS pixels wide (390 less the margins).
    for columns in (1, 2, 3):
        width = plotting.panels(columns)[0].get_figure().get_size_inches()[0]
        for key in ("font.size", "axes.labelsize", "axes.titlesize", "legend.fontsize"):
            assert plotting.STYLE[key] / 72 * 358 / width >= 9


def test_lines_differ_without_their_colours() -> None:
    plotting.show_lines([0, 1], {name: [0, i] for i, name in enumerate("abcd")})
    styles = [line.get_linestyle() for line in plt.gca().lines]
    assert len(set(styles)) == 4


def test_panels() -> None:
    axes = plotting.panels(3, 2)
    assert len(axes) == 6
    assert axes[0].get_figure().get_size_inches().tolist() == [6.0, 4.0]
    tall = plotting.panels(height=5.0)[0].get_figure()
    assert tall.get_size_inches().tolist() == [4.2, 5.0]


def test_lines_are_the_data() -> None:
    x = torch.linspace(0, 1, 5, requires_grad=True)
    plotting.show_lines(x, {"p": x**2, "q": 1 - x}, xlabel="x", ylabel="density")
    ax = plt.gca()
    assert np.allclose(ax.lines[0].get_ydata(), (x**2).detach())
    assert np.allclose(ax.lines[1].get_xdata(), x.detach())
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["p", "q"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "density")


def test_holes_in_a_curve_are_refused() -> None:
    y = torch.tensor([1.0, float("nan"), 2.0])
    with pytest.raises(ValueError, match="got 1 NaN of 3 values"):
        plotting.show_lines(torch.arange(3), {"y": y})


def test_training_curves_are_running_means() -> None:
    values = torch.tensor([1.0, 2, 6, 4])
    plotting.show_training({"loss": values}, window=3)
    line = plt.gca().lines[0]
    assert line.get_xdata().tolist() == [3, 4]
    assert np.allclose(line.get_ydata(), [3, 4])
    with pytest.raises(ValueError, match=r"window: expected 1 to 4 \(all steps\), got 5"):
        plotting.show_training({"loss": values}, window=5)


def test_histogram_has_area_one_and_finite_open_classes() -> None:
    edges, counts, _ = crabs()
    x = torch.linspace(0.57, 0.70, 50)
    plotting.show_histogram(edges, counts, x=x, curves={"fit": torch.ones(50)})
    ax = plt.gca()
    heights, drawn, _ = ax.patches[0].get_data()
    assert drawn[0] == pytest.approx(0.5795)
    assert drawn[-1] == pytest.approx(0.6955)
    assert (heights * np.diff(drawn)).sum() == pytest.approx(1)
    assert heights[18] == pytest.approx(96 / 1000 / 0.004)
    assert len(ax.lines[0].get_xdata()) == 50
    assert edges[0] == -torch.inf  # the table itself stays as it was
    with pytest.raises(ValueError, match="edges: expected 3 of them for 2 counts, got 2"):
        plotting.show_histogram([0, 1], [1, 1])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_bar_without_a_length_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"expected (numbers to draw|finite numbers), got"):
        plotting.show_bars({"a": 1.0, "b": bad})


@pytest.mark.parametrize(
    ("edges", "counts"),
    [([0, 1, 2], [1, -1]), ([0, 1, 2], [0, 0]), ([0, 2, 1], [1, 1]), ([0, 1, 1], [1, 1])],
)
def test_a_histogram_without_an_area_is_refused(edges: list[int], counts: list[int]) -> None:
    with pytest.raises(ValueError, match="edges, counts: expected edges that grow and counts >= 0"):
        plotting.show_histogram(edges, counts)


def test_points_and_labels_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"samples: expected shape \(n, 2\), got \(4, 3\)"):
        plotting.show_points(torch.zeros(4, 3))
    for labels in (torch.zeros(3), torch.tensor([0.5, 1]), torch.tensor([-1, 0])):
        with pytest.raises(ValueError, match="labels: expected 2 whole numbers, 0 or more, got"):
            plotting.show_points(torch.zeros(2, 2), labels=labels)


def test_ellipses_that_are_none() -> None:
    ax = plotting.panels()[0]
    with pytest.raises(ValueError, match=r"got \(3, 2\) and \(2, 2, 2\)"):
        plotting.show_ellipses(torch.zeros(3, 2), torch.eye(2).expand(2, 2, 2), ax=ax)
    with pytest.raises(ValueError, match=r"covariances: expected variances >= 0, got -1 \(ellipse"):
        plotting.show_ellipses(torch.zeros(1, 2), -torch.eye(2)[None], ax=ax)


def test_no_curve_is_no_training() -> None:
    with pytest.raises(ValueError, match=r"window: expected 1 to 0 \(all steps\), got 1"):
        plotting.show_training({})


def test_bars_from_the_top() -> None:
    plotting.show_bars({"a": 1.0, "b": torch.tensor(3.0)}, xlabel="modes")
    ax = plt.gca()
    assert [bar.get_width() for bar in ax.patches] == [1, 3]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.yaxis_inverted()


def test_points_by_label_over_the_modes() -> None:
    samples, labels = torch.arange(8.0).reshape(4, 2), torch.tensor([0, 1, 1, 0])
    plotting.show_points(
        samples, labels=labels, names=["real", "fake"], modes=ring_modes(), limit=3.0
    )
    ax = plt.gca()
    crosses, first, second = ax.lines
    assert np.allclose(crosses.get_xydata(), ring_modes())
    assert first.get_xydata().tolist() == [[0, 1], [6, 7]]
    assert second.get_xydata().tolist() == [[2, 3], [4, 5]]
    assert first.get_marker() != second.get_marker()
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    assert texts == ["true modes", "real", "fake"]
    assert ax.get_xlim() == ax.get_ylim() == (-3, 3)
    assert ax.get_aspect() == 1


@pytest.mark.parametrize(("a", "b", "c"), [(2.0, 0.8, 0.5), (0.5, -0.6, 2.0), (1.0, -0.9, 1.0)])
def test_ellipses_lie_two_standard_deviations_out(a: float, b: float, c: float) -> None:
    covariance = torch.tensor([[a, b], [b, c]]).double()
    mean = torch.tensor([1.0, -2.0]).double()
    ax = plotting.panels()[0]
    assert plotting.show_ellipses(mean[None], covariance[None], ax=ax) is None
    (ellipse,) = ax.patches
    ends = torch.tensor(ellipse.get_vertices() + ellipse.get_co_vertices()) - mean
    distance = (ends @ covariance.inverse() * ends).sum(1).sqrt()
    assert torch.allclose(distance, torch.tensor(2.0).double())
    assert ax.get_ylim()[0] < -3  # -2 less two standard deviations, 0.7 or more


def test_images_are_tiled_in_rows() -> None:
    images = torch.arange(1, 6).float().reshape(5, 1, 1).expand(5, 2, 3) / 5
    plotting.show_images(images, columns=3)
    grid = plt.gca().images[0].get_array()
    assert grid.shape == (2 * 3 - 1, 3 * 4 - 1)
    assert np.allclose(grid[0], [0.2] * 3 + [0] + [0.4] * 3 + [0] + [0.6] * 3)
    assert np.allclose(grid[3], [0.8] * 3 + [0] + [1] * 3 + [0] * 4)
    assert (grid[2] == 0).all()
    assert not plt.gca().axison
    assert plt.gca().images[0].get_clim() == (0, 1)


@pytest.mark.parametrize("shape", [(8, 8), (0, 8, 8), (2, 1, 8, 8)])
def test_images_of_the_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"images: expected shape \(n, height, width\), n >= 1, got"
    ):
        plotting.show_images(torch.zeros(shape))


def test_cuda_tensors_are_drawn(cuda: torch.device) -> None:
    plotting.show_points(torch.rand(4, 2, device=cuda), modes=ring_modes().to(cuda))
    assert len(plt.gca().lines[1].get_xdata()) == 4
