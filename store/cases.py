"""Cases: the officers' view of what their workflows hold, written by steps and keyed so that repetition is harmless."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from store.connection import Connection, frozen_row


class CaseUnknown(LookupError):
    """No such case in this tenant."""


@dataclass(frozen=True, slots=True)
class NewCase:
    case_id: UUID
    tenant_id: UUID
    kind: str
    """`application`, `contest` or `alert`."""
    about: str
    """`application:<uuid>` or `alert:<uuid>`."""
    subject_id: UUID
    workflow_id: str
    reasons: tuple[str, ...]
    regime: str
    regime_version: str
    due_at: datetime
    four_eyes: bool
    accounts: tuple[str, ...] = ()
    excluded_officers: tuple[UUID, ...] = ()
    risk: int = 0
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class Case:
    case_id: UUID
    tenant_id: UUID
    kind: str
    about: str
    subject_id: UUID
    workflow_id: str
    reasons: tuple[str, ...]
    accounts: tuple[str, ...]
    regime: str
    regime_version: str
    due_at: datetime
    four_eyes: bool
    excluded_officers: tuple[UUID, ...]
    revision: int
    status: str
    """`open`, `claimed`, `awaiting_approval`, `reopening` or `closed`."""
    claimed_by: UUID | None
    maker: UUID | None
    disposition: str | None
    escalated: bool
    opened_at: datetime
    closed_at: datetime | None
    matters: tuple[str, ...]
    """All that the case is about, what joined it later included."""
    risk: int = 0
    """0 to 100: the highest score of what referred it."""
    snoozed_until: datetime | None = None
    request_id: UUID | None = None
    """What the applicant is asked for right now."""
    request_due_at: datetime | None = None
    disposition_code: str | None = None
    """Why a false positive was one."""
    reopenings: int = 0


@dataclass(frozen=True, slots=True)
class CaseEventRow:
    """One accepted action under (case, revision), and what it makes of the case."""

    tenant_id: UUID
    case_id: UUID
    revision: int
    action: str
    status: str
    at: datetime
    officer_id: UUID | None = None
    claimed_by: UUID | None = None
    disposition: str | None = None
    reason_id: UUID | None = None
    maker: UUID | None = None
    """Whose disposition stands again, where a re-opening was not approved."""
    until: datetime | None = None
    """Until when it is snoozed, or the applicant is asked to answer."""
    item_id: UUID | None = None
    """The evidence or the request it is about."""
    code: str | None = None
    """Why a false positive was one."""
    snoozed_until: datetime | None = None
    request_id: UUID | None = None
    request_due_at: datetime | None = None
    due_at: datetime | None = None
    """The new deadline of a case that was opened again."""


@dataclass(frozen=True, slots=True)
class Reason:
    """An officer's words, sealed; the workflow knows id and digest only."""

    reason_id: UUID
    case_id: UUID
    officer_id: UUID
    sealed_text: bytes
    sha256: str
    written_at: datetime


