"""Two readers of one zone, brought together: where they agree, which to believe where they do not, and how surely.

Separate because trust between readers is a policy of its own; neither reader knows of the other.
"""

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from kyc.document import MrzReading, Repair
from kyc.mrz import ALPHABET, NotAnMrz, ParsedMrz, parse
from kyc.mrz_decoding import DecodedZone
from kyc.mrz_repair import Repaired, fit_length, repair

SURE = 0.9
"""RapidOCR's confidence from which a letter that our recogniser cannot know (Ñ) is believed."""


def reconcile(
    first: DecodedZone | None, raw: Sequence[str], sure: float, length: int, as_of: date
) -> MrzReading | None:
    """One reading from our recogniser's (`first`) and RapidOCR's `raw` text with its confidence `sure`.

    `None` when neither has a format of ICAO 9303. `readers_agree` compares what each makes of the zone by itself.
    """
    try:
        second: Repaired | None = repair(raw, length, as_of)
        if second is not None:
            parse(second.lines, as_of)
    except NotAnMrz:
        second = None
    if first is None and second is None:
        return None
    if first is None and second is not None:
        return _reading(second.lines, tuple(raw), second.repairs, 0.5 * sure, as_of, (), "", agree=False)
    assert first is not None
    first = _undo_lonely_changes(first, raw)
    first = _foreign_letters(first, raw, sure)
    if second is None or second.lines == first.lines:
        agree = second is not None
        confidence = max(first.confidence, sure) if agree else first.confidence
        return _reading(
            first.lines, first.raw_lines, first.repairs, confidence, as_of, tuple(raw), "rapidocr", agree=agree
        )
    lines, repairs = _best_mixture(first, second, as_of)
    return _reading(
        lines, first.raw_lines, repairs, min(first.confidence, sure), as_of, tuple(raw), "rapidocr", agree=False
    )


def heard(reading: MrzReading, third: tuple[str, ...], as_of: date) -> MrzReading:
    """The reading with a third reader's opinion: it confirms where it makes the same zone of what it saw."""
    try:
        same = bool(third) and repair(third, len(reading.lines[0]), as_of).lines == reading.lines
    except NotAnMrz:
        same = False
    if not same:
        return reading
    return replace(reading, second_lines=third, second_reader="tesseract", readers_agree=True)


def _reading(
    lines: tuple[str, ...],
    raw: tuple[str, ...],
    repairs: tuple[Repair, ...],
    confidence: float,
    as_of: date,
    other: tuple[str, ...],
    name: str,
    *,
    agree: bool,
) -> MrzReading:
    parsed: ParsedMrz = parse(lines, as_of)
    return MrzReading(
        type=parsed.layout.type,
        lines=lines,
        raw_lines=raw,
        valid=parsed.valid,
        checks=parsed.checks,
        repairs=repairs,
        confidence=confidence,
        box=None,
        second_lines=other,
        second_reader=name,
        readers_agree=agree,
    )


def _undo_lonely_changes(first: DecodedZone, raw: Sequence[str]) -> DecodedZone:
    """A change made for check digits does not stand where both readers saw the sign it replaced."""
    fitted = [fit_length(text, len(line)) for text, line in zip(raw, first.lines, strict=True)]
    lonely = [
        r
        for r in first.repairs
        if r.rule == "LIKELIEST_VALID"
        and len(fitted[r.line]) == len(first.lines[r.line])
        and fitted[r.line][r.position] == r.before
    ]
    if not lonely:
        return first
    rows = [list(line) for line in first.lines]
    changes = [r for r in first.repairs if r.rule == "LIKELIEST_VALID"]
    for change in changes:
        rows[change.line][change.position] = change.before
    kept = tuple(r for r in first.repairs if r not in changes)
    return replace(first, lines=tuple("".join(row) for row in rows), repairs=kept)


def _foreign_letters(first: DecodedZone, raw: Sequence[str], sure: float) -> DecodedZone:
    """Letters outside the zone's alphabet, which some documents print, from the only reader that knows them; believed
    where the rest of the line is read alike."""
    rows = [list(line) for line in first.lines]
    repairs = list(first.repairs)
    for number, (text, row) in enumerate(zip(raw, rows, strict=True)):
        if len(text) != len(row) or sure < SURE:
            continue
        different = [at for at, (other, ours) in enumerate(zip(text, row, strict=True)) if other != ours]
        if not all(_latin(text[at]) and text[at] not in ALPHABET for at in different):
            continue
        for at in different:
            repairs.append(Repair(number, at, row[at], text[at], "FOREIGN_LETTER"))
            row[at] = text[at]
    return replace(first, lines=tuple("".join(row) for row in rows), repairs=tuple(repairs))


def _latin(sign: str) -> bool:
    """Whether a state may have printed this letter: zones are Latin (9303-3, 4.3), so that of another writing is a
    misreading of a Latin one, whatever the reader's confidence."""
    return sign.isalpha() and unicodedata.name(sign, "").startswith("LATIN CAPITAL LETTER")


def _best_mixture(first: DecodedZone, second: Repaired, as_of: date) -> tuple[tuple[str, ...], tuple[Repair, ...]]:
    """Ours, with the other reader's sign wherever ours was in doubt and thought that sign possible; or, where that
    leaves check digits wrong, whole lines from one reader or the other. The fewest errors win, in that order. Lines of
    another length are another format's: they are no opinion on these."""
    candidates = [_where_in_doubt(first, second), first.lines]
    if [len(line) for line in second.lines] == [len(line) for line in first.lines]:
        for choice in itertools.product((0, 1), repeat=len(first.lines)):
            candidates.append(tuple((first.lines, second.lines)[which][at] for at, which in enumerate(choice)))
    best: tuple[int, tuple[str, ...]] | None = None
    for lines in candidates:
        try:
            parsed = parse(lines, as_of)
        except NotAnMrz:
            continue
        wrong = sum(not holds for holds in parsed.checks.values()) + len(parsed.form_errors)
        if best is None or wrong < best[0]:
            best = (wrong, lines)
    assert best is not None
    lines = best[1]
    kept = tuple(r for r in first.repairs if lines[r.line][r.position] == r.after)
    taken = tuple(
        Repair(number, position, ours, theirs, "OTHER_READER")
        for number, (old, new) in enumerate(zip(first.lines, lines, strict=True))
        for position, (ours, theirs) in enumerate(zip(old, new, strict=True))
        if ours != theirs
    )
    return lines, (*kept, *taken)


def _where_in_doubt(first: DecodedZone, second: Repaired) -> tuple[str, ...]:
    rows = [list(line) for line in first.lines]
    for number, (row, other) in enumerate(zip(rows, second.lines, strict=True)):
        for position, sign in enumerate(other if len(other) == len(row) else ()):
            if sign != row[position] and sign in first.doubts[number][position]:
                row[position] = sign
    return tuple("".join(row) for row in rows)
