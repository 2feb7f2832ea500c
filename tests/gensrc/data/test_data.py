import gzip
import hashlib
import http.server
import math
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import norm

from gensrc.data import DataError, crabs, digits, downloads, mnist, ring, ring_modes
from tests.support.guards import MNIST
from tests.support.paths import ROOT

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"

needs_mnist = pytest.mark.needs("mnist")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# Embedded sets


def test_digits() -> None:
    images, labels = digits()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert (images.min(), images.max()) == (0, 1)
    assert torch.equal(images * 16, (images * 16).round())
    assert labels[:10].tolist() == list(range(10))
    # A zero is empty in the middle and a one is not.
    assert images[labels == 0][:, 3:5, 3:5].mean() < 0.2 < images[labels == 1][:, 3:5, 3:5].mean()


def test_crabs() -> None:
    edges, counts, midpoints = crabs()
    assert counts.sum() == 1000
    assert counts.shape == midpoints.shape == (29,)
    assert edges.shape == (30,)
    assert edges[0] == -math.inf
    assert edges[-1] == math.inf
    assert edges[1].item() == pytest.approx(0.5835, abs=1e-12)
    assert torch.allclose(edges[1:-1].diff(), torch.tensor(0.004).double(), atol=1e-9)
    assert midpoints[0].item() == pytest.approx(0.5815, abs=1e-12)
    assert torch.allclose((edges[1:-2] + edges[2:-1]) / 2, midpoints[1:-1], atol=1e-12)
    # One normal distribution fitted to the classes has log-likelihood -2979.06.
    chances = np.diff(norm.cdf(edges, 0.64470, 0.01905))
    assert counts.numpy() @ np.log(chances) == pytest.approx(-2979.06, abs=0.005)
    assert (counts.argmax(), counts[0], counts[-1], counts[-2]) == (18, 1, 1, 0)


def test_ring_modes_are_evenly_spaced() -> None:
    modes = ring_modes(5, radius=3.0)
    assert torch.allclose(modes.norm(dim=1), torch.tensor(3.0))
    gaps = (modes - modes.roll(1, 0)).norm(dim=1)
    assert torch.allclose(gaps, torch.tensor(6 * math.sin(math.pi / 5)))
    assert torch.allclose(ring_modes()[0], torch.tensor([2.0, 0.0]))


def test_ring_is_an_equal_mixture_around_its_modes() -> None:
    n, std = 40_000, 0.05
    x, modes = ring(n, modes=4, radius=1.0, std=std, generator=seeded()), ring_modes(4, radius=1.0)
    distance, nearest = torch.cdist(x, modes).min(1)
    counts = torch.bincount(nearest, minlength=4)
    assert (counts - n / 4).abs().max() <= 4 * math.sqrt(n * 3 / 16)
    # The squared distance over std² is chi-square with two degrees: mean 2, variance 4.
    assert abs((distance / std).square().mean().item() - 2) <= 4 * math.sqrt(4 / n)
    for k in range(4):
        centre = x[nearest == k].mean(0) - modes[k]
        assert centre.abs().max() <= 5 * std / math.sqrt(n / 4)


def test_ring_repeats_with_the_generator() -> None:
    assert torch.equal(ring(9, generator=seeded(1)), ring(9, generator=seeded(1)))
    assert not torch.equal(ring(9, generator=seeded(1)), ring(9, generator=seeded(2)))


def test_bad_rings() -> None:
    with pytest.raises(ValueError, match=r"n, std: expected n >= 1 and std >= 0, got 0 and 0\.02"):
        ring(0, generator=seeded())
    with pytest.raises(ValueError, match="n, std: expected n >= 1 and std >= 0, got 3 and -1"):
        ring(3, std=-1, generator=seeded())
    for std in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"n, std: expected .* got 3 and {std}"):
            ring(3, std=std, generator=seeded())
    for modes, radius in ((0, 2.0), (8, math.nan), (8, math.inf), (8, 0.0), (8, -1.0)):
        message = f"modes, radius: expected modes >= 1 and radius > 0, got {modes} and {radius}"
        with pytest.raises(ValueError, match=message):
            ring(3, modes=modes, radius=radius, generator=seeded())


def test_ring_on_cuda(cuda: torch.device) -> None:
    assert ring(5, generator=torch.Generator(cuda).manual_seed(0)).is_cuda


# MNIST, the real files


