"""Decisions: why the machine decided as it did, opened for whoever may read it, and never without an audit row."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, Principal, needs
from api.permissions import Permission
from api.schemas.decisions import (
    ContributionOut,
    CounterfactualOut,
    DecisionList,
    DecisionOut,
    DecisionRow,
    FindingOut,
    InputOut,
    ModelOut,
    ReasonOut,
    ReasonsOut,
)
from api.schemas.problems import problem_responses
from api.services import Explainer, ExplainerDown, PlotKind, Services
from api.subject_keys import subject_key
from explain.record import Decision
from store.audit import record_read
from store.connection import tenant_transaction
from store.decisions import (
    StoredDecision,
    StoredModel,
    fetch_decision,
    fetch_decisions,
    fetch_model,
    list_decisions,
)
from store.subjects import SubjectErased
from store.transactions import decisions_before
from vault import contexts
from vault.envelope import open_sealed

router = APIRouter(prefix="/v1/decisions", tags=["decisions"], route_class=GuardedRoute)

_ABOUT = r"^[a-z_]+:[\x21-\x7e]{1,200}$"


@router.get(
    "",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([422]),
    summary="The decisions on one matter",
)
async def list_about(
    principal: CurrentPrincipal,
    services: CurrentServices,
    about: Annotated[
        str,
        Query(
            pattern=_ABOUT, description="As `kind:id`.", examples=["application:0b0c1f5e-2f0e-4e55-9a5e-1d0a6f3f5c11"]
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DecisionList:
    """Oldest first: of `application:<id>`, `transaction:<id>`, `alert:<id>`."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        decisions = await list_decisions(connection, about, limit)
        await record_read(connection, principal.actor, "list decisions", about)
    return DecisionList(decisions=[decision_row(decision) for decision in decisions])


@router.get(
    "/{decision_id}",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([404, 422]),
    summary="One decision with its explanation",
)
async def show(decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> DecisionOut:
    """Model and digest, features with values and SHAP values, base value, additivity error, the rules that fired with
    their citations, and the sentence. Audited. Once the person's data is erased, the numbers remain."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        stored = await fetch_decision(connection, decision_id)
        await record_read(connection, principal.actor, "read", f"decision:{decision_id}")
        try:
            data_key = await subject_key(connection, services, principal.tenant_id, stored.subject_id)
        except SubjectErased:
            return _present(stored, None)
    evidence = open_sealed(data_key, stored.sealed_evidence, contexts.decision_evidence(decision_id))
    return _present(stored, stored.reopen(evidence))


@router.get(
    "/{decision_id}/plot.svg",
    openapi_extra=needs(Permission.READ_DECISIONS),
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {}}, "description": "The plot."},
        **problem_responses([404, 410, 422]),
    },
    summary="One decision's explanation as a picture",
)
async def plot(
    decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices, kind: PlotKind = "waterfall"
) -> Response:
    """How the features lead from the base value to the output, drawn by `shap` from the stored numbers. Audited. Gone
    once the person's data is erased, as the values are part of the picture."""
    decision, _ = await open_decision(decision_id, principal, services, f"plot {kind}")
    picture = await _explainer(services).plot(decision, kind)
    return Response(
        picture,
        media_type="image/svg+xml",
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Content-Disposition": "inline",
        },
    )


