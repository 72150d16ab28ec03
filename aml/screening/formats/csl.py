"""The U.S. Consolidated Screening List (CSV with a header): export-control, OFAC and State Department lists in one.

Cells hold several values separated by semicolons; an identifier reads `[country,] number, kind`.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from aml.screening.countries import country_code
from aml.screening.formats.ofac import name_in_order
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist
from explain.record import sha256_hex

_SCHEMAS = {"individual": "Person", "entity": "Organization", "vessel": "Vessel", "aircraft": "Airplane"}
_NEEDED = {"source", "name", "alt_names", "addresses", "dates_of_birth", "nationalities", "ids"}
_KINDS = (
    ("passport", "passportNumber"),
    ("imo", "imoNumber"),
    ("vessel registration", "imoNumber"),
    ("legal entity number", "leiCode"),
    ("swift", "swiftBic"),
    ("tax id", "taxNumber"),
    ("nit #", "taxNumber"),
    ("r.f.c", "taxNumber"),
    ("ruc", "taxNumber"),
    ("digital currency address", "cryptoWallet"),
    ("registration", "registrationNumber"),
    ("company number", "registrationNumber"),
    ("registry", "registrationNumber"),
    ("gazette", "registrationNumber"),
    ("national id", "idNumber"),
    ("cedula", "idNumber"),
    ("identification number", "idNumber"),
    ("c.u.r.p", "idNumber"),
    ("personal id", "idNumber"),
    ("ssn", "idNumber"),
    ("license", "idNumber"),
)


def parse_csl(path: Path) -> WatchList:
    """The list; rows without an entity number get an id from the digest of their source and name."""
    content = path.read_bytes()
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
    missing = _NEEDED - set(reader.fieldnames or ())
    if missing:
        raise ListUnreadable(f"{path.name} row 1: no column {', '.join(sorted(missing))}; not the CSL, fetch it again")
    return watchlist("us_trade_csl", "US Consolidated Screening List", None, [content], entities(reader, path.name))


def entities(reader: "csv.DictReader[str]", name: str) -> Iterator[EntityDraft]:
    """One entity a row; a second row of the same source and name adds to its id a counter."""
    used: dict[str, int] = {}
    for number, row in enumerate(reader, 2):
        if row.get("name") is None or None in row:
            raise ListUnreadable(f"{name} row {number}: not as many columns as the header; fetch the file again")
        identity = row.get("entity_number") or sha256_hex(f"{row['source']}|{row['name']}".encode())[:12]
        used[identity] = used.get(identity, 0) + 1
        suffix = f"-{used[identity]}" if used[identity] > 1 else ""
        yield _entity(row, f"csl-{identity}{suffix}")


def _entity(row: dict[str, str], identity: str) -> EntityDraft:
    draft = EntityDraft(identity, _SCHEMAS.get(row.get("type", "").lower(), "LegalEntity"))
    draft.add("name", name_in_order(row["name"].strip(), draft.schema))
    draft.add("alias", *(name_in_order(alias, draft.schema) for alias in _values(row["alt_names"])))
    draft.add("birthDate", *(partial_date(value) for value in _values(row["dates_of_birth"])))
    draft.add("birthPlace", *_values(row.get("places_of_birth", "")))
    draft.add("birthCountry", *(country_code(value) for value in _values(row.get("places_of_birth", ""))))
    draft.add("nationality", *(country_code(value) for value in _values(row["nationalities"])))
    draft.add("citizenship", *(country_code(value) for value in _values(row.get("citizenships", ""))))
    draft.add("program", *_values(row.get("programs", "")), row["source"])
    draft.add("position", row.get("title"))
    draft.add("notes", row.get("remarks"))
    draft.add("sourceUrl", row.get("source_information_url"))
    for address in _values(row["addresses"]):
        draft.add("address", address)
        draft.add("country", country_code(address.rsplit(",", 1)[-1].strip()))
    draft.add("flag", country_code(row.get("vessel_flag", "")))
    draft.add("callSign", row.get("call_sign"))
    for value in _values(row["ids"]):
        _identifier(draft, value)
    return draft


def _values(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r";\s+|;$", cell or "") if part.strip()]


def _identifier(draft: EntityDraft, text: str) -> None:
    parts = [part.strip() for part in text.split(",")]
    kind = parts[-1].lower()
    body = parts[:-1]
    if kind == "gender":
        draft.add("gender", *(part.lower() for part in body))
        return
    target = next((target for word, target in _KINDS if word in kind), None)
    if target is None or not body:
        return
    country = country_code(body[0]) if len(body) > 1 and len(body[0]) == 2 else None
    number = ", ".join(body[1:] if country else body)
    if any(c.isdigit() for c in number):
        draft.add(target, number.removeprefix("IMO ").strip())
        draft.add("country", country)
