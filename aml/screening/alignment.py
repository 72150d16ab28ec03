"""How two names agree: their tokens are paired, and what pairs, contradicts or is merely left out is weighed.

Weights are in nats of surprise (how rare a token is in the lists), so agreement on a rare name says more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from aml.screening.lexicon import ABU, NATIVE_SMALL_WORDS, PARTICLES, SERVANT, SPOKEN_ARTICLES, TITLES
from aml.screening.native import begins, likeness, near, script_of, spellings
from aml.screening.organisations import FORM_TOKENS
from aml.screening.sounds import token

SAME, CLOSE, FAIR = 0.965, 0.85, 0.75
SURE = 0.93
PAIRED = 0.62
"""Similarity from which two tokens count as the same one, spelt differently."""
INITIAL = 0.7
CUT_SERVANT = 0.65
"""Spelling from which `Adblmalek` is `Abdelmalek` although its first part is not recognised."""
PARTICLE_WEIGHT = 0.35
TITLE_WEIGHT = 0.5
FORM_WEIGHT = 1.0
INITIAL_WEIGHT = 2.2
_WITHOUT_VOWELS = (0.0, INITIAL, 0.74, 0.84, 0.9)
"""Similarity of a word to the same word without its vowels (`Strr`, `Star`), by the letters that are left."""
CUT_OFF = 3
"""Letters up to which a word that ran into the end of its field counts as an initial does."""


@lru_cache(maxsize=150_000)
def token_similarity(first: str, second: str) -> float:
    """How alike two tokens are, 0 to 1: the best of spelling, sound, consonants and truncation. Symmetric."""
    if first == second:
        return 1.0
    if not (first.isascii() and second.isascii()):
        return _native_similarity(first, second)
    if len(first) == 1 or len(second) == 1:
        return INITIAL if first[0] == second[0] else 0.0
    if first == vowelless(second) or second == vowelless(first):
        return _WITHOUT_VOWELS[min(len(first), len(second), 4)]
    a, b = token(first), token(second)
    shared = len(a.letters & b.letters)
    if shared * 2 < len(a.letters) and shared * 2 < len(b.letters):
        return 0.0
    if a.sound == b.sound:
        return 0.97
    if first.startswith(SERVANT) != second.startswith(SERVANT) and min(len(first), len(second)) >= 5:
        direct = OSA.normalized_similarity(first, second)
        return max(
            min(0.8, token_similarity(first.removeprefix(SERVANT), second.removeprefix(SERVANT))),
            direct if direct >= CUT_SERVANT else 0.0,
        )
    spelling = max(OSA.normalized_similarity(first, second), OSA.normalized_similarity(a.sound, b.sound))
    shorter = min(len(a.bones), len(b.bones))
    consonants = OSA.normalized_similarity(a.bones, b.bones) if shorter >= 2 else spelling * 0.8
    best = max(0.5 * spelling + 0.5 * consonants, spelling)
    if consonants == 1.0:
        best = max(best, 0.9 if shorter >= 4 else 0.84 if shorter == 3 else 0.66)
        if shorter <= 3 and spelling < 0.45:
            best -= 0.12
    short, long = (first, second) if len(first) < len(second) else (second, first)
    if len(short) >= 4 and long.startswith(short):
        best = max(best, 0.72 + 0.2 * len(short) / len(long))
    elif spelling > 0.5:
        best = max(best, 0.92 * JaroWinkler.similarity(a.sound, b.sound) - 0.06)
    return best if best < 0.96 else 0.96


@lru_cache(maxsize=60_000)
def vowelless(text: str) -> str:
    """A token without its vowels but for a first one."""
    return text[:1] + text[1:].translate(_NO_VOWELS)


_NO_VOWELS = str.maketrans("", "", "aeiou")


def _native_similarity(first: str, second: str) -> float:
    """Tokens of which one is in a script of its own: letter by letter; of two scripts, by the likeliest spelling."""
    if second.isascii():
        first, second = second, first
    if first.isascii():
        if len(first) == 1:
            return INITIAL if begins(second, first) else 0.0
        return likeness(second, first)
    if script_of(first) == script_of(second):
        alike = OSA.normalized_similarity(first, second)
        return 0.97 * alike if alike >= 0.5 else 0.0
    return max((likeness(first, spelt) for spelt in spellings(second, 2)), default=0.0)


@dataclass(frozen=True, slots=True)
class Alignment:
    """How two names agree. `agreement` is in nats; the shares are of the two names' mean weight.

    `close`, `fair` and `faint` are the shares that pair with similarity of at least 0.85, 0.75 and less; what pairs
    better than `SAME` is in none of them. `misspelt` is the share of letters in which the names differ as a whole, the
    words of both in the same order.
    """

    agreement: float
    close: float
    fair: float
    faint: float
    contradiction: float
    omitted_from_list: float
    omitted_from_query: float
    misspelt: float
    pairs: tuple[tuple[str, str, float], ...]


def weight_of(text: str, rarity: Callable[[str], float], is_person: bool) -> float:
    """A token's weight in nats: its rarity, less for particles, titles, legal forms and initials."""
    if len(text) == 1 and text.isascii():
        return INITIAL_WEIGHT
    if is_person:
        if not text.isascii():
            return NATIVE_SMALL_WORDS.get(text, 0.0) or rarity(text)
        if text in PARTICLES:
            return PARTICLE_WEIGHT
        if text in TITLES:
            return 1.5 if text in ABU else TITLE_WEIGHT
    elif text in FORM_TOKENS:
        return FORM_WEIGHT
    return rarity(text)


