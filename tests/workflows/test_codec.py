"""Payloads are closed under a named key, open under it only, and never pass in clear."""

import os

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from tests.workflows.fakes import NOON, TENANT
from workflows import messages as m
from workflows.codec import (
    WORKFLOW_ID,
    EncryptionCodec,
    PayloadForged,
    PayloadKeys,
    PayloadKeyUnknown,
    PlaintextRefused,
    encrypting_converter,
)

OLD, NEW = os.urandom(32), os.urandom(32)
SCOPE = m.Scope(TENANT, "EU", "2026.1", NOON)


async def test_a_message_survives_the_way_there_and_back() -> None:
    converter = encrypting_converter(PayloadKeys("new", {"new": NEW}))
    message = m.OpenCase(SCOPE, "alert", "alert:1", ("STRUCTURING",), (TENANT,))
    payloads = await converter.encode([message])
    assert TENANT.hex.encode() not in payloads[0].SerializeToString()
    assert b"STRUCTURING" not in payloads[0].SerializeToString()
    assert await converter.decode(payloads, [m.OpenCase]) == [message]


async def test_the_same_message_never_looks_the_same() -> None:
    codec = EncryptionCodec(PayloadKeys("new", {"new": NEW}))
    first, second = await codec.encode([Payload(data=b"same"), Payload(data=b"same")])
    assert first.data != second.data


async def test_a_retired_key_still_opens_and_no_longer_closes() -> None:
    before = EncryptionCodec(PayloadKeys("old", {"old": OLD}))
    after = EncryptionCodec(PayloadKeys("new", {"new": NEW, "old": OLD}))
    closed = await before.encode([Payload(data=b"kept")])
    assert (await after.decode(closed))[0].data == b"kept"
    with pytest.raises(PayloadKeyUnknown):
        await before.decode(await after.encode([Payload(data=b"fresh")]))


async def test_a_payload_names_its_workflow_and_no_other_can_be_put_in_its_place() -> None:
    codec = EncryptionCodec(PayloadKeys("new", {"new": NEW}))
    own = codec.with_context(WorkflowSerializationContext("clearance", "case-1"))
    (closed,) = await own.encode([Payload(data=b"Record: claim")])
    assert closed.metadata[WORKFLOW_ID] == b"case-1"
    assert (await codec.decode([closed]))[0].data == b"Record: claim"
    (nameless,) = await codec.encode([Payload(data=b"from before")])
    assert WORKFLOW_ID not in nameless.metadata
    assert (await own.decode([nameless]))[0].data == b"from before"
    for payload, name in ((closed, b"case-2"), (closed, b""), (nameless, b"case-1")):
        swapped = Payload(metadata={**payload.metadata, WORKFLOW_ID: name}, data=payload.data)
        with pytest.raises(PayloadForged):
            await codec.decode([swapped])


async def test_plaintext_is_refused() -> None:
    codec = EncryptionCodec(PayloadKeys("new", {"new": NEW}))
    with pytest.raises(PlaintextRefused):
        await codec.decode([Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"')])


@pytest.mark.parametrize("change", ["data", "key", "short"])
async def test_an_altered_payload_is_refused(change: str) -> None:
    codec = EncryptionCodec(PayloadKeys("new", {"new": NEW, "same-bytes": NEW}))
    (closed,) = await codec.encode([Payload(data=b"intact")])
    if change == "data":
        closed.data = closed.data[:-1] + bytes([closed.data[-1] ^ 1])
    elif change == "key":
        closed.metadata["clearance-key-id"] = b"same-bytes"
    else:
        closed.data = closed.data[:5]
    with pytest.raises(PayloadForged):
        await codec.decode([closed])


async def test_failure_messages_and_traces_are_encrypted() -> None:
    converter = encrypting_converter(PayloadKeys("new", {"new": NEW}))
    failure = Failure()
    try:
        raise ApplicationError("Erika Muster has no document")
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    assert b"Erika" not in failure.SerializeToString()
    assert b"test_codec" not in failure.SerializeToString()
    again = await converter.decode_failure(failure)
    assert "Erika Muster" in str(again)


def test_a_key_of_the_wrong_length_or_a_missing_one_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PayloadKeys("new", {"new": b"short"})
    with pytest.raises(ValueError, match="not among"):
        PayloadKeys("newer", {"new": NEW})
