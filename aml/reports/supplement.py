"""What filing officers add to a report that the case does not know: the only way in which a blank gets filled.

Kept apart from the case, so that one can always tell what the service knew from what a person stated.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from aml.reports.case import SarCase
from aml.reports.party import Subject


@dataclass(frozen=True, slots=True)
class PropertyValue:
    """What a frozen property is worth."""

    reference: str
    value: Decimal
    currency: str
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Supplement:
    """`parties` are named by the report's own reference; only what is stated of them counts, the rest stays."""

    parties: tuple[Subject, ...] = ()
    conductor_is_holder: bool = False
    """Of a report on cash: the customer did it in person."""
    conductor: Subject | None = None
    """Of a report on cash: who else did it, for the customer."""
    amount_involved: Decimal | None = None
    """In the reporting currency."""
    rates: tuple[tuple[str, Decimal], ...] = ()
    note: str | None = None
    """Such as an advisory's key word."""
    conclusion: str | None = None
    legal_authority: str | None = None
    """Of a report on a blocking: the sanctions programme or legal basis."""
    values: tuple[PropertyValue, ...] = ()


NOTHING = Supplement()


def stated(subject: Subject, supplement: Supplement) -> Subject:
    """The subject with what officers stated of it."""
    for party in supplement.parties:
        if party.party_id == subject.party_id:
            blank = Subject(party.party_id)
            said = {field.name: getattr(party, field.name) for field in fields(Subject)}
            return replace(subject, **{name: value for name, value in said.items() if value != getattr(blank, name)})
    return subject


def supplemented(case: SarCase, supplement: Supplement) -> SarCase:
    """The case with what officers stated."""
    return replace(
        case,
        subjects=tuple(stated(subject, supplement) for subject in case.subjects),
        amount_involved=case.amount_involved if supplement.amount_involved is None else supplement.amount_involved,
        rates=(*case.rates, *supplement.rates),
        note=supplement.note or case.note,
        conclusion=supplement.conclusion or case.conclusion,
    )