def align(
    query: tuple[str, ...], query_weights: tuple[float, ...], listed: tuple[str, ...], listed_weights: tuple[float, ...]
) -> Alignment:
    """Pair the tokens of two names, best pairs first, then two tokens against one where they were split or joined."""
    options: list[tuple[float, int, int, float]] = []
    last = len(query) - 1
    for i, left in enumerate(query):
        for j, right in enumerate(listed):
            alike = token_similarity(left, right) if left != right else 1.0
            if alike < INITIAL and i == last and _cut_off(left, right):
                alike = INITIAL
            elif alike < CLOSE and (query_weights[i] < TITLE_WEIGHT) != (listed_weights[j] < TITLE_WEIGHT):
                continue  # `al` is not a misspelt `Ali`
            if alike >= PAIRED:
                options.append((alike * (query_weights[i] + listed_weights[j]), i, j, alike))
    if len(options) > 1:
        options.sort(reverse=True)
    left_free, right_free = set(range(len(query))), set(range(len(listed)))
    agreement = unsaid = 0.0
    graded = [0.0, 0.0, 0.0, 0.0]
    pairs: list[tuple[str, str, float]] = []

    def pair(left: str, right: str, alike: float, weight_left: float, weight_right: float) -> None:
        nonlocal agreement, unsaid
        letters = min(len(left), len(right))
        if _initial(left) or _initial(right) or (alike == INITIAL and letters <= CUT_OFF):
            # An initial says no more than a letter; what the full name says beyond it is neither agreed nor missing.
            said = INITIAL_WEIGHT * (1 + letters) / 2
            unsaid += max(0.0, weight_left - said) + max(0.0, weight_right - said)
            weight_left, weight_right = min(weight_left, said), min(weight_right, said)
        agreement += min(weight_left, weight_right) * _credit(alike)
        graded[0 if alike >= SAME else 1 if alike >= CLOSE else 2 if alike >= FAIR else 3] += weight_left + weight_right
        pairs.append((left, right, alike))

    def pair_singles(at_least: float) -> None:
        for _, i, j, alike in options:
            if alike >= at_least and i in left_free and j in right_free:
                left_free.discard(i)
                right_free.discard(j)
                pair(query[i], listed[j], alike, query_weights[i], listed_weights[j])

    pair_singles(SURE)
    if left_free and right_free and len(left_free) + len(right_free) > 2:
        for alike, lefts, rights in _joined(query, listed, left_free, right_free):
            if left_free.issuperset(lefts) and right_free.issuperset(rights):
                single = max(
                    (option[3] for option in options if option[1] in lefts and option[2] in rights), default=0.0
                )
                if alike > single:
                    left_free.difference_update(lefts)
                    right_free.difference_update(rights)
                    pair(
                        " ".join(query[i] for i in lefts),
                        " ".join(listed[j] for j in rights),
                        alike,
                        sum(query_weights[i] for i in lefts),
                        sum(listed_weights[j] for j in rights),
                    )
    if left_free and right_free:
        pair_singles(PAIRED)

    total = 0.5 * (sum(query_weights) + sum(listed_weights) - unsaid) or 1.0
    loose_left = sum(query_weights[i] for i in left_free)
    loose_right = sum(listed_weights[j] for j in right_free)
    contradiction = min(loose_left, loose_right)
    return Alignment(
        agreement=agreement,
        close=0.5 * graded[1] / total,
        fair=0.5 * graded[2] / total,
        faint=0.5 * graded[3] / total,
        contradiction=contradiction / total,
        omitted_from_list=(loose_left - contradiction) / total,
        omitted_from_query=(loose_right - contradiction) / total,
        misspelt=_misspelt(pairs, [query[i] for i in sorted(left_free)], [listed[j] for j in sorted(right_free)]),
        pairs=tuple(pairs),
    )


