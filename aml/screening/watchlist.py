"""What a watchlist is once it is read: entities in FollowTheMoney's shape, with the list's name, version and digest.

Kept apart from the formats, which know how one authority writes, and from the index, which knows how to search.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from explain.record import canonical_json, sha256_hex


class ListUnreadable(Exception):
    """A watchlist file that cannot be read. The message names the file, where it broke and what to do; keep the
    version that is loaded."""


class Entity(TypedDict):
    """A FollowTheMoney entity as JSON: https://followthemoney.tech/explorer/."""

    id: str
    schema: str
    caption: str
    datasets: list[str]
    properties: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class ListVersion:
    """Which list, and which state of it: `sha256` is over the bytes of the files that were read."""

    name: str
    version: str
    sha256: str
    published: str | None = None


@dataclass(frozen=True, slots=True)
class WatchList:
    """A list as it was read. `version` is the publication date where the file tells it, else the digest's start."""

    name: str
    version: str
    published: str | None
    sha256: str
    entities: tuple[Entity, ...]
    title: str = ""

    @property
    def ref(self) -> ListVersion:
        return ListVersion(self.name, self.version, self.sha256, self.published)

    def counts(self) -> dict[str, int]:
        """Entities by schema, as `schema:Person`, and values by property, as `alias`."""
        found: dict[str, int] = {}
        for entity in self.entities:
            schema = "schema:" + entity["schema"]
            found[schema] = found.get(schema, 0) + 1
            for name, values in entity["properties"].items():
                found[name] = found.get(name, 0) + len(values)
        return found

    def record_hashes(self) -> dict[str, str]:
        """Entity id to the digest of its canonical JSON."""
        return {entity["id"]: record_hash(entity) for entity in self.entities}


@dataclass(slots=True)
class EntityDraft:
    """An entity while a parser collects its properties: blanks are dropped, repetitions kept once, order kept."""

    id: str
    schema: str
    properties: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, *values: str | None) -> None:
        for value in values:
            text = " ".join(value.split()) if value else ""
            if text:
                known = self.properties.setdefault(name, [])
                if text not in known:
                    known.append(text)

    def finish(self, dataset: str) -> Entity:
        names = self.properties.get("name") or self.properties.get("alias") or [self.id]
        return Entity(
            id=self.id, schema=self.schema, caption=names[0], datasets=[dataset], properties=dict(self.properties)
        )


def record_hash(entity: Mapping[str, object]) -> str:
    """The digest that says whether an entity changed between two versions: its content, not the list it came in."""
    return sha256_hex(canonical_json({key: entity[key] for key in ("id", "schema", "properties")}))


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed from one version to the next, by record hash; ids in sorted order."""

    added: tuple[str, ...]
    amended: tuple[str, ...]
    removed: tuple[str, ...]


def diff(old: WatchList | Mapping[str, str], new: WatchList | Mapping[str, str]) -> Delta:
    """Compare two versions: lists, or their `record_hashes()` as the store keeps them."""
    before = old.record_hashes() if isinstance(old, WatchList) else old
    after = new.record_hashes() if isinstance(new, WatchList) else new
    return Delta(
        added=tuple(sorted(after.keys() - before.keys())),
        amended=tuple(sorted(key for key in after.keys() & before.keys() if after[key] != before[key])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def watchlist(
    name: str, title: str, published: str | None, content: Sequence[bytes], drafts: Iterable[EntityDraft]
) -> WatchList:
    """Close a parsed list: digest over the files' bytes in the order given, ids checked to be unique."""
    digest = sha256_hex(b"".join(sha256_hex(part).encode() for part in content) if len(content) != 1 else content[0])
    entities = tuple(draft.finish(name) for draft in drafts)
    if not entities:
        raise ListUnreadable(f"{name}: no entity in the file; it is empty or cut off, keep the version that is loaded")
    seen: set[str] = set()
    for entity in entities:
        if entity["id"] in seen:
            raise ListUnreadable(f"{name}: entity {entity['id']} occurs twice; the file is damaged, fetch it again")
        seen.add(entity["id"])
    return WatchList(name, published or digest[:12], published, digest, entities, title)


_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}


def partial_date(text: str) -> str | None:
    """A date as lists write it, as ISO `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; None where there is no year in it."""
    words = text.strip().strip(".").lower()
    iso = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?:[t ].*)?", words)
    if iso:
        parts = [int(part) for part in iso.groups() if part]
        return _iso(*parts)
    slashed = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", words)
    if slashed:
        day, month, year = (int(part) for part in slashed.groups())
        return _iso(year, month, day) if month <= 12 else _iso(year, day, month)
    named = re.search(r"(?:(\d{1,2})\s+)?([a-z]{3})[a-z]*\.?\s+(\d{4})", words)
    if named and named[2] in _MONTHS:
        return _iso(int(named[3]), _MONTHS[named[2]], *([int(named[1])] if named[1] else []))
    year_only = re.search(r"\b(1[89]\d\d|20\d\d)\b", words)
    return year_only[1] if year_only else None


def _iso(year: int, month: int = 0, day: int = 0) -> str:
    text = f"{year:04d}"
    if 1 <= month <= 12:
        text += f"-{month:02d}"
        if 1 <= day <= 31:
            text += f"-{day:02d}"
    return text


def years_between(first: int, last: int) -> tuple[str, ...]:
    """`DOB 1958 to 1962` as the years it allows; a span over fifteen years says nothing and gives none."""
    return tuple(str(year) for year in range(first, last + 1)) if 0 <= last - first <= 15 else ()
