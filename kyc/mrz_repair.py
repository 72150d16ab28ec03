"""Corrects what readers confuse in a machine readable zone, by its grammar, and says by which rule.

Separate from parsing because a correction is a judgement about a reader, not about the document. Three things are
never done: a digit is never changed into another digit, a check digit is never computed to fit, and where letters and
digits may both stand neither is exchanged unless another reader saw it so. So a document whose check digits are really
wrong keeps failing them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from kyc.document import Repair
from kyc.mrz import Layout, NotAnMrz, layout_of, parse

TO_DIGIT = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
TO_LETTER = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"}
LOOK_ALIKES = (("0", "O"), ("1", "I"), ("2", "Z"), ("5", "S"), ("8", "B"), ("6", "G"))
MAX_SWAPS = 2

NUMERIC = ("birth_date", "expiry_date")
ALPHABETIC = ("name", "surname", "given_names", "issuer", "nationality", "document_code")


@dataclass(frozen=True, slots=True)
class Repaired:
    lines: tuple[str, ...]
    repairs: tuple[Repair, ...]


def repair(raw: Sequence[str], length: int, as_of: date, witness: Sequence[str] = ()) -> Repaired:
    """The lines at the length of their format, with impossible characters replaced by their look-alikes. `witness` is
    another reader's raw reading of the same lines.

    Raises `NotAnMrz` when the lines have no format even so.
    """
    repairs: list[Repair] = []
    lines = []
    for number, text in enumerate(raw):
        fitted = fit_length(text, length)
        if fitted != text:
            repairs.append(Repair(number, 0, text, fitted, "FILLERS_TO_LENGTH"))
        lines.append(fitted)
    layout = layout_of(lines)
    lines, by_class = replace_impossible(lines, layout)
    lines, by_checks = swap_look_alikes(lines, layout, as_of, witness)
    return Repaired(tuple(lines), (*repairs, *by_class, *by_checks))


def fit_length(text: str, length: int) -> str:
    """Fillers added to or taken from the longest run of fillers until the line has its length; a line that is too long
    without fillers to spare is returned as it is."""
    if len(text) == length:
        return text
    start, size = _longest_run(text)
    if len(text) < length:
        if size == 0:
            return text + "<" * (length - len(text))
        return text[:start] + "<" * (length - len(text)) + text[start:]
    spare = len(text) - length
    if size > spare:
        return text[:start] + text[start + spare :]
    return text


def _longest_run(text: str) -> tuple[int, int]:
    best, start = (0, 0), None
    for index, character in enumerate(text + "\n"):
        if character == "<":
            start = index if start is None else start
        elif start is not None:
            if index - start >= best[1]:
                best = (start, index - start)
            start = None
    return best


def position_classes(layout: Layout) -> list[list[str]]:
    """For each position: `N` digits, `A` letters, `C` a check digit, `X` anything; fillers are possible in all."""
    classes = [["X"] * layout.length for _ in range(layout.lines)]
    for name, (line, first, last) in layout.spans.items():
        kind = "N" if name in NUMERIC else "A" if name in ALPHABETIC else "S" if name == "sex" else "X"
        classes[line][first:last] = kind * (last - first)
    line, first, _ = layout.spans["document_code"]
    classes[line][first + 1] = "X"  # at the issuing state's discretion: the United States print C1
    for line, position in layout.check_digits.values():
        classes[line][position] = "C"
    return classes


def replace_impossible(lines: Sequence[str], layout: Layout) -> tuple[list[str], list[Repair]]:
    """Letters where only digits may stand and digits where only letters may, replaced by what they look like.

    State codes are only touched when every digit in them has a look-alike: specimens print numbers there.
    """
    repairs: list[Repair] = []
    classes = position_classes(layout)
    result = [list(line) for line in lines]
    states = [layout.spans[name] for name in ("issuer", "nationality") if name in layout.spans]
    for number, row in enumerate(result):
        for position, character in enumerate(row):
            kind = classes[number][position]
            better = character
            if kind in "NC":
                better = TO_DIGIT.get(character, character)
            elif kind == "A":
                span = next((s for s in states if s[0] == number and s[1] <= position < s[2]), None)
                element = row[span[1] : span[2]] if span else [character]
                if all(c in TO_LETTER for c in element if c.isdigit()):
                    better = TO_LETTER.get(character, character)
            if better != character:
                repairs.append(Repair(number, position, character, better, "IMPOSSIBLE_AT_POSITION"))
                row[position] = better
    return ["".join(row) for row in result], repairs


def swap_look_alikes(
    lines: Sequence[str], layout: Layout, as_of: date, witness: Sequence[str]
) -> tuple[list[str], list[Repair]]:
    """Letters and digits that look alike, exchanged where both may stand (document number, optional data) and the
    witness read the other, when exactly one exchange of at most two characters makes every check digit hold."""
    lines = list(lines)
    try:
        before = parse(lines, as_of)
    except NotAnMrz:
        return lines, []
    other = [fit_length(line, layout.length) for line in witness]
    if all(before.checks.values()) or [len(line) for line in other] != [layout.length] * layout.lines:
        return lines, []
    partner = {a: b for one, two in LOOK_ALIKES for a, b in ((one, two), (two, one))}
    classes = position_classes(layout)
    places = [
        (number, position)
        for number, row in enumerate(lines)
        for position, character in enumerate(row)
        if classes[number][position] == "X" and partner.get(character) == other[number][position]
    ]
    for count in range(1, MAX_SWAPS + 1):
        found: list[list[str]] = []
        for chosen in combinations(places, count):
            rows = [list(row) for row in lines]
            for number, position in chosen:
                rows[number][position] = partner[rows[number][position]]
            candidate = ["".join(row) for row in rows]
            if all(parse(candidate, as_of).checks.values()):
                found.append(candidate)
        if len(found) == 1:
            winner = found[0]
            return winner, [
                Repair(number, position, lines[number][position], winner[number][position], "LOOK_ALIKE_BY_CHECK_DIGIT")
                for number, position in places
                if winner[number][position] != lines[number][position]
            ]
        if found:
            break
    return lines, []
