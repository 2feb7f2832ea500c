"""The full-scale runs, at the reduced size of the digits."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gensrc.reproduce import runs
from gensrc.reproduce.__main__ import main
from gensrc.training import History
from tests.support.paths import ROOT

RUNS = ROOT / "book" / "_static" / "runs"
SIZES = {"dbm": ["--pretraining", "3", "--epochs", "4"], "vae": ["--epochs", "6"]}


def arguments(model: str, out: Path, *more: str) -> list[str]:
    return [model, "--data", "digits", "--device", "cpu", "--out", str(out), *SIZES[model], *more]


def figures(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "figures.json").read_text())
    found.pop("seconds")
    return found


def independent_pixels() -> float:
    """Mean log-likelihood of the test images if every pixel is drawn for itself."""
    data = runs.read("digits", torch.device("cpu"))
    rate = (data.train.sum(0) + 0.5) / (len(data.train) + 1)
    return float((data.test * rate.log() + (1 - data.test) * (1 - rate).log()).sum(1).mean())


@pytest.mark.parametrize(
    ("model", "name"), [("dbm", "test bound"), ("vae", "test bound, 500 draws")]
)
def test_a_short_run_beats_independent_pixels(
    model: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = {"dbm": ["--pretraining", "20", "--epochs", "20"], "vae": ["--epochs", "60"]}
    assert main(arguments(model, tmp_path, *longer[model])) == 0
    assert independent_pixels() < figures(tmp_path)[name] < -10
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(("model", "stop"), [("dbm", 2), ("dbm", 5), ("dbm", 8), ("vae", 3)])
def test_an_interrupted_run_goes_on_and_ends_equal(
    model: str, stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(arguments(model, tmp_path / "whole")) == 0
    fit, calls = runs.fit, iter(range(1, 1000))

    def interrupted(*args: Any, **kwargs: Any) -> History:
        history = fit(*args, **kwargs)
        return history._replace(interrupted=next(calls) == stop)

    monkeypatch.setattr(runs, "fit", interrupted)
    assert main(arguments(model, tmp_path / "parts")) == 130
    assert main(arguments(model, tmp_path / "parts")) == 0
    assert figures(tmp_path / "parts") == figures(tmp_path / "whole")


def test_other_settings_in_the_same_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["vae", "--data", "digits", "--device", "cpu", "--out", str(tmp_path)]
    assert main([*small, "--epochs", "1"]) == 0
    assert main([*small, "--epochs", "2"]) == 1
    assert "epochs = 2, got 1" in capsys.readouterr().err


def test_a_stage_that_a_model_does_not_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["vae", "--pretraining", "1", "--out", str(tmp_path)])
    assert "vae has no such stage" in capsys.readouterr().err


def test_other_data_are_not_the_digits() -> None:
    with pytest.raises(ValueError, match=r'name: expected "mnist" or "digits", got .mnits'):
        runs.read("mnits", torch.device("cpu"))


def test_missing_data_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GENSRC_DATA", str(tmp_path / "nowhere"))
    assert main(["vae", "--data", "mnist", "--out", str(tmp_path)]) == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(RUNS.glob("*.json")), ids=lambda path: path.stem)
def test_the_page_has_the_figures_of_the_runs(path: Path) -> None:
    page = (RUNS.parents[1] / "reproductions.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if f"(_static/runs/{path.name})" in line]
    run = json.loads(path.read_text())
    command = f"{run['model']} --data {run['data']}"
    assert command in row
    bound = next(value for name, value in run.items() if name.startswith("test bound"))
    for number in (f"−{-bound:.2f}", f"{run['standard error over test images']:.2f}"):
        assert number in row
    assert str(run["epochs"]) in row
    if "log Z" in run:
        assert f"{run['log Z']:.2f}" in row
