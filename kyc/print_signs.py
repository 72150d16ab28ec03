"""What the reader of print thought possible, sign by sign, and how surely a line says a value that somebody expects.

Separate from reading: a reading keeps the likeliest text alone, while to confirm a value one asks how much less likely
it is than that. A digit that was altered was read as another one surely; one that is merely blurred was in doubt.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kyc.names import transliterate

ALIKE = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2", "G": "6"})
"""Letters that readers of print take for digits and back. No two digits fall together: a re-typed digit stays one."""
SIGNS = "0123456789ACDEFHJKMNPRTUVWXY"
"""What is left of Latin letters and digits then: the columns of `folded` scores, before gap and anything else."""
GAP, OTHER = len(SIGNS), len(SIGNS) + 1
SEPARATORS = frozenset(" .,-/·•'’`´:;_()|<>")
DIVIDERS = frozenset("/|()[],:;·•")
"""What stands between two values, and not within one."""
LOOK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
"""Greek capitals that a reader gives for Latin ones beside Greek print."""
WRITTEN_AS_ONE = {"AE": "A", "0E": "0", "UE": "U", "AA": "A", "TH": "P", "55": "5"}
"""Letters that the zone writes with two: Ä, Ö, Ü, Å, Þ, ß."""
ANY = "*"
"""In a pattern: whatever stands there."""
ANY_COST = 0.03
"""Of each step that a pattern leaves open."""
FLOOR = 1e-9
IMPOSSIBLE = -1e9

Scores = NDArray[np.float32]


class SignTable:
    """Which of a recogniser's classes (`signs`: the blank first) is which of `SIGNS`."""

    def __init__(self, signs: Sequence[str]) -> None:
        kinds = np.array([GAP, *(_kind(sign) for sign in signs[1:])])
        self._digits = np.array([len(sign) == 1 and sign.isdigit() for sign in signs])
        self._dividers = np.array([sign in DIVIDERS for sign in signs])
        self._order = np.argsort(kinds, kind="stable")
        self._present, self._starts = np.unique(kinds[self._order], return_index=True)

    def folded(self, probabilities: Scores) -> Scores:
        """Steps x (`SIGNS`, gap, other): logarithms of the summed probabilities of classes that are alike."""
        sums = np.add.reduceat(probabilities[:, self._order], self._starts, axis=1)
        whole = np.zeros((len(probabilities), OTHER + 1), np.float32)
        whole[:, self._present] = sums
        return np.asarray(np.log(np.maximum(whole, FLOOR)), np.float32)

    def digits(self, probabilities: Scores) -> NDArray[np.bool_]:
        """At which steps a digit was read, and no letter that looks like one."""
        return np.asarray(self._digits[probabilities.argmax(1)], np.bool_)

    def dividers(self, probabilities: Scores) -> NDArray[np.bool_]:
        """At which steps one of `DIVIDERS` was read."""
        return np.asarray(self._dividers[probabilities.argmax(1)], np.bool_)


@cache
def sign_table(signs: tuple[str, ...]) -> SignTable:
    """The table of a recogniser, made once: it has thousands of classes."""
    return SignTable(signs)


def _kind(sign: str) -> int:
    if sign in SEPARATORS or not sign.strip():
        return GAP
    text = LOOK.get(sign) or fold(sign)
    text = WRITTEN_AS_ONE.get(text, text)
    return SIGNS.index(fold(text)) if len(text) == 1 else OTHER


def fold(text: str) -> str:
    """A text in `SIGNS` alone: transliterated, without spaces, letters that look like digits as these."""
    return transliterate(text).replace(" ", "").translate(ALIKE)


def cost(
    scores: Scores,
    patterns: Sequence[str],
    begins: NDArray[np.bool_] | None = None,
    ends: NDArray[np.bool_] | None = None,
) -> float:
    """How much less likely than what was read it is that one of `patterns` stands in a line, in nats: 0 where it was
    read just so. `begins` and `ends` say at which steps a pattern may; without them it may anywhere.

    The best alignment of each pattern with the line (Viterbi 1967 over the states of CTC, Graves 2006), all at once.
    """
    steps = scores - scores.max(1, keepdims=True)
    steps = np.concatenate([steps, np.zeros((len(steps), 1), np.float32) - np.float32(ANY_COST)], 1)
    longest, rows = max(map(len, patterns)), np.arange(len(patterns))
    signs = np.full((len(patterns), longest), OTHER)
    for row, pattern in enumerate(patterns):
        signs[row, : len(pattern)] = [OTHER + 1 if sign == ANY else SIGNS.index(sign) for sign in pattern]
    last = np.array([len(pattern) - 1 for pattern in patterns])
    doubled = np.zeros(signs.shape, bool)
    doubled[:, 1:] = signs[:, 1:] == signs[:, :-1]
    on_sign = np.full(signs.shape, IMPOSSIBLE)
    after = np.full(signs.shape, IMPOSSIBLE)
    best = IMPOSSIBLE
    for at, step in enumerate(steps):
        enter = np.empty(signs.shape)
        enter[:, 0] = 0.0 if begins is None or begins[at] else IMPOSSIBLE
        enter[:, 1:] = np.maximum(np.where(doubled[:, 1:], IMPOSSIBLE, on_sign[:, :-1]), after[:, :-1])
        after = np.maximum(on_sign, after) + step[GAP]
        on_sign = np.maximum(on_sign, enter) + step[signs]
        if ends is None or ends[at]:
            best = max(best, float(on_sign[rows, last].max()))
    return max(0.0, -best)
