"""Checkpoints: whole or not at all, and only for the run that wrote them."""

from pathlib import Path

import pytest
import torch

from gensrc.reproduce.checkpoints import CheckpointError, load, save

SETTINGS = {"model": "dbm", "seed": 0}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "a.pt"
    state = {"epochs": 3, "weights": {"w": torch.arange(3.0)}, "rates": [0.1, 0.2]}
    save(path, state, settings=SETTINGS)
    found = load(path, settings=SETTINGS)
    assert found is not None
    assert found["epochs"] == 3
    assert torch.equal(found["weights"]["w"], torch.arange(3.0))
    assert [path.name for path in path.parent.iterdir()] == ["a.pt"]


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    assert load(tmp_path / "a.pt", settings=SETTINGS) is None


@pytest.mark.parametrize("keep", [0, 1, 100, 600, -1])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.pt"
    save(path, {"w": torch.ones(100)}, settings=SETTINGS)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    with pytest.raises(CheckpointError, match="truncated file or one of another kind; delete it"):
        load(path, settings=SETTINGS)
    assert path.read_bytes() == whole[:keep]


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="of another kind"):
        load(path, settings=SETTINGS)


def test_no_code_is_run(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"state": {"path": Path("x")}, "settings": {}}, path)  # an object with a class
    with pytest.raises(CheckpointError):
        load(path, settings={})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"model": "dbm", "seed": 1}, "seed = 1, got 0"),
        ({"model": "vae", "seed": 0}, "model = vae, got dbm"),
        ({"model": "dbm"}, "seed = None, got 0"),
    ],
)
def test_another_run_is_refused(tmp_path: Path, now: dict[str, int | str], words: str) -> None:
    path = tmp_path / "a.pt"
    save(path, {}, settings=SETTINGS)
    with pytest.raises(CheckpointError, match=words):
        load(path, settings=now)


def test_an_interrupted_save_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pt"
    save(path, {"epochs": 1}, settings=SETTINGS)

    def half(state: object, draft: Path) -> None:
        draft.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"epochs": 2}, settings=SETTINGS)
    assert load(path, settings=SETTINGS) == {"epochs": 1}
