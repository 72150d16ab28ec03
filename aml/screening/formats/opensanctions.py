"""OpenSanctions' exports: `entities.ftm.json` (one FollowTheMoney entity a line) and `targets.simple.csv`."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from aml.screening.query import KINDS
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, watchlist

_COLUMNS = {
    "name": "name",
    "aliases": "alias",
    "birth_date": "birthDate",
    "countries": "country",
    "addresses": "address",
    "identifiers": "idNumber",
    "program_ids": "program",
    "phones": "phone",
    "emails": "email",
}


def parse_entities_ftm(path: Path, name: str = "opensanctions") -> WatchList:
    """Every entity that can be a party; addresses, sanctions, relations are left out."""
    content = path.read_bytes()
    return watchlist(name, "OpenSanctions", None, [content], _entities(content, path.name))


def _entities(content: bytes, file: str) -> Iterator[EntityDraft]:
    for number, line in enumerate(io.BytesIO(content), 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            schema, held = str(raw["schema"]), raw["properties"]
            if schema in KINDS and (held.get("name") or held.get("alias") or held.get("publicKey")):
                draft = EntityDraft(str(raw["id"]), schema)
                for prop, values in held.items():
                    draft.add(prop, *(value for value in values if isinstance(value, str)))
                if schema == "CryptoWallet":
                    draft.add("cryptoWallet", *held.get("publicKey", ()))
                yield draft
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ListUnreadable(f"{file} line {number}: not an entity ({error}); damaged or cut off") from error


def parse_targets_simple(path: Path, name: str = "opensanctions") -> WatchList:
    """The simplified table; its identifiers have no type."""
    content = path.read_bytes()
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")), strict=True)
    missing = {"id", "schema", "name", "aliases", "birth_date", "countries"} - set(reader.fieldnames or ())
    if missing:
        raise ListUnreadable(f"{path.name} row 1: no column {', '.join(sorted(missing))}; not targets.simple.csv")
    return watchlist(name, "OpenSanctions targets", None, [content], _targets(reader, path.name))


def _targets(reader: "csv.DictReader[str]", file: str) -> Iterator[EntityDraft]:
    try:
        for row in reader:
            if not row["id"] or row["name"] is None:
                raise ListUnreadable(f"{file} row {reader.line_num}: no id or name; damaged or cut off")
            draft = EntityDraft(row["id"], row["schema"] if row["schema"] in KINDS else "LegalEntity")
            for column, prop in _COLUMNS.items():
                draft.add(prop, *(row.get(column) or "").split(";"))
            # The table does not tell nationality from residence; for a person it is the former that counts.
            if draft.schema == "Person":
                draft.add("nationality", *(row.get("countries") or "").split(";"))
            yield draft
    except csv.Error as error:
        raise ListUnreadable(f"{file} row {reader.line_num}: {error}; damaged or cut off") from error
