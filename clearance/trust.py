"""A deployment's trust in models: whose approvals count, what they approved and revoked, and loading by that alone.

The folder holds one `<approver>.pub` a person, `approvals/<model>/approvals.json` and `revocations.json`. It is apart
from the models, which come with the release and are read-only: what is approved is for each deployment to say.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from clearance.settings import Settings
from explain.approval import Approval, ModelNotApproved, Revocation, Role, Trust, approve, revoke
from explain.record import canonical_json
from explain.registry import Artifact, ModelNotLoaded, load, load_approved, read_approvals, write_approvals

CUSTOMER_RISK = "customer_risk"
TRANSACTIONS = "transactions"
SCREENING = "screening"
DOCUMENT_LINES = "mrz"
DOCUMENT_PAGES = "page"
DOCUMENT_CLUTTER = "page_clutter"
DOCUMENT_FIELDS = "visual_zone"
DOCUMENTS = (DOCUMENT_LINES, DOCUMENT_PAGES, DOCUMENT_CLUTTER, DOCUMENT_FIELDS)
SHIPPED = (CUSTOMER_RISK, TRANSACTIONS, SCREENING, *DOCUMENTS)
"""The folders of the models that services decide with."""

EMBEDDED_APPROVERS = ("embedded-approver-1", "embedded-approver-2")


class KeyNotTrusted(Exception):
    """The key cannot be used; the message says why. Add its public half to the trust folder, as its owner's name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model stands: who approved these very bytes and this card, for which role, and what keeps it from loading.

    `approvers` are of the role that it has, else of any; `problem` is empty where it loads.
    """

    folder: str
    artifact: Artifact | None
    role: Role | None
    approvers: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class ApprovedModels:
    """The models of a deployment as its services load them: with two people's approval or not at all."""

    models: Path
    folder: Path
    """The trust folder."""
    elsewhere: Mapping[str, Path] = field(default_factory=dict)
    """Folders of models that a deployment brings in the place of shipped ones; approved like those."""

    def place(self, name: str) -> Path:
        """The folder of the model `name`."""
        return self.elsewhere.get(name, self.models / name)

    def champion(self, name: str) -> Artifact:
        """The model in the folder `name`, approved to decide. Raises `ModelNotLoaded`."""
        return load_approved(self.place(name), self.trust(), Role.CHAMPION, self.signed(name))

    def signed(self, name: str) -> Path:
        return self.folder / "approvals" / name

    def trust(self) -> Trust:
        """Raises `ModelNotLoaded` where a key or the list of revocations does not read."""
        try:
            keys = {path.stem: _public_key(path) for path in sorted(self.folder.glob("*.pub"))}
            return Trust(keys, self._revocations())
        except (KeyError, TypeError, ValueError) as error:
            raise ModelNotLoaded(f"{self.folder}: a key or revocations.json is broken: {error}") from error

    def approve(self, name: str, key: Ed25519PrivateKey, role: Role) -> Approval:
        """Add an approval of the model's present bytes and card; the same person's earlier one for the role goes.

        Raises `KeyNotTrusted` and `ModelNotLoaded`.
        """
        approver, artifact = self._owner(key), load(self.place(name))
        approval = approve(key, approver, role, artifact.ref.sha256, artifact.card_sha256, datetime.now(UTC))
        try:
            others = [
                each for each in read_approvals(self.signed(name)) if (each.approver, each.role) != (approver, role)
            ]
        except ModelNotApproved as error:
            raise ModelNotLoaded(f"{name}: {error}") from error
        self.signed(name).mkdir(parents=True, exist_ok=True)
        write_approvals(self.signed(name), [*others, approval])
        return approval

    def revoke(self, sha256: str, key: Ed25519PrivateKey, reason: str) -> Revocation:
        """Forbid a model by its digest, for good; one person is enough. Raises `KeyNotTrusted` and `ModelNotLoaded`."""
        revocation = revoke(key, self._owner(key), sha256, reason, datetime.now(UTC))
        path = self.folder / "revocations.json"
        draft = path.with_name(f".revocations.{os.getpid()}")
        draft.write_bytes(canonical_json([asdict(each) for each in (*self.trust().revocations, revocation)]))
        draft.replace(path)
        return revocation

    def standing(self) -> list[Standing]:
        """Every model folder with a card, by name."""
        return [self._standing(path.parent.name) for path in sorted(self.models.glob("*/card.json"))]

    def _standing(self, name: str) -> Standing:
        artifact = None
        try:
            artifact = load(self.place(name))
            approvals = read_approvals(self.signed(name))
        except (ModelNotLoaded, ModelNotApproved) as error:
            return Standing(name, artifact, None, (), str(error))
        problems = []
        for role in Role:
            try:
                approved = load_approved(self.place(name), self.trust(), role, self.signed(name))
            except ModelNotLoaded as error:
                problems.append(str(error))
                continue
            return Standing(name, artifact, role, approved.approvers, "")
        digests = (artifact.ref.sha256, artifact.card_sha256)
        people = tuple(each.approver for each in approvals if (each.model_sha256, each.card_sha256) == digests)
        return Standing(name, artifact, None, people, problems[0])

    def _owner(self, key: Ed25519PrivateKey) -> str:
        public = key.public_key().public_bytes_raw()
        for name, trusted in self.trust().keys.items():
            if trusted == public:
                return name
        raise KeyNotTrusted(f"no .pub file in {self.folder} is of this key")

    def _revocations(self) -> Sequence[Revocation]:
        try:
            entries = json.loads((self.folder / "revocations.json").read_bytes())
        except FileNotFoundError:
            return ()
        return tuple(
            Revocation(
                str(entry["approver"]),
                str(entry["model_sha256"]),
                str(entry["reason"]),
                datetime.fromisoformat(entry["revoked_at"]),
                str(entry["signature"]),
            )
            for entry in entries
        )