async def lock_openings(conn: Connection, tenant_id: UUID) -> None:
    """Let one transaction a tenant look for an open case and open one: alerts of the same moment share a case."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('case/' || %s::text, 0))", (tenant_id,))


async def open_case(conn: Connection, case: NewCase, key: str) -> UUID:
    """The id of the case opened under `key` (`workflow_id/step`): the new one, or that of the first run."""
    cursor = await conn.execute(
        "INSERT INTO case_file (case_id, tenant_id, key, kind, about, subject_id, workflow_id, reasons, accounts, "
        "regime, regime_version, due_at, four_eyes, excluded_officers, risk) VALUES (%(case_id)s, %(tenant_id)s, "
        "%(key)s, %(kind)s, %(about)s, %(subject_id)s, %(workflow_id)s, %(reasons)s, %(accounts)s, %(regime)s, "
        "%(regime_version)s, %(due_at)s, %(four_eyes)s, %(excluded_officers)s, %(risk)s) "
        "ON CONFLICT (tenant_id, key) DO NOTHING",
        {
            "case_id": case.case_id,
            "tenant_id": case.tenant_id,
            "key": key,
            "kind": case.kind,
            "about": case.about,
            "subject_id": case.subject_id,
            "workflow_id": case.workflow_id,
            "reasons": list(case.reasons),
            "accounts": list(case.accounts),
            "regime": case.regime,
            "regime_version": case.regime_version,
            "due_at": case.due_at,
            "four_eyes": case.four_eyes,
            "excluded_officers": list(case.excluded_officers),
            "risk": case.risk,
        },
    )
    if cursor.rowcount == 0:
        cursor = await conn.execute(
            "SELECT case_id FROM case_file WHERE tenant_id = %s AND key = %s", (case.tenant_id, key)
        )
        row = await cursor.fetchone()
        assert row is not None
        return UUID(str(row[0]))
    await _add_matter(conn, case.tenant_id, case.case_id, case.about)
    await _add_accounts(conn, case.tenant_id, case.case_id, case.accounts)
    return case.case_id


async def find_open_case_sharing(
    conn: Connection, *, accounts: Collection[str] = (), subject_id: UUID | None = None, kind: str | None = None
) -> Case | None:
    """The oldest case still open on one of these accounts or on this subject; of a kind, where one is given."""
    cursor = conn.cursor(row_factory=frozen_row(Case))
    await cursor.execute(
        "SELECT c.case_id, c.tenant_id, c.kind, c.about, c.subject_id, c.workflow_id, c.reasons, c.accounts, c.regime, "
        "c.regime_version, c.due_at, c.four_eyes, c.excluded_officers, c.revision, c.status, c.claimed_by, c.maker, "
        "c.disposition, c.escalated, c.opened_at, c.closed_at, c.risk, c.snoozed_until, c.request_id, "
        "c.request_due_at, c.disposition_code, c.reopenings, ARRAY(SELECT m.about FROM case_matter m "
        "WHERE m.case_id = c.case_id ORDER BY m.joined_at, m.about) AS matters FROM case_file c "
        "WHERE c.tenant_id = current_tenant() AND c.status <> 'closed' "
        "AND (c.accounts && %(accounts)s::text[] OR c.subject_id = %(subject_id)s::uuid) "
        "AND (%(kind)s::text IS NULL OR c.kind = %(kind)s) ORDER BY c.opened_at, c.case_id LIMIT 1",
        {"accounts": list(accounts), "subject_id": subject_id, "kind": kind},
    )
    return await cursor.fetchone()


async def join_case(
    conn: Connection,
    tenant_id: UUID,
    case_id: UUID,
    about: str,
    accounts: Sequence[str] = (),
    reasons: Sequence[str] = (),
    risk: int = 0,
) -> None:
    """Let another matter join an open case, with its accounts, reasons and risk; again changes nothing."""
    cursor = await conn.execute(
        "UPDATE case_file SET "
        "accounts = ARRAY(SELECT DISTINCT a FROM unnest(accounts || %(accounts)s::text[]) a ORDER BY a), "
        "reasons = reasons || ARRAY(SELECT r FROM unnest(%(reasons)s::text[]) r WHERE r <> ALL (reasons)), "
        "risk = greatest(risk, %(risk)s) WHERE case_id = %(case_id)s",
        {"case_id": case_id, "accounts": list(accounts), "reasons": list(reasons), "risk": risk},
    )
    if cursor.rowcount == 0:
        raise CaseUnknown(str(case_id))
    await _add_matter(conn, tenant_id, case_id, about)
    await _add_accounts(conn, tenant_id, case_id, accounts)


async def _add_matter(conn: Connection, tenant_id: UUID, case_id: UUID, about: str) -> None:
    await conn.execute(
        "INSERT INTO case_matter (tenant_id, case_id, about) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (tenant_id, case_id, about),
    )


async def _add_accounts(conn: Connection, tenant_id: UUID, case_id: UUID, accounts: Sequence[str]) -> None:
    await conn.execute(
        "INSERT INTO case_account (tenant_id, account_ref, case_id) "
        "SELECT %(tenant_id)s, a, %(case_id)s FROM unnest(%(accounts)s::text[]) a ON CONFLICT DO NOTHING",
        {"tenant_id": tenant_id, "case_id": case_id, "accounts": list(accounts)},
    )


async def record_event(conn: Connection, event: CaseEventRow) -> bool:
    """Write an accepted action and the case's new state; whether it was new. (case, revision) is the key: a second run
    changes nothing, and an older revision never overwrites a newer state."""
    values = {
        "tenant_id": event.tenant_id,
        "case_id": event.case_id,
        "revision": event.revision,
        "action": event.action,
        "status": event.status,
        "officer_id": event.officer_id,
        "claimed_by": event.claimed_by,
        "disposition": event.disposition,
        "reason_id": event.reason_id,
        "at": event.at,
        "maker": event.maker,
        "until": event.until,
        "item_id": event.item_id,
        "code": event.code,
        "snoozed_until": event.snoozed_until,
        "request_id": event.request_id,
        "request_due_at": event.request_due_at,
        "due_at": event.due_at,
    }
    cursor = await conn.execute(
        "INSERT INTO case_event (tenant_id, case_id, revision, action, status, officer_id, claimed_by, disposition, "
        "reason_id, at, maker, until, item_id, code) VALUES (%(tenant_id)s, %(case_id)s, %(revision)s, %(action)s, "
        "%(status)s, %(officer_id)s, %(claimed_by)s, %(disposition)s, %(reason_id)s, %(at)s, %(maker)s, %(until)s, "
        "%(item_id)s, %(code)s) ON CONFLICT (case_id, revision) DO NOTHING",
        values,
    )
    if cursor.rowcount == 0:
        return False
    await conn.execute(
        "UPDATE case_file SET revision = %(revision)s, status = %(status)s, claimed_by = %(claimed_by)s, "
        "maker = CASE WHEN %(action)s = 'decide' THEN %(officer_id)s::uuid "
        "WHEN %(action)s IN ('return', 'reopen') THEN %(maker)s::uuid ELSE maker END, "
        "disposition = CASE WHEN %(action)s IN ('return', 'reopen') THEN %(disposition)s "
        "ELSE coalesce(%(disposition)s, disposition) END, "
        "disposition_code = CASE WHEN %(action)s IN ('decide', 'return', 'reopen') THEN %(code)s "
        "ELSE disposition_code END, "
        "snoozed_until = %(snoozed_until)s, request_id = %(request_id)s, request_due_at = %(request_due_at)s, "
        "due_at = coalesce(%(due_at)s, due_at), "
        "reopenings = reopenings + CASE WHEN %(action)s = 'reopen' THEN 1 ELSE 0 END, "
        "escalated = CASE WHEN %(action)s = 'reopen' THEN false ELSE escalated OR %(action)s = 'escalated' END, "
        "closed_at = CASE WHEN %(status)s = 'closed' THEN coalesce(closed_at, %(at)s) END "
        "WHERE case_id = %(case_id)s AND revision <= %(revision)s",
        values,
    )
    return True


async def fetch_case(conn: Connection, case_id: UUID) -> Case:
    """Raises `CaseUnknown`."""
    cursor = conn.cursor(row_factory=frozen_row(Case))
    await cursor.execute(
        "SELECT c.case_id, c.tenant_id, c.kind, c.about, c.subject_id, c.workflow_id, c.reasons, c.accounts, c.regime, "
        "c.regime_version, c.due_at, c.four_eyes, c.excluded_officers, c.revision, c.status, c.claimed_by, c.maker, "
        "c.disposition, c.escalated, c.opened_at, c.closed_at, c.risk, c.snoozed_until, c.request_id, "
        "c.request_due_at, c.disposition_code, c.reopenings, ARRAY(SELECT m.about FROM case_matter m "
        "WHERE m.case_id = c.case_id ORDER BY m.joined_at, m.about) AS matters FROM case_file c WHERE c.case_id = %s",
        (case_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise CaseUnknown(str(case_id))
    return row


async def list_cases(conn: Connection, status: str | None = None, limit: int = 50) -> list[Case]:
    """The tenant's cases by deadline; of one status, or all that are not closed where none is given."""
    cursor = conn.cursor(row_factory=frozen_row(Case))
    await cursor.execute(
        "SELECT c.case_id, c.tenant_id, c.kind, c.about, c.subject_id, c.workflow_id, c.reasons, c.accounts, c.regime, "
        "c.regime_version, c.due_at, c.four_eyes, c.excluded_officers, c.revision, c.status, c.claimed_by, c.maker, "
        "c.disposition, c.escalated, c.opened_at, c.closed_at, c.risk, c.snoozed_until, c.request_id, "
        "c.request_due_at, c.disposition_code, c.reopenings, ARRAY(SELECT m.about FROM case_matter m "
        "WHERE m.case_id = c.case_id ORDER BY m.joined_at, m.about) AS matters FROM case_file c "
        "WHERE c.tenant_id = current_tenant() AND CASE WHEN %(status)s::text IS NULL THEN c.status <> 'closed' "
        "ELSE c.status = %(status)s END ORDER BY c.due_at, c.case_id LIMIT %(limit)s",
        {"status": status, "limit": limit},
    )
    return await cursor.fetchall()


