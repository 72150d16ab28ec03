"""Verifies an exported ledger, a proof or a receipt, without this project and without its database.

One file of standard-library Python plus `cryptography`, to be handed to a stranger together with the export and the
public key. It shares no code with what it checks. Usage:

    python ledger_verifier.py export EXPORT.jsonl --key HEX [--checkpoints OUTSIDE.jsonl] [--receipts RECEIPTS.jsonl]
    python ledger_verifier.py proof PROOF.json --key HEX

Exit code 0: everything holds. 1: something does not, each finding on a line of its own. 2: unreadable input.

What holds when it prints no finding: every record in the export is the one that was committed to; every leaf up to the
newest checkpoint is where it was when that was signed; nothing was removed, inserted or reordered below it; and every
receipt's leaf is there. Records after the newest checkpoint are only as safe as the receipts for them.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHECKPOINT_DOMAIN = b"clearance/checkpoint/v1\n"
RECEIPT_DOMAIN = b"clearance/receipt/v1\n"


class Unreadable(Exception):
    """The input is not an export, proof, checkpoint or receipt of this format."""


@dataclass
class Report:
    """What was found. `problems` empty means that everything holds."""

    problems: list[str] = field(default_factory=list)
    leaves: int = 0
    records: int = 0
    pending: int = 0
    checkpoints: int = 0
    receipts: int = 0
    covered: int = 0
    """Leaves below the newest valid checkpoint."""

    def found(self, problem: str) -> None:
        self.problems.append(problem)

    @property
    def holds(self) -> bool:
        return not self.problems


# --- RFC 6962 --------------------------------------------------------------------------------------------------------


def hash_leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing Merkle tree that keeps the roots of its complete subtrees only."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, node: bytes) -> None:
        merges = self.size
        while merges & 1:
            node = hash_children(self._peaks.pop(), node)
            merges >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return sha256(b"").digest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = hash_children(peak, node)
        return node


def included(node: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that the path leads to (RFC 9162 section 2.1.3.2), or None where the path does not fit the tree."""
    if not 0 <= index < size:
        return None
    last = size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = hash_children(sibling, node)
            while not index & 1 and index:
                index >>= 1
                last >>= 1
        else:
            node = hash_children(node, sibling)
        index >>= 1
        last >>= 1
    return node if last == 0 else None


# --- Signed statements -----------------------------------------------------------------------------------------------


def signed(key: Ed25519PublicKey, domain: bytes, statement: dict[str, Any]) -> bool:
    """Whether the statement names this key, by the start of its hex digits, and is signed by it."""
    try:
        if statement["key_id"] != key.public_bytes_raw().hex()[:16]:
            return False
        key.verify(bytes.fromhex(statement["signature"]), domain + statement["body"].encode())
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


class Keys:
    """The keys that may sign, in their order: the first is given, each later one was named by the one before, in the
    last checkpoint that this one signed."""

    def __init__(self, first: bytes) -> None:
        self.named = [first.hex()]

    @property
    def current(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.named[-1]))

    def any_signed(self, domain: bytes, statement: dict[str, Any]) -> bool:
        keys = (Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in self.named)
        return any(signed(key, domain, statement) for key in keys)

    def follow(self, body: dict[str, Any]) -> bool:
        """Take over the key that a signed checkpoint names, if any; whether it did."""
        if "next_key" not in body:
            return False
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(body["next_key"]))
        self.named.append(body["next_key"])
        return True


def read_checkpoints(
    keys: Keys,
    statements: Iterable[dict[str, Any]],
    source: str,
    tenant_id: str,
    ledger: str,
    report: Report,
) -> dict[int, tuple[str, str]]:
    """(root, chain) by size, of the checkpoints that are signed and in order; the rest become findings. `keys` goes on
    to the last key that was named."""
    by_size: dict[int, tuple[str, str]] = {}
    number, size = -1, -1
    for statement in statements:
        if not signed(keys.current, CHECKPOINT_DOMAIN, statement):
            report.found(f"{source}: a checkpoint's signature is not by this key, nor by one that it named")
            continue
        body = json.loads(statement["body"])
        if body["tenant_id"] != tenant_id or body["ledger"] != ledger:
            report.found(f"{source}: checkpoint {body['number']} belongs to another ledger")
            continue
        handed = keys.follow(body)
        if body["number"] <= number or body["size"] < size + (not handed):
            report.found(f"{source}: checkpoint {body['number']} of size {body['size']} is out of order")
        number, size = body["number"], body["size"]
        if by_size.setdefault(size, (body["root"], body["chain"])) != (body["root"], body["chain"]):
            report.found(f"{source}: checkpoint {body['number']} says otherwise than the one before of its size")
        report.checkpoints += 1
    return by_size


# --- Records ---------------------------------------------------------------------------------------------------------


