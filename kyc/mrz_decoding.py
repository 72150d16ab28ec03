"""Searches a recogniser's probabilities for the best zone that the grammar allows, and says how far behind the next is.

Separate from `kyc.mrz_repair`, which corrects text without probabilities. The same law holds: what the recogniser saw
clearly is never changed, so a document whose check digits are really wrong keeps failing them.
"""

import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kyc.document import Repair
from kyc.mrz import ALPHABET, Layout, NotAnMrz, layout_of, parse
from kyc.mrz_repair import position_classes
from kyc.recogniser import Scores

BLANK = len(ALPHABET)
CLASS_SIGNS = {
    "N": "0123456789<",
    "C": "0123456789<",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ<",
    "S": "MFX<",
    "X": ALPHABET,
}
CLEAR = 5.0
"""Nats by which the seen sign leads the grammar's: beyond, the document really prints what the grammar forbids."""
DOUBT = 3.0
"""Nats within which another sign counts as possibly printed: at least a twentieth as likely as the one seen."""
MAX_CHANGES = 3
MAX_COST = 5.0
"""Nats that all changes for check digits may cost together."""

HEADING = frozenset({"document_code", "issuer", "name"})
"""Form errors that no change for check digits can mend."""


@dataclass(frozen=True, slots=True)
class DecodedZone:
    """`lines` by grammar, `raw_lines` as seen, what lies between, and the margin in nats to the next possible zone."""

    lines: tuple[str, ...]
    raw_lines: tuple[str, ...]
    repairs: tuple[Repair, ...]
    margin: float
    doubts: tuple[tuple[Mapping[str, float], ...], ...] = ()
    """For each line and position, the signs within `DOUBT` of the one seen, with their cost in nats."""

    @property
    def confidence(self) -> float:
        """The margin as a probability that this zone and not the next is the true one."""
        return float(1.0 / (1.0 + np.exp(-self.margin)))


@dataclass(frozen=True, slots=True)
class _Sign:
    """One position: the sign on the path, and the cost in nats of each sign there against it."""

    sign: str
    costs: NDArray[np.float64]


def decode_zone(scores: Sequence[Scores], length: int, as_of: date) -> DecodedZone:
    """The zone with lines of `length` signs. Raises `NotAnMrz` when the shape is no format's."""
    free = [best_path(row, [ALPHABET] * length) for row in scores]
    raw = tuple("".join(s.sign for s in line) for line in free)
    layout = layout_of(raw)
    classes = position_classes(layout)
    repairs: list[Repair] = []
    signs: list[list[_Sign]] = []
    for number, row in enumerate(scores):
        allowed = [CLASS_SIGNS[kind] for kind in classes[number]]
        signs.append(_lawful(number, free[number], best_path(row, allowed), repairs))
    settled, margin, changed = _settle(signs, layout, as_of)
    doubts = tuple(tuple(_doubts(sign) for sign in line) for line in signs)
    return DecodedZone(settled, raw, (*repairs, *changed), margin, doubts)


def best_path(scores: Scores, allowed: Sequence[str]) -> list[_Sign]:
    """The likeliest path of connectionist temporal classification that emits exactly one allowed sign a position.

    Viterbi over steps x positions x signs; the state is the number of signs emitted and the last of them, or blank.
    """
    steps, count = scores.shape[0], len(allowed)
    mask = np.full((count, len(ALPHABET)), -np.inf)
    for position, signs in enumerate(allowed):
        mask[position, [ALPHABET.index(c) for c in signs]] = 0.0
    spoken = np.full((count, len(ALPHABET)), -np.inf)  # ends in the sign of position n
    silent = np.full(count + 1, -np.inf)  # ends in blank after n signs
    silent[0] = 0.0
    came = np.zeros((steps, count, len(ALPHABET)), np.int8)  # 0 stayed, 1 from blank, 2 from another sign
    hushed = np.zeros((steps, count + 1), bool)  # blank after a sign
    last = np.zeros((steps, count + 1), np.int8)  # that sign; also the sign a new one followed
    runner = np.zeros((steps, count + 1), np.int8)
    rows = np.arange(count)
    for step in range(steps):
        order = np.argsort(spoken, axis=1)[:, ::-1][:, :2]
        first, second = spoken[rows, order[:, 0]], spoken[rows, order[:, 1]]
        last[step, 1:], runner[step, 1:] = order[:, 0], order[:, 1]
        new_silent = silent.copy()
        better = first > silent[1:]
        new_silent[1:][better] = first[better]
        hushed[step, 1:] = better
        follow = np.full((count, len(ALPHABET)), -np.inf)
        follow[1:] = first[:-1, None]
        follow[rows[1:], order[:-1, 0]] = second[:-1]
        choices = np.stack([spoken, np.broadcast_to(silent[:-1, None], spoken.shape), follow])
        came[step] = choices.argmax(0)
        spoken = choices.max(0) + scores[step, :BLANK] + mask
        silent = new_silent + scores[step, BLANK]
    segments = _trace(came, hushed, last, runner, spoken, silent)
    return [_position(scores, sign, begin, end) for sign, begin, end in segments]


