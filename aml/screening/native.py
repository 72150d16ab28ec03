"""Names in their own script compared with Latin spellings of them, letter by letter.

A token of Arabic, Hebrew, Cyrillic, Greek, Chinese or Korean stays as it was written; `likeness` finds the cheapest way
in which its letters (`letters`, `syllables`) could have given a Latin token. Nothing is romanised beforehand, so no
standard is preferred and none is lost. Kept apart from `sounds`, which compares Latin spellings with each other.
"""

import unicodedata
from functools import lru_cache
from heapq import nsmallest
from typing import NamedTuple

from aml.screening.letters import LETTERS, Spelling
from aml.screening.syllables import SURNAMES_OF_TWO, character, hangul

Unit = tuple[Spelling, ...]

ABJADS = frozenset(("arabic", "hebrew"))
"""Scripts that write no short vowels: vowels between two letters cost nothing."""
SCRIPTS = frozenset((*LETTERS, "han", "hangul"))
"""The scripts whose tokens stay as they are."""
WRONG, WRONG_IN_ABJAD = 1.0, 1.25
"""The cost of a consonant that nothing explains; in an abjad there are fewer letters to tell names apart."""
USUAL = 0.15
"""Cost up to which a spelling is as good as the most usual one: one regional letter in a word is no doubt."""
_VOWELS = frozenset("aeiouy")
_WEAK = frozenset("aeiouyhwj")
_VOWEL_FOR_VOWEL = 0.35
_LONG_LEFT_OUT = 0.6
"""The cost of a long vowel that an abjad writes and the Latin word leaves out or has another vowel for."""
_SILENT = {"h": 0.45, "y": 0.3, "j": 0.5, "w": 0.5}
"""Latin letters that often stand for nothing in the other script."""
_WRITTEN = 0.4
"""The cost of a first or last vowel without a letter: abjads write those."""
_LONG = {"ou": 0.2, "ia": 0.0, "ua": 0.0, "ea": 0.1, "io": 0.0}
"""Two vowels that are one short sound, or two; any other pair is a long one, which an abjad writes."""
_ONCE = 0.1
"""The cost of reading a doubled letter of an abjad once."""
_UNUSUAL = 0.35
"""Spellings that cost more are compared, but nothing is looked up under them."""
_NO_VOWELS = str.maketrans("", "", "aeiouy")
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
    """A native token as the spellings of its letters, one after the other. A doubled letter is one; in an abjad it may
    also be two with a short vowel between them: `ممدوح` is Mamduh."""
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
                elif script in ABJADS:
                    found.append((*known, Spelling("", _ONCE)))
                place += length
                break
        else:
            place += 1
    return tuple(found)


class Step(NamedTuple):
    """A unit made ready for `_cheapest`: its spellings by first letter, and what leaving it out costs."""

    by_letter: dict[str, tuple[tuple[str, int, float], ...]]
    left_out: float
    vowel: bool
    spellings: Unit


class Native(NamedTuple):
    """A native token made ready: its steps, the letters it can give, and of its consonants how many and which first."""

    steps: tuple[Step, ...]
    abjad: bool
    syllabic: bool
    length: float
    letters: frozenset[str]
    solid: int
    first: frozenset[str]


@lru_cache(maxsize=30_000)
def _native(token: str) -> Native:
    parts = units(token)
    script = script_of(token)
    abjad, syllabic = script in ABJADS, script == "han"
    solid = [place for place, unit in enumerate(parts) if set(unit[0].latin) - _WEAK]
    beginning = parts[: solid[1] + 1] if len(solid) > 1 else parts
    length = float(sum(len(unit[0].latin) for unit in parts) if syllabic else max(len(parts), 3))
    return Native(
        steps=tuple(
            _step(unit, abjad, syllabic, abjad and place == len(parts) - 1) for place, unit in enumerate(parts)
        ),
        abjad=abjad,
        syllabic=syllabic,
        length=length,
        letters=frozenset(letter for unit in parts for latin, _ in unit for letter in latin),
        solid=len(solid),
        first=frozenset(letter for unit in beginning for latin, _ in unit for letter in latin) - _WEAK,
    )


def _step(unit: Unit, abjad: bool, syllabic: bool, last: bool) -> Step:
    """`last`: the last letter of a word without short vowels; a long vowel there is always heard."""
    by_letter: dict[str, list[tuple[str, int, float]]] = {}
    usual = unit[0].latin
    vowel = usual == "" or (len(usual) == 1 and usual in _VOWELS)
    written = WRONG_IN_ABJAD if abjad else WRONG
    left_out = float(len(usual)) if syllabic else _LONG_LEFT_OUT if vowel and abjad else 0.5 if vowel else written
    for latin, cost in unit:
        if latin:
            by_letter.setdefault(latin[0], []).append((latin, len(latin), cost))
        else:
            left_out = min(left_out, cost)
    if last and usual in ("i", "w", "y"):
        left_out = 1.0
    return Step({letter: tuple(known) for letter, known in by_letter.items()}, left_out, usual[:1] in _VOWELS, unit)


