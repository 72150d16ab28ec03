"""Who is asked about: the applicant or counterparty, in the few facts that a watchlist can confirm or contradict.

Kept apart from the list's entities because a query comes from forms and documents and is validated, a list is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aml.screening.countries import country_code
from aml.screening.watchlist import partial_date

KINDS = {
    "Person": "person",
    "Vessel": "vessel",
    "Airplane": "airplane",
    "Organization": "organisation",
    "Company": "organisation",
    "PublicBody": "organisation",
    "LegalEntity": "any",
    "Thing": "any",
    "CryptoWallet": "any",
    "Vehicle": "any",
    "Security": "any",
}
"""What a FollowTheMoney schema is for matching: kinds that differ are never compared, `any` compares with all."""

IDENTIFIERS = (
    "passportNumber",
    "idNumber",
    "taxNumber",
    "registrationNumber",
    "imoNumber",
    "mmsi",
    "leiCode",
    "swiftBic",
    "cryptoWallet",
    "vatCode",
    "dunsCode",
    "innCode",
    "ogrnCode",
    "isin",
    "callSign",
    "serialNumber",
    "socialSecurityNumber",
)
_COUNTRY_PROPERTIES = ("nationality", "citizenship", "country", "jurisdiction", "flag", "birthCountry")


class QueryUnusable(ValueError):
    """A query that cannot be screened: it says what is missing."""


@dataclass(frozen=True, slots=True)
class Query:
    """`countries` are alpha-2 codes of nationality or registration, `birth_dates` ISO dates, possibly partial,
    `identifiers` pairs of FollowTheMoney property and number."""

    schema: str
    names: tuple[str, ...]
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    gender: str | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    birth_places: tuple[str, ...] = ()
    query_id: str | None = None

    @property
    def kind(self) -> str:
        return KINDS.get(self.schema, "any")


def person(
    *names: str,
    birth_date: str | None = None,
    countries: Sequence[str] = (),
    gender: str | None = None,
    identifiers: Sequence[tuple[str, str]] = (),
) -> Query:
    """A person as an application states them; countries in any spelling, gender `M`, `F`, `male` or `female`."""
    return _query("Person", names, [birth_date] if birth_date else [], countries, gender, identifiers, (), None)


def query_of(raw: Mapping[str, Any]) -> Query:
    """A query from JSON: a FollowTheMoney entity (`schema`, `properties`), or the short form
    `{"id", "schema", "name", "dob", "country", "identifiers"}`. Raises `QueryUnusable`."""
    schema = str(raw.get("schema") or "Person")
    identity = str(raw["id"]) if raw.get("id") is not None else None
    if isinstance(raw.get("properties"), Mapping):
        held = {key: _texts(value) for key, value in raw["properties"].items()}
        names = [*held.get("name", ()), *held.get("alias", ()), *held.get("previousName", ())]
        if not names and (held.get("firstName") or held.get("lastName")):
            given = [*held.get("firstName", ()), *held.get("secondName", ()), *held.get("middleName", ())]
            names = [" ".join([*given, *held.get("fatherName", ()), *held.get("lastName", ())])]
        countries = [value for key in _COUNTRY_PROPERTIES[:5] for value in held.get(key, ())]
        numbers = [(key, value) for key in IDENTIFIERS for value in held.get(key, ())]
        gender = next(iter(held.get("gender", ())), None)
        places = held.get("birthPlace", [])
        return _query(schema, names, held.get("birthDate", []), countries, gender, numbers, places, identity)
    names = [*_texts(raw.get("name")), *_texts(raw.get("names")), *_texts(raw.get("aliases"))]
    countries = [*_texts(raw.get("country")), *_texts(raw.get("countries")), *_texts(raw.get("nationality"))]
    return _query(
        schema,
        names,
        [*_texts(raw.get("dob")), *_texts(raw.get("birth_date"))],
        countries,
        raw.get("gender"),
        _numbers(raw.get("identifiers")),
        (),
        identity,
    )


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


def _numbers(value: object) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [(str(key), text) for key, item in value.items() for text in _texts(item)]
    found: list[tuple[str, str]] = []
    for item in value if isinstance(value, (list, tuple)) else ():
        if isinstance(item, Mapping):
            number = item.get("value") or item.get("number")
            found.append((str(item.get("type") or item.get("kind") or "idNumber"), str(number)))
        else:
            found.append(("", str(item)))
    return found


def _query(
    schema: str,
    names: Sequence[str],
    birth_dates: Sequence[str],
    countries: Sequence[str],
    gender: object,
    identifiers: Sequence[tuple[str, str]],
    birth_places: Sequence[str],
    identity: str | None,
) -> Query:
    usable = tuple(dict.fromkeys(name.strip() for name in names if any(c.isalpha() for c in name)))
    numbers = tuple((kind, number.strip()) for kind, number in identifiers if number.strip())
    if not usable and not numbers:
        raise QueryUnusable("a query needs a name with letters in it, or an identifier")
    dates = [partial_date(value) for value in birth_dates]
    codes = [country_code(value) for value in countries]
    sex = {"m": "male", "f": "female"}.get(str(gender or "").strip().lower()[:1])
    return Query(
        schema=schema,
        names=usable,
        birth_dates=tuple(dict.fromkeys(date for date in dates if date)),
        countries=tuple(dict.fromkeys(code for code in codes if code)),
        gender=sex,
        identifiers=numbers,
        birth_places=tuple(birth_places),
        query_id=identity,
    )
