"""The index: which listed names could be meant, found in well under a millisecond.

An immutable directory per version: a tantivy index over the keys of names, and the records and entities beside it,
read through memory maps. `CURRENT` names the version in force and is replaced atomically: nobody sees half of one.
"""

import json
import math
import mmap
import os
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import tantivy
from rapidfuzz import process
from rapidfuzz.fuzz import ratio

from aml.screening.alignment import weight_of
from aml.screening.common_names import bearers, common_key
from aml.screening.keys import keys, token_keys
from aml.screening.native import spellings
from aml.screening.records import ListedName, Record, record_of
from aml.screening.sounds import token
from aml.screening.watchlist import Entity, ListVersion, WatchList
from explain.record import canonical_json, sha256_hex

FORMAT = 8
"""Raised when records or keys change, so that an index of another format is built anew rather than misread."""
PRIOR_NAMES = 20_000
"""Names that a token is assumed to be absent from before a list is seen: keeps rarity meaningful for short lists."""


FALLOFF = 0.2
"""Candidates that share less than this of what the best candidate shares are not scored."""
_KIND_BITS = {"any": 0, "person": 1, "organisation": 2, "vessel": 3, "airplane": 3}
_ADMITTED = {"any": (0, 1, 2, 3), "person": (0, 1), "organisation": (0, 2), "vessel": (0, 3), "airplane": (0, 3)}


ENOUGH = 20
"""Candidates of the kind asked for below which the index is asked again for that kind alone."""


TIE = 0.5
"""What the other spellings of a native word count for beside the best one."""
SCAN_PART = 100_000
"""Names compared at a time where all are looked at."""
ALIKE = 50
"""Likeness in percent from which a name that shares no key with the query is a candidate."""


def as_scanned(tokens: tuple[str, ...]) -> str:
    """The words of a name in Latin letters and alphabetical order, as names that share no key are compared."""
    return " ".join(sorted(spelt for text in tokens for spelt in (text, *spellings(text, 1))[-1:]))


def _kind_term(bits: int) -> str:
    return f"k{bits}"


class IndexMissing(Exception):
    """There is no index, or one of another format, at the path: build it with `ScreeningIndex.build`."""


