"""Any list as a CSV with a header, for in-house lists: a mapping says which column holds which property."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aml.screening.countries import country_code
from aml.screening.watchlist import EntityDraft, ListUnreadable, WatchList, partial_date, watchlist

_DATES = ("birthDate", "incorporationDate")
_COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction", "flag", "birthCountry")


@dataclass(frozen=True, slots=True)
class Mapped:
    """`columns` maps column to FollowTheMoney property; `id_column` is unique; the schema is a column's or fixed."""

    id_column: str
    columns: Mapping[str, str]
    schema: str = "Person"
    schema_column: str | None = None
    separator: str = ";"
    delimiter: str = ","
    fixed: Mapping[str, str] = field(default_factory=dict)


def parse_table(path: Path, name: str, mapping: Mapped) -> WatchList:
    """The list; dates and countries are brought into the form of the others. Raises `ListUnreadable`."""
    content = path.read_bytes()
    text = content.decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text), delimiter=mapping.delimiter, strict=True)
    wanted = {mapping.id_column, *mapping.columns, *([mapping.schema_column] if mapping.schema_column else [])}
    missing = wanted - set(reader.fieldnames or ())
    if missing:
        raise ListUnreadable(f"{path.name} row 1: no column {', '.join(sorted(missing))}; correct the mapping")
    return watchlist(name, name, None, [content], _rows(reader, path.name, mapping))


def _rows(reader: "csv.DictReader[str]", file: str, mapping: Mapped) -> Iterator[EntityDraft]:
    try:
        for row in reader:
            if not row[mapping.id_column] or None in row.values():
                raise ListUnreadable(f"{file} row {reader.line_num}: column {mapping.id_column} is empty or cells miss")
            schema = (row[mapping.schema_column] if mapping.schema_column else "") or mapping.schema
            draft = EntityDraft(row[mapping.id_column].strip(), schema)
            for column, prop in mapping.columns.items():
                for value in row[column].split(mapping.separator):
                    draft.add(prop, _normal(prop, value.strip()))
            for prop, value in mapping.fixed.items():
                draft.add(prop, value)
            yield draft
    except csv.Error as error:
        raise ListUnreadable(f"{file} row {reader.line_num}: {error}; damaged or cut off") from error


def _normal(prop: str, value: str) -> str | None:
    if prop in _DATES:
        return partial_date(value)
    if prop in _COUNTRIES:
        return country_code(value)
    return {"m": "male", "f": "female"}.get(value[:1].lower()) if prop == "gender" else value
