"""Screenings over the wire: our own, and the matching that yente's clients know."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.schemas.fields import Country, Text

Schema = Literal[
    "Person", "Organization", "Company", "PublicBody", "LegalEntity", "Vessel", "Airplane", "CryptoWallet", "Thing"
]
IdentifierType = Literal[
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
]
PartialDate = Annotated[
    str,
    StringConstraints(pattern=r"^(1[89]|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"),
    Field(description="A year, a month or a day.", examples=["1970", "1970-05", "1970-05-17"]),
]
Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class IdentifierIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: IdentifierType
    number: Identifier


class PartyIn(BaseModel):
    """Who or what is asked about, in the few facts that a list can confirm or contradict."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    schema_: Schema = Field(default="Person", alias="schema", description="A FollowTheMoney schema.")
    names: list[Text] = Field(default=[], max_length=20, description="Every name that is used, in any script.")
    birth_dates: list[PartialDate] = Field(default=[], max_length=5, description="Of a person.")
    countries: list[Country] = Field(default=[], max_length=10, description="Nationality or registration.")
    gender: Literal["male", "female"] | None = None
    identifiers: list[IdentifierIn] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _someone(self) -> "PartyIn":
        if not self.names and not self.identifiers:
            raise ValueError("needs at least one of `names` and `identifiers`")
        if not self.identifiers and not any(character.isalpha() for name in self.names for character in name):
            raise ValueError("needs a name with letters in it, or an identifier")
        return self

    def entity(self) -> dict[str, Any]:
        """As FollowTheMoney has it."""
        properties: dict[str, list[str]] = {
            "name": list(self.names),
            "birthDate": list(self.birth_dates),
            "nationality" if self.schema_ == "Person" else "jurisdiction": [code.lower() for code in self.countries],
            "gender": [self.gender] if self.gender else [],
        }
        for identifier in self.identifiers:
            properties.setdefault(identifier.type, []).append(identifier.number)
        return {"schema": self.schema_, "properties": {key: values for key, values in properties.items() if values}}


class ScreeningIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "party": {
                        "schema": "Person",
                        "names": ["Jane Example"],
                        "birth_dates": ["1970-05-17"],
                        "countries": ["DE"],
                        "identifiers": [{"type": "passportNumber", "number": "X0000000"}],
                    }
                }
            ]
        },
    )

    party: PartyIn
    lists: list[Text] | None = Field(default=None, min_length=1, max_length=50, description="All in force without it.")
    threshold: float = Field(default=0.5, gt=0.0, lt=1.0, description="Least probability of a hit by the score.")
    limit: int = Field(default=50, ge=1, le=100, description="At most so many hits are kept, strongest first.")
    customer_id: UUID | None = Field(
        default=None, description="The customer who is asked about: what officers cleared for them is left out."
    )


Strength = Literal["none", "possible", "strong", "exact"]


class ListOut(BaseModel):
    name: str
    version: str
    sha256: str
    published: str | None = None
    checked_at: datetime | None = Field(default=None, description="When its source last confirmed this version.")


class ListRef(BaseModel):
    name: str
    version: str
    sha256: str


class HitContributionOut(BaseModel):
    feature: str
    query_value: str
    list_value: str
    delta: float = Field(description="Share of the log-odds, relative to an average pair. The first is that pair's.")
    value: float | None


class HitOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    entity_id: str
    list_: ListRef = Field(alias="list")
    schema_: str = Field(alias="schema")
    caption: str
    score: float
    log_odds: float
    strength: Strength
    rule: str = Field(description="The hard rule that made it a hit, or `additive`.")
    matched_name: str
    text: str
    contributions: list[HitContributionOut]
    record_hash: str = Field(description="Digest of the listed record: another one is another question.")
    decision_id: UUID


class ScorerOut(BaseModel):
    name: str
    version: str
    sha256: str


class ScreeningOut(BaseModel):
    screening_id: UUID
    customer_id: UUID | None
    outcome: Strength = Field(description="The strongest hit's.")
    stale: bool = Field(description="A list that the regime requires is missing, or was not confirmed lately.")
    as_of: datetime
    threshold: float
    index_version: str | None
    basis_sha256: str
    lists: list[ListOut]
    scorer: ScorerOut
    decision_ids: list[UUID] = Field(description="One a hit; where there is none, that of the nearest entity.")
    hits: list[HitOut]


# --- yente's ----------------------------------------------------------------------------------------------------------


class EntityExample(BaseModel):
    """A FollowTheMoney entity to look for."""

    model_config = ConfigDict(populate_by_name=True)

    id: Annotated[str, StringConstraints(max_length=200)] | None = None
    schema_: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(alias="schema")
    properties: dict[str, Any] = Field(max_length=100)


class MatchIn(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"queries": {"q1": {"schema": "Person", "properties": {"name": ["Jane Example"]}}}}]
        }
    )

    queries: dict[str, EntityExample] = Field(min_length=1, max_length=500)
    weights: dict[str, float] = Field(default={}, description="Taken and not used: the scorer's weights are approved.")
    config: dict[str, Any] = Field(default={}, description="Taken and not used.")


class MatchOut(BaseModel):
    responses: dict[str, Any] = Field(description="By query: `status`, `results`, `total`, `query`.")
    limit: int