class ScreeningIndex:
    """An opened index version. Reading is safe from several threads."""

    def __init__(self, folder: Path) -> None:
        try:
            meta = json.loads((folder / "meta.json").read_bytes())
        except FileNotFoundError as error:
            raise IndexMissing(f"no screening index in {folder}") from error
        if meta["format"] != FORMAT:
            raise IndexMissing(f"the index in {folder} has format {meta['format']}, this code reads {FORMAT}")
        self.version: str = meta["version"]
        self.lists: tuple[ListVersion, ...] = tuple(ListVersion(**entry) for entry in meta["lists"])
        self.name_count: int = meta["names"]
        self.entity_count: int = meta["entities"]
        self._searcher = tantivy.Index.open(str(folder / "names")).searcher()
        self._schema = _schema()
        self._records = _Lines(folder / "records")
        self._entities = _Lines(folder / "entities")
        self._names = _Lines(folder / "scanned")
        self._name_places = np.load(folder / "places.npy", mmap_mode="r")
        self._identifiers: dict[str, list[int]] = json.loads((folder / "identifiers.json").read_bytes())
        self._by_id: dict[str, int] | None = None
        self.rarity = lru_cache(maxsize=60_000)(self._rarity)
        self.weights = lru_cache(maxsize=40_000)(self._weights)
        self.record = lru_cache(maxsize=24_000)(self._record)

    @classmethod
    def build(cls, lists: Sequence[WatchList], path: Path) -> "ScreeningIndex":
        """Write the index of these list versions under `path` and make it the current one; the same versions again
        open what is there. The version is the digest of the lists' digests."""
        version = sha256_hex(canonical_json([FORMAT, [(ref.name, ref.version, ref.sha256) for ref in _refs(lists)]]))[
            :16
        ]
        folder = path / version
        if not (folder / "meta.json").is_file():
            draft = path / f".{version}.{os.getpid()}"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            _write(lists, draft, version)
            try:
                draft.rename(folder)
            except OSError:  # another process was first with the same bytes
                shutil.rmtree(draft)
        pointer = path / f".CURRENT.{os.getpid()}"
        pointer.write_text(version)
        pointer.replace(path / "CURRENT")
        return cls(folder)

    @classmethod
    def open(cls, path: Path) -> "ScreeningIndex":
        """The current version under `path`. Raises `IndexMissing`."""
        try:
            return cls(path / (path / "CURRENT").read_text().strip())
        except FileNotFoundError as error:
            raise IndexMissing(f"no screening index under {path}; build one") from error

    def candidates(self, tokens: tuple[str, ...], kind: str, limit: int) -> list[tuple[int, int]]:
        """(entity, name) numbers of the names nearest to these tokens, best first; other kinds are left out, and what
        shares little of what the best one shares."""
        query = self._asked(tokens)
        if query is None:
            return []
        admitted = _ADMITTED[kind]
        places = self._places(query, limit)
        kept = [place for place in places if place >> 12 & 3 in admitted]
        if len(kept) < ENOUGH and len(places) > len(kept):
            # Names of other kinds took the room: ask again for this kind alone.
            own = [tantivy.Query.term_query(self._schema, "kind", _kind_term(bits), "basic") for bits in admitted]
            either = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in own])
            both = [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.const_score_query(either, 0.0))]
            kept = self._places(tantivy.Query.boolean_query(both), limit)
        return [(place >> 14, place & 0xFFF) for place in kept]

    def _asked(self, tokens: tuple[str, ...]) -> tantivy.Query | None:
        """Any of the keys. Of a native word the best spelling counts most, not how many spellings it may have."""
        asked = keys(tokens)
        parts: list[tantivy.Query] = []
        for text in dict.fromkeys(tokens):
            if not text.isascii():
                own = sorted(token_keys(text))
                spelt = [tantivy.Query.term_query(self._schema, "keys", term, "basic") for term in own]
                parts.append(tantivy.Query.disjunction_max_query(spelt, TIE))
                asked.difference_update(own)
        parts += [tantivy.Query.term_query(self._schema, "keys", term, "basic") for term in sorted(asked)]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts]) if parts else None

    def _places(self, query: tantivy.Query, limit: int) -> list[int]:
        """The places of the best documents, without those that share little of what the best one shares."""
        found = self._searcher.search(query, limit, count=False).hits
        if not found:
            return []
        # A page of hits is Any in tantivy's stubs: the score is a float because no sort field is given.
        enough = FALLOFF * float(found[0][0] or 0.0)
        addresses = [address for score, address in found if float(score or 0.0) >= enough]
        return [int(value or 0) for value in self._searcher.fast_field_values("place", addresses)]

    def scan(self, tokens: tuple[str, ...], kind: str, limit: int) -> list[tuple[int, int]]:
        """What `candidates` gives, by comparing with every name: for queries that share no key with any. Rare; a
        sixth of a second at a million names, in the memory of one part of them."""
        admitted = _ADMITTED[kind]
        asked = as_scanned(tokens)
        found: list[tuple[float, int]] = []
        for start in range(0, len(self._name_places), SCAN_PART):
            places = self._name_places[start : start + SCAN_PART]
            names = self._names.part(start, min(start + SCAN_PART, len(self._name_places)))
            alike = process.extract(asked, names, scorer=ratio, score_cutoff=ALIKE, limit=None)
            found += [(-score, place) for _, score, at in alike if (place := int(places[at])) >> 12 & 3 in admitted]
        found.sort()
        return [(place >> 14, place & 0xFFF) for _, place in found[:limit]]

    def holders(self, number: str) -> Sequence[int]:
        """The entities that carry an identifier, normalised."""
        return self._identifiers.get(number, ())

    def entity(self, number: int) -> Entity:
        entity: Entity = json.loads(self._entities[number])
        return entity

    def _record(self, number: int) -> Record:
        raw: list[Any] = json.loads(self._records[number])
        names = tuple(ListedName(text, weak, tuple(found)) for text, weak, found in raw[3])
        return Record(
            raw[0],
            raw[1],
            raw[2],
            names,
            tuple(raw[4]),
            tuple(raw[5]),
            tuple(raw[6]),
            raw[7],
            tuple((kind, value) for kind, value in raw[8]),
            tuple(raw[9]),
        )

    def _weights(self, tokens: tuple[str, ...], is_person: bool) -> tuple[float, ...]:
        return tuple(weight_of(text, self.rarity, is_person) for text in tokens)

    def _rarity(self, text: str) -> float:
        """Nats of surprise at a token: by the names that carry its sound, or half of those with its consonants."""
        if not text.isascii():
            skeletons = {token(spelt).bones for spelt in spellings(text)}
            alike = sum(self._searcher.doc_freq("keys", "b" + skeleton) for skeleton in skeletons)
            alike += sum(int(bearers().get(skeleton, 0.0)) for skeleton in skeletons)
            most = math.log((self.name_count + PRIOR_NAMES) / (alike + 1.0))
            # One consonant is not filed, and is shared by many names.
            return most if max(map(len, skeletons), default=0) >= 2 else 4.0
        parts = token(text)
        carriers = float(self._searcher.doc_freq("keys", "s" + parts.sound))
        if len(parts.bones) >= 3:
            carriers = max(carriers, 0.3 * self._searcher.doc_freq("keys", "b" + parts.bones))
        carriers += bearers().get(common_key(text), 0.0)
        return math.log((self.name_count + PRIOR_NAMES) / (carriers + 1.0))


