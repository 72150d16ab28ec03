"""Names in their own script compared with Latin spellings of them, letter by letter.

A token of Arabic, Hebrew, Cyrillic, Greek, Chinese or Korean stays as it was written; `likeness` finds the cheapest way
in which its letters (`letters`, `syllables`) could have given a Latin token. Nothing is romanised beforehand, so no
standard is preferred and none is lost. Kept apart from `sounds`, which compares Latin spellings with each other.
"""

import unicodedata
from functools import lru_cache
from heapq import nsmallest

from aml.screening.letters import LETTERS, Spelling
from aml.screening.sounds import bones
from aml.screening.syllables import SURNAMES_OF_TWO, character, hangul

Unit = tuple[Spelling, ...]

ABJADS = frozenset(("arabic", "hebrew"))
"""Scripts that write no short vowels: vowels between two letters cost nothing."""
SCRIPTS = frozenset((*LETTERS, "han", "hangul"))
"""The scripts whose tokens stay as they are."""
WRONG, WRONG_IN_ABJAD = 1.0, 1.25
"""The cost of a consonant that nothing explains; in an abjad there are fewer letters to tell names apart."""
_VOWELS = frozenset("aeiouy")
_WEAK = frozenset("aeiouyhwj")
_VOWEL_FOR_VOWEL = 0.35
_SILENT = {"h": 0.45, "y": 0.3, "j": 0.5, "w": 0.5}
"""Latin letters that often stand for nothing in the other script."""
_LONGEST_GROUP = 5
_LEAST = 0.55
"""Likeness below this is not told apart: no pair is made of such tokens."""


@lru_cache(maxsize=8192)
def script_of(token: str) -> str:
    """The script of a token's letters: `latin`, one of `SCRIPTS`, `mixed` or `other`."""
    found = {_script(char) for char in token if char.isalpha()}
    if not found:
        return "latin"
    return found.pop() if len(found) == 1 else "mixed"


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "latin"
    if 0x370 <= code < 0x400 or 0x1F00 <= code < 0x2000:
        return "greek"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    if 0x590 <= code < 0x600:
        return "hebrew"
    if 0x600 <= code < 0x780 or 0xFB50 <= code < 0xFE00 or 0xFE70 <= code < 0xFF00:
        return "arabic"
    if 0x3400 <= code < 0xA000 or 0xF900 <= code < 0xFB00:
        return "han"
    return "hangul" if 0xAC00 <= code < 0xD7A4 else "other"


_ONE_FORM = {
    "\u0623\u0625\u0622\u0671": "\u0627",  # alef with hamza, madda, wasla
    "\u06a9\u06aa": "\u0643",  # kaf
    "\u06ab\u06b0": "\u06af",  # gaf
    "\u06c1\u06be\u06c0": "\u0647",  # heh
    "\u06c3": "\u0629",  # teh marbuta
    "\u06cc": "\u064a",  # yeh
    "\u0640\u05f4\u200c": "",
    "\u05da": "\u05db", "\u05dd": "\u05de", "\u05df": "\u05e0", "\u05e3": "\u05e4", "\u05e5": "\u05e6",  # final forms
    "\u03c2": "\u03c3", "\u0450": "\u0435", "\u045d": "\u0438",
}  # fmt: skip
_LETTERS_ALIKE = str.maketrans({letter: one for letters, one in _ONE_FORM.items() for letter in letters})


@lru_cache(maxsize=30_000)
def native_form(word: str, script: str) -> str:
    """A word of one of `SCRIPTS` as its tokens are kept: one form for each letter, no vowel points, lower case."""
    text = unicodedata.normalize("NFKC", word).lower()
    if text.endswith("\u06cc"):  # Persian and Urdu write a final alef maksura so
        text = text[:-1] + "\u0649"
    if script in ABJADS or script == "greek":
        diaeresis = text.replace("αϊ", "\ue000").replace("οϊ", "\ue001")
        plain = unicodedata.normalize("NFD", diaeresis)
        text = "".join(c for c in plain if unicodedata.category(c) != "Mn" or c in "\u0653\u0654\u0655")
        text = unicodedata.normalize("NFC", text).replace("\ue000", "αϊ").replace("\ue001", "οι")
    return text.translate(_LETTERS_ALIKE)


