"""How a Latin token sounds: its spelling made regular, and its consonants.

Kept apart because transliteration variants (Mohamed, Muhammad, Mokhamed) are a matter of sound, typing errors are not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# Spelling to sound, in order; after the romanisations of Arabic, Russian, Persian, Chinese and the European languages.
_REWRITES = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"tsch|tch|cz|tj(?=[aeiou])", "ch"),
        (r"shch|sch", "sh"),
        (r"(?<=[oe])ff$", "v"),
        (r"dzh|dj|(?<!t)zh|dsch", "j"),
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


@lru_cache(maxsize=60_000)
def token(text: str) -> Token:
    """Analyse one lower-case ASCII token."""
    sound = text
    for pattern, into in _REWRITES:
        sound = pattern.sub(into, sound)
    skeleton = bones(text)
    return Token(text, sound or text, skeleton, frozenset(skeleton))


@lru_cache(maxsize=60_000)
def bones(text: str) -> str:
    """The consonant skeleton: `muhammad` → `mhmd`, `khaled` → `hld`, `yusuf` and `youssef` → `isf`."""
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


_BONE_REWRITES = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"tsch|tch|shch|sch|sh|ch|cz", "S"),
        (r"dzh|dj|(?<!t)zh|j", "J"),
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
