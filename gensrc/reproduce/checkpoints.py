"""Checkpoints of long runs: written whole or not at all, and refused when they belong elsewhere."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used; the message says why, and what to do."""


def save(path: Path, state: Mapping[str, Any], *, settings: Mapping[str, Any]) -> None:
    """Write ``state`` so that an interruption leaves the checkpoint before it or this one.

    Args:
        path: the file.
        state: tensors, numbers, strings, and dictionaries and lists of them.
        settings: what the run was started with; :func:`load` compares it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder, "a.pt"), {"epoch": 3}, settings={"hidden": 500})
    ...     load(Path(folder, "a.pt"), settings={"hidden": 500})
    {'epoch': 3}
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    torch.save({"state": dict(state), "settings": dict(settings)}, draft)
    os.replace(draft, path)


def load(
    path: Path, *, settings: Mapping[str, Any], device: torch.device | str = "cpu"
) -> dict[str, Any] | None:
    """Read a checkpoint; None where there is none.

    Only data is read from the file, never code.

    Raises:
        CheckpointError: the file is truncated or no checkpoint, or the run that wrote it was
            started with other settings.
    """
    if not path.is_file():
        return None
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        state, before = dict(found["state"]), dict(found["settings"])
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError, ValueError):
        raise CheckpointError(
            f"{path}: expected a checkpoint, got a truncated file or one of another kind; "
            "delete it to start anew, or name another folder"
        ) from None
    for name in sorted(before.keys() | dict(settings).keys()):
        if before.get(name) != settings.get(name):
            raise CheckpointError(
                f"{path}: expected a checkpoint of a run with {name} = {settings.get(name)}, got "
                f"{before.get(name)}; use the same settings, or name another folder"
            )
    return state