def native_words(word: str, script: str) -> tuple[str, ...]:
    """The tokens of a word: an Arabic article apart, a Chinese or Korean name as surname and given name."""
    form = native_form(word, script)
    if script == "arabic" and form.startswith("ال") and len(form) > 4:
        return ("ال", form[2:])
    if script in ("han", "hangul") and 2 <= len(form) <= 4:
        split = 2 if form[:2] in SURNAMES_OF_TWO and len(form) > 2 else 1
        return (form[:split], form[split:])
    return (form,) if form else ()


@lru_cache(maxsize=30_000)
def units(token: str) -> tuple[Unit, ...]:
    """A native token as the spellings of its letters, one after the other; a doubled letter is one."""
    script = script_of(token)
    if script == "han":
        return tuple(spellings for char in token if (spellings := character(char)))
    if script == "hangul":
        return tuple(part for char in token for part in hangul(char))
    table = LETTERS.get(script)
    if table is None:
        return ()
    found: list[Unit] = []
    place = 0
    while place < len(token):
        for length in range(min(_LONGEST_GROUP, len(token) - place), 0, -1):
            known = table.get(token[place : place + length])
            if known:
                if length > 1 or place == 0 or token[place] != token[place - 1]:
                    found.append(known)
                place += length
                break
        else:
            place += 1
    return tuple(found)


@lru_cache(maxsize=30_000)
def folded(latin: str) -> str:
    """A Latin token with doubled letters written once."""
    return "".join(c for i, c in enumerate(latin) if i == 0 or c != latin[i - 1])


@lru_cache(maxsize=30_000)
def spellings(token: str, most: int = 6) -> tuple[str, ...]:
    """The cheapest Latin spellings of a native token, best first; an abjad's short vowels are written `a`."""
    abjad = script_of(token) in ABJADS
    beam: list[tuple[float, str]] = [(0.0, "")]
    for unit in units(token):
        grown: dict[str, float] = {}
        for cost, text in beam:
            for latin, more in unit:
                gap = "a" if abjad and text and latin and text[-1] not in _VOWELS and latin[0] not in _VOWELS else ""
                spelt = folded(text + gap + latin)
                if cost + more < grown.get(spelt, 9e9):
                    grown[spelt] = cost + more
        beam = _differing(grown, most * 3, abjad)
    return tuple(text for _, text in beam[:most] if text)


def _differing(spelt: dict[str, float], most: int, abjad: bool) -> list[tuple[float, str]]:
    """The cheapest spellings that differ in sound, of an abjad in consonants."""
    found: dict[str, tuple[float, str]] = {}
    for text, cost in spelt.items():
        heard = bones(text) + text[-1:] if abjad else text
        if heard not in found or (cost, text) < found[heard]:
            found[heard] = (cost, text)
    return nsmallest(most, found.values())


@lru_cache(maxsize=30_000)
def _letters_of(native: str) -> frozenset[str]:
    """The letters that any spelling of a native token can have."""
    return frozenset(letter for unit in units(native) for latin, _ in unit for letter in latin)


@lru_cache(maxsize=30_000)
def _consonants(latin: str) -> frozenset[str]:
    return frozenset(latin) - _WEAK


@lru_cache(maxsize=100_000)
def likeness(native: str, latin: str) -> float:
    """How well a Latin token spells a native one, 0 to 0.97; 0 where it is too far off to tell."""
    parts = units(native)
    if not parts or not latin:
        return 0.0
    script = script_of(native)
    word = folded(latin)
    abjad = script in ABJADS
    consonants = _consonants(word)
    if 5 * len(consonants - _letters_of(native)) > 2 * len(consonants):
        return 0.0
    if script == "han":
        length = float(sum(len(unit[0].latin) for unit in parts))
    else:
        length = float(max(len(parts), 3))
        if not abjad and abs(len(word) - length) > 0.6 * max(len(word), length) + 1:
            return 0.0
    budget = (0.97 - _LEAST) * length / 0.9
    cost = _cheapest(parts, word, budget, abjad, script == "han")
    if cost > budget:
        return 0.0
    alike = 0.97 - 0.9 * cost / length
    if abjad and len(parts) <= 2:
        alike = min(alike, 0.9)
    return alike