def _misspelt(pairs: list[tuple[str, str, float]], left: list[str], right: list[str]) -> float:
    """The share of letters that differ once the words stand in the same order, the loose ones last. What is written in
    another script differs by as much as its pairs are unlike."""
    ours = "".join([*(pair[0] for pair in pairs), *left]).replace(" ", "")
    theirs = "".join([*(pair[1] for pair in pairs), *right]).replace(" ", "")
    if ours.isascii() and theirs.isascii():
        return OSA.normalized_distance(ours, theirs)
    letters = max(1, len(ours) + len(theirs))
    known = 0.0
    for left_part, right_part, alike in pairs:
        size = len(left_part) + len(right_part) - left_part.count(" ") - right_part.count(" ")
        known += size * max(0.0, 1.0 - (_SPELT - alike) / _SPELT_BADLY)
    return max(0.0, 1.0 - known / letters)


_SPELT, _SPELT_BADLY = 0.97, 0.45
"""Likeness of a word to its usual spelling in another script, and how far below it every letter counts as wrong."""


def _cut_off(left: str, right: str) -> bool:
    """The last word of a query that ran into the end of its field: `KU` of `KUZMIN`."""
    return 2 <= len(left) <= CUT_OFF and len(right) >= len(left) + 2 and right.startswith(left) and left.isascii()


def _initial(text: str) -> bool:
    return len(text) == 1 and text.isascii()


def _credit(alike: float) -> float:
    return max(0.0, (alike - 0.4) / 0.6)


def _joined(
    query: tuple[str, ...], listed: tuple[str, ...], left_free: set[int], right_free: set[int]
) -> list[tuple[float, tuple[int, ...], tuple[int, ...]]]:
    """Adjacent free tokens of one name written as one that resemble a free token of the other; best first."""
    found: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []
    for i, next_i in _neighbours(query, left_free):
        both = query[i] + query[next_i]
        for j in sorted(right_free):
            alike = _as_one(both, listed[j])
            if alike:
                found.append((alike, (i, next_i), (j,)))
    for j, next_j in _neighbours(listed, right_free):
        both = listed[j] + listed[next_j]
        for i in sorted(left_free):
            alike = _as_one(both, query[i])
            if alike:
                found.append((alike, (i,), (j, next_j)))
    found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    return found


def _neighbours(tokens: tuple[str, ...], free: set[int]) -> list[tuple[int, int]]:
    """Free tokens that stand side by side, an article between them overlooked: `Aziz al-Rahman`, `Azizrahman`."""
    found: list[tuple[int, int]] = []
    for i in sorted(free):
        if i + 1 in free:
            found.append((i, i + 1))
            if i + 2 in free and tokens[i + 1] in SPOKEN_ARTICLES:
                found.append((i, i + 2))
    return found


def _as_one(both: str, other: str) -> float:
    if len(other) == 1:
        return 0.0
    if both.isascii():
        if other.isascii():
            if abs(len(both) - len(other)) > 2 or both[0] != other[0] or (len(both) < 5 and both != other):
                return 0.0
        elif not near(other, both):
            return 0.0
    elif not other.isascii() or not near(both, other):
        return 0.0
    alike = token_similarity(both, other)
    return alike if alike >= CLOSE else 0.0
