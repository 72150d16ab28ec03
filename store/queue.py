"""The officers' queue: which cases wait, by deadline, risk or age, a page at a time however many there are.

Apart from `store.cases` because it answers one question in many variants; each order has an index of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import sql

from store.connection import Connection, frozen_row


class Order(StrEnum):
    """What comes first: the nearest deadline, the highest risk (and of equal ones the nearest deadline), the newest."""

    DEADLINE = "deadline"
    RISK = "risk"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which cases: every part that is given narrows it. Without `statuses` all that are not closed."""

    cases: Sequence[UUID] | None = None
    """These alone."""
    statuses: Sequence[str] = ()
    kinds: Sequence[str] = ()
    assignee: UUID | None = None
    unassigned: bool = False
    reason: str | None = None
    """A rule or typology that referred it."""
    least_risk: int = 0
    """0 to 100."""
    due_before: datetime | None = None
    due_after: datetime | None = None
    escalated: bool | None = None
    with_snoozed: bool = False
    """Snoozed cases are hidden until they wake, unless one asks for them."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case as the queue shows it: no person, no account."""

    case_id: UUID
    kind: str
    about: str
    status: str
    revision: int
    risk: int
    """0 to 100: the highest score of what referred it."""
    reasons: tuple[str, ...]
    due_at: datetime
    escalated: bool
    four_eyes: bool
    claimed_by: UUID | None
    maker: UUID | None
    disposition: str | None
    snoozed_until: datetime | None
    request_due_at: datetime | None
    """Until when the applicant is asked to answer, where they are asked."""
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last row's sort key."""

    case_id: UUID
    instant: datetime
    """Its deadline; its opening in the order by age."""
    risk: int = 0


_COLUMNS = (
    "case_id, kind, about, status, revision, risk, reasons, due_at, escalated, four_eyes, claimed_by, maker, "
    "disposition, snoozed_until, request_due_at, opened_at, closed_at"
)

_ORDERS: dict[Order, tuple[sql.SQL, sql.SQL]] = {
    Order.DEADLINE: (sql.SQL("due_at, case_id"), sql.SQL("(due_at, case_id) > (%(instant)s, %(case_id)s::uuid)")),
    Order.RISK: (
        sql.SQL("risk_order, due_at, case_id"),
        sql.SQL("(risk_order, due_at, case_id) > (%(risk_order)s::smallint, %(instant)s, %(case_id)s::uuid)"),
    ),
    Order.NEWEST: (
        sql.SQL("opened_at DESC, case_id"),
        sql.SQL("opened_at <= %(instant)s AND (opened_at < %(instant)s OR case_id > %(case_id)s::uuid)"),
    ),
}


async def fetch_queue(
    conn: Connection,
    wanted: QueueFilter = QueueFilter(),
    *,
    order: Order = Order.DEADLINE,
    after: Place | None = None,
    limit: int = 50,
) -> list[QueueRow]:
    """The tenant's cases that pass the filter, in that order, from behind `after`."""
    sort, beyond = _ORDERS[order]
    where, values = _conditions(wanted)
    if after is not None:
        where.append(beyond)
        values |= {"instant": after.instant, "case_id": after.case_id, "risk_order": -after.risk}
    query = sql.SQL("SELECT {} FROM case_file WHERE {} ORDER BY {} LIMIT %(limit)s").format(
        sql.SQL(_COLUMNS), sql.SQL(" AND ").join(where), sort
    )
    cursor = conn.cursor(row_factory=frozen_row(QueueRow))
    await cursor.execute(query, values | {"limit": limit})
    return await cursor.fetchall()


async def count_queue(conn: Connection, wanted: QueueFilter = QueueFilter(), most: int = 1000) -> int:
    """How many pass the filter, counted no further than `most`."""
    where, values = _conditions(wanted)
    query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM case_file WHERE {} LIMIT %(most)s) counted").format(
        sql.SQL(" AND ").join(where)
    )
    row = await (await conn.execute(query, values | {"most": most})).fetchone()
    assert row is not None
    return int(row[0])


def _conditions(wanted: QueueFilter) -> tuple[list[sql.SQL], dict[str, Any]]:
    where = [sql.SQL("tenant_id = current_tenant()")]
    values: dict[str, Any] = {}

    def add(condition: sql.SQL, **more: Any) -> None:
        where.append(condition)
        values.update(more)

    if wanted.cases is not None:
        add(sql.SQL("case_id = ANY(%(cases)s::uuid[])"), cases=list(wanted.cases))
    if not wanted.statuses:
        add(sql.SQL("status <> 'closed'"))
    elif len(wanted.statuses) == 1:
        add(sql.SQL("status = %(status)s"), status=wanted.statuses[0])
        if wanted.statuses[0] != "closed":
            add(sql.SQL("status <> 'closed'"))
    else:
        add(sql.SQL("status = ANY(%(statuses)s)"), statuses=list(wanted.statuses))
    if wanted.kinds:
        add(sql.SQL("kind = ANY(%(kinds)s)"), kinds=list(wanted.kinds))
    if wanted.assignee is not None:
        add(sql.SQL("claimed_by = %(assignee)s"), assignee=wanted.assignee)
    if wanted.unassigned:
        add(sql.SQL("claimed_by IS NULL"))
    if wanted.reason is not None:
        add(sql.SQL("reasons @> ARRAY[%(reason)s::text]"), reason=wanted.reason)
    if wanted.least_risk:
        add(sql.SQL("risk_order <= %(most_order)s::smallint"), most_order=-wanted.least_risk)
    if wanted.due_before is not None:
        add(sql.SQL("due_at < %(due_before)s"), due_before=wanted.due_before)
    if wanted.due_after is not None:
        add(sql.SQL("due_at >= %(due_after)s"), due_after=wanted.due_after)
    if wanted.escalated is not None:
        add(sql.SQL("escalated") if wanted.escalated else sql.SQL("NOT escalated"))
    if not wanted.with_snoozed:
        add(sql.SQL("(snoozed_until IS NULL OR snoozed_until <= now())"))
    return where, values


async def fetch_cases_of_parties(
    conn: Connection, but: UUID, subject_id: UUID | None, accounts: Sequence[str], limit: int = 50
) -> list[QueueRow]:
    """The other cases, open and closed, on this subject or these accounts, newest first."""
    cursor = conn.cursor(row_factory=frozen_row(QueueRow))
    query = sql.SQL(
        "SELECT {} FROM case_file WHERE case_id <> %(but)s AND case_id IN ("
        "SELECT case_id FROM case_file WHERE tenant_id = current_tenant() AND subject_id = %(subject_id)s::uuid "
        "UNION SELECT case_id FROM case_account WHERE tenant_id = current_tenant() "
        "AND account_ref = ANY(%(accounts)s::text[])) ORDER BY opened_at DESC, case_id LIMIT %(limit)s"
    ).format(sql.SQL(_COLUMNS))
    await cursor.execute(query, {"but": but, "subject_id": subject_id, "accounts": list(accounts), "limit": limit})
    return await cursor.fetchall()
