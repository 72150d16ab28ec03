"""One decision in full: explanation, picture, counterfactual, proof, and computed again at the press of a button."""

import json
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.auth import CurrentPrincipal, CurrentServices, needs
from api.console.explained import present
from api.console.page import PageRoute, render
from api.permissions import Permission
from api.routes import decisions, proofs
from api.services import PlotKind
from store.ledger_export import NotYetProvable

router = APIRouter(prefix="/console/decisions", include_in_schema=False, route_class=PageRoute)

_READ = needs(Permission.READ_DECISIONS)


def _is_part(request: Request) -> bool:
    """Whether a script asks for a part of a page; without one, the same is a page of its own."""
    return "X-Partial" in request.headers


@router.get("/{decision_id}", openapi_extra=_READ)
async def show(decision_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices) -> Response:
    """All that is stored of it."""
    decision = await decisions.show(decision_id, principal, services)
    return render(request, "decision.html", each=present(decision, most=200), full=True, console=services.console)


@router.get("/{decision_id}/plot", openapi_extra=_READ)
async def plot_page(decision_id: UUID, request: Request, kind: PlotKind = "waterfall") -> Response:
    """The picture with its frame; its bytes are asked for by the browser."""
    template = "_plot.html" if _is_part(request) else "plot.html"
    return render(request, template, decision_id=decision_id, kind=kind)


@router.get("/{decision_id}/plot.svg", openapi_extra=_READ)
async def plot(
    decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices, kind: PlotKind = "waterfall"
) -> Response:
    return await decisions.plot(decision_id, principal, services, kind)


@router.get("/{decision_id}/reasons", openapi_extra=_READ)
async def reasons(
    decision_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """The strongest reasons in words, each beside what is usual."""
    answer = await decisions.why(decision_id, principal, services, limit=10)
    return render(request, "_reasons.html" if _is_part(request) else "reasons.html", answer=answer)


@router.get("/{decision_id}/counterfactual", openapi_extra=_READ)
async def counterfactual(
    decision_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """What would have altered the outcome."""
    answer = await decisions.what_if(decision_id, principal, services)
    template = "_counterfactual.html" if _is_part(request) else "counterfactual.html"
    return render(request, template, answer=answer)


@router.post("/{decision_id}/verify", openapi_extra=_READ)
async def verify(
    decision_id: UUID, request: Request, principal: CurrentPrincipal, services: CurrentServices
) -> Response:
    """Compute it again in a fresh process and compare bit for bit; then find it in the ledger. Audited."""
    decision, model = await decisions.open_decision(decision_id, principal, services, "verify")
    verdict = None
    if services.console is not None and services.console.verifier is not None:
        verdict = await services.console.verifier.verify(decision, model.content)
    try:
        proof = await proofs.show_proof(decision_id, principal, services)
    except NotYetProvable:
        proof = None
    template = "_verdict.html" if _is_part(request) else "verdict.html"
    return render(
        request,
        template,
        decision_id=decision_id,
        verdict=verdict,
        proof=proof,
        proof_number=proof.position if proof else None,
        proof_size=json.loads(proof.checkpoint.body)["size"] if proof else None,
    )
