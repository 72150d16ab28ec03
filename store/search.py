"""Looking through what was decided, who looked at it, and by which models: pages of rows, newest first.

Apart from the modules of decisions and audit because nothing but people's search pages asks so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from store.audit import AuditRow
from store.connection import Connection, frozen_row
from store.credentials import Officer


@dataclass(frozen=True, slots=True)
class DecisionFound:
    """What the search shows of a decision: nothing sealed."""

    decision_id: UUID
    kind: str
    about: str
    outcome: str
    score: float
    model_sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ModelFound:
    """A registered model and, where it decided anything here, its last decision."""

    sha256: str
    name: str
    version: str
    format: str
    size: int
    """In bytes."""
    card: Mapping[str, Any]
    registered_at: datetime


_SCORE = "transaction_score"

_DECISIONS: LiteralString = (
    "SELECT decision_id, kind, about, outcome, score, model_sha256, created_at FROM decision "
    "WHERE tenant_id = current_tenant() AND created_at >= %(since)s AND created_at < %(until)s "
    "AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s) "
    "AND (%(before)s::timestamptz IS NULL OR (created_at, decision_id) < (%(before)s, %(before_id)s::uuid)) "
)
_NEWEST: LiteralString = "ORDER BY created_at DESC, decision_id DESC LIMIT %(limit)s"


async def search_decisions(
    conn: Connection,
    *,
    since: datetime,
    until: datetime,
    kind: str | None = None,
    outcome: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[DecisionFound]:
    """Newest first. Without a kind, all but the engine's scores, which are found by their transaction."""
    # The words of the indices' conditions stand in the text, so that the planner knows them.
    which: LiteralString = (
        "AND kind = 'transaction_score' "
        if kind == _SCORE
        else "AND kind <> 'transaction_score' AND kind = %(kind)s "
        if kind
        else "AND kind <> 'transaction_score' "
    )
    cursor = conn.cursor(row_factory=frozen_row(DecisionFound))
    await cursor.execute(
        _DECISIONS + which + _NEWEST,
        {
            "since": since,
            "until": until,
            "kind": kind,
            "outcome": outcome,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return await cursor.fetchall()


async def search_audit(
    conn: Connection,
    *,
    about: str | None = None,
    actor: str | None = None,
    refused: bool = False,
    with_filings: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[AuditRow]:
    """Newest first: of one matter, of one actor, only what was refused. Rows on filings only where asked for."""
    cursor = conn.cursor(row_factory=frozen_row(AuditRow))
    await cursor.execute(
        "SELECT audit_id, at, actor, action, about, allowed, reason FROM audit WHERE tenant_id = current_tenant() "
        "AND (%(about)s::text IS NULL OR about = %(about)s) AND (%(actor)s::text IS NULL OR actor = %(actor)s) "
        "AND (NOT %(refused)s OR NOT allowed) AND (%(with_filings)s OR about NOT LIKE 'filing%%') "
        "AND (%(before)s::bigint IS NULL OR audit_id < %(before)s) ORDER BY audit_id DESC LIMIT %(limit)s",
        {
            "about": about,
            "actor": actor,
            "refused": refused,
            "with_filings": with_filings,
            "before": before,
            "limit": limit,
        },
    )
    return await cursor.fetchall()


async def list_models(conn: Connection) -> list[ModelFound]:
    """Every registered model, by name, the newest first."""
    cursor = conn.cursor(row_factory=frozen_row(ModelFound))
    await cursor.execute(
        "SELECT sha256, name, version, format, length(content) AS size, card, registered_at FROM model "
        "ORDER BY name, registered_at DESC"
    )
    return await cursor.fetchall()


async def last_decisions(conn: Connection, kinds: tuple[str, ...]) -> list[DecisionFound]:
    """The tenant's newest decision of each kind that has one: which model is in use for it, and since when it was."""
    found = []
    for kind in kinds:
        cursor = conn.cursor(row_factory=frozen_row(DecisionFound))
        if kind == _SCORE:
            # By the newest transaction: an index knows it, however many scores there are.
            await cursor.execute(
                "SELECT decision_id, kind, about, outcome, score, model_sha256, created_at FROM decision "
                "WHERE decision_id = (SELECT decision_id FROM transaction WHERE tenant_id = current_tenant() "
                "ORDER BY ingest_seq DESC LIMIT 1)"
            )
        else:
            await cursor.execute(
                "SELECT decision_id, kind, about, outcome, score, model_sha256, created_at FROM decision "
                "WHERE tenant_id = current_tenant() AND kind <> 'transaction_score' AND kind = %(kind)s "
                "ORDER BY created_at DESC, decision_id DESC LIMIT 1",
                {"kind": kind},
            )
        found += await cursor.fetchall()
    return found


async def list_case_officers(conn: Connection) -> list[Officer]:
    """The tenant's active officers who may have a case, by login."""
    cursor = conn.cursor(row_factory=frozen_row(Officer))
    await cursor.execute(
        "SELECT officer_id, tenant_id, login, password_hash, roles, active FROM officer "
        "WHERE tenant_id = current_tenant() AND active AND roles && ARRAY['analyst', 'approver'] "
        "ORDER BY login LIMIT 200"
    )
    return await cursor.fetchall()


_KNOWN: LiteralString = (
    "SELECT case_id AS id, 'case:' || case_id AS about FROM case_file WHERE case_id = ANY(%(ids)s) "
    "UNION ALL SELECT application_id, 'application:' || application_id FROM application "
    "WHERE application_id = ANY(%(ids)s) "
    "UNION ALL SELECT document_id, 'document:' || document_id FROM document WHERE document_id = ANY(%(ids)s) "
    "UNION ALL SELECT alert_id, 'alert:' || alert_id FROM alert WHERE alert_id = ANY(%(ids)s) "
    "UNION ALL SELECT customer_id, 'customer:' || customer_id FROM customer WHERE customer_id = ANY(%(ids)s) "
    "UNION ALL SELECT decision_id, 'decision:' || decision_id FROM decision WHERE decision_id = ANY(%(ids)s) "
)
_KNOWN_TOO: Mapping[str, LiteralString] = {
    "public": "UNION ALL SELECT outbox_id, 'run:' || outbox_id FROM outbox WHERE outbox_id = ANY(%(ids)s) "
    "UNION ALL SELECT contest_id, 'contest:' || contest_id FROM contest WHERE contest_id = ANY(%(ids)s)",
    "filing": "UNION ALL SELECT filing_id, 'filing:' || filing_id FROM filing.filing WHERE filing_id = ANY(%(ids)s)",
}


async def known_here(
    conn: Connection, ids: frozenset[UUID], *, schema: Literal["public", "filing"] = "public"
) -> dict[UUID, str]:
    """Of these ids, those that name something of the tenant's, as `kind:id`, runs of its workflows included; the others
    are absent. `filing` knows filings, and is for the role clearance_filing."""
    cursor = await conn.execute(_KNOWN + _KNOWN_TOO[schema], {"ids": list(ids)})
    return {row[0]: row[1] for row in await cursor.fetchall()}