def check_record(record: str, explanation: str, evidence: str | None, decisions: set[str], report: Report) -> None:
    """That a record's explanation and evidence are its own and its decision is told once."""
    clear = json.loads(record)
    decision_id = clear["decision_id"]
    if decision_id in decisions:
        report.found(f"decision {decision_id} occurs twice")
    decisions.add(decision_id)
    if sha256(explanation.encode()).hexdigest() != clear["explanation_sha256"]:
        report.found(f"decision {decision_id}: the explanation is not the one that was recorded")
    if evidence is not None and sha256(bytes.fromhex(evidence)).hexdigest() != clear["evidence_sha256"]:
        report.found(f"decision {decision_id}: the sealed evidence is not the one that was recorded")


def commitment(salt: bytes, records: Iterable[str]) -> bytes:
    tree = Tree()
    for record in records:
        tree.append(sha256(b"\x00" + salt + record.encode()).digest())
    return tree.root()


def check_leaf(line: dict[str, Any], tenant_id: str, decisions: set[str], report: Report) -> bytes:
    """The leaf's hash, after comparing its entry with the records that stand under it."""
    entry = json.loads(line["entry"])
    name = f"leaf {entry['leaf_id']}"
    if entry["tenant_id"] != tenant_id:
        report.found(f"{name} belongs to another tenant")
    records, explanations = line["records"], line["explanations"]
    evidence = line.get("evidence") or [None] * len(records)
    if not len(records) == len(explanations) == len(evidence) == entry["size"]:
        report.found(f"{name}: {len(records)} records where {entry['size']} were committed to")
    if commitment(bytes.fromhex(line["salt"]), records).hex() != entry["commitment"]:
        report.found(f"{name}: its records are not the ones that were committed to")
    # After a mismatch of lengths the pairs that are there are still worth looking at.
    for record, explanation, sealed in zip(records, explanations, evidence, strict=False):
        check_record(record, explanation, sealed, decisions, report)
    report.records += len(records)
    return hash_leaf(line["entry"].encode())


# --- The export ------------------------------------------------------------------------------------------------------


def verify_export(
    lines: Iterable[dict[str, Any]],
    key: bytes,
    outside: Iterable[dict[str, Any]] = (),
    receipts: Iterable[dict[str, Any]] = (),
) -> Report:
    """Walk an export once. `outside` are the checkpoints kept apart from the database; without them a ledger that was
    cut back together with its own checkpoints looks whole."""
    report, keys, own_keys = Report(), Keys(key), Keys(key)
    stream = iter(lines)
    head = next(stream, None)
    if head is None or head.get("type") != "export" or head.get("v") != 1:
        raise Unreadable("the first line is not the head of an export")
    tenant_id, ledger = head["tenant_id"], head["ledger"]
    kept = read_checkpoints(keys, outside, "outside", tenant_id, ledger, report)
    own: list[dict[str, Any]] = []
    features: set[str] = set()
    decisions: set[str] = set()
    present: set[bytes] = set()
    tree, chain, ended = Tree(), bytes(32), False
    states: dict[int, tuple[str, str]] = {}
    if 0 in kept:
        states[0] = (tree.root().hex(), chain.hex())
    for line in stream:
        match line.get("type"):
            case "features":
                if sha256(line["names"].encode()).hexdigest() != line["sha256"]:
                    report.found(f"feature list {line['sha256'][:12]} was altered")
                features.add(line["sha256"])
            case "checkpoint":
                own.append(line)
            case "leaf":
                node = check_leaf(line, tenant_id, decisions, report)
                if line["position"] != tree.size:
                    report.found(f"position {line['position']} stands where {tree.size} is expected")
                if node in present:
                    report.found(f"the leaf at position {tree.size} occurs twice")
                present.add(node)
                tree.append(node)
                chain = sha256(chain + node).digest()
                if line["chain"] != chain.hex():
                    report.found(f"the chain breaks at position {line['position']}")
                if tree.size in kept or tree.size in head["checkpoint_sizes"]:
                    states[tree.size] = (tree.root().hex(), chain.hex())
            case "pending":
                node = check_leaf(line, tenant_id, decisions, report)
                if node in present:
                    report.found("a waiting leaf has a position already")
                present.add(node)
                report.pending += 1
            case "end":
                ended = line["leaves"] == tree.size and line["pending"] == report.pending
            case other:
                raise Unreadable(f"a line of type {other!r}")
    if not ended:
        report.found("the export is not whole")
    report.leaves = tree.size
    exported = read_checkpoints(own_keys, own, "export", tenant_id, ledger, report)
    if own_keys.named[: len(keys.named)] != keys.named:
        report.found("the key was handed over otherwise in the export than in the checkpoints kept outside")
    for size in kept.keys() - exported.keys():
        report.found(f"the checkpoint at size {size} is kept outside and missing in the export")
    for source, checkpoints in (("outside", kept), ("export", exported)):
        for size, state in checkpoints.items():
            if size > tree.size:
                report.found(f"{source}: a checkpoint covers {size} leaves, {tree.size} are left")
            elif states.get(size) != state:
                report.found(f"{source}: the ledger at size {size} is not the one that was signed")
            else:
                report.covered = max(report.covered, size)
    for receipt in receipts:
        _check_receipt(receipt, own_keys, tenant_id, present, report)
    return report


