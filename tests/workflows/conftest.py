"""A time-skipping Temporal server, a worker on it with scripted steps, and a desk of officers."""

import asyncio
import sysconfig
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.workflows.fakes import Desk, Script
from workflows.case import CaseWorkflow
from workflows.codec import PayloadKeys, encrypting_converter
from workflows.contest import ContestWorkflow
from workflows.evidence import EvidenceWorkflow
from workflows.filing import FilingWorkflow
from workflows.filing_duties import FilingDutiesWorkflow
from workflows.investigation import InvestigationWorkflow
from workflows.onboarding import OnboardingWorkflow
from workflows.policies import reading_queue
from workflows.reopening import ReopeningWorkflow
from workflows.visibility import SEARCH_ATTRIBUTES
from workflows.webhook import WebhookWorkflow

QUEUE = "clearance-test"
CONVERTER = encrypting_converter(PayloadKeys("test", {"test": bytes(range(32))}))
Working = Callable[[Script], AbstractAsyncContextManager[Client]]


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server for each test: what another test left open would hold the clock that this one wants to skip."""
    server = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(server), data_converter=CONVERTER
    ) as environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in SEARCH_ATTRIBUTES},
            )
        )
        yield environment


def reader(client: Client, script: Script) -> Worker:
    """The worker of the documents to read."""
    return Worker(client, task_queue=reading_queue(QUEUE), activities=[script.read_document])


@pytest.fixture
def working(environment: WorkflowEnvironment) -> Working:
    """A worker that runs the workflows with the script's steps."""

    @asynccontextmanager
    async def worker(script: Script) -> AsyncIterator[Client]:
        async with (
            Worker(
                environment.client,
                task_queue=QUEUE,
                workflows=[
                    OnboardingWorkflow,
                    ContestWorkflow,
                    InvestigationWorkflow,
                    CaseWorkflow,
                    FilingWorkflow,
                    FilingDutiesWorkflow,
                    ReopeningWorkflow,
                    EvidenceWorkflow,
                    WebhookWorkflow,
                ],
                activities=script.activities(),
            ),
            reader(environment.client, script),
        ):
            async with asyncio.timeout(60):
                yield environment.client

    return worker


@pytest.fixture
def desk(environment: WorkflowEnvironment) -> Desk:
    return Desk(environment.get_current_time)
