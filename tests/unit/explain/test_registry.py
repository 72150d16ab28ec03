"""The registry loads what the card names and nothing else."""

import json
from pathlib import Path

import pytest

from explain.registry import ModelNotLoaded, load
from tests.unit.explain.conftest import ROOT


def write(folder: Path, content: bytes, **changes: object) -> Path:
    from explain.record import sha256_hex

    card = {
        "name": "m", "version": "1", "format": "lightgbm_text", "file": "model.txt", "sha256": sha256_hex(content),
        **changes
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps({k: v for k, v in card.items() if v is not None}))
    (folder / "model.txt").write_bytes(content)
    return folder


def test_loads_what_the_card_names(tmp_path: Path) -> None:
    artifact = load(write(tmp_path, b"tree"))
    assert artifact.content == b"tree"
    assert artifact.ref.name == "m"


def test_one_changed_bit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, b"tree")
    (tmp_path / "model.txt").write_bytes(b"tred")
    with pytest.raises(ModelNotLoaded, match="digest"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "pickle"}, "format"),
        ({"file": "../model.txt"}, "outside"),
        ({"file": "absent.txt"}, "missing"),
        ({"sha256": None}, "lacks"),
    ],
)
def test_a_card_that_does_not_hold_is_refused(tmp_path: Path, changes: dict, says: str) -> None:
    with pytest.raises(ModelNotLoaded, match=says):
        load(write(tmp_path, b"tree", **changes))


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoaded, match="no card"):
        load(tmp_path)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(ModelNotLoaded, match="not JSON"):
        load(tmp_path)


def test_the_reference_models_load() -> None:
    folders = [card.parent for card in sorted((ROOT / "models").glob("*/card.json"))]
    assert {folder.name for folder in folders} >= {"customer_risk", "transactions", "screening", "mrz"}
    for folder in folders:
        assert load(folder).card["data"], folder.name
    assert "Synthetic" in load(ROOT / "models" / "customer_risk").card["data"]
