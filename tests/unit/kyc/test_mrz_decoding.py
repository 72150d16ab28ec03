"""The search over the recogniser's probabilities: the best path, what doubt may change, and what it must not."""

import itertools
from datetime import date

import numpy as np
import pytest

from kyc.mrz import ALPHABET
from kyc.mrz_decoding import BLANK, best_path, decode_zone
from kyc.mrz_opinions import heard, reconcile
from kyc.recogniser import Scores

AS_OF = date(2026, 11, 22)
TRUE = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")


def seen(text: str, doubts: dict[int, tuple[str, float]] | None = None) -> Scores:
    """Scores of a recogniser that sees `text` clearly, and at each doubtful position another sign by that share."""
    rows = []
    for position, sign in enumerate(text):
        for step in range(3):
            row = np.full(BLANK + 1, 1e-5)
            if step == 1:
                other, share = (doubts or {}).get(position, ("", 0.0))
                row[ALPHABET.index(sign)] = 1.0 - share
                if other:
                    row[ALPHABET.index(other)] = max(share, 1e-5)
            else:
                row[BLANK] = 1.0
            rows.append(row / row.sum())
    return np.log(np.array(rows)).astype(np.float32)


def brute_force(scores: Scores, allowed: list[str]) -> float:
    """The best log-probability of any path that emits exactly one allowed sign a position, by trying all."""
    best = -np.inf
    signs = sorted({c for chars in allowed for c in chars})
    symbols = [ALPHABET.index(c) for c in signs] + [BLANK]
    for path in itertools.product(symbols, repeat=scores.shape[0]):
        kept = [c for c, before in zip(path, (BLANK, *path[:-1]), strict=True) if c not in (before, BLANK)]
        if len(kept) == len(allowed) and all(ALPHABET[c] in chars for c, chars in zip(kept, allowed, strict=True)):
            best = max(best, float(sum(scores[t, c] for t, c in enumerate(path))))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_the_path_is_as_good_as_the_best_of_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.log(rng.dirichlet(np.full(BLANK + 1, 0.2), 6)).clip(-30).astype(np.float32)
    allowed = ["AB", "B1", "A1"]

    text = "".join(s.sign for s in best_path(scores, allowed))
    forced = brute_force(scores, list(text))

    assert all(c in chars for c, chars in zip(text, allowed, strict=True))
    assert forced == pytest.approx(brute_force(scores, allowed), abs=1e-3)


def test_a_clear_zone_is_read_with_a_wide_margin() -> None:
    zone = decode_zone([seen(line) for line in TRUE], 44, AS_OF)

    assert zone.lines == zone.raw_lines == TRUE
    assert zone.repairs == ()
    assert zone.confidence > 0.99


def test_doubt_is_settled_by_check_digits_and_the_raw_reading_kept() -> None:
    mistaken = TRUE[1].replace("740812", "740312")

    zone = decode_zone([seen(TRUE[0]), seen(mistaken, {16: ("8", 0.3)})], 44, AS_OF)

    assert zone.lines == TRUE
    assert zone.raw_lines[1] == mistaken
    assert [(r.before, r.after, r.rule) for r in zone.repairs] == [("3", "8", "LIKELIEST_VALID")]


def test_a_clearly_printed_wrong_digit_stays_wrong() -> None:
    forged = TRUE[1].replace("740812", "740312")

    zone = decode_zone([seen(TRUE[0]), seen(forged, {16: ("8", 0.01)})], 44, AS_OF)

    assert zone.lines[1] == forged
    assert zone.repairs == ()


def test_a_letter_among_digits_is_read_as_the_digit_when_that_was_possible() -> None:
    zone = decode_zone([seen(TRUE[0]), seen(TRUE[1].replace("740812", "74O812"), {15: ("0", 0.2)})], 44, AS_OF)

    assert zone.lines == TRUE
    assert [r.rule for r in zone.repairs] == ["IMPOSSIBLE_AT_POSITION"]