@needs_mnist
def test_mnist_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENSRC_DATA", str(MNIST))
    images, labels = mnist("test")
    assert images.shape == (10_000, 28, 28)
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert torch.bincount(labels).tolist() == [
        *(980, 1135, 1032, 1010, 982),
        *(892, 958, 1028, 974, 1009),
    ]
    assert labels[:3].tolist() == [7, 2, 1]
    # Right way up: the first image is a seven, with its bar above its stem.
    assert images[0, 5:12].sum() > 1.3 * images[0, 16:23].sum()


@needs_mnist
def test_mnist_train() -> None:
    images, labels = mnist("train", root=MNIST)
    assert images.shape == (60_000, 28, 28)
    assert labels[:5].tolist() == [5, 0, 4, 1, 9]
    # Mean and standard deviation as everyone who normalises MNIST uses them.
    assert images.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert images.std().item() == pytest.approx(0.3081, abs=5e-5)


@needs_mnist
def test_root_comes_before_the_environment_and_files_may_be_decompressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENSRC_DATA", str(tmp_path / "nowhere"))
    for name in (IMAGES, LABELS):
        (tmp_path / name).write_bytes(gzip.decompress((MNIST / f"{name}.gz").read_bytes()))
    assert mnist("test", root=tmp_path).labels[0] == 7


@needs_mnist
def test_one_changed_pixel_is_noticed(tmp_path: Path) -> None:
    raw = bytearray(gzip.decompress((MNIST / f"{IMAGES}.gz").read_bytes()))
    raw[100_000] ^= 1
    (tmp_path / IMAGES).write_bytes(raw)
    found = hashlib.sha256(raw).hexdigest()
    expected = (
        f"{IMAGES}: expected SHA-256 {downloads.MNIST_SHA256[IMAGES]} of the .*, got {found}; repl"
    )
    with pytest.raises(DataError, match=expected):
        mnist("test", root=tmp_path)


@needs_mnist
def test_a_truncated_real_file_is_noticed(tmp_path: Path) -> None:
    whole = (MNIST / f"{IMAGES}.gz").read_bytes()
    (tmp_path / f"{IMAGES}.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        DataError, match=r"\.gz: expected a whole gzip file, got a damaged or trunc"
    ):
        mnist("test", root=tmp_path)


# MNIST, small damaged files


def idx(shape: tuple[int, ...], content: bytes | None = None, kind: int = 8) -> bytes:
    header = bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
    return header + (bytes(math.prod(shape)) if content is None else content)


DAMAGED = {
    "empty": (b"", "expected an IDX file with 3 axes, got something else"),
    "text": (b"<html>Moved</html>", "expected an IDX file with 3 axes, got something else"),
    "header only in part": (idx((2, 3, 3))[:9], "expected an IDX file with 3 axes, got something"),
    "labels for images": (idx((10,)), "expected an IDX file with 3 axes, got something else"),
    "floats": (idx((2, 3, 3), kind=13), "expected an IDX file with 3 axes, got something else"),
    "truncated": (idx((2, 3, 3))[:-1], "expected 18 bytes of data, got 17; the file is truncated"),
    "too long": (idx((2, 3, 3)) + b"!", "expected 18 bytes of data, got 19; the file is truncated"),
    "another data set": (idx((2, 3, 3)), f"expected SHA-256 {downloads.MNIST_SHA256[IMAGES]}"),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_files(case: str, compressed: bool, tmp_path: Path) -> None:
    raw, message = DAMAGED[case]
    path = tmp_path / (f"{IMAGES}.gz" if compressed else IMAGES)
    path.write_bytes(gzip.compress(raw) if compressed else raw)
    with pytest.raises(DataError) as caught:
        mnist("test", root=tmp_path)
    text = str(caught.value)
    assert text.startswith(f"{path}: {message}")
    assert "\n" not in text


@pytest.mark.parametrize(
    "raw",
    [b"", b"not gzip", gzip.compress(idx((2, 3, 3)))[:-9], b"\x1f\x8b\x08\x00" + b"\xff" * 40],
    ids=["empty", "text", "cut", "garbage"],
)
def test_damaged_gzip(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / f"{IMAGES}.gz").write_bytes(raw)
    with pytest.raises(DataError, match=r"expected a whole gzip file|expected an IDX file"):
        mnist("test", root=tmp_path)


def test_a_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENSRC_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere: expected a folder with .*; correct GENSRC_DATA"):
        mnist("test")


def test_a_folder_without_the_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"expected {IMAGES}.gz or {IMAGES} in it, found neither"):
        mnist("test", root=tmp_path)


