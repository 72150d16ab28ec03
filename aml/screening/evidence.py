"""What speaks for and against a pair of query and listed entity, as named features of the scorer.

Every feature is a number that rises with the evidence for a match, or None where there is nothing to compare.
"""

from dataclasses import dataclass

from aml.screening.alignment import Alignment
from aml.screening.query import Query
from aml.screening.records import Record, normal_number

FEATURES = (
    "name_agreement",
    "name_close",
    "name_fair",
    "name_faint",
    "name_contradiction",
    "name_beyond_list",
    "name_beyond_query",
    "name_misspelt",
    "name_weak",
    "birth_date",
    "country",
    "gender",
    "identifier",
)
"""`name_agreement`: nats of the paired tokens. `name_close`, `name_fair`, `name_faint`: minus the share of weight whose
pairs are alike to that grade only. `name_contradiction`, `name_beyond_list`, `name_beyond_query`: minus the share of
weight that is loose on both sides, only in the query, only in the list. `name_misspelt`: minus the share of letters
that differ over the whole names. `name_weak`: -1 for a name that the list itself
calls weak. `birth_date`, `country`, `gender`, `identifier`: -1 to 1."""

UNIQUE = frozenset(("imoNumber", "leiCode", "mmsi"))
"""One per entity: two different ones contradict."""
HARD = {
    "passportNumber": "exact_passport",
    "imoNumber": "exact_imo",
    "leiCode": "exact_lei",
    "cryptoWallet": "exact_wallet",
}
"""Identifiers whose equality alone is a hit, whatever the names say."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A feature's value with what was compared, as an officer reads it."""

    feature: str
    value: float | None
    query_value: str
    list_value: str


def name_values(alignment: Alignment, weak: bool) -> tuple[float, ...]:
    """The first features, in order."""
    return (
        alignment.agreement,
        0.0 - alignment.close,
        0.0 - alignment.fair,
        0.0 - alignment.faint,
        0.0 - alignment.contradiction,
        0.0 - alignment.omitted_from_list,
        0.0 - alignment.omitted_from_query,
        0.0 - alignment.misspelt,
        -1.0 if weak else 0.0,
    )


NAME_FEATURES = FEATURES[:9]


def birth_date(query: tuple[str, ...], listed: tuple[str, ...]) -> tuple[float | None, str, str]:
    """The best agreement among the dates: 1 same day, 0.9 day and month swapped, 0.8 same month, 0.7 same year with one
    side not knowing more, 0.5 one digit wrong, 0.3 one year apart without days, -0.4 up to two years apart, -1 else."""
    best: tuple[float | None, str, str] = (None, "", "")
    for ours in query:
        for theirs in listed:
            grade = _date_grade(ours, theirs)
            if best[0] is None or grade > best[0]:
                best = (grade, ours, theirs)
    return best


def _date_grade(ours: str, theirs: str) -> float:
    if ours == theirs:
        return 1.0 if len(ours) == 10 else 0.7
    years = abs(int(ours[:4]) - int(theirs[:4]))
    full = len(ours) == 10 and len(theirs) == 10
    if years == 0:
        if not full:
            return (
                0.8
                if len(ours) >= 7 and len(theirs) >= 7 and ours[5:7] == theirs[5:7]
                else (0.7 if min(len(ours), len(theirs)) == 4 else 0.0)
            )
        if ours[5:7] == theirs[8:10] and ours[8:10] == theirs[5:7]:
            return 0.9
        # The first of January is how a list or a registry writes a year whose day it does not know.
        if "01-01" in (ours[5:], theirs[5:]):
            return 0.65
    if full:
        wrong = sum(a != b for a, b in zip(ours, theirs, strict=True))
        if wrong == 1:
            return 0.5
        if years == 0:
            return -0.1 if ours[5:7] == theirs[5:7] or ours[8:] == theirs[8:] else -0.3
        if "01-01" not in (ours[5:], theirs[5:]):
            return -0.3 if wrong == 2 or years <= 1 else -0.6 if years <= 3 else -1.0
    return 0.3 if years == 1 else -0.2 if years == 2 else -0.5 if years <= 4 else -1.0


def country(query: tuple[str, ...], record: Record) -> tuple[float | None, str, str]:
    """1 the same nationality or registration, 0.6 only the address or birth place agrees, -1 different nationalities,
    -0.5 different from the address only."""
    if not query or not (record.countries or record.places):
        return None, "", ""
    said, listed, places = " ".join(query), " ".join(record.countries), " ".join(record.places)
    if set(query) & set(record.countries):
        return 1.0, said, listed
    if set(query) & set(record.places):
        return 0.6, said, places
    return (-1.0, said, listed) if record.countries else (-0.5, said, places)


def gender(query: str | None, listed: str | None) -> tuple[float | None, str, str]:
    if query is None or listed is None:
        return None, "", ""
    return (1.0 if query == listed else -1.0), query, listed


def identifier(query: Query, record: Record) -> tuple[float | None, str, str, str | None]:
    """1 an equal number of a hard kind, 0.8 another equal number, -1 a different number of a unique kind; and the hard
    rule that fired."""
    different: tuple[float | None, str, str, str | None] = (None, "", "", None)
    weak: tuple[float | None, str, str, str | None] | None = None
    for kind, raw in query.identifiers:
        number = normal_number(raw)
        if len(number) < 4:
            continue
        for listed_kind, listed in record.identifiers:
            if number == listed:
                if listed_kind in HARD and kind in (listed_kind, ""):
                    return 1.0, raw, f"{listed_kind} {listed}", HARD[listed_kind]
                weak = (0.8, raw, f"{listed_kind} {listed}", None)
            elif kind == listed_kind and kind in UNIQUE and different[0] is None:
                different = (-1.0, raw, f"{listed_kind} {listed}", None)
    return weak or different