@lru_cache(maxsize=30_000)
def folded(latin: str) -> str:
    """A Latin token with doubled letters written once."""
    return "".join(c for i, c in enumerate(latin) if i == 0 or c != latin[i - 1])


@lru_cache(maxsize=30_000)
def spellings(token: str, most: int = 6) -> tuple[str, ...]:
    """The cheapest Latin spellings of a native token, best first; an abjad's short vowels are written `a`."""
    abjad = script_of(token) in ABJADS
    by_consonants = abjad and _native(token).solid > 1
    beam: list[tuple[float, str]] = [(0.0, "")]
    for unit in units(token):
        grown: dict[str, tuple[float, str]] = {}
        for cost, text in beam:
            for latin, more in unit:
                if more > _UNUSUAL:
                    continue
                gap = "a" if abjad and text and latin and text[-1] not in _VOWELS and latin[0] not in _VOWELS else ""
                spelt = text + gap + (latin[1:] if latin and text[-1:] == latin[0] else latin)
                # What differs in vowels only is found by its consonants, if it has two.
                heard = spelt.translate(_NO_VOWELS) + spelt[-1:] if by_consonants else spelt
                if heard not in grown or (cost + more, spelt) < grown[heard]:
                    grown[heard] = (cost + more, spelt)
        beam = nsmallest(most * 2, grown.values())
    return tuple(text for _, text in beam[:most] if text)


@lru_cache(maxsize=30_000)
def _consonants(latin: str) -> str:
    """A Latin token's consonants that are always heard, in order."""
    return "".join(letter for letter in latin if letter not in _WEAK)


@lru_cache(maxsize=100_000)
def likeness(native: str, latin: str) -> float:
    """How well a Latin token spells a native one, 0 to 0.97; 0 where it is too far off to tell."""
    ready = _native(native)
    word = folded(latin)
    if not ready.steps or not word or _plainly_other(ready, _consonants(word), len(word)):
        return 0.0
    budget = (0.97 - _LEAST) * ready.length / 0.9 + USUAL
    cost = _cheapest(ready, word, budget)
    if cost > budget:
        return 0.0
    alike = 0.97 - 0.9 * max(0.0, cost - USUAL) / ready.length
    return min(alike, 0.9) if ready.abjad and len(ready.steps) <= 2 else alike


@lru_cache(maxsize=100_000)
def near(native: str, latin: str) -> bool:
    """A quick look whether a Latin token may spell a native one well: as many consonants, but one, and the first."""
    ready = _native(native)
    word = folded(latin)
    if ready.syllabic:
        return abs(len(word) - ready.length) <= 2
    heard = _consonants(word)
    return abs(len(heard) - ready.solid) <= 1 and (not heard or not ready.first or heard[0] in ready.first)


def _plainly_other(ready: Native, consonants: str, length: int) -> bool:
    """A quick look that spares most of the work: too many letters that nothing gives, too long, another beginning."""
    if 5 * sum(letter not in ready.letters for letter in consonants) > 2 * len(consonants):
        return True
    if not ready.abjad and abs(length - ready.length) > 0.6 * max(length, ready.length) + 1:
        return True
    if len(consonants) > 1.7 * ready.solid + 3 or 1.7 * len(consonants) + 1 < ready.solid:
        return True
    return bool(ready.first and len(consonants) > 1 and not ready.first.intersection(consonants[:2]))


def _cheapest(ready: Native, word: str, budget: float) -> float:
    """The least cost of spelling all of `word` with all of the token: a shortest path over (unit, place)."""
    wrong = WRONG_IN_ABJAD if ready.abjad else WRONG
    vowel_for_vowel = _LONG_LEFT_OUT if ready.abjad else _VOWEL_FOR_VOWEL
    end = len(word)
    extra = _extra_costs(word, ready.abjad, wrong)
    reached: dict[int, float] = {0: 0.0}
    for step in ready.steps:
        _skip(reached, extra, end, budget)
        after: dict[int, float] = {}
        for place, cost in reached.items():
            total = cost + step.left_out
            if total <= budget and total < after.get(place, 9e9):
                after[place] = total
            if place == end:
                continue
            letter = word[place]
            for latin, length, more in step.by_letter.get(letter, ()):
                total = cost + more
                if total <= budget and total < after.get(place + length, 9e9) and word.startswith(latin, place):
                    after[place + length] = total
            if ready.syllabic:
                _near_syllable(step.spellings, word, place, cost, budget, after)
            else:
                total = cost + (vowel_for_vowel if step.vowel and letter in _VOWELS else wrong)
                if total <= budget and total < after.get(place + 1, 9e9):
                    after[place + 1] = total
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
            second = place >= 1 and word[place - 1] in "aeiou"
            third = second and place >= 2 and word[place - 2] in "aeiou"
            inside = 0 < place < len(word) - 1
            long = _LONG.get(word[place - 1 : place + 1], 0.35) if second else 0.0
            silent = letter == "e" and not inside and not second
            costs.append(
                0.3 if third else long if abjad and inside else 0.15 if abjad and silent else _WRITTEN if abjad else 0.6
            )
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