async def cases_about(conn: Connection, about: str) -> list[Case]:
    """Every case, closed ones included, that an application or alert opened or joined; oldest first."""
    cursor = conn.cursor(row_factory=frozen_row(Case))
    await cursor.execute(
        "SELECT c.case_id, c.tenant_id, c.kind, c.about, c.subject_id, c.workflow_id, c.reasons, c.accounts, c.regime, "
        "c.regime_version, c.due_at, c.four_eyes, c.excluded_officers, c.revision, c.status, c.claimed_by, c.maker, "
        "c.disposition, c.escalated, c.opened_at, c.closed_at, c.risk, c.snoozed_until, c.request_id, "
        "c.request_due_at, c.disposition_code, c.reopenings, ARRAY(SELECT m.about FROM case_matter m "
        "WHERE m.case_id = c.case_id ORDER BY m.joined_at, m.about) AS matters FROM case_file c "
        "WHERE c.case_id IN (SELECT case_id FROM case_matter WHERE tenant_id = current_tenant() AND about = %s) "
        "ORDER BY c.opened_at, c.case_id",
        (about,),
    )
    return await cursor.fetchall()


async def alerted_subjects(conn: Connection, case_id: UUID) -> list[UUID]:
    """Whose alerts opened or joined a case, in that order; one who has several comes as often."""
    cursor = await conn.execute(
        "SELECT a.subject_id FROM case_matter m JOIN alert a ON a.tenant_id = m.tenant_id "
        "AND a.alert_id = substr(m.about, 7)::uuid WHERE m.case_id = %s AND m.about LIKE 'alert:%%' "
        "ORDER BY m.joined_at, a.alert_id",
        (case_id,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def count_closed(conn: Connection, subject_id: UUID, disposition: str, *, other_than: UUID) -> int:
    """How many other cases about a person, or that an alert of theirs joined, closed with this disposition."""
    cursor = await conn.execute(
        "SELECT count(*) FROM case_file WHERE tenant_id = current_tenant() AND (subject_id = %(subject)s "
        "OR case_id IN (SELECT m.case_id FROM alert a JOIN case_matter m ON m.tenant_id = a.tenant_id "
        "AND m.about = 'alert:' || a.alert_id WHERE a.tenant_id = current_tenant() AND a.subject_id = %(subject)s)) "
        "AND status = 'closed' AND disposition = %(disposition)s AND case_id <> %(other)s",
        {"subject": subject_id, "disposition": disposition, "other": other_than},
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def fetch_events(conn: Connection, case_id: UUID) -> list[CaseEventRow]:
    """The case's accepted actions by revision."""
    cursor = conn.cursor(row_factory=frozen_row(CaseEventRow))
    await cursor.execute(
        "SELECT tenant_id, case_id, revision, action, status, at, officer_id, claimed_by, disposition, reason_id, "
        "maker, until, item_id, code FROM case_event WHERE case_id = %s ORDER BY revision",
        (case_id,),
    )
    return await cursor.fetchall()


async def add_reason(
    conn: Connection,
    reason_id: UUID,
    sealed_text: bytes,
    sha256: str,
    *,
    tenant_id: UUID,
    case_id: UUID,
    officer_id: UUID,
) -> None:
    """Keep an officer's words, sealed under the case's subject; `sha256` (hex) is of the text. The first run stands."""
    await conn.execute(
        "INSERT INTO case_reason (reason_id, tenant_id, case_id, officer_id, sealed_text, sha256) VALUES "
        "(%(reason_id)s, %(tenant_id)s, %(case_id)s, %(officer_id)s, %(sealed_text)s, %(sha256)s) "
        "ON CONFLICT (reason_id) DO NOTHING",
        {
            "reason_id": reason_id,
            "tenant_id": tenant_id,
            "case_id": case_id,
            "officer_id": officer_id,
            "sealed_text": sealed_text,
            "sha256": sha256,
        },
    )


async def fetch_reason(conn: Connection, reason_id: UUID) -> Reason | None:
    cursor = conn.cursor(row_factory=frozen_row(Reason))
    await cursor.execute(
        "SELECT reason_id, case_id, officer_id, sealed_text, sha256, written_at FROM case_reason WHERE reason_id = %s",
        (reason_id,),
    )
    return await cursor.fetchone()


async def list_reasons(conn: Connection, case_id: UUID) -> list[Reason]:
    """What officers wrote on a case, oldest first, refused attempts included."""
    cursor = conn.cursor(row_factory=frozen_row(Reason))
    await cursor.execute(
        "SELECT reason_id, case_id, officer_id, sealed_text, sha256, written_at FROM case_reason "
        "WHERE case_id = %s ORDER BY written_at, reason_id",
        (case_id,),
    )
    return await cursor.fetchall()