class _Lines:
    """A file of lines by number, through a memory map."""

    def __init__(self, path: Path) -> None:
        self._offsets = np.load(path.with_suffix(".npy"), mmap_mode="r")
        with path.open("rb") as handle:
            self._map = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) if len(self._offsets) > 1 else b""

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._map[int(self._offsets[number]) : int(self._offsets[number + 1])])

    def part(self, start: int, end: int) -> list[str]:
        """The lines from `start` to before `end`, each of which was written with its line feed."""
        text = bytes(self._map[int(self._offsets[start]) : int(self._offsets[end])]).decode()
        return text.split("\n")[:-1]


def _refs(lists: Sequence[WatchList]) -> list[ListVersion]:
    return [entry.ref for entry in lists]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("keys", tokenizer_name="whitespace", index_option="basic", stored=False)
    builder.add_text_field("kind", tokenizer_name="whitespace", index_option="basic", stored=False)
    builder.add_unsigned_field("place", stored=False, indexed=False, fast=True)
    return builder.build()


def _write(lists: Sequence[WatchList], folder: Path, version: str) -> None:
    (folder / "names").mkdir()
    index = tantivy.Index(_schema(), path=str(folder / "names"))
    writer = index.writer(60_000_000, 1)
    identifiers: dict[str, list[int]] = {}
    record_ends, entity_ends, name_ends = [0], [0], [0]
    places: list[int] = []
    number = 0
    with (
        (folder / "records").open("wb") as records,
        (folder / "entities").open("wb") as entities,
        (folder / "scanned").open("wb") as scanned,
    ):
        for list_index, entry in enumerate(lists):
            for entity in entry.entities:
                record = record_of(entity, list_index)
                records.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())
                record_ends.append(records.tell())
                entities.write(json.dumps(entity, ensure_ascii=False, separators=(",", ":")).encode())
                entity_ends.append(entities.tell())
                for _, value in record.identifiers:
                    holders = identifiers.setdefault(value, [])
                    if number not in holders:
                        holders.append(number)
                for at, name in enumerate(record.names[:4096]):
                    place = number << 14 | _KIND_BITS[record.kind] << 12 | at
                    document = tantivy.Document()
                    document.add_text("keys", " ".join(keys(name.tokens)))
                    document.add_text("kind", _kind_term(_KIND_BITS[record.kind]))
                    document.add_unsigned("place", place)
                    writer.add_document(document)
                    scanned.write(as_scanned(name.tokens).encode() + b"\n")
                    name_ends.append(scanned.tell())
                    places.append(place)
                number += 1
    writer.commit()
    writer.wait_merging_threads()
    np.save(folder / "records.npy", np.asarray(record_ends, dtype=np.int64))
    np.save(folder / "entities.npy", np.asarray(entity_ends, dtype=np.int64))
    np.save(folder / "scanned.npy", np.asarray(name_ends, dtype=np.int64))
    np.save(folder / "places.npy", np.asarray(places, dtype=np.int64))
    (folder / "identifiers.json").write_text(json.dumps(identifiers))
    meta = {
        "format": FORMAT,
        "version": version,
        "names": len(places),
        "entities": number,
        "lists": [
            {"name": ref.name, "version": ref.version, "sha256": ref.sha256, "published": ref.published}
            for ref in _refs(lists)
        ],
    }
    (folder / "meta.json").write_text(json.dumps(meta))
