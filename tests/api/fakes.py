"""Temporal and the engine as the API sees them, small enough to read. The fake case keeps the real rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID, uuid4

from temporalio.client import RPCError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from api.services import EngineRebuilding, EngineSilent, TemporalDown
from workflows.assertions import AssertionRefused, Purpose, detail_digest, verify
from workflows.messages import CaseAction, CaseCommand, CaseState, FilingCommand, FilingState
from workflows.review import ActionRefused, Review


def refuse(code: str, message: str) -> NoReturn:
    """As the client tells a refused Update; with the application error as its cause, and nothing else."""
    refusal = WorkflowUpdateFailedError(ApplicationError(message, type=code, non_retryable=True))
    raise refusal from refusal.cause


def rpc_error(status: RPCStatusCode) -> RPCError:
    return RPCError(status.name, status, b"")


@dataclass
class FakeCase:
    """A case's workflow: checks assertion and rules as `workflows.case` does, with the same functions."""

    case_id: UUID
    public_key: str
    review: Review
    run_id: str = "run-1"
    commands: list[CaseCommand] = field(default_factory=list)
    fails: Exception | None = None
    """What an Update meets instead of the case."""

    async def query(self, name: str, **options: Any) -> CaseState:
        assert name == "state"
        assert options["result_type"] is CaseState
        return self._state()

    async def execute_update(self, name: str, command: CaseCommand, **options: Any) -> CaseState:
        assert options["result_type"] is CaseState
        self.commands.append(command)
        if self.fails is not None:
            raise self.fails
        purpose = Purpose(
            self.case_id,
            self.run_id,
            self.review.revision,
            CaseAction(name),
            command.officer_id,
            command.disposition,
            command.reason_sha256,
            detail_digest(command.detail),
        )
        try:
            now = datetime.now(UTC)
            claims = verify(command.assertion, self.public_key, purpose, now)
            self.review.check(command, claims.role, now)
        except (AssertionRefused, ActionRefused) as refusal:
            refuse(refusal.code, str(refusal))
        self.review = self.review.after(command, now)
        return self._state()

    def reset(self) -> None:
        """A new run, as after `temporal workflow reset`."""
        self.run_id = f"run-{uuid4()}"

    def _state(self) -> CaseState:
        review = self.review
        return CaseState(
            case_id=self.case_id,
            revision=review.revision,
            status=review.status,
            claimed_by=review.claimed_by,
            maker=review.maker,
            disposition=review.disposition,
            escalated=review.escalated,
            run_id=self.run_id,
            snoozed_until=review.snoozed_until,
            request_id=review.request.request_id if review.request else None,
            request_due_at=review.request.due_at if review.request else None,
        )


@dataclass
class FakeFiling:
    filing_id: UUID
    public_key: str
    maker: UUID
    status: str = "draft"
    revision: int = 1
    run_id: str = "run-1"

    async def query(self, name: str, **options: Any) -> FilingState:
        return FilingState(self.filing_id, self.revision, self.status, run_id=self.run_id)

    async def execute_update(self, name: str, command: FilingCommand, **options: Any) -> FilingState:
        purpose = Purpose(
            self.filing_id,
            self.run_id,
            self.revision,
            name,
            command.officer_id,
            reason_sha256=command.reason_sha256,
        )
        try:
            claims = verify(command.assertion, self.public_key, purpose, datetime.now(UTC))
        except AssertionRefused as refusal:
            refuse(refusal.code, str(refusal))
        assert claims.role == "filing_officer"
        if command.officer_id == self.maker:
            refuse("MAKER_IS_APPROVER", "a second officer has to")
        self.revision += 1
        self.status = "approved" if name == "approve" else "drafting"
        return FilingState(self.filing_id, self.revision, self.status, run_id=self.run_id)


@dataclass
class FakeTemporal:
    """Workflows by id. `down` makes the server unreachable; `silent` answers every call with that status."""

    workflows: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    silent: RPCStatusCode | None = None

    async def client(self) -> Any:
        if self.down:
            raise TemporalDown
        return self

    def get_workflow_handle(self, workflow_id: str) -> Any:
        return _Handle(self, workflow_id)

    @property
    def service_client(self) -> Any:
        return self

    async def check_health(self) -> bool:
        return True


@dataclass
class _Handle:
    temporal: FakeTemporal
    workflow_id: str

    async def query(self, name: str, **options: Any) -> Any:
        return await self._workflow().query(name, **options)

    async def execute_update(self, name: str, command: Any, **options: Any) -> Any:
        return await self._workflow().execute_update(name, command, **options)

    def _workflow(self) -> Any:
        if self.temporal.silent is not None:
            raise rpc_error(self.temporal.silent)
        if self.workflow_id not in self.temporal.workflows:
            raise rpc_error(RPCStatusCode.NOT_FOUND)
        return self.temporal.workflows[self.workflow_id]


@dataclass
class FakeEngine:
    """Keeps what it is given; a known id is a duplicate, every account is unknown."""

    taken: dict[UUID, dict[str, Transaction]] = field(default_factory=dict)
    rebuilding: bool = False
    decide: Callable[[Transaction], UUID] = field(default=lambda _: uuid4())

    silent: bool = False

    async def ready(self) -> bool:
        return not self.rebuilding

    async def submit(self, tenant_id: UUID, transactions: Sequence[Transaction]) -> Sequence[TransactionAnswer]:
        if self.rebuilding:
            raise EngineRebuilding
        if self.silent:
            raise EngineSilent
        kept = self.taken.setdefault(tenant_id, {})
        answers = []
        for transaction in transactions:
            answer = TransactionAnswer(
                transaction_id=transaction.transaction_id,
                status="accepted",
                decision_id=self.decide(transaction),
                score=0.25,
                flags=("UNKNOWN_ACCOUNT",),
            )
            if transaction.transaction_id in kept:
                answer = replace(answer, status="duplicate")
            kept[transaction.transaction_id] = transaction
            answers.append(answer)
        return answers
