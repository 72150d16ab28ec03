"""How a token sounds: its spelling made regular, its consonants, and the keys under which an index finds it.

Kept apart because transliteration variants (Mohamed, Muhammad, Mokhamed) are a matter of sound, typing errors are not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from aml.screening.transliteration import ABJAD

# Spelling to sound, in order; after the romanisations of Arabic, Russian, Persian, Chinese and the European languages.
_REWRITES = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"tsch|tch|cz|tj(?=[aeiou])", "ch"),
        (r"shch|sch", "sh"),
        (r"(?<=[oe])ff$", "v"),
        (r"dzh|dj|zh|dsch", "j"),
        (r"^mc", "mak"),
        (r"ph", "f"),
        (r"gh|gu(?=[ei])", "g"),
        (r"kh", "h"),
        (r"ck|q", "k"),
        (r"^x", "z"),
        (r"x", "ks"),
        (r"ts|tz", "z"),
        (r"c(?=[eiy])", "s"),
        (r"c(?!h)", "k"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"sh", "S"),
        (r"ch", "S"),
        (r"^ye|^je", "e"),
        (r"iy|yi|ii|ij|yy|ee|ea|ie|ei|ey", "i"),
        (r"ou|oo|uu", "u"),
        (r"aa", "a"),
        (r"ay|ai|ae", "e"),
        (r"au|aw", "au"),
        (r"w", "v"),
        (r"y", "i"),
        (r"iu|yu", "u"),
        (r"ia|ya", "ia"),
        (r"(.)\1+", r"\1"),
        (r"(?<=[^aeiou])h(?=$)", ""),
        (r"(?<=[aeiou])h$", ""),
    )
)
# Consonants that one Arabic, Hebrew or Persian letter may have become, and the other way round.
_CLASSES = str.maketrans("pgqcz", "bkkks")


@dataclass(frozen=True, slots=True)
class Token:
    """A token with what it is compared by. All parts are derived from `text`."""

    text: str
    sound: str
    """Spelling made regular: `mohammed` and `muhamad` differ only in vowels."""
    bones: str
    """Its consonants in the classes that survive every romanisation; vowels, w, y and a final h are dropped."""
    letters: frozenset[str]
    """The letters of `bones`, for a first look at two tokens."""


_ABJAD_SOUNDS = str.maketrans({"X": "h", "S": "sh", "G": "gh", "C": "ch", "Z": "zh", "Q": "sh"})


@lru_cache(maxsize=60_000)
def token(text: str) -> Token:
    """Analyse one lower-case ASCII token."""
    sound = text
    if text.startswith(ABJAD):
        sound = text[1:].translate(_ABJAD_SOUNDS).lower()
    for pattern, into in _REWRITES:
        sound = pattern.sub(into, sound)
    skeleton = bones(text)
    return Token(text, sound or text, skeleton, frozenset(skeleton))


@lru_cache(maxsize=60_000)
def bones(text: str) -> str:
    """The consonant skeleton: `muhammad` → `mhmd`, `khaled` → `hld`, `yusuf` and `youssef` → `isf`."""
    if text.startswith(ABJAD):
        return _abjad_bones(text[1:])
    base = text
    for pattern, into in _BONE_REWRITES:
        base = pattern.sub(into, base)
    first, rest = base[:1], base[1:]
    if first in "aeou":
        first = ""
    elif first in "iy":
        first = "i" if rest[:1] in tuple("aeouw") else ""
    elif first == "w":
        first = "v"
    return (first + re.sub(r"[aeiouyw]|h$", "", rest)).translate(_CLASSES)


def _abjad_bones(letters: str) -> str:
    """The consonants of a word whose script writes no short vowels: a first y or w is one of them."""
    first = {"y": "i", "w": "v"}.get(letters[:1], letters[:1])
    rest = re.sub(r"[aiyw]|h$", "", letters[1:])
    return (first.replace("a", "") + rest).translate(_ABJAD_CLASSES)


_ABJAD_CLASSES = str.maketrans("pgqkzjXGCZ", "bkkksJhkSJ")
_BONE_REWRITES = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"tsch|tch|shch|sch|sh|ch|cz", "S"),
        (r"dzh|dj|zh|j", "J"),
        (r"ph", "f"),
        (r"gh", "g"),
        (r"kh", "h"),
        (r"^x", "S"),
        (r"x", "ks"),
        (r"ck|q", "k"),
        (r"(?<=[oe])ff$", "v"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"ts|tz", "s"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"(.)\1+", r"\1"),
    )
)


def keys(tokens: tuple[str, ...]) -> set[str]:
    """What an index files a name under and looks it up by: whole tokens, sounds, consonants with one left out, the
    beginnings of long tokens, and adjacent tokens written as one."""
    found: set[str] = set()
    for text in tokens:
        found |= token_keys(text)
    for left, right in pairwise(tokens):
        joined = bones(left + right)
        if len(joined) >= 3:
            found.add("b" + joined)
    return found


@lru_cache(maxsize=60_000)
def token_keys(text: str) -> frozenset[str]:
    """The keys of one token; a single letter has one of its own."""
    if len(text) == 1:
        return frozenset((f"i{text}",))
    if text.startswith(ABJAD):
        found = {"t" + text}
        for skeleton in readings(bones(text)):
            found |= _bone_keys(skeleton)
        return frozenset(found)
    parts = token(text)
    found = {"t" + text, "s" + parts.sound}
    found |= _bone_keys(parts.bones)
    if len(text) >= 4:
        found.add("p" + text[:4])
        found.add("e" + text[-4:])
    return frozenset(found)


def _bone_keys(skeleton: str) -> set[str]:
    found = {"b" + skeleton} if len(skeleton) >= 2 else set()
    if len(skeleton) >= 3:
        found |= {"d" + skeleton[:i] + skeleton[i + 1 :] for i in range(len(skeleton))}
        found.add("d" + skeleton)
    return found


@lru_cache(maxsize=60_000)
def readings(skeleton: str) -> tuple[str, ...]:
    """The skeletons that an abjad's letters allow: some of them are read in two ways (z and s are one class)."""
    if skeleton.isalpha() and not _TWO_READINGS.keys() & set(skeleton):
        return (skeleton,)
    return tuple("".join(reading) for reading in product(*(_TWO_READINGS.get(c, c) for c in skeleton)))[:16]


_TWO_READINGS = {"D": "ds", "T": "ts", "Q": "Ss", "K": "kh", "F": "bf", "B": "bv"}