@router.get(
    "/{decision_id}/reasons",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([404, 410, 422]),
    summary="Why, in words: the strongest reasons, each beside what is usual",
)
async def why(
    decision_id: UUID,
    principal: CurrentPrincipal,
    services: CurrentServices,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> ReasonsOut:
    """Rules that fired first, then features by effect: each in words with its value, its effect, the norm that it
    serves, the usual range of the population that the model was made on, and how it compares with that population and
    with the same person's own past payments. Audited. Gone once the person's data is erased."""
    decision, model = await open_decision(decision_id, principal, services, "reasons")
    past = await _own_past(decision, principal, services)
    values = {
        one.feature: [earlier[position] for earlier in past]
        for position, one in enumerate(decision.explanation.contributions)
        if past and isinstance(one.value, int | float)
    }
    reasons = await _explainer(services).reasons(decision, model.card, values, limit)
    return ReasonsOut(
        decision_id=decision_id,
        population=bool(model.card.get("population")),
        past=len(past),
        reasons=[ReasonOut(**reason) for reason in reasons],
    )


@router.get(
    "/{decision_id}/counterfactual",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([404, 410, 422]),
    summary="What would have altered the outcome",
)
async def what_if(decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> CounterfactualOut:
    """The nearest change of what the person can change, never of a protected or immutable attribute, that the
    decision's own model answers differently: searched, then scored again. Audited. Gone once the data is erased."""
    decision, model = await open_decision(decision_id, principal, services, "counterfactual")
    answer = await _explainer(services).counterfactual(decision, model.content, model.card)
    if "reason" in answer:
        reason = str(answer["reason"])
        sentence = f"{reason[:1].upper()}{reason[1:]}."
        return CounterfactualOut(decision_id=decision_id, found=False, sentence=sentence)
    return CounterfactualOut(decision_id=decision_id, found=True, **answer)


async def open_decision(
    decision_id: UUID, principal: Principal, services: Services, action: str
) -> tuple[Decision, StoredModel]:
    """The whole decision and its model, the read recorded. Raises `SubjectErased`, the attempt recorded too."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        stored = await fetch_decision(connection, decision_id)
        model = await fetch_model(connection, stored.model.sha256)
        await record_read(connection, principal.actor, action, f"decision:{decision_id}")
        try:
            data_key = await subject_key(connection, services, principal.tenant_id, stored.subject_id)
        except SubjectErased:
            data_key = None
    if data_key is None:
        raise SubjectErased(str(stored.subject_id))  # only now: inside, it would undo the audit row
    evidence = open_sealed(data_key, stored.sealed_evidence, contexts.decision_evidence(decision_id))
    return stored.reopen(evidence), model


async def _own_past(decision: Decision, principal: Principal, services: Services) -> list[list[Any]]:
    """The feature values of the same person's earlier payments under the same features, as far as one looks back."""
    kind, _, about = decision.about.partition(":")
    if kind != "transaction":
        return []
    features = tuple(one.feature for one in decision.explanation.contributions)
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        earlier = await fetch_decisions(connection, await decisions_before(connection, about))
        data_key = await subject_key(connection, services, principal.tenant_id, decision.subject_id)
    return [
        json.loads(open_sealed(data_key, each.sealed_evidence, contexts.decision_evidence(each.decision_id)))["values"]
        for each in earlier
        if each.features == features
    ]


def _explainer(services: Services) -> Explainer:
    if services.explainer is None:
        raise ExplainerDown
    return services.explainer


def decision_row(stored: StoredDecision) -> DecisionRow:
    return DecisionRow(
        decision_id=stored.decision_id,
        kind=stored.kind.value,
        about=stored.about,
        outcome=stored.outcome,
        score=stored.score,
        created_at=stored.created_at,
    )


def _present(stored: StoredDecision, opened: Decision | None) -> DecisionOut:
    return DecisionOut(
        **decision_row(stored).model_dump(),
        sentence=opened.sentence if opened else None,
        model=ModelOut(name=stored.model.name, version=stored.model.version, sha256=stored.model.sha256),
        method=stored.method.value,
        base_value=stored.base_value,
        contributions=_contributions(stored, opened),
        output=stored.output,
        additivity_error=stored.additivity_error,
        findings=_findings(stored, opened),
        regime=stored.regime,
        regime_version=stored.regime_version,
        policy_version=stored.policy_version,
        inputs=[InputOut(name=ref.name, sha256=ref.sha256) for ref in stored.inputs],
        code_version=stored.code_version,
        as_of=stored.as_of,
        leaf_id=stored.leaf_id,
        evidence="open" if opened else "erased",
    )


def _contributions(stored: StoredDecision, opened: Decision | None) -> list[ContributionOut]:
    if opened:
        return [
            ContributionOut(feature=one.feature, value=one.value, shap=one.shap) for one in opened.explanation.ranked()
        ]
    pairs = sorted(zip(stored.features, stored.shap, strict=True), key=lambda pair: (-abs(pair[1]), pair[0]))
    return [ContributionOut(feature=feature, value=None, shap=shap) for feature, shap in pairs]


def _findings(stored: StoredDecision, opened: Decision | None) -> list[FindingOut]:
    if opened:
        return [
            FindingOut(rule=one.rule, effect=one.effect, citation=one.citation, text=one.text, values=dict(one.values))
            for one in opened.findings
        ]
    return [FindingOut(rule=one.rule, effect=one.effect, citation=one.citation) for one in stored.rules]