def _trace(
    came: NDArray[np.int8],
    hushed: NDArray[np.bool_],
    last: NDArray[np.int8],
    runner: NDArray[np.int8],
    spoken: NDArray[np.float64],
    silent: NDArray[np.float64],
) -> list[tuple[int, int, int]]:
    """Sign, first step and one past the last, for each position."""
    count = spoken.shape[0]
    sign: int | None = None
    if spoken[count - 1].max() > silent[count]:
        sign = int(spoken[count - 1].argmax())
    position, segments, end = count, [], came.shape[0]
    for step in range(came.shape[0] - 1, -1, -1):
        if sign is None:
            if position > 0 and hushed[step, position]:
                sign, end = int(last[step, position]), step
            continue
        how = came[step, position - 1, sign]
        if how == 0:
            continue
        segments.append((sign, step, end))
        position -= 1
        if how == 1:
            sign = None
        else:
            before = int(last[step, position])
            sign = int(runner[step, position]) if before == sign else before
            end = step
    return segments[::-1]


def _position(scores: Scores, sign: int, begin: int, end: int) -> _Sign:
    # A peak may sit a step beside the path's; look-alikes peak together with what they are mistaken for.
    peaks = scores[max(0, begin) : max(end, begin + 1), :BLANK].max(0).astype(np.float64)
    return _Sign(ALPHABET[sign], peaks[sign] - peaks)


def _doubts(seen: _Sign) -> dict[str, float]:
    return {c: float(max(0.0, cost)) for c, cost in zip(ALPHABET, seen.costs, strict=True) if cost < DOUBT}


def _lawful(number: int, free: Sequence[_Sign], lawful: Sequence[_Sign], repairs: list[Repair]) -> list[_Sign]:
    """The grammar's path, except where the seen sign leads too clearly to be a misreading."""
    result = []
    for position, (seen, ruled) in enumerate(zip(free, lawful, strict=True)):
        if seen.sign == ruled.sign:
            result.append(ruled)
        elif seen.costs[ALPHABET.index(ruled.sign)] > CLEAR:
            result.append(seen)
        else:
            result.append(ruled)
            repairs.append(Repair(number, position, seen.sign, ruled.sign, "IMPOSSIBLE_AT_POSITION"))
    return result


def _settle(
    signs: Sequence[Sequence[_Sign]], layout: Layout, as_of: date
) -> tuple[tuple[str, ...], float, list[Repair]]:
    """The cheapest exchange of doubtful signs with which all check digits hold, and the margin to the next one."""
    lines = tuple("".join(s.sign for s in line) for line in signs)
    classes = position_classes(layout)
    doubts: list[tuple[float, int, int, str]] = []
    for number, line in enumerate(signs):
        for position, seen in enumerate(line):
            for other, cost in _doubts(seen).items():
                if other != seen.sign and other in CLASS_SIGNS[classes[number][position]]:
                    doubts.append((cost, number, position, other))
    doubts = heapq.nsmallest(14, doubts)
    checked = [d for d in doubts if _is_checked(layout, d[1], d[2])]
    valid: list[tuple[float, tuple[str, ...], tuple[tuple[float, int, int, str], ...]]] = []
    for count in range(MAX_CHANGES + 1):
        for chosen in itertools.combinations(checked, count):
            cost = sum(c for c, *_ in chosen)
            if cost > MAX_COST or len({(n, p) for _, n, p, _ in chosen}) < count:
                continue
            candidate = _changed(lines, chosen)
            if _holds(candidate, as_of):
                valid.append((cost, candidate, chosen))
    valid.sort(key=lambda item: item[0])
    unchecked = [c for c, n, p, _ in doubts if not _is_checked(layout, n, p)]
    loose = min(unchecked, default=2 * DOUBT)
    if not valid:
        return lines, min(loose, DOUBT / 3), []
    cost, best, chosen = valid[0]
    repairs = [Repair(n, p, lines[n][p], sign, "LIKELIEST_VALID") for _, n, p, sign in chosen]
    margin = min(valid[1][0] - cost if len(valid) > 1 else 2 * DOUBT, loose)
    return best, margin, repairs


def _is_checked(layout: Layout, number: int, position: int) -> bool:
    """Whether some check digit covers the position, or is it."""
    if (number, position) in layout.check_digits.values():
        return True
    if any(line == number and a <= position < b for line, a, b in layout.composite):
        return True
    covered = (layout.spans[name] for name in layout.check_digits if name in layout.spans)
    return any(line == number and a <= position < b for line, a, b in covered)


def _changed(lines: tuple[str, ...], chosen: Sequence[tuple[float, int, int, str]]) -> tuple[str, ...]:
    rows = [list(line) for line in lines]
    for _, number, position, sign in chosen:
        rows[number][position] = sign
    return tuple("".join(row) for row in rows)


def _holds(lines: tuple[str, ...], as_of: date) -> bool:
    try:
        parsed = parse(lines, as_of)
    except NotAnMrz:
        return False
    return all(parsed.checks.values()) and HEADING.issuperset(parsed.form_errors)
