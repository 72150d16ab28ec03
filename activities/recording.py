"""How an automated decision reaches the ledger: sentence added, identifying values sealed, appended once a step.

Shared by every activity that decides, so that none can record less than the others.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from temporalio import activity

import jurisdictions
from explain.narrative import sentence
from explain.record import Decision, DecisionKind, Explanation, Finding, InputRef, ModelRef, RuleTable
from explain.rules import explain_rules, rule_findings
from store import decisions, subjects
from store.connection import Connection, Pool, service_transaction
from store.records import evidence_bytes
from vault import contexts
from vault.envelope import seal
from vault.keys import KeyProvider
from workflows.messages import Scope
from workflows.steps import RecordUnknown, SubjectKeyDestroyed


def step_key(step: str) -> str:
    """What a write is keyed on, so that a second run of the step changes nothing: `workflow_id/step`."""
    return f"{activity.info().workflow_id}/{step}"


def regime_of(scope: Scope) -> jurisdictions.Regime:
    return jurisdictions.regime(scope.regime, scope.as_of.date())


async def data_key(conn: Connection, keys: KeyProvider, tenant_id: UUID, subject_id: UUID) -> bytes:
    """The subject's data key, unwrapped. Raises `RecordUnknown` or `SubjectKeyDestroyed`."""
    try:
        wrapped = await subjects.fetch_wrapped_key(conn, subject_id)
    except subjects.SubjectErased as error:
        raise SubjectKeyDestroyed(f"subject {subject_id}") from error
    except subjects.SubjectUnknown as error:
        raise RecordUnknown(f"subject {subject_id}") from error
    return await asyncio.to_thread(keys.unwrap, tenant_id, wrapped)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it stands in the ledger: on a second run, the first run's."""

    decision_id: UUID
    outcome: str


@dataclass(slots=True)
class DecisionRecorder:
    """Builds and appends decisions. `registered` are the digests of models that this process has stored already."""

    pool: Pool
    code_version: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    registered: set[str] = field(default_factory=set)

    def decision(
        self,
        scope: Scope,
        kind: DecisionKind,
        subject_id: UUID,
        about: str,
        *,
        outcome: str,
        score: float,
        model: ModelRef,
        explanation: Explanation,
        findings: tuple[Finding, ...],
        inputs: tuple[InputRef, ...],
        policy_version: str,
    ) -> Decision:
        unsaid = Decision(
            decision_id=decisions.new_decision_id(self.clock()),
            kind=kind,
            tenant_id=scope.tenant_id,
            subject_id=subject_id,
            about=about,
            outcome=outcome,
            score=score,
            model=model,
            explanation=explanation,
            findings=findings,
            regime=scope.regime,
            regime_version=scope.regime_version,
            policy_version=policy_version,
            inputs=inputs,
            code_version=self.code_version,
            as_of=scope.as_of,
        )
        return replace(unsaid, sentence=sentence(unsaid))

    def by_table(
        self,
        scope: Scope,
        kind: DecisionKind,
        subject_id: UUID,
        about: str,
        table: RuleTable,
        facts: dict[str, str | int | float | bool | None],
        inputs: tuple[InputRef, ...],
    ) -> Decision:
        """The decision that a rule table makes of facts, with its exact Shapley values."""
        return self.decision(
            scope,
            kind,
            subject_id,
            about,
            outcome=table.outcome(facts),
            score=table.severity(facts),
            model=table.ref(),
            explanation=explain_rules(table, facts),
            findings=rule_findings(table, facts),
            inputs=inputs,
            policy_version=table.version,
        )

    async def register(self, ref: ModelRef, format: str, content: bytes, card: dict[str, object]) -> None:
        """Keep the model's bytes for replay, once a process: in a transaction of its own, as decisions refer to it."""
        if ref.sha256 in self.registered:
            return
        async with service_transaction(self.pool) as conn:
            await decisions.register_model(conn, ref, format, content, card)
        self.registered.add(ref.sha256)

    async def register_table(self, table: RuleTable) -> None:
        card: dict[str, object] = {"name": table.name, "version": table.version, "what": "an ordered, cited rule table"}
        await self.register(table.ref(), "rule_table_json", table.to_bytes(), card)

    async def append(
        self, conn: Connection, decision: Decision, key: bytes, step: str, *, schema: str = "public"
    ) -> Recorded:
        """Append decision, explanation and leaf in the caller's transaction, identifying values sealed under `key`.

        `schema` is `filing` for decisions to file, whose ledger is their own.
        """
        sealed = seal(key, evidence_bytes(decision), contexts.decision_evidence(decision.decision_id))
        leaf = await decisions.append_decision(
            conn, decision, key=step_key(step), sealed_evidence=sealed, schema=schema
        )
        if leaf.decision_id == decision.decision_id:
            return Recorded(decision.decision_id, decision.outcome)
        earlier = await decisions.fetch_decision(conn, leaf.decision_id, schema=schema)
        return Recorded(leaf.decision_id, earlier.outcome)
