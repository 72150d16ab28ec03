"""The applicant as the steps need it: opened from its seal, and said in the terms of checks, screening and rating.

One place, because the applicant's JSON is the API's promise and four steps read it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from aml.customer_risk import Channel, CustomerFacts, Occupation, Product
from aml.screening import Query, person
from jurisdictions import Regime
from jurisdictions.countries import alpha2
from kyc.document import ApplicantFacts, DocumentReading
from store.applications import Application, fetch_application
from store.connection import Connection
from vault import contexts
from vault.envelope import open_sealed
from workflows.steps import RecordUnknown

_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the applicant stated, as it was sealed. Countries are alpha-2."""

    stated: Mapping[str, Any]

    @classmethod
    def opened(cls, application: Application, data_key: bytes) -> "Applicant":
        plain = open_sealed(data_key, application.sealed_applicant, contexts.applicant(application.application_id))
        return cls(json.loads(plain))

    def to_check(self, readings: Sequence[DocumentReading]) -> ApplicantFacts:
        """For comparison with documents, whose states are ICAO codes: the same state is said as they say it."""
        stated = self.stated["nationality"]
        printed = [value for reading in readings if (value := reading.value("nationality"))]
        same = next((value for value in printed if alpha2(value) == stated), stated)
        return ApplicantFacts(
            surname=self.stated["surname"],
            given_names=self.stated["given_names"],
            birth_date=date.fromisoformat(self.stated["birth_date"]),
            nationality=same,
            document_number=self.stated.get("document_number"),
        )

    def to_screen(self, readings: Sequence[DocumentReading]) -> Query:
        """Asked under the stated name and under the documents' names, with every number that the documents carry."""
        names = [f"{self.stated['given_names']} {self.stated['surname']}"]
        numbers = [("passportNumber", number)] if (number := self.stated.get("document_number")) else []
        countries = [self.stated["nationality"]]
        for reading in readings:
            given, surname = reading.value("given_names"), reading.value("surname")
            if given and surname:
                names.append(f"{given} {surname}")
            if number := reading.value("number"):
                numbers.append(("passportNumber", number))
            if number := reading.value("personal_number"):
                numbers.append(("idNumber", number))
            if state := alpha2(reading.value("nationality") or ""):
                countries.append(state)
        return person(
            *dict.fromkeys(names),
            birth_date=self.stated["birth_date"],
            countries=tuple(dict.fromkeys(countries)),
            gender=next((sex for reading in readings if (sex := reading.value("sex"))), None),
            identifiers=tuple(dict.fromkeys(numbers)),
        )

    def to_rate(
        self,
        readings: Sequence[DocumentReading],
        regime: Regime,
        as_of: date,
        *,
        document_findings: int,
        check_findings: int,
        screening_strength: str,
    ) -> CustomerFacts:
        residence = self.stated["country_of_residence"]
        phone = self.stated.get("phone_country")
        issued = _first(reading.date_of("issue_date") for reading in readings)
        ends = _first(reading.date_of("expiry_date") for reading in readings)
        return CustomerFacts(
            residence_risk="high"
            if regime.is_high_risk(residence)
            else "monitored"
            if regime.is_monitored(residence)
            else "standard",
            channel=Channel(self.stated["channel"]) if self.stated.get("channel") else None,
            product=Product(self.stated["product"]) if self.stated.get("product") else None,
            occupation=Occupation(self.stated["occupation"]) if self.stated.get("occupation") else None,
            expected_monthly_volume=self._amount("expected_monthly_volume"),
            expected_monthly_transfers=self.stated.get("expected_monthly_transfers"),
            expected_cash_share=self.stated.get("expected_cash_share"),
            expected_foreign_share=self.stated.get("expected_foreign_share"),
            monthly_income=self._amount("monthly_income"),
            document_age_years=None if issued is None else max(0.0, (as_of - issued).days / _DAYS_A_YEAR),
            document_months_left=None if ends is None else (ends - as_of).days * 12 / _DAYS_A_YEAR,
            document_findings=document_findings,
            check_findings=check_findings,
            screening_strength=screening_strength,
            contact_country_differs=None if phone is None else phone != residence,
        )

    def touches_high_risk(self, readings: Sequence[DocumentReading], regime: Regime) -> bool:
        """Whether nationality, residence or the documents tie the applicant to a high-risk country."""
        printed = (reading.value(field) for reading in readings for field in ("nationality", "issuer"))
        ties = [self.stated["nationality"], self.stated["country_of_residence"], *(state for state in printed if state)]
        return any(regime.is_high_risk(state) for state in ties)

    def _amount(self, name: str) -> float | None:
        money = self.stated.get(name)
        return None if money is None else float(money["amount"])


def age_on(readings: Sequence[DocumentReading], as_of: date) -> int | None:
    """Whole years by the documents; None where none of them gives a date of birth."""
    born = _first(reading.date_of("birth_date") for reading in readings)
    if born is None:
        return None
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


async def fetch_known(conn: Connection, application_id: UUID) -> Application:
    """Raises `RecordUnknown`."""
    application = await fetch_application(conn, application_id)
    if application is None:
        raise RecordUnknown(f"application {application_id}")
    return application


def _first(dates: Any) -> date | None:
    return next((found for found in dates if found is not None), None)
