"""Receipts and proofs of decisions: what lets a caller hold this service to what it recorded. Needs nobody's data key.

Apart from `decisions` because it shows how a decision is kept, not why it was made.
"""

from uuid import UUID

from fastapi import APIRouter

from api.auth import CurrentPrincipal, CurrentServices, GuardedRoute, needs
from api.permissions import Permission
from api.schemas.problems import problem_responses
from api.schemas.proofs import ProofOut, ReceiptOut
from store import ledger
from store.audit import record_read
from store.connection import tenant_transaction
from store.decisions import fetch_decision
from store.ledger_export import prove_decision

router = APIRouter(prefix="/v1/decisions", tags=["decisions"], route_class=GuardedRoute)


class ReceiptsNotSigned(Exception):
    """This deployment gives its API no ledger key. Ask for the proof instead, a minute after the decision."""


@router.get(
    "/{decision_id}/receipt",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([404, 422]),
    summary="A signed receipt for one decision",
)
async def show_receipt(decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> ReceiptOut:
    """At once, also before the next checkpoint: whoever keeps it can show a removal in that minute. Audited."""
    if services.ledger is None:
        raise ReceiptsNotSigned
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        stored = await fetch_decision(connection, decision_id)
        leaf = await ledger.fetch_leaf(connection, stored.leaf_id)
        assert leaf is not None  # a foreign key
        await record_read(connection, principal.actor, "read receipt", f"decision:{decision_id}")
    receipt = ledger.receipt(leaf, services.ledger)
    return ReceiptOut(
        decision_id=decision_id,
        leaf_id=leaf.leaf_id,
        leaf_hash=leaf.leaf_hash.hex(),
        body=receipt.body,
        signature=receipt.signature.hex(),
        key_id=receipt.key_id,
    )


@router.get(
    "/{decision_id}/proof",
    openapi_extra=needs(Permission.READ_DECISIONS),
    responses=problem_responses([404, 409, 422]),
    summary="The proof of one decision",
)
async def show_proof(decision_id: UUID, principal: CurrentPrincipal, services: CurrentServices) -> ProofOut:
    """Against the newest signed checkpoint; 409 until there is one above the decision, within a minute. It shows this
    record and, of others, salted digests only. It holds after an erasure too. Audited."""
    async with tenant_transaction(services.pool, principal.tenant_id) as connection:
        proof = await prove_decision(connection, principal.tenant_id, decision_id)
        await record_read(connection, principal.actor, "read proof", f"decision:{decision_id}")
    return ProofOut.of(proof)
