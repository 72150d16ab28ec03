"""What the matcher needs of a listed entity, and no more: names as tokens, dates, countries, sex and identifiers.

Kept apart from the full entity because a hundred of these are read for every query, the full entity only for a hit.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from aml.screening.lexicon import compounds
from aml.screening.native import script_of
from aml.screening.organisations import significant
from aml.screening.query import IDENTIFIERS, KINDS
from aml.screening.text import tokens
from aml.screening.watchlist import Entity

_STRONG_NAMES = ("name", "alias", "previousName", "abbreviation")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
NAME_LENGTH_LIMIT = 24
"""Tokens of a name beyond this many are left out: descriptions, not names."""


class ListedName(NamedTuple):
    text: str
    weak: bool
    tokens: tuple[str, ...]


class Record(NamedTuple):
    """`countries` are nationality, citizenship, registration; `places` those of address and birth."""

    id: str
    list_index: int
    kind: str
    names: tuple[ListedName, ...]
    birth_dates: tuple[str, ...]
    countries: tuple[str, ...]
    places: tuple[str, ...]
    gender: str | None
    identifiers: tuple[tuple[str, str], ...]
    birth_places: tuple[str, ...]


def name_tokens(text: str, kind: str) -> tuple[str, ...]:
    """A name's tokens; for organisations with legal forms in their canonical spelling."""
    found = tokens(text, kind == "person")
    if kind == "person":
        return compounds(found[:NAME_LENGTH_LIMIT])
    return significant(found) if kind != "airplane" else found


def by_script(text: str) -> tuple[str, ...]:
    """`Имя / Name` and the like as one name for each script; a name with look-alike letters in it stays whole."""
    if text.isascii():
        return (text,)
    groups: dict[str, list[str]] = {}
    for word in re.split(r"[\s/|]+", text):
        script = script_of(word)
        groups.setdefault("latin" if script == "mixed" else script, []).append(word)
    foreign = [script for script in groups if script in ("arabic", "hebrew", "han")]
    return tuple(" ".join(words) for words in groups.values()) if foreign and len(groups) > 1 else (text,)


def normal_number(number: str) -> str:
    """An identifier as it is compared: letters and digits only, upper case, no leading zeros."""
    return re.sub(r"[^A-Z0-9]", "", number.upper()).lstrip("0")


def record_of(entity: Entity, list_index: int) -> Record:
    """The record of an entity; a name with parentheses is filed without them, and what they hold as a weak name."""
    held = entity["properties"]
    kind = KINDS.get(entity["schema"], "any")
    names: dict[tuple[str, ...], ListedName] = {}
    for text, weak in _names(held):
        for part in by_script(text):
            found = name_tokens(part, kind)
            if found and found not in names:
                names[found] = ListedName(text, weak, found)
    genders = held.get("gender", ())
    return Record(
        id=entity["id"],
        list_index=list_index,
        kind=kind,
        names=tuple(names.values()),
        birth_dates=tuple(held.get("birthDate", ())),
        countries=_codes(held, "nationality", "citizenship", "jurisdiction", "flag"),
        places=_codes(held, "country", "birthCountry", "mainCountry"),
        gender=genders[0] if len(genders) == 1 and genders[0] in ("male", "female") else None,
        identifiers=tuple(
            (kind_of, number)
            for kind_of in IDENTIFIERS
            for value in held.get(kind_of, ())
            if len(number := normal_number(value)) >= 4
        ),
        birth_places=tuple(held.get("birthPlace", ())),
    )


def _codes(held: dict[str, list[str]], *properties: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.lower() for name in properties for value in held.get(name, ()) if len(value) == 2))


def _names(held: dict[str, list[str]]) -> Iterator[tuple[str, bool]]:
    for property_name in (*_STRONG_NAMES, "weakAlias"):
        weak = property_name in ("weakAlias", "abbreviation")
        for text in held.get(property_name, ()):
            inner = _PARENTHESES.findall(text)
            yield (_PARENTHESES.sub(" ", text) if inner else text), weak
            for part in inner:
                if sum(c.isalpha() for c in part) >= 3:
                    yield part, True
