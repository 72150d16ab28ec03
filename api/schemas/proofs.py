"""Receipts and proofs over the wire: what a caller keeps, to show later that a decision was not altered or removed."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class ReceiptOut(BaseModel):
    """A signed promise that the decision's leaf is in the ledger. Keep it: `clearance audit verify --receipts` and
    `ledger_verifier.py` read it as it is, one a line."""

    decision_id: UUID
    leaf_id: UUID
    leaf_hash: str = Field(description="SHA-256 in hex digits. Of a batch's leaf, where decisions came in a batch.")
    body: str = Field(description="What is signed, after the line `clearance/receipt/v1`: canonical JSON.")
    signature: str = Field(description="Ed25519, 128 hex digits.")
    key_id: str = Field(description="The first 16 hex digits of the ledger's public key.")


class CheckpointOut(BaseModel):
    body: str = Field(description="What is signed, after the line `clearance/checkpoint/v1`: canonical JSON.")
    signature: str
    key_id: str


class ProofOut(BaseModel):
    """That the decision stands in the ledger of a signed checkpoint as it was recorded, for `ledger_verifier.py`."""

    type: Literal["proof"]
    v: Literal[1]
    decision_id: UUID
    record: str = Field(description="The decision's record, byte for byte as it was hashed.")
    explanation: str
    evidence: str = Field(description="Values and words, sealed: ciphertext in hex digits.")
    salt: str
    row: int = Field(description="The record's place in its batch.")
    row_path: list[str] = Field(description="From the record to the leaf's commitment (RFC 6962), in hex digits.")
    entry: str = Field(description="The leaf as it was hashed.")
    position: int
    path: list[str] = Field(description="From the leaf to the checkpoint's root.")
    checkpoint: CheckpointOut
    handovers: list[CheckpointOut] = Field(
        default=[], description="By which each of the ledger's keys named the next one, from the first key on."
    )

    @classmethod
    def of(cls, proof: dict[str, Any]) -> "ProofOut":
        return cls.model_validate(proof)
