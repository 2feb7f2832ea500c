"""Published figures beside ours: the full-scale runs of the page *Reproductions*.

    python -m gensrc.reproduce dbm --data mnist --out runs/dbm
    python -m gensrc.reproduce vae --data mnist --out runs/vae

A run shows its progress, writes a checkpoint after every epoch, and goes on from the last one
when the same command is given again. ``--data digits`` does all of it in a minute on the
8 by 8 digits. ``--data mnist`` reads the folder $GENSRC_DATA, or downloads once.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from gensrc.data import DataError
from gensrc.reproduce.checkpoints import CheckpointError
from gensrc.reproduce.runs import RunState, dbm, read, vae

MODELS: dict[str, tuple[Callable[..., dict[str, float]], dict[str, int]]] = {
    "dbm": (dbm, {"epochs": 300, "pretraining": 100}),
    "vae": (vae, {"epochs": 300}),
}
"""What each run calls, and how many passes over the data it makes by default."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    function, passes = MODELS[options.model]
    asked = {"epochs": options.epochs, "pretraining": options.pretraining}
    asked = {name: number for name, number in asked.items() if number is not None}
    for name in asked.keys() - passes.keys():
        parser.error(f"--{name}: {options.model} has no such stage")
    passes = passes | asked
    start = time.perf_counter()
    try:
        device = torch.device(options.device)
        generator = torch.Generator(device).manual_seed(options.seed)
        settings = {"model": options.model, "data": options.data, "seed": options.seed}
        settings |= passes
        run = RunState(options.out, settings, read(options.data, device), generator)
        figures = function(run, **passes)
    except (CheckpointError, DataError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped; the same command goes on from {options.out}.", file=sys.stderr)
        return 130
    figures |= {"seconds": round(time.perf_counter() - start, 1)}
    (options.out / "figures.json").write_text(json.dumps(settings | figures, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name:<34}{value:>10.2f}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gensrc.reproduce",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=sorted(MODELS))
    parser.add_argument("--data", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--epochs", type=_count, help="passes over the data")
    parser.add_argument("--pretraining", type=_count, help="passes for each layer (dbm)")
    parser.add_argument("--seed", type=_count, default=0)
    return parser


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
