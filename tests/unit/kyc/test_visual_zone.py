"""The printed fields: by captions as readers of print report them, by the tagger without captions, and by both."""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from kyc.document import FieldReading, TextLine
from kyc.layout_tagger import EXTENT, MAX_TOKENS, MODEL, LayoutTagger, NotALayoutModel, load_tokenizer, windows
from kyc.training.layout_evaluation import FIRST_SEED, UNSEEN_WORDS, as_labelled, same
from kyc.training.layout_pages import TRAINING_WORDS, Words, draw_layout
from kyc.visual_zone import combine, read_fields, read_visual, tagged_fields

AS_OF = date(2026, 11, 22)
TAGGER = LayoutTagger()


def placed(*entries: tuple[float, float, str]) -> list[TextLine]:
    return [
        TextLine(text, 0.98, ((x, y), (x + 11 * len(text), y), (x + 11 * len(text), y + 20), (x, y + 20)))
        for x, y, text in entries
    ]


def test_captions_are_known_without_their_spaces_and_with_two_languages() -> None:
    lines = placed(
        (0, 0, "Dateofbirth/Datedenaissance"), (0, 26, "12 AUG/AOÛT 1964"), (0, 60, "2. Etternavn"), (0, 86, "BERG")
    )

    fields = read_fields(lines, AS_OF)

    assert fields["birth_date"].value == "1964-08-12"
    assert fields["surname"].value == "BERG"
    assert {field.source for field in fields.values()} == {"caption"}


def test_an_american_licence_writes_the_month_first() -> None:
    lines = placed((0, 0, "DOB"), (60, 0, "03/04/1990"), (0, 40, "EXP"), (60, 40, "03/25/2030"))

    assert read_fields(lines, AS_OF)["birth_date"].value == "1990-03-04"


def test_both_ways_together_say_so_and_doubt_what_they_read_differently() -> None:
    def field(value: str, confidence: float, source: str) -> FieldReading:
        return FieldReading(value, source, confidence)

    captioned = {"surname": field("BERG", 0.9, "caption"), "sex": field("M", 0.8, "caption")}
    tagged = {"surname": field("Berg", 0.95, "layout"), "sex": field("F", 0.9, "layout")}

    alone = combine(captioned, tagged, {})
    assert (alone["surname"].source, alone["surname"].confidence) == ("caption+layout", 0.95)
    assert alone["sex"].value == "F"
    assert alone["sex"].confidence < 0.9

    beside_zone = combine(captioned, tagged, {"sex": field("M", 0.99, "mrz")})
    assert (beside_zone["sex"].value, beside_zone["sex"].source) == ("M", "caption")


def test_a_licence_with_numbers_for_captions_is_read_by_the_tagger() -> None:
    lines = placed(
        (300, 0, "DRIVING LICENCE"), (300, 60, "1. LINDQVIST"), (300, 100, "2. ASTRID MARIA"),
        (300, 140, "3. 12.03.1980 OSLO"), (300, 180, "4a. 01.02.2021 4c. RDW"), (300, 220, "4b. 01.02.2031"),
        (300, 260, "5. 5012345678"), (300, 300, "9. AM/B1/B"),
    )  # fmt: skip

    fields = read_visual(lines, AS_OF, TAGGER)

    read = {name: fields[name].value for name in ("surname", "given_names", "birth_date", "expiry_date", "number")}
    assert read == {
        "surname": "LINDQVIST", "given_names": "ASTRID MARIA", "birth_date": "1980-03-12",
        "expiry_date": "2031-02-01", "number": "5012345678",
    }  # fmt: skip


@pytest.mark.parametrize(("words", "least"), [(TRAINING_WORDS, 0.8), (UNSEEN_WORDS, 0.65)])
def test_the_tagger_reads_layouts_that_it_was_not_trained_on(words: Words, least: float) -> None:
    right = read = there = 0
    for seed in range(FIRST_SEED + 10_000, FIRST_SEED + 10_040):
        layout = draw_layout(seed, words)
        lines = [each.line for each in layout.lines]
        found, truth = tagged_fields(lines, TAGGER.tag(lines), AS_OF), as_labelled(layout)
        right += sum(name in truth and same(name, field.value, truth[name].value) for name, field in found.items())
        read, there = read + len(found), there + len(truth)

    assert 2 * right / (read + there) > least


def test_long_pages_are_read_in_windows_that_fit() -> None:
    tokenizer = load_tokenizer(MODEL)
    lines = placed(*((0, 30 * at, f"LINE {at} OF A LONG DOCUMENT WITH MANY WORDS") for at in range(40)))

    cut = windows(lines, tokenizer)

    assert len(cut) > 1
    assert all(len(window) <= MAX_TOKENS - 2 for window in cut)
    assert all(0 <= value <= EXTENT for window in cut for piece in window for value in piece.box)
    assert TAGGER.tag([]) == ()


def test_the_model_is_the_one_on_its_card_and_small_enough() -> None:
    card = json.loads((MODEL / "card.json").read_text(encoding="utf-8"))

    assert (MODEL / card["file"]).stat().st_size == card["bytes"] <= 30_000_000
    assert card["evaluation"]["unseen_seeds"]["tagger"]["f1"] > card["evaluation"]["unseen_seeds"]["captions"]["f1"]


def test_another_checkpoint_is_taken_or_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NotALayoutModel, match=r"no config\.json"):
        LayoutTagger(tmp_path).tag(placed((0, 0, "A")))

    for name in ("tokenizer.json", "tokenizer_config.json", "model.onnx"):
        shutil.copy(MODEL / name, tmp_path / name)
    (tmp_path / "config.json").write_text('{"id2label": {"0": "LABEL_0"}}')
    with pytest.raises(NotALayoutModel, match="no label is one of"):
        LayoutTagger(tmp_path).tag(placed((0, 0, "A")))

    config = json.loads((MODEL / "config.json").read_text())
    config["id2label"] = {at: name if name == "O" else f"B-{name.upper()}" for at, name in config["id2label"].items()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    lines = placed((0, 0, "Surname"), (0, 26, "BERG"))
    assert LayoutTagger(tmp_path).tag(lines) == TAGGER.tag(lines)

    (tmp_path / "model.onnx").write_bytes(b"nonsense")
    with pytest.raises(NotALayoutModel, match="cannot read"):
        LayoutTagger(tmp_path).tag(lines)


def test_loading_the_tokenizer_says_nothing_of_torch() -> None:
    code = "from kyc.layout_tagger import MODEL, load_tokenizer; load_tokenizer(MODEL)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout + done.stderr == ""
