"""The keys under which an index files a name and looks it up, the same for every script.

Kept apart because they decide what can be found at all: changing them makes every index stale (`index.FORMAT`).
"""

from functools import lru_cache
from itertools import pairwise

from aml.screening.native import spellings
from aml.screening.sounds import bones, token


def keys(tokens: tuple[str, ...]) -> set[str]:
    """Whole tokens, sounds, consonants with one left out, the beginnings and ends of long tokens, and adjacent tokens
    written as one."""
    found: set[str] = set()
    for text in tokens:
        found |= token_keys(text)
    for left, right in pairwise(tokens):
        found |= _joined_keys(left, right)
    return found


@lru_cache(maxsize=60_000)
def token_keys(text: str) -> frozenset[str]:
    """The keys of one token; a single letter has one of its own, a native token those of its likeliest spellings."""
    if not text.isascii():
        found = {"t" + text}
        for spelt in spellings(text):
            found.add("s" + token(spelt).sound)
            found |= _bone_keys(token(spelt).bones)
        return frozenset(found)
    if len(text) == 1:
        return frozenset((f"i{text}",))
    parts = token(text)
    found = {"t" + text, "s" + parts.sound}
    found |= _bone_keys(parts.bones)
    if len(text) >= 4:
        found.add("p" + text[:4])
        found.add("e" + text[-4:])
    return frozenset(found)


@lru_cache(maxsize=60_000)
def _joined_keys(left: str, right: str) -> frozenset[str]:
    if left.isascii() and right.isascii():
        joined = {bones(left + right)}
    elif left.isascii() or right.isascii():
        return frozenset()
    else:
        joined = {bones(spelt) for spelt in spellings(left + right, 3)}
    return frozenset(mark + skeleton for skeleton in joined if len(skeleton) >= 3 for mark in "bd")


def _bone_keys(skeleton: str) -> set[str]:
    found = {"b" + skeleton} if len(skeleton) >= 2 else set()
    if len(skeleton) >= 3:
        found |= {"d" + skeleton[:i] + skeleton[i + 1 :] for i in range(len(skeleton))}
        found.add("d" + skeleton)
    return found
