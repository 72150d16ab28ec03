"""Applications over the wire: what is submitted, and what may be seen of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.fields import Amount, Country, Currency, IsoDate, LongText, Text


class AddressIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    street: Text
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    city: Text
    country: Country


class MoneyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount: Amount
    currency: Currency


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class PersonIn(BaseModel):
    """A natural person who applies."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "person",
                    "surname": "Muster",
                    "given_names": "Erika",
                    "birth_date": "1990-05-17",
                    "nationality": "DE",
                    "country_of_residence": "DE",
                    "channel": "online",
                    "product": "current_account",
                    "occupation": "employed",
                    "expected_monthly_volume": {"amount": "2500.00", "currency": "EUR"},
                }
            ]
        },
    )

    kind: Literal["person"]
    surname: Text
    given_names: Text
    birth_date: IsoDate
    nationality: Country
    country_of_residence: Country
    place_of_birth: Text | None = None
    document_number: Text | None = Field(default=None, description="As the applicant typed it from the document.")
    address: AddressIn | None = None
    phone_country: Country | None = Field(default=None, description="The country of the telephone number.")
    channel: Literal["branch", "video", "online", "intermediary"] | None = Field(
        default=None, description="How the applicant came."
    )
    product: Literal["savings", "current_account", "card", "remittance", "crypto"] | None = Field(
        default=None, description="What the applicant asks for."
    )
    occupation: (
        Literal["employed", "retired", "student", "self_employed", "cash_business", "gatekeeper", "unemployed"] | None
    ) = None
    monthly_income: MoneyIn | None = Field(default=None, description="In the currency of your regime.")
    expected_monthly_volume: MoneyIn | None = Field(default=None, description="In the currency of your regime.")
    expected_monthly_transfers: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    expected_cash_share: Share | None = None
    expected_foreign_share: Share | None = None


class BeneficialOwnerIn(BaseModel):
    """Who owns or controls an organisation in the end."""

    model_config = ConfigDict(extra="forbid")

    person: PersonIn
    share_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    control: Text | None = None


class OrganisationIn(BaseModel):
    """An organisation that applies. Part of the schema; until it is handled it is answered with 422."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["organisation"]
    name: Text
    country_of_registration: Country
    registration_number: Text | None = None
    beneficial_owners: list[BeneficialOwnerIn] = []


ApplicantIn = Annotated[PersonIn | OrganisationIn, Field(discriminator="kind")]


class ApplicationAccepted(BaseModel):
    """The application is stored and will be worked on, whatever else is down. The same request gets the same answer."""

    application_id: UUID
    url: str
    received_at: datetime


class ReasonOut(BaseModel):
    """A reason that the applicant may be told, with what they can do."""

    code: str
    text: str
    advice: str | None = None


State = Literal["received", "processing", "in_review", "concluded"]


class OfficerView(BaseModel):
    """What only officers see of an application."""

    outcome: str | None
    reasons: list[str]
    decisions: list[UUID]
    cases: list[UUID]


class ApplicationOut(BaseModel):
    """An application as the applicant may see it. `for_officers` is there for officers only."""

    application_id: UUID
    state: State
    outcome: Literal["approved", "rejected", "unreadable"] | None
    reasons: list[ReasonOut]
    received_at: datetime
    updated_at: datetime
    customer_id: UUID | None = Field(default=None, description="Of an approved applicant: open accounts with it.")
    for_officers: OfficerView | None = None


class ApplicationRow(BaseModel):
    application_id: UUID
    state: State
    outcome: str | None
    received_at: datetime


class ApplicationList(BaseModel):
    applications: list[ApplicationRow]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; absent on the last.")


class ContestIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: LongText = Field(description="Why the applicant thinks that the outcome is wrong, in their words.")


class ContestAccepted(BaseModel):
    application_id: UUID
    contest_id: UUID
    state: Literal["received"] = "received"
