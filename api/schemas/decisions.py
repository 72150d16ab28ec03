"""Decisions over the wire: what was decided, by which model or table, and why."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

Value = str | int | float | bool | None


class ModelOut(BaseModel):
    name: str
    version: str
    sha256: str = Field(description="Of the model's native bytes: the digest names the model.")


class ContributionOut(BaseModel):
    feature: str
    value: Value = Field(description="`null` is not known, or erased.")
    shap: float = Field(description="The share of the output, in the output's unit.")


class FindingOut(BaseModel):
    rule: str
    effect: str
    citation: str
    text: str | None = None
    values: dict[str, Value] = {}


class InputOut(BaseModel):
    name: str
    sha256: str


class DecisionRow(BaseModel):
    decision_id: UUID
    kind: str
    about: str
    outcome: str
    score: float
    created_at: datetime


class DecisionList(BaseModel):
    decisions: list[DecisionRow]


class DecisionOut(DecisionRow):
    """All that is needed to understand, replay and check a decision."""

    sentence: str | None = Field(description="What an officer reads first. `null` once the data is erased.")
    model: ModelOut
    method: Literal["tree_path_dependent", "additive_exact", "exact_rules"]
    base_value: float
    contributions: list[ContributionOut] = Field(description="Largest effect first.")
    output: float = Field(description="`base_value` plus all `shap` equal it within `additivity_error`.")
    additivity_error: float
    findings: list[FindingOut]
    regime: str
    regime_version: str
    policy_version: str
    inputs: list[InputOut]
    code_version: str
    as_of: datetime
    leaf_id: UUID = Field(description="The decision's leaf in the ledger.")
    evidence: Literal["open", "erased"] = Field(
        description="`erased`: the person's key was destroyed; numbers and rules remain, values and words do not."
    )


class ChangeOut(BaseModel):
    feature: str
    before: Value
    after: Value
    follows: bool = Field(description="It changes because another feature does, as a share of it.")


class CounterfactualOut(BaseModel):
    """The nearest permitted change that would have altered the outcome, or why there is none."""

    decision_id: UUID
    found: bool
    sentence: str
    outcome: str | None = Field(default=None, description="What the same model gives for the changed values.")
    score: float | None = None
    changes: list[ChangeOut] = []


class ReasonOut(BaseModel):
    """One reason in words."""

    name: str = Field(description="The rule or the feature.")
    text: str = Field(description="What it is, with its value.")
    effect: float = Field(
        description="Its share of the output, in the decision's margin; 0 for a rule that only states a fact."
    )
    citation: str = Field(description="The norm that it serves.")
    usual: str = Field(description="The range of nine tenths of the population, where it is known.")
    comparison: str = Field(description="How the value compares with the population and with the person's own past.")


class ReasonsOut(BaseModel):
    """Why a decision came out as it did, strongest reason first."""

    decision_id: UUID
    population: bool = Field(description="Whether the model's card says what is usual.")
    past: int = Field(description="How many of the person's own earlier payments the values were compared with.")
    reasons: list[ReasonOut]
