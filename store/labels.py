"""What officers' dispositions teach: how often each rule was right, why not, how long it took, who did the work.

A case's rule or typology was right where the case ended as `true_positive`, `reject` or `block`, and wrong where it
ended as `false_positive` or `approve`; an inconclusive case says nothing about it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from explain.record import DecisionKind
from store.connection import Connection, frozen_row
from store.decisions import list_decisions
from store.records import StoredDecision

RIGHT = ("true_positive", "reject", "block")
WRONG = ("false_positive", "approve")


@dataclass(frozen=True, slots=True)
class RulePrecision:
    kind: str
    rule: str
    """A typology, or a rule of the policy."""
    right: int
    wrong: int
    inconclusive: int

    @property
    def precision(self) -> float | None:
        """The share of the decided cases in which it was right; None where none is decided."""
        decided = self.right + self.wrong
        return self.right / decided if decided else None


@dataclass(frozen=True, slots=True)
class TimeToDecision:
    kind: str
    closed: int
    late: int
    """After their deadline."""
    median_seconds: float
    p95_seconds: float


@dataclass(frozen=True, slots=True)
class Workload:
    officer_id: UUID
    decided: int
    approved: int
    returned: int
    actions: int
    holds: int
    """Cases that are theirs right now."""


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A closed case with the matters that its disposition labels."""

    case_id: UUID
    kind: str
    subject_id: UUID
    disposition: str
    disposition_code: str | None
    reasons: tuple[str, ...]
    regime: str
    closed_at: datetime
    matters: tuple[str, ...]


# Composed of constants only.
# ruff: noqa: S608
_PERIOD = "tenant_id = current_tenant() AND status = 'closed' AND closed_at >= %(since)s AND closed_at < %(until)s"


async def rule_precision(conn: Connection, since: datetime, until: datetime) -> list[RulePrecision]:
    """Per kind and rule, of cases closed in [since, until)."""
    cursor = conn.cursor(row_factory=frozen_row(RulePrecision))
    await cursor.execute(
        # Cases of the same reasons are counted before they are told apart by rule: there are few such groups.
        f"WITH ended AS (SELECT kind, reasons, disposition, count(*) AS n FROM case_file WHERE {_PERIOD} "
        "GROUP BY kind, reasons, disposition) "
        "SELECT kind, rule, coalesce(sum(n) FILTER (WHERE disposition = ANY(%(right)s)), 0)::int AS right, "
        "coalesce(sum(n) FILTER (WHERE disposition = ANY(%(wrong)s)), 0)::int AS wrong, "
        "coalesce(sum(n) FILTER (WHERE disposition = 'inconclusive'), 0)::int AS inconclusive "
        "FROM ended CROSS JOIN unnest(reasons) AS rule GROUP BY kind, rule ORDER BY kind, rule",
        {"since": since, "until": until, "right": list(RIGHT), "wrong": list(WRONG)},
    )
    return await cursor.fetchall()


async def false_positive_reasons(conn: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """How often each was given."""
    cursor = await conn.execute(
        f"SELECT disposition_code, count(*)::int FROM case_file WHERE {_PERIOD} "
        "AND disposition_code IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        {"since": since, "until": until},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def time_to_decision(conn: Connection, since: datetime, until: datetime) -> list[TimeToDecision]:
    """Per kind, from opening to closing."""
    cursor = conn.cursor(row_factory=frozen_row(TimeToDecision))
    await cursor.execute(
        "SELECT kind, closed, late, took[1] AS median_seconds, took[2] AS p95_seconds FROM ("
        "SELECT kind, count(*)::int AS closed, count(*) FILTER (WHERE closed_at > due_at)::int AS late, "
        "percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - opened_at)::float8) "
        f"AS took FROM case_file WHERE {_PERIOD} GROUP BY kind) times ORDER BY kind",
        {"since": since, "until": until},
    )
    return await cursor.fetchall()


async def workload(conn: Connection, since: datetime, until: datetime) -> list[Workload]:
    """Per officer: what they did in [since, until), and what they hold now."""
    cursor = conn.cursor(row_factory=frozen_row(Workload))
    await cursor.execute(
        "SELECT officer_id, coalesce(decided, 0) AS decided, coalesce(approved, 0) AS approved, "
        "coalesce(returned, 0) AS returned, coalesce(actions, 0) AS actions, coalesce(holds, 0) AS holds FROM "
        "(SELECT officer_id, count(*) FILTER (WHERE action = 'decide')::int AS decided, "
        "count(*) FILTER (WHERE action = 'approve')::int AS approved, "
        "count(*) FILTER (WHERE action = 'return')::int AS returned, count(*)::int AS actions FROM case_event "
        "WHERE tenant_id = current_tenant() AND officer_id IS NOT NULL AND at >= %(since)s AND at < %(until)s "
        "GROUP BY officer_id) did FULL JOIN "
        "(SELECT claimed_by AS officer_id, count(*)::int AS holds FROM case_file WHERE tenant_id = current_tenant() "
        "AND status <> 'closed' AND claimed_by IS NOT NULL GROUP BY claimed_by) has USING (officer_id) "
        "ORDER BY officer_id",
        {"since": since, "until": until},
    )
    return await cursor.fetchall()


async def iterate_labelled(conn: Connection, since: datetime | None = None) -> AsyncIterator[LabelledCase]:
    """The tenant's closed cases that say something, in the order of their closing, over a server-side cursor."""
    async with conn.cursor(name="labels", row_factory=frozen_row(LabelledCase)) as cursor:
        await cursor.execute(
            "SELECT c.case_id, c.kind, c.subject_id, c.disposition, c.disposition_code, c.reasons, c.regime, "
            "c.closed_at, ARRAY(SELECT m.about FROM case_matter m WHERE m.case_id = c.case_id "
            "ORDER BY m.joined_at, m.about) AS matters FROM case_file c WHERE c.tenant_id = current_tenant() "
            "AND c.status = 'closed' AND c.disposition = ANY(%(told)s) "
            "AND (%(since)s::timestamptz IS NULL OR c.closed_at >= %(since)s) ORDER BY c.closed_at, c.case_id",
            {"told": [*RIGHT, *WRONG], "since": since},
        )
        async for row in cursor:
            yield row


async def decisions_to_label(conn: Connection, case: LabelledCase) -> list[tuple[StoredDecision, tuple[str, ...]]]:
    """The scores that the disposition labels, each with its typologies: of an alert its transaction's, of an
    application its risk rating."""
    found: list[tuple[StoredDecision, tuple[str, ...]]] = []
    for matter in case.matters:
        kind, _, number = matter.partition(":")
        if kind == "alert":
            cursor = await conn.execute("SELECT transaction_id, typologies FROM alert WHERE alert_id = %s", (number,))
            row: Any = await cursor.fetchone()
            if row is None:
                continue
            made = await list_decisions(conn, f"transaction:{row[0]}")
            scored = [each for each in made if each.kind is DecisionKind.TRANSACTION_SCORE]
            found += [(each, tuple(row[1])) for each in scored[-1:]]
        elif kind == "application":
            made = await list_decisions(conn, matter)
            found += [(each, ()) for each in made if each.kind is DecisionKind.ONBOARDING_RISK][-1:]
    return found
