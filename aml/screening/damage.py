"""How queries damage names, for training: one error or two, other romanisations, words left out, joined or cut.

Kept apart from the fit because it is a list of habits. The evaluation damages names by modules of its own
(`benchmarks/screening_perturbations.py`, `benchmarks/screening_variants.py`).
"""

import random
import re
from collections.abc import Callable

Damage = Callable[[list[str], random.Random], list[str]]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROMANISATIONS = (
    ("u", "o"),
    ("a", "e"),
    ("i", "y"),
    ("kh", "h"),
    ("q", "k"),
    ("ou", "u"),
    ("y", "iy"),
    ("v", "w"),
    ("sh", "ch"),
    ("ei", "ai"),
    ("dh", "z"),
    ("f", "ph"),
    ("j", "g"),
    ("ss", "s"),
    ("z", "s"),
    ("aa", "a"),
    ("ee", "i"),
    ("k", "c"),
)


def _pick(words: list[str], rng: random.Random) -> int:
    long = [i for i, word in enumerate(words) if len(word) >= 4]
    return rng.choice(long or range(len(words)))


def _one_edit(words: list[str], rng: random.Random) -> list[str]:
    i = _pick(words, rng)
    word = words[i]
    if len(word) < 3:
        return words
    at = rng.randrange(len(word))
    letter = rng.choice(_LETTERS)
    changed = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        )
    )
    return [*words[:i], changed, *words[i + 1 :]]


def _romanised_otherwise(words: list[str], rng: random.Random) -> list[str]:
    changed = " ".join(words).lower()
    for old, new in rng.sample(_ROMANISATIONS, 6):
        if old in changed and rng.random() < 0.7:
            changed = changed.replace(old, new, 1 if rng.random() < 0.6 else -1)
    return changed.split()


def _without_vowels(words: list[str], rng: random.Random) -> list[str]:
    i = _pick(words, rng)
    return [*words[:i], words[i][:1] + re.sub("(?i)[aeiou]", "", words[i][1:]), *words[i + 1 :]]


def _as_initial(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 2:
        return words
    i = rng.randrange(len(words) - (rng.random() < 0.8))
    return [*words[:i], words[i][:1], *words[i + 1 :]]


def _cut_short(words: list[str], rng: random.Random) -> list[str]:
    i = _pick(words, rng)
    return [*words[:i], words[i][: max(3, round(len(words[i]) * 0.6))], *words[i + 1 :]]


def _one_word_less(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 2 or (len(words) == 2 and rng.random() < 0.7):
        return words
    i = rng.randrange(len(words))
    return words[:i] + words[i + 1 :]


def _one_word_more(words: list[str], rng: random.Random) -> list[str]:
    at = rng.randrange(len(words) + 1)
    return [
        *words[:at],
        rng.choice(("Juan", "Ahmed", "Haji", "Nikolai", "Dr", "Anna", "International", "bin")),
        *words[at:],
    ]


def _shuffled(words: list[str], rng: random.Random) -> list[str]:
    return rng.sample(words, len(words))


def _run_together(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 2:
        return words
    i = rng.randrange(len(words) - 1)
    return [*words[:i], words[i] + words[i + 1], *words[i + 2 :]]


def _pulled_apart(words: list[str], rng: random.Random) -> list[str]:
    i = _pick(words, rng)
    at = len(words[i]) // 2
    return [*words[:i], words[i][:at], words[i][at:], *words[i + 1 :]] if len(words[i]) >= 6 else words


def _two_edits(words: list[str], rng: random.Random) -> list[str]:
    return _one_edit(_one_edit(words, rng), rng)


def _unchanged(words: list[str], rng: random.Random) -> list[str]:
    return words


DAMAGES: tuple[tuple[Damage, float], ...] = (
    (_one_edit, 3),
    (_two_edits, 1.5),
    (_romanised_otherwise, 4),
    (_without_vowels, 1),
    (_as_initial, 1.5),
    (_cut_short, 1),
    (_one_word_less, 2),
    (_one_word_more, 1),
    (_shuffled, 1.5),
    (_run_together, 1),
    (_pulled_apart, 1),
    (_unchanged, 3),
)


def damaged(name: str, rng: random.Random) -> str:
    """A name with one damage, or two."""
    words = name.split()
    kinds, weights = zip(*DAMAGES, strict=True)
    for how in rng.choices(kinds, weights, k=rng.choice((1, 1, 1, 2, 2))):
        words = how(words, rng) or words
    told = " ".join(words)
    return told if any(c.isalpha() for c in told) else name
