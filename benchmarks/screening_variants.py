"""Variants of listed names as supervisors' test sets make them: what a payment or a form does to a name, with or
without the other facts. Written apart from the generators that the scorer was fitted on
(`aml.screening.training`) and from `screening_perturbations`; never used to choose a threshold.
"""

import random
from collections.abc import Callable

from aml.screening import Entity

Change = Callable[[list[str], random.Random], list[str]]
_SPELT = (
    ("aleksandr", "alexander"), ("sergei", "serguei"), ("yuri", "iouri"), ("dmitri", "dimitry"), ("abd al", "abdul"),
    ("abdul", "abdel"), ("muhammad", "mohd"), ("mohammad", "mohd"), ("hasan", "hassan"), ("husayn", "hossein"),
    ("khalid", "khaled"), ("umar", "omar"), ("usama", "osama"), ("yusuf", "yousef"), ("jose", "josé"),
    ("garcia", "garsia"),
    ("gonzalez", "gonsales"), ("iy", "y"), ("ov", "off"), ("ev", "eff"), ("sky", "skiy"), ("kh", "x"), ("ts", "tz"),
    ("zh", "j"), ("q", "gh"), ("dh", "d"), ("ie", "y"), ("ck", "k"), ("ae", "e"), ("oe", "o"), ("v", "w"), ("uu", "u"),
)  # fmt: skip
_READ_WRONG = (
    ("m", "rn"),
    ("rn", "m"),
    ("l", "I"),
    ("o", "0"),
    ("s", "5"),
    ("h", "b"),
    ("u", "v"),
    ("cl", "d"),
    ("e", "c"),
)
_TITLES = ("MR", "DR", "ENG", "GENERAL", "SHEIKH", "COL")
_FORMS = ("LTD", "LLC", "CO", "GROUP", "INTL")


def _chosen(words: list[str], rng: random.Random, least: int = 4) -> int:
    long = [i for i, word in enumerate(words) if len(word) >= least]
    return rng.choice(long or range(len(words)))


def _with(words: list[str], i: int, *instead: str) -> list[str]:
    return [*words[:i], *instead, *words[i + 1 :]]


def swapped_letters(words: list[str], rng: random.Random) -> list[str]:
    i = _chosen(words, rng)
    at = rng.randrange(max(1, len(words[i]) - 1))
    return _with(words, i, words[i][:at] + words[i][at : at + 2][::-1] + words[i][at + 2 :])


def missing_letter(words: list[str], rng: random.Random) -> list[str]:
    i = _chosen(words, rng)
    at = rng.randrange(len(words[i]))
    return _with(words, i, words[i][:at] + words[i][at + 1 :] or words[i])


def doubled_letter(words: list[str], rng: random.Random) -> list[str]:
    i = _chosen(words, rng)
    at = rng.randrange(len(words[i]))
    return _with(words, i, words[i][: at + 1] + words[i][at:])


def errors_in_two_words(words: list[str], rng: random.Random) -> list[str]:
    return missing_letter(swapped_letters(words, rng), rng)


def transcribed(words: list[str], rng: random.Random) -> list[str]:
    text = " ".join(words).lower()
    for old, new in rng.sample(_SPELT, len(_SPELT)):
        if old in text:
            return text.replace(old, new, 1).upper().split()
    return words


def read_wrong(words: list[str], rng: random.Random) -> list[str]:
    text = " ".join(words).lower()
    fitting = [pair for pair in _READ_WRONG if pair[0] in text]
    for old, new in rng.sample(fitting, min(1, len(fitting))):
        at = rng.choice([i for i in range(len(text)) if text.startswith(old, i)])
        text = text[:at] + new + text[at + len(old) :]
    return text.split()


def surname_first(words: list[str], rng: random.Random) -> list[str]:
    return [words[-1] + ",", *words[:-1]] if len(words) > 1 else words


def without_middle(words: list[str], rng: random.Random) -> list[str]:
    return [words[0], *words[2:]] if len(words) > 2 else words


def middle_initial(words: list[str], rng: random.Random) -> list[str]:
    return [words[0], words[1][0] + ".", *words[2:]] if len(words) > 2 else [words[0][0] + ".", *words[1:]]


def hyphenated(words: list[str], rng: random.Random) -> list[str]:
    i = rng.randrange(max(1, len(words) - 1))
    return [*words[:i], "-".join(words[i : i + 2]), *words[i + 2 :]]


def run_together(words: list[str], rng: random.Random) -> list[str]:
    i = rng.randrange(max(1, len(words) - 1))
    return [*words[:i], "".join(words[i : i + 2]), *words[i + 2 :]]


def with_title(words: list[str], rng: random.Random) -> list[str]:
    return [rng.choice(_TITLES), *words]


def cut_at_a_field_limit(words: list[str], rng: random.Random) -> list[str]:
    text = " ".join(words)
    return text[: max(8, round(len(text) * 0.8))].split()


def with_accents(words: list[str], rng: random.Random) -> list[str]:
    return " ".join(words).translate(str.maketrans("aeioucnAEIOUCN", "áéíóúçñÁÉÍÓÚÇÑ")).split()


def without_form(words: list[str], rng: random.Random) -> list[str]:
    return words[:-1] if len(words) > 2 else words


def another_form(words: list[str], rng: random.Random) -> list[str]:
    return [*(words[:-1] if len(words[-1]) <= 4 and len(words) > 1 else words), rng.choice(_FORMS)]


_BOTH: tuple[Change, ...] = (
    swapped_letters, missing_letter, doubled_letter, errors_in_two_words, transcribed, read_wrong, run_together,
    cut_at_a_field_limit, with_accents, hyphenated,
)  # fmt: skip
CHANGES: dict[str, tuple[Change, ...]] = {
    "Person": (*_BOTH, surname_first, without_middle, middle_initial, with_title),
    "Organization": (*_BOTH, without_form, another_form),
}


def variant(entity: Entity, rng: random.Random, fields: bool) -> dict[str, object]:
    """A query about the entity: one or two changes of a listed name, with the other facts where `fields`."""
    held = entity["properties"]
    names = held.get("name") or held.get("alias") or [entity["caption"]]
    words = rng.choice([name.split() for name in names])
    kinds = CHANGES["Person" if entity["schema"] == "Person" else "Organization"]
    for change in rng.sample(kinds, rng.choice((1, 1, 1, 2))):
        words = change(words, rng)
    told: dict[str, object] = {"schema": entity["schema"], "name": " ".join(words)}
    if fields:
        dates = held.get("birthDate", [])
        if dates:
            date = rng.choice(dates)
            told["dob"] = date[:4] if rng.random() < 0.2 else _swapped(date) if rng.random() < 0.1 else date
        told["country"] = (held.get("nationality") or held.get("citizenship") or held.get("country") or [None])[0]
        told["gender"] = next(iter(held.get("gender", ())), None)
    return told


def _swapped(date: str) -> str:
    return f"{date[:4]}-{date[8:]}-{date[5:7]}" if len(date) == 10 and int(date[8:]) <= 12 else date