def approved_models(settings: Settings) -> ApprovedModels:
    brought = {DOCUMENT_FIELDS: settings.visual_zone_model}
    return ApprovedModels(
        settings.models,
        settings.model_trust_folder,
        {name: folder for name, folder in brought.items() if folder is not None},
    )


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """An approver's key: 32 raw bytes, or PEM without passphrase. Raises `KeyNotTrusted`."""
    try:
        content = path.read_bytes()
        if not content.startswith(b"-----"):
            return Ed25519PrivateKey.from_private_bytes(content)
        key = load_pem_private_key(content, None)
    except (OSError, TypeError, ValueError) as error:
        raise KeyNotTrusted(f"{path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyNotTrusted(f"{path} is not an Ed25519 key")
    return key


def _public_key(path: Path) -> bytes:
    """32 bytes from hex or PEM. Raises `ValueError`."""
    content = path.read_bytes()
    if not content.startswith(b"-----"):
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(content.decode())).public_bytes_raw()
    key = load_pem_public_key(content)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"{path.name} is not an Ed25519 key")
    return key.public_bytes_raw()


def approve_shipped(approved: ApprovedModels, secrets: Path) -> tuple[str, ...]:
    """What the embedded stack does instead of two people: make two approvers' keys and approve what is shipped.

    Answers the models approved now. It does not undo a revocation. Not for production, where no machine holds two
    people's keys.
    """
    secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    approved.folder.mkdir(parents=True, exist_ok=True)
    keys = [_embedded_key(secrets / name, approved.folder / f"{name}.pub") for name in EMBEDDED_APPROVERS]
    waiting = []
    for name in SHIPPED:
        try:
            approved.champion(name)
        except ModelNotLoaded:
            for key in keys:
                approved.approve(name, key, Role.CHAMPION)
            waiting.append(name)
    return tuple(waiting)


def _embedded_key(private: Path, public: Path) -> Ed25519PrivateKey:
    if not private.exists():
        draft = private.with_name(f".{private.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
        draft.replace(private)
    key = read_private_key(private)
    public.write_text(key.public_key().public_bytes_raw().hex())
    return key
