"""Receipts at once, proofs below a checkpoint: both hold before the verifier that shares no code with the service."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest

from api.app import create_app
from explain.record import Decision
from store import checkpoints, ledger
from store.ledger_export import export_lines
from store.ledger_verifier import verify_export, verify_proof
from tests.api.house import House, Tenant
from vault.keys import Ed25519Signer

SIGNER = Ed25519Signer(bytes(range(32)))


async def stored_decision(house: House, tenant: Tenant | None = None) -> Decision:
    return await house.decision(f"application:{uuid4()}", (tenant or house.own).subject_id, tenant)


async def checkpoint(house: House) -> None:
    async with house.as_role("clearance_sequencer") as connection:
        await ledger.sequence(connection, house.own.tenant_id)
        await checkpoints.make_checkpoint(connection, house.own.tenant_id, SIGNER)


async def test_a_receipt_is_had_at_once_and_proves_a_removal(house: House) -> None:
    decision = await stored_decision(house)
    answer = await house.service().get(f"/v1/decisions/{decision.decision_id}/receipt")
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["decision_id"] == json.loads(receipt["body"])["decision_id"] == str(decision.decision_id)
    assert receipt["key_id"] == SIGNER.key_id
    await checkpoint(house)
    async with house.as_role("clearance_sequencer") as connection:
        lines = [json.loads(line) async for line in export_lines(connection, house.own.tenant_id)]
    assert verify_export(lines, SIGNER.public_key, receipts=[receipt]).receipts == 1
    assert verify_export(lines, SIGNER.public_key, receipts=[receipt]).holds
    empty = [lines[0] | {"checkpoint_sizes": []}, {"type": "end", "leaves": 0, "pending": 0}]
    [problem] = verify_export(empty, SIGNER.public_key, receipts=[receipt]).problems
    assert "was removed" in problem
    forged = receipt | {"body": receipt["body"].replace(str(decision.decision_id), str(uuid4()))}
    assert not verify_export(lines, SIGNER.public_key, receipts=[forged]).holds


async def test_a_proof_is_had_below_a_checkpoint_and_holds(house: House) -> None:
    decision = await stored_decision(house)
    await stored_decision(house)
    url = f"/v1/decisions/{decision.decision_id}/proof"
    early = await house.service().get(url)
    assert (early.status_code, early.json()["code"]) == (409, "NOT_YET_PROVABLE")
    assert early.headers["Retry-After"] == "60"
    assert early.headers["Content-Type"] == "application/problem+json"
    await checkpoint(house)
    answer = await house.officer("auditor").get(url)
    assert answer.status_code == 200
    assert verify_proof(answer.json(), SIGNER.public_key).holds
    assert not verify_proof(answer.json() | {"salt": "00" * 32}, SIGNER.public_key).holds
    assert "Beispiel" not in answer.text


async def test_both_outlive_an_erasure(house: House) -> None:
    decision = await stored_decision(house)
    await checkpoint(house)
    house.erase(house.own.subject_id)
    proof = await house.service().get(f"/v1/decisions/{decision.decision_id}/proof")
    assert verify_proof(proof.json(), SIGNER.public_key).holds
    assert (await house.service().get(f"/v1/decisions/{decision.decision_id}/receipt")).status_code == 200


@pytest.mark.parametrize("what", ["receipt", "proof"])
async def test_a_read_is_audited_and_another_tenants_decision_does_not_exist(house: House, what: str) -> None:
    decision = await stored_decision(house)
    await checkpoint(house)
    url = f"/v1/decisions/{decision.decision_id}/{what}"
    stranger = await house.service(house.other).get(url)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "NOT_FOUND")
    assert house.audited(f"read {what}", f"decision:{decision.decision_id}") == []
    assert (await house.officer("analyst").get(url)).status_code == 200
    [(actor, allowed, _)] = house.audited(f"read {what}", f"decision:{decision.decision_id}")
    assert (actor, allowed) == (f"officer:{house.own.officers['analyst']}", True)
    assert (await house.service().get(f"/v1/decisions/{uuid4()}/{what}")).status_code == 404


@pytest.mark.parametrize("what", ["receipt", "proof"])
async def test_a_read_that_cannot_be_audited_fails(house: House, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.routes import proofs

    async def fail(*_: object) -> None:
        raise RuntimeError("no audit row was written")

    decision = await stored_decision(house)
    await checkpoint(house)
    monkeypatch.setattr(proofs, "record_read", fail)
    answer = await house.service().get(f"/v1/decisions/{decision.decision_id}/{what}")
    assert answer.status_code == 500
    assert "signature" not in answer.text


async def test_without_a_ledger_key_there_are_proofs_and_no_receipts(house: House) -> None:
    decision = await stored_decision(house)
    await checkpoint(house)
    client = house.service(app=create_app(replace(house.services, ledger=None)))
    answer = await client.get(f"/v1/decisions/{decision.decision_id}/receipt")
    assert (answer.status_code, answer.json()["code"]) == (503, "RECEIPTS_NOT_SIGNED")
    assert (await client.get(f"/v1/decisions/{decision.decision_id}/proof")).status_code == 200
