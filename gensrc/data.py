"""Data: small sets that come with the package, and MNIST.

Images are float32 in [0, 1], 0 for the background. What is drawn is drawn from the
``generator`` that is passed in.
"""

import contextlib
import gzip
import hashlib
import math
import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import pooch
import torch
from torch import Tensor

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each file after decompression."""

# fmt: off
CRAB_COUNTS = (1, 3, 5, 2, 7, 10, 13, 19, 20, 25, 40, 31, 60, 62, 54,
               74, 84, 86, 96, 85, 75, 47, 43, 24, 19, 9, 5, 0, 1)
# fmt: on


class DataError(RuntimeError):
    """A data set is missing, damaged, or not the one it should be."""


class Images(NamedTuple):
    """``images`` (n, height, width), float32 in [0, 1]; ``labels`` (n,), int64."""

    images: Tensor
    labels: Tensor


class Crabs(NamedTuple):
    """A histogram: class i holds ``counts[i]`` crabs between ``edges[i]`` and ``edges[i + 1]``.

    ``edges`` (30,) float64 begin with -inf and end with inf: the first and the last class
    are open. ``counts`` (29,) and ``midpoints`` (29,) are float64.
    """

    edges: Tensor
    counts: Tensor
    midpoints: Tensor


def digits() -> Images:
    """1,797 handwritten digits of 8 by 8 pixels, from scikit-learn; nothing is downloaded.

    Source: Alpaydin and Kaynak (1998), UCI Machine Learning Repository.

    >>> digits().images.shape
    torch.Size([1797, 8, 8])
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return Images(torch.tensor(images / 16).float().reshape(-1, 8, 8), torch.tensor(labels))


def crabs() -> Crabs:
    """Ratio of forehead breadth to body length of 1,000 shore crabs, in 29 classes.

    The classes are 0.004 wide; the first is centred at 0.5815. The first and the last are
    taken as open: they hold every crab below 0.5835 and every crab above 0.6915.

    Source: Weldon (1893), as tabulated by Pearson (1894).

    >>> crabs().counts.sum()
    tensor(1000., dtype=torch.float64)
    """
    counts = torch.tensor(CRAB_COUNTS, dtype=torch.float64)
    number = torch.arange(len(counts), dtype=torch.float64)
    inner = 0.5835 + 0.004 * number[:-1]
    ends = torch.tensor([math.inf], dtype=torch.float64)
    return Crabs(torch.cat([-ends, inner, ends]), counts, 0.5815 + 0.004 * number)


def ring_modes(modes: int = 8, *, radius: float = 2.0) -> Tensor:
    """Centres of the modes of :func:`ring`: evenly spaced on a circle, shape (modes, 2).

    >>> ring_modes(4).round()
    tensor([[ 2.,  0.],
            [-0.,  2.],
            [-2., -0.],
            [ 0., -2.]])
    """
    if modes < 1:
        raise ValueError(f"modes: expected at least 1, got {modes}")
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
    if n < 1 or std < 0:
        raise ValueError(f"n, std: expected n >= 1 and std >= 0, got {n} and {std}")
    device = generator.device
    centres = ring_modes(modes, radius=radius).to(device)
    chosen = torch.randint(modes, (n,), generator=generator, device=device)
    noise = torch.randn(n, 2, generator=generator, device=device)
    return centres[chosen] + std * noise


def mnist(split: str, *, root: str | os.PathLike[str] | None = None) -> Images:
    """MNIST: handwritten digits of 28 by 28 pixels.

    The files are read from ``root``, else from the folder that the environment variable
    GENSRC_DATA names, else from the user's cache, where they are downloaded once. Each is
    checked by the SHA-256 of its decompressed bytes.

    Args:
        split: "train" (60,000 images) or "test" (10,000).
        root: folder with the four files, as ``.gz`` or decompressed.

    Returns:
        images and labels.

    Raises:
        DataError: a file is missing, damaged or a different one, or cannot be downloaded.
        ValueError: there is no such split.

    Source: LeCun, Cortes and Burges (1998).
    """
    prefixes = {"train": "train", "test": "t10k"}
    if split not in prefixes:
        raise ValueError(f'split: expected "train" or "test", got {split!r}')
    folder = root or os.environ.get("GENSRC_DATA") or None
    load = _cached if folder is None else lambda name: _from_folder(Path(folder), name)
    images = load(f"{prefixes[split]}-images-idx3-ubyte")
    labels = load(f"{prefixes[split]}-labels-idx1-ubyte")
    return Images(images.float() / 255, labels.long())


def _from_folder(folder: Path, name: str) -> Tensor:
    """The data of ``name`` or ``name.gz`` in a folder of the user's."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: expected a folder with MNIST's files, found no folder; "
            "correct GENSRC_DATA, or root"
        )
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            try:
                raw = path.read_bytes()
            except OSError as error:
                raise DataError(f"{path}: cannot be read ({error.strerror})") from error
            return _decode(raw, name, str(path))
    raise DataError(f"{folder}: expected {name}.gz or {name} in it, found neither; add the file")


def _cached(name: str) -> Tensor:
    """The data of ``name`` from the user's cache, downloaded if it is not there, or not whole."""
    path = Path(pooch.os_cache("gensrc")) / f"{name}.gz"
    with contextlib.suppress(OSError, DataError):
        return _decode(path.read_bytes(), name, str(path))
    url = MNIST_URL + path.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            fetched = Path(folder) / path.name
            pooch.HTTPDownloader(timeout=30)(url, str(fetched), None)
            data = _decode(fetched.read_bytes(), name, url)
            os.replace(fetched, path)
    except OSError as error:
        raise DataError(
            f"{url}: could not be downloaded to {path.parent} ({type(error).__name__}); connect "
            "to the network, or set GENSRC_DATA to a folder that holds MNIST's files"
        ) from error
    return data


def _decode(raw: bytes, name: str, where: str) -> Tensor:
    """The array in the bytes of one file, decompressed and checked; ``where`` names the file."""
    if where.endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{where}: expected a whole gzip file, got a damaged or truncated one; replace it"
            ) from error
    # An IDX file: two zeros, the type (8: bytes), the number of axes, their lengths, the data.
    axes = 3 if "idx3" in name else 1
    start = 4 + 4 * axes
    if len(raw) < start or raw[:4] != bytes((0, 0, 8, axes)):
        raise DataError(f"{where}: expected an IDX file with {axes} axes, got something else")
    shape = struct.unpack(f">{axes}I", raw[4:start])
    if len(raw) - start != math.prod(shape):
        raise DataError(
            f"{where}: expected {math.prod(shape)} bytes of data, got {len(raw) - start}; "
            "the file is truncated or damaged: replace it"
        )
    found = hashlib.sha256(raw).hexdigest()
    if found != MNIST_SHA256[name]:
        raise DataError(
            f"{where}: expected SHA-256 {MNIST_SHA256[name]} of the decompressed bytes, "
            f"got {found}; replace the file"
        )
    return torch.frombuffer(bytearray(raw[start:]), dtype=torch.uint8).reshape(shape)
