"""What Temporal keeps of a run holds nothing in clear: inputs, results, summaries, details, failures."""

import json
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload

from tests.workflows.conftest import CONVERTER, QUEUE, Working
from tests.workflows.fakes import TENANT, Desk, Script
from tests.workflows.test_investigation import case_of
from workflows import messages as m
from workflows.codec import ENCODING, WORKFLOW_ID
from workflows.onboarding import OnboardingWorkflow
from workflows.steps import RecordUnknown

NAME = "Grete Beispielsdottir"


class Careless(Script):
    """A step that, against the house rule, puts a name in its error."""

    @activity.defn
    async def decide_outcome(self, facts: m.OutcomeInput) -> m.Outcome:
        raise RecordUnknown(f"no decision for {NAME}")


def payloads(message):  # type: ignore[no-untyped-def]
    """Every payload inside a protobuf message, wherever it hides, but search attributes, which are never encrypted."""
    for descriptor, value in message.ListFields():
        if descriptor.name == "search_attributes" or descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            parts = value.values() if hasattr(value, "values") else []
        else:
            parts = value if hasattr(value, "add") or isinstance(value, list) else [value]
        for part in parts:
            if isinstance(part, Payload):
                yield part
            elif hasattr(part, "ListFields"):
                yield from payloads(part)


@pytest.mark.parametrize("script", [Script(reasons=("VERY_SECRET_RULE",)), Careless()], ids=["concluded", "failed"])
async def test_a_history_holds_no_plaintext(working: Working, desk: Desk, script: Script) -> None:
    application_id = uuid4()
    async with working(script) as client:
        handle = await client.start_workflow(
            OnboardingWorkflow.run,
            m.OnboardingInput(TENANT, application_id, desk.public_key),
            id=m.workflow_id(m.Kind.ONBOARDING, uuid4()),
            task_queue=QUEUE,
            static_summary="VERY_SECRET_SUMMARY",
        )
        if isinstance(script, Careless):
            await case_of(client, script)  # a step that fails for good goes to an officer
        else:
            await handle.result()
        history = await handle.fetch_history()
    if isinstance(script, Careless):
        failures = [event.activity_task_failed_event_attributes.failure for event in history.events]
        (failure,) = [each for each in failures if each.HasField("application_failure_info")]
        assert NAME in str(await CONVERTER.decode_failure(type(failure).FromString(failure.SerializeToString())))

    # The SDK notes a change of code in clear, past any codec: its name, nothing else.
    marks = [event for event in history.events if event.marker_recorded_event_attributes.marker_name == "core_patch"]
    for mark in marks:
        (note,) = payloads(mark)
        assert set(json.loads(note.data)) == {"id", "deprecated"}
    found = [payload for event in history.events if event not in marks for payload in payloads(event)]
    assert len(found) > 20
    assert {payload.metadata["encoding"] for payload in found} == {ENCODING}
    # Each says of which workflow it is, summaries too: by that the codec server knows whose it is.
    nameless = [payload for payload in found if not payload.metadata.get(WORKFLOW_ID)]
    opened = [each.data for each in await CONVERTER.payload_codec.decode(nameless)] if CONVERTER.payload_codec else []
    assert opened == []
    assert handle.id.encode() in {payload.metadata[WORKFLOW_ID] for payload in found}
    raw = b"".join(event.SerializeToString() for event in history.events)
    secrets = [str(application_id), desk.public_key, "VERY_SECRET", NAME, "Beispielsdottir", "officer_public_key"]
    secrets += ["Read document", "Traceback"]
    for secret in secrets:
        assert secret.encode() not in raw, secret
