"""MNIST, read from a folder or downloaded once, and checked by its SHA-256."""

import contextlib
import gzip
import hashlib
import math
import os
import struct
import tempfile
import zlib
from pathlib import Path

import pooch
import torch
from torch import Tensor

from gensrc.data.embedded import Images

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"


MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each file after decompression."""


class DataError(RuntimeError):
    """A data set is missing, damaged, or not the one it should be."""


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