def _check_receipt(receipt: dict[str, Any], keys: Keys, tenant_id: str, present: set[bytes], report: Report) -> None:
    if not keys.any_signed(RECEIPT_DOMAIN, receipt):
        report.found("a receipt's signature is not by this key, nor by one that it named")
        return
    body = json.loads(receipt["body"])
    report.receipts += 1
    if body["tenant_id"] != tenant_id:
        report.found(f"the receipt for decision {body['decision_id']} is of another tenant")
    elif bytes.fromhex(body["leaf_hash"]) not in present:
        report.found(f"decision {body['decision_id']} was removed: its receipt is signed, its leaf is gone")


# --- One decision ----------------------------------------------------------------------------------------------------


def verify_proof(proof: dict[str, Any], key: bytes) -> Report:
    """That one decision is in the ledger that a signed checkpoint speaks of, as it was recorded."""
    report = Report()
    try:
        _verify_proof(proof, Keys(key), report)
    except (KeyError, ValueError, TypeError, AttributeError) as broken:
        report.found(f"the proof is malformed: {broken!r}")
    return report


def _verify_proof(proof: dict[str, Any], keys: Keys, report: Report) -> None:
    if proof["type"] != "proof" or proof["v"] != 1:
        raise ValueError("not a proof of version 1")
    checkpoint = proof["checkpoint"]
    body, entry, clear = json.loads(checkpoint["body"]), json.loads(proof["entry"]), json.loads(proof["record"])
    by_this_key = signed(keys.current, CHECKPOINT_DOMAIN, checkpoint)
    for handover in proof.get("handovers", ()):
        named = json.loads(handover["body"])
        if (named["tenant_id"], named["ledger"]) != (body["tenant_id"], body["ledger"]):
            report.found("a key was handed over in another ledger")
        elif signed(keys.current, CHECKPOINT_DOMAIN, handover) and keys.follow(named):
            # A key that named the next one signs nothing more.
            by_this_key = signed(keys.current, CHECKPOINT_DOMAIN, checkpoint)
        else:
            report.found("a key was handed over by another than the one that signed")
    if not by_this_key:
        report.found("the checkpoint's signature is not by this key, nor by the one that follows from it")
    if not body["tenant_id"] == entry["tenant_id"] == clear["tenant_id"]:
        report.found("record, leaf and checkpoint are of different tenants")
    if clear["decision_id"] != proof["decision_id"]:
        report.found("the record is of another decision")
    check_record(proof["record"], proof["explanation"], proof["evidence"], set(), report)
    row = sha256(b"\x00" + bytes.fromhex(proof["salt"]) + proof["record"].encode()).digest()
    committed = included(row, proof["row"], entry["size"], [bytes.fromhex(node) for node in proof["row_path"]])
    if committed is None or committed.hex() != entry["commitment"]:
        report.found("the record is not the one that the leaf committed to")
    root = included(
        hash_leaf(proof["entry"].encode()),
        proof["position"],
        body["size"],
        [bytes.fromhex(node) for node in proof["path"]],
    )
    if root is None or root.hex() != body["root"]:
        report.found("the leaf is not in the ledger that the checkpoint signed")
    report.records = report.leaves = report.checkpoints = 1
    report.covered = int(report.holds)


# --- Command line ----------------------------------------------------------------------------------------------------


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, start=1):
            try:
                line = json.loads(text)
            except ValueError:
                raise Unreadable(f"{path}, line {number}: not JSON") from None
            if not isinstance(line, dict):
                raise Unreadable(f"{path}, line {number}: not an object")
            yield line


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an exported ledger or a proof.")
    parser.add_argument("what", choices=["export", "proof"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="the ledger's Ed25519 public key, 64 hex digits")
    parser.add_argument("--checkpoints", type=Path, help="the checkpoints kept outside the database, a JSON a line")
    parser.add_argument("--receipts", type=Path, help="receipts that callers kept, a JSON a line")
    options = parser.parse_args(arguments)
    try:
        key = bytes.fromhex(options.key)
        if options.what == "proof":
            report = verify_proof(json.loads(options.file.read_text(encoding="utf-8")), key)
        else:
            outside = read_lines(options.checkpoints) if options.checkpoints else ()
            receipts = read_lines(options.receipts) if options.receipts else ()
            report = verify_export(read_lines(options.file), key, outside, receipts)
    except (Unreadable, OSError, KeyError, TypeError, ValueError) as error:
        print(f"unreadable: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for problem in report.problems:
        print(problem)  # noqa: T201
    print(  # noqa: T201
        f"{report.records} records in {report.leaves} leaves, {report.covered} of them below a checkpoint, "
        f"{report.pending} waiting; {report.checkpoints} checkpoints, {report.receipts} receipts: "
        f"{'everything holds' if report.holds else f'{len(report.problems)} findings'}"
    )
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