def test_a_state_clearly_printed_in_digits_stays() -> None:
    lines = ("IDROUSAVA<<SUPERMAN<<<<<<<<<<<<<<<<<", "HD198025<51328505095M130509012049941")

    assert decode_zone([seen(line) for line in lines], 36, AS_OF).lines == lines


def test_a_change_that_neither_reader_saw_does_not_stand() -> None:
    """Ours doubts a digit and check digits would settle it, but the other reader saw the same wrong digit."""
    forged = TRUE[1].replace("740812", "740312")
    first = decode_zone([seen(TRUE[0]), seen(forged, {16: ("8", 0.3)})], 44, AS_OF)

    reading = reconcile(first, (TRUE[0], forged), 0.99, 44, AS_OF)

    assert reading is not None
    assert reading.lines[1] == forged
    assert not reading.valid
    assert reading.readers_agree


def test_readers_that_differ_are_reported_and_check_digits_choose_the_line() -> None:
    first = decode_zone([seen(TRUE[0].replace("ANNA", "ANHA")), seen(TRUE[1])], 44, AS_OF)

    reading = reconcile(first, TRUE, 0.99, 44, AS_OF)

    assert reading is not None
    assert not reading.readers_agree
    assert reading.confidence <= 0.99
    assert reading.second_lines == TRUE


def test_a_reading_of_another_format_is_no_opinion_on_our_lines() -> None:
    lines = ("IDROUSAVA<<SUPERMAN<<<<<<<<<<<<<<<<<", "HD198026<51328505095M130509012049941")
    first = decode_zone([seen(line) for line in lines], 36, AS_OF)

    reading = reconcile(first, TRUE, 0.99, 44, AS_OF)

    assert reading is not None
    assert reading.lines == lines
    assert not reading.valid
    assert not reading.readers_agree


def test_without_our_recogniser_the_other_reading_counts_half() -> None:
    reading = reconcile(None, TRUE, 0.98, 44, AS_OF)

    assert reading is not None
    assert reading.valid
    assert reading.confidence == pytest.approx(0.49)
    assert not reading.readers_agree


def test_foreign_letters_that_the_other_reader_saw_are_kept() -> None:
    printed = TRUE[0].replace("ANNA", "AÑNA")
    first = decode_zone([seen(TRUE[0]), seen(TRUE[1])], 44, AS_OF)

    reading = reconcile(first, (printed, TRUE[1]), 0.99, 44, AS_OF)

    assert reading is not None
    assert reading.lines[0] == printed
    assert not reading.valid


@pytest.mark.parametrize("sign", ["Φ", "Д", "ﬁ", "大", "ñ"])
def test_signs_that_no_zone_prints_are_misreadings_of_the_other_reader(sign: str) -> None:
    """Zones are printed in Latin capitals: another writing's letter is not believed, however sure the reader is."""
    first = decode_zone([seen(TRUE[0]), seen(TRUE[1])], 44, AS_OF)
    raw = (TRUE[0].replace("ANNA", f"A{sign}NA"), TRUE[1])

    reading = reconcile(first, raw, 0.99, 44, AS_OF)

    assert reading is not None
    assert reading.lines == TRUE
    assert reading.valid
    assert reading.second_lines == raw


def test_a_third_reader_confirms_only_the_same_zone() -> None:
    first = decode_zone([seen(TRUE[0].replace("ANNA", "ANHA")), seen(TRUE[1])], 44, AS_OF)
    reading = reconcile(first, TRUE, 0.99, 44, AS_OF)
    assert reading is not None

    assert heard(reading, reading.lines, AS_OF).readers_agree
    assert heard(reading, reading.lines, AS_OF).second_reader == "tesseract"
    assert not heard(reading, (TRUE[0].replace("ERIKSSON", "ERIKSEN"), TRUE[1]), AS_OF).readers_agree
    assert not heard(reading, (), AS_OF).readers_agree