@pytest.mark.needs("user")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / IMAGES).write_bytes(b"")
    (tmp_path / IMAGES).chmod(0)
    with pytest.raises(DataError, match=f"{IMAGES}: cannot be read"):
        mnist("test", root=tmp_path)


def test_unknown_split() -> None:
    with pytest.raises(ValueError, match='split: expected "train" or "test", got \'validation\''):
        mnist("validation")


# MNIST, downloaded (from this machine)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's, and no GENSRC_DATA."""
    monkeypatch.delenv("GENSRC_DATA", raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setattr("pooch.os_cache", lambda project: folder / project)
    return folder / "gensrc"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[Path]:
    """A folder whose files can be downloaded."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(downloads, "MNIST_URL", f"http://127.0.0.1:{server.server_port}/")
        yield folder
        server.shutdown()


def small_mnist(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Two tiny images in the place of MNIST's test set."""
    for name, raw in ((IMAGES, idx((2, 1, 3), bytes(range(6)))), (LABELS, idx((2,), b"\x04\x07"))):
        (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
        monkeypatch.setitem(downloads.MNIST_SHA256, name, hashlib.sha256(raw).hexdigest())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_downloaded_once(served: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_mnist(monkeypatch, served)
    images, labels = mnist("test")
    assert (images * 255).round().flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert images.shape == (2, 1, 3)
    assert labels.tolist() == [4, 7]
    assert names(cache) == [f"{IMAGES}.gz", f"{LABELS}.gz"]
    for path in served.iterdir():
        path.unlink()
    assert torch.equal(mnist("test").images, images)


def test_a_damaged_cache_is_replaced(
    served: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist(monkeypatch, served)
    mnist("test")
    (cache / f"{IMAGES}.gz").write_bytes(b"half a fi")
    assert mnist("test").labels.tolist() == [4, 7]
    assert (cache / f"{IMAGES}.gz").read_bytes() == (served / f"{IMAGES}.gz").read_bytes()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (gzip.compress(idx((2, 3, 3)))[:-9], "expected a whole gzip file, got a damaged"),
        (gzip.compress(idx((2, 3, 3))[:-1]), "expected 18 bytes of data, got 17"),
        (gzip.compress(idx((2, 3, 3))), "expected SHA-256"),
    ],
    ids=["cut", "short", "another"],
)
def test_a_bad_download_is_not_kept(raw: bytes, message: str, served: Path, cache: Path) -> None:
    (served / f"{IMAGES}.gz").write_bytes(raw)
    with pytest.raises(DataError, match=rf"^http.*{IMAGES}\.gz: {message}"):
        mnist("test")
    assert names(cache) == []


def test_a_missing_page(served: Path, cache: Path) -> None:
    with pytest.raises(DataError, match=r"could not be downloaded to .* \(HTTPError\); connect to"):
        mnist("test")
    assert names(cache) == []


def test_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 9 of this machine: nothing listens there.
    monkeypatch.setattr(downloads, "MNIST_URL", "http://127.0.0.1:9/")
    with pytest.raises(
        DataError, match=r"\(ConnectionError\); connect to the network, or set GENSR"
    ):
        mnist("test")
    assert names(cache) == []


def test_a_cache_that_cannot_be_made(
    served: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist(monkeypatch, served)
    cache.parent.write_text("a file where the cache should be")
    with pytest.raises(DataError, match=r"could not be downloaded to .*cache/gensrc \(.*Error\)"):
        mnist("test")


def test_interrupting_a_download_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: object, url: str, output_file: str, pooch: object) -> None:
        Path(output_file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mnist("test")
    assert names(cache) == []


def test_an_empty_variable_is_no_folder(
    served: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_mnist(monkeypatch, served)
    monkeypatch.setenv("GENSRC_DATA", "")
    assert mnist("test").labels.tolist() == [4, 7]


def test_without_a_home_of_its_own_the_module_writes_nothing(tmp_path: Path) -> None:
    """Importing, and using the embedded sets, leaves the cache alone."""
    code = "from gensrc.data import digits, crabs; digits(); crabs()"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)
    assert not (tmp_path / "gensrc").exists()
