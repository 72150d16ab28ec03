"""How names get damaged on their way into a query: the perturbations that screening is measured with.

Written apart from those it was fitted on (`aml.screening.training`), and never used to choose a threshold.
"""

import random
import re
from collections.abc import Callable

_KEYBOARD = {
    "a": "qsz",
    "b": "vgn",
    "c": "xvd",
    "d": "sfe",
    "e": "wrd",
    "f": "dgr",
    "g": "fht",
    "h": "gjy",
    "i": "uok",
    "j": "hku",
    "k": "jli",
    "l": "kop",
    "m": "nj",
    "n": "bmh",
    "o": "ipl",
    "p": "ol",
    "q": "wa",
    "r": "etf",
    "s": "adw",
    "t": "ryg",
    "u": "yij",
    "v": "cbf",
    "w": "qes",
    "x": "zcs",
    "y": "tuh",
    "z": "xas",
}
_HOMOGLYPHS = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "y": "у", "i": "і"}
_LEET = {"o": "0", "i": "1", "e": "3", "a": "4", "s": "5"}
_SPELLINGS = (
    ("mohammad", "muhammed"),
    ("muhammad", "mohamed"),
    ("ahmad", "achmed"),
    ("hussein", "husayn"),
    ("ou", "oo"),
    ("sh", "sch"),
    ("kh", "ch"),
    ("q", "k"),
    ("ph", "f"),
    ("y", "i"),
    ("ee", "i"),
    ("j", "dj"),
    ("ei", "ay"),
    ("w", "v"),
    ("th", "t"),
    ("z", "s"),
    ("c", "k"),
    ("oo", "u"),
    ("u", "ou"),
    ("i", "ee"),
    ("ks", "x"),
)


def _longest(words: list[str], rng: random.Random) -> int:
    weights = [len(word) ** 1.5 if len(word) > 3 else 0.1 for word in words]
    return rng.choices(range(len(words)), weights=weights)[0]


def _edit(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    i = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:i] + rng.choice(_KEYBOARD.get(word[i].lower(), "e")) + word[i + 1 :]
    if kind == 1:
        return word[:i] + word[i + 1 :]
    if kind == 2:
        return word[:i] + rng.choice(_KEYBOARD.get(word[i].lower(), "e")) + word[i:]
    return word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def typo(words: list[str], rng: random.Random) -> list[str]:
    i = _longest(words, rng)
    return [*words[:i], _edit(words[i], rng), *words[i + 1 :]]


def two_typos(words: list[str], rng: random.Random) -> list[str]:
    return typo(typo(words, rng), rng)


def dropped_vowels(words: list[str], rng: random.Random) -> list[str]:
    i = _longest(words, rng)
    return [*words[:i], words[i][0] + re.sub("[aeiouAEIOU]", "", words[i][1:]), *words[i + 1 :]]


def respelt(words: list[str], rng: random.Random) -> list[str]:
    text = " ".join(words).lower()
    fitting = [pair for pair in _SPELLINGS if pair[0] in text]
    for old, new in rng.sample(fitting, min(len(fitting), 2)):
        text = text.replace(old, new, 1)
    return text.split()


def initial(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 2:
        return words
    i = rng.randrange(len(words) - 1)
    return [*words[:i], words[i][0] + ".", *words[i + 1 :]]


def truncated(words: list[str], rng: random.Random) -> list[str]:
    i = _longest(words, rng)
    keep = max(4, int(len(words[i]) * rng.uniform(0.5, 0.8)))
    return [*words[:i], words[i][:keep], *words[i + 1 :]]


def word_left_out(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 3:
        return words
    i = rng.randrange(len(words))
    return words[:i] + words[i + 1 :]


def reordered(words: list[str], rng: random.Random) -> list[str]:
    return words[-1:] + words[:-1]


def joined(words: list[str], rng: random.Random) -> list[str]:
    if len(words) < 2:
        return words
    i = rng.randrange(len(words) - 1)
    return [*words[:i], words[i] + words[i + 1].lower(), *words[i + 2 :]]


def split(words: list[str], rng: random.Random) -> list[str]:
    i = _longest(words, rng)
    if len(words[i]) < 6:
        return words
    at = rng.randrange(3, len(words[i]) - 2)
    return [*words[:i], words[i][:at], words[i][at:], *words[i + 1 :]]


def look_alikes(words: list[str], rng: random.Random) -> list[str]:
    text = "".join(_HOMOGLYPHS.get(c, c) if rng.random() < 0.4 else c for c in " ".join(words).lower())
    return text.split()


def invisible(words: list[str], rng: random.Random) -> list[str]:
    return [word[:2] + "\u200b" + word[2:] for word in words]


def digits(words: list[str], rng: random.Random) -> list[str]:
    return ["".join(_LEET.get(c, c) if rng.random() < 0.35 else c for c in word.lower()) for word in words]


def word_added(words: list[str], rng: random.Random) -> list[str]:
    return [*words[:1], rng.choice(("Haji", "Ali", "Maria", "Jr", "Carlos", "Ivan", "Dr")), *words[1:]]


def clean(words: list[str], rng: random.Random) -> list[str]:
    return words


PERTURBATIONS: tuple[Callable[[list[str], random.Random], list[str]], ...] = (
    typo,
    two_typos,
    dropped_vowels,
    respelt,
    initial,
    truncated,
    word_left_out,
    reordered,
    joined,
    split,
    look_alikes,
    invisible,
    digits,
    word_added,
    clean,
)


def perturb(name: str, rng: random.Random) -> tuple[str, str]:
    """A damaged name and how it was damaged."""
    how = rng.choice(PERTURBATIONS)
    return " ".join(how(name.split(), rng)), how.__name__