def _cheapest(parts: tuple[Unit, ...], word: str, budget: float, abjad: bool, syllabic: bool) -> float:
    """The least cost of spelling all of `word` with all of `parts`: a shortest path over (part, place in the word)."""
    wrong = WRONG_IN_ABJAD if abjad else WRONG
    end = len(word)
    extra = _extra_costs(word, abjad, wrong)
    reached: dict[int, float] = {0: 0.0}
    for unit in parts:
        _skip(reached, extra, end, budget)
        after: dict[int, float] = {}
        dropped = unit[0].latin == "" or (len(unit[0].latin) == 1 and unit[0].latin in _VOWELS)
        drop = (0.5 if dropped else wrong) if not syllabic else 1.0 * len(unit[0].latin)
        first_is_vowel = unit[0].latin[:1] in _VOWELS
        for place, cost in reached.items():
            for latin, more in unit:
                if not latin or word.startswith(latin, place):
                    total = cost + more
                    to = place + len(latin)
                    if total <= budget and total < after.get(to, 9e9):
                        after[to] = total
            total = cost + drop
            if total <= budget and total < after.get(place, 9e9):
                after[place] = total
            if place < end and not syllabic:
                swap = _VOWEL_FOR_VOWEL if first_is_vowel and word[place] in _VOWELS else wrong
                total = cost + swap
                if total <= budget and total < after.get(place + 1, 9e9):
                    after[place + 1] = total
            if syllabic:
                _near_syllable(unit, word, place, cost, budget, after)
        if not after:
            return 9e9
        reached = after
    _skip(reached, extra, end, budget)
    return reached.get(end, 9e9)


def _near_syllable(unit: Unit, word: str, place: int, cost: float, budget: float, after: dict[int, float]) -> None:
    """A syllable spelt with one letter more, less or other: `Jinpin`, `Xiaopin`."""
    for latin, more in unit[:3]:
        for to in range(max(place + 1, place + len(latin) - 1), min(len(word), place + len(latin) + 1) + 1):
            total = cost + more + 1.0
            if total <= budget and total < after.get(to, 9e9) and _one_edit(latin, word[place:to]):
                after[to] = total


def _one_edit(first: str, second: str) -> bool:
    if len(first) > len(second):
        first, second = second, first
    at = next((i for i, c in enumerate(first) if c != second[i]), len(first))
    return first[at:] == second[at + 1 :] or (len(first) == len(second) and first[at + 1 :] == second[at + 1 :])


def _skip(reached: dict[int, float], extra: tuple[float, ...], end: int, budget: float) -> None:
    """Let Latin letters stand for nothing: the least cost of every later place."""
    place = min(reached)
    while place < end:
        cost = reached.get(place)
        if cost is not None:
            total = cost + extra[place]
            if total <= budget and total < reached.get(place + 1, 9e9):
                reached[place + 1] = total
        place += 1


@lru_cache(maxsize=60_000)
def _extra_costs(word: str, abjad: bool, wrong: float) -> tuple[float, ...]:
    """What each letter of a Latin word costs when it stands for nothing in the native one."""
    costs: list[float] = []
    for place, letter in enumerate(word):
        if letter in "aeiou":
            third = place >= 2 and word[place - 1] in "aeiou" and word[place - 2] in "aeiou"
            costs.append(0.3 if third else 0.0 if abjad else 0.6)
        elif letter == "h" and place == len(word) - 1:
            costs.append(0.2)
        else:
            costs.append(_SILENT.get(letter, wrong))
    return tuple(costs)


@lru_cache(maxsize=30_000)
def begins(native: str, letter: str) -> bool:
    """Whether a native token could be what a Latin initial stands for."""
    parts = units(native)
    return bool(parts) and any(spelling.latin.startswith(letter) or not spelling.latin for spelling in parts[0])
