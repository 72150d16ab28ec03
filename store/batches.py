"""Decisions in batches, one ledger leaf over each: made without the database, written in one go.

Separate from `decisions` because nothing else is on the engine's hot path: texts, hashes and Postgres' own row format
are made while the batch before is being written.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from explain.record import DecisionKind, InputRef, Method, ModelRef
from store import copying, ledger, records
from store.connection import Connection
from store.decisions import new_decision_id

_SHORT = struct.Struct(">hi16siii16si16s").pack
"""The number of fields, then leaf_id, leaf_row, decision_id and subject_id."""
_SCORE = struct.Struct(">id").pack
_FIELDS = 10
_BLOCK = 128
"""Rows sent at once: some hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the decisions of a batch have in common."""

    tenant_id: UUID
    kind: DecisionKind
    model: ModelRef
    method: Method
    base_value: float
    features: tuple[str, ...]
    regime: str
    regime_version: str
    policy_version: str
    inputs: tuple[InputRef, ...]
    code_version: str
    as_of: datetime


@dataclass(slots=True)
class BatchRow:
    """One decision of a batch. Not frozen: it is made for every transaction, and freezing triples that cost."""

    decision_id: UUID
    subject_id: UUID
    about: str
    outcome: str
    score: float
    packed: str
    """The SHAP values in the order of the header's features, by `numbers.pack`."""
    output: float
    additivity_error: float
    sealed_evidence: bytes
    rules: tuple[tuple[str, str, str], ...] = ()
    """(rule, effect, citation) of each finding."""


class Batch:
    """Decisions that share a header and get one leaf. Add them in their order, then append the batch."""

    def __init__(self, header: BatchHeader) -> None:
        self.header = header
        self.at = datetime.now(UTC)
        self._leaf_id = new_decision_id(self.at)
        self._leaf_bytes = self._leaf_id.bytes
        self._salt = ledger.new_salt()
        self._features_sha256, self._features = records.feature_list(header.features)
        self._template = records.RecordTemplate(
            header.kind,
            header.tenant_id,
            header.model,
            header.regime,
            header.regime_version,
            header.policy_version,
            header.inputs,
            header.code_version,
            header.as_of,
        )
        self._explanations = records.PackedExplanations(header.method, header.base_value, self._features_sha256)
        self._first: UUID | None = None
        self._hashes: list[bytes] = []
        self._rows: list[bytes] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: BatchRow) -> None:
        """Raises `ValueError` for a score, output or error that is no number."""
        explanation = self._explanations.text(row.packed, row.output, row.additivity_error)
        record = self._template.text(
            row.decision_id,
            row.subject_id,
            row.about,
            row.outcome,
            row.score,
            row.rules,
            explanation,
            row.sealed_evidence,
        )
        if self._first is None:
            self._first = row.decision_id
        place = len(self._rows)
        self._hashes.append(ledger.hash_record(self._salt, record))
        length = copying.lengths
        about, outcome = row.about.encode(), row.outcome.encode()
        told, why, evidence = record.encode(), explanation.encode(), row.sealed_evidence
        self._rows.append(
            b"".join(
                (
                    _SHORT(
                        _FIELDS, 16, self._leaf_bytes, 4, place, 16, row.decision_id.bytes, 16, row.subject_id.bytes
                    ),
                    length[len(about)],
                    about,
                    length[len(outcome)],
                    outcome,
                    _SCORE(8, row.score),
                    length[len(told)],
                    told,
                    length[len(why)],
                    why,
                    length[len(evidence)],
                    evidence,
                )
            )
        )

    def leaf(self) -> ledger.Leaf:
        """The leaf over what was added. Raises `ValueError` where that is nothing."""
        if self._first is None:
            raise ValueError("a batch without decisions has no leaf")
        return ledger.leaf_over(self.header.tenant_id, self._leaf_id, self._first, self._salt, self._hashes, self.at)

    async def append(self, conn: Connection) -> ledger.Leaf:
        """Write decisions, explanations and leaf; nothing where the caller rolls back. Raises `ValueError` when empty.

        Exactly-once is the caller's, by the transactions written in the same transaction.
        """
        leaf = self.leaf()
        # Postgres refuses COPY into a table under row-level security, hence the way over a temporary table. Nothing in
        # it is worth compressing for a few milliseconds.
        await conn.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS decision_batch (leaf_id uuid, leaf_row integer, decision_id uuid, "
            "subject_id uuid, about text, outcome text, score float8, record text STORAGE EXTERNAL, "
            "explanation text STORAGE EXTERNAL, sealed_evidence bytea STORAGE EXTERNAL) "
            "WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS"
        )
        blocks = [b"".join(self._rows[start : start + _BLOCK]) for start in range(0, len(self._rows), _BLOCK)]
        await copying.copy_rows(conn, "COPY pg_temp.decision_batch FROM STDIN (FORMAT binary)", blocks)
        await conn.execute(
            "INSERT INTO feature_list (sha256, names) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (self._features_sha256, self._features),
        )
        await ledger.insert_leaf(conn, leaf)
        await conn.execute(
            "INSERT INTO decision (decision_id, tenant_id, leaf_id, leaf_row, key, subject_id, kind, about, outcome, "
            "score, model_sha256, as_of, record, explanation, sealed_evidence, created_at) "
            "SELECT decision_id, %(tenant_id)s, leaf_id, leaf_row, NULL, subject_id, %(kind)s, about, outcome, score, "
            "%(model_sha256)s, %(as_of)s, record, explanation, sealed_evidence, %(created_at)s "
            "FROM pg_temp.decision_batch WHERE leaf_id = %(leaf_id)s ORDER BY leaf_row",
            {
                "tenant_id": self.header.tenant_id,
                "leaf_id": self._leaf_id,
                "kind": self.header.kind.value,
                "model_sha256": self.header.model.sha256,
                "as_of": self.header.as_of,
                "created_at": self.at,
            },
        )
        return leaf


async def append_decision_batch(conn: Connection, header: BatchHeader, rows: Sequence[BatchRow]) -> ledger.Leaf:
    """Append these decisions with one leaf over them all. Raises `ValueError` when there is none."""
    batch = Batch(header)
    for row in rows:
        batch.add(row)
    return await batch.append(conn)
