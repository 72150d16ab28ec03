"""The UK's consolidated list of financial sanctions targets (OFSI `ConList.csv`): a date line, a header, and one row
for every name and address of a group."""

import csv
import io
import re
from pathlib import Path

from aml.screening.countries import country_code
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist

_SCHEMAS = {"individual": "Person", "entity": "Organization", "ship": "Vessel"}
_NUMBERED = re.compile(r"\(\d+\)\s*")
_NEEDED = {"Name 6", "Name 1", "Group Type", "Alias Type", "Group ID", "DOB", "Nationality"}


def parse_uk(path: Path) -> WatchList:
    """The list; its version is the date of its first line."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first_line, _, rest = text.partition("\n")
    published = partial_date(first_line.split(",")[1].strip()) if first_line.startswith("Last Updated,") else None
    reader = csv.DictReader(io.StringIO(rest if published else text), strict=True)
    missing = _NEEDED - set(reader.fieldnames or ())
    if missing:
        raise ListUnreadable(f"{path.name} row 2: no column {', '.join(sorted(missing))}; not OFSI's ConList.csv")
    drafts: dict[str, EntityDraft] = {}
    try:
        for row in reader:
            if not row["Group ID"]:
                raise ListUnreadable(f"{path.name} row {reader.line_num + 1}: no Group ID; damaged, fetch it again")
            group = row["Group ID"].strip()
            schema = _SCHEMAS.get((row["Group Type"] or "").lower(), "LegalEntity")
            _add(drafts.setdefault(group, EntityDraft("gb-hmt-" + group, schema)), row)
    except csv.Error as error:
        raise ListUnreadable(f"{path.name} row {reader.line_num + 1}: {error}; damaged, fetch it again") from error
    return watchlist("gb_hmt_sanctions", "UK OFSI Consolidated List", published, [content], drafts.values())


def _several(cell: str | None) -> list[str]:
    return [part.strip(" .;") for part in _NUMBERED.split(cell or "") if part.strip(" .;")]


def _add(draft: EntityDraft, row: dict[str, str]) -> None:
    name = " ".join(row[f"Name {n}"].strip() for n in (1, 2, 3, 4, 5, 6) if (row.get(f"Name {n}") or "").strip())
    if (row["Alias Type"] or "").lower().startswith("primary name") and "variation" not in row["Alias Type"].lower():
        draft.add("name", name)
    else:
        draft.add("weakAlias" if "low" in (row.get("Alias Quality") or "").lower() else "alias", name)
    draft.add("alias", row.get("Name Non-Latin Script"))
    draft.add("title", row.get("Title"))
    for date in _several(row["DOB"]):
        draft.add("birthDate", partial_date(re.sub(r"^(00/)+", "", date)))
    draft.add("birthPlace", *_several(row.get("Town of Birth")))
    draft.add("birthCountry", *map(country_code, _several(row.get("Country of Birth"))))
    draft.add("nationality", *map(country_code, _several(row["Nationality"])))
    draft.add("passportNumber", *_several(row.get("Passport Number")))
    draft.add("idNumber", *_several(row.get("National Identification Number")))
    draft.add("position", *_several(row.get("Position")))
    parts = [row.get(f"Address {n}") for n in range(1, 7)] + [row.get("Post/Zip Code"), row.get("Country")]
    draft.add("address", ", ".join(part.strip() for part in parts if part and part.strip()))
    draft.add("country", country_code(row.get("Country") or ""))
    draft.add("program", row.get("Regime"))
    other = row.get("Other Information") or ""
    gender = re.search(r"Gender\)?:\s*(Male|Female)", other)
    draft.add("gender", gender[1].lower() if gender else None)
    draft.add("imoNumber", *re.findall(r"IMO number\)?:?\s*(\d{7})", other))
    draft.add("notes", other)
