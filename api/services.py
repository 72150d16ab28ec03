"""What the API is given to work with: made once by the composition root, never read from the environment here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client
from temporalio.converter import PayloadCodec

from aml.transaction import Transaction
from api.schemas.transactions import TransactionAnswer
from explain.record import Decision
from store.connection import Pool
from store.ledger import Signer
from vault.keys import KeyProvider
from vault.objects import Vault


class TemporalDown(Exception):
    """Temporal does not answer. Nothing was changed; ask again in a little while."""


class EngineRebuilding(Exception):
    """The engine is rebuilding its state after a failed commit. Nothing of the batch was kept; send it again."""


class EngineSilent(Exception):
    """The engine did not answer in time, or died on the way. Whether the batch was kept is not known here; sent again,
    what was kept is a duplicate."""


class ExplainerDown(Exception):
    """What draws plots and searches counterfactuals does not answer, or not in time. Ask again in a little while."""


class ScreenerDown(Exception):
    """What screens on request does not answer, or not in time. Nothing was stored; ask again in a little while."""


class ScreeningRefused(Exception):
    """A screening that cannot be answered as it was asked; `code` says why, `detail` what to send instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class TransactionEngine(Protocol):
    """The streaming engine, seen from its routes."""

    async def submit(self, tenant_id: UUID, transactions: Sequence[Transaction]) -> Sequence[TransactionAnswer]:
        """One answer a transaction, in order, after the commit. Raises `EngineRebuilding` and `EngineSilent`."""

    async def ready(self) -> bool:
        """Whether it can take transactions right now."""


TenantRates = Callable[[UUID, str], Mapping[str, Decimal]]
"""A tenant's own exchange rates: units of a currency for one of each other."""

PlotKind = Literal["waterfall", "force"]


class Explainer(Protocol):
    """What computes on stored decisions, in a process of its own, seen from its routes."""

    async def plot(self, decision: Decision, kind: PlotKind) -> bytes:
        """The decision's explanation as SVG. Raises `ExplainerDown`."""

    async def counterfactual(
        self, decision: Decision, model_bytes: bytes, card: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """`changes`, `outcome`, `score` and `sentence` of the nearest change that would have altered the outcome, or
        the `reason` why there is none. Raises `ExplainerDown`."""

    async def reasons(
        self, decision: Decision, card: Mapping[str, Any], past: Mapping[str, Sequence[float | None]], limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """The strongest reasons as `explain.narrative.Reason`: each value compared with the population of the model's
        card, and with `past`, the same person's earlier values by feature. Raises `ExplainerDown`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of computing a decision again. `differences` are `(what, stored, recomputed)`."""

    identical: bool
    checked: tuple[str, ...]
    differences: tuple[tuple[str, Any, Any], ...] = ()


class Verifier(Protocol):
    """What computes a stored decision again, in a fresh process, seen from the console."""

    async def verify(self, decision: Decision, model_bytes: bytes) -> Verdict:
        """Raises `ExplainerDown`."""


class OutwardFailed(Exception):
    """A server that a tenant named was not reached, or may not be. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Outward(Protocol):
    """The way to addresses that tenants name; it goes to public ones only, unless it is told otherwise."""

    async def fetch(self, url: str) -> bytes:
        """What is there. Raises `OutwardFailed`."""

    async def send_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of what a form was answered with. Raises `OutwardFailed`."""

    async def check(self, url: str) -> None:
        """Raises `OutwardFailed` with the code `ADDRESS_NOT_ALLOWED` for what nothing would be sent to."""


class Screener(Protocol):
    """What screens on request, in a process of its own, seen from its routes. Orders and answers are JSON."""

    async def screen(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """The stored answer. Raises `ScreenerDown` and `ScreeningRefused`."""

    async def match(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answers by query, nothing stored. Raises `ScreenerDown` and `ScreeningRefused`."""


TemporalGetter = Callable[[], Awaitable[Client]]
"""Connects on first use. Raises `TemporalDown`."""


@dataclass(frozen=True, slots=True)
class FilingServices:
    """What only filing officers' routes touch: the filing role's connections, keys and namespace."""

    pool: Pool
    keys: KeyProvider
    temporal: TemporalGetter


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """What the officers' pages need beside the API's parts."""

    web_ui_url: str
    """Origin of the Temporal Web UI: linked to, and the one origin that may have payloads decoded. Empty for none."""
    namespace: str
    filing_namespace: str
    codec: PayloadCodec
    """Opens payloads of the main namespace."""
    filing_codec: PayloadCodec | None = None
    """Those of the filing namespace, where filing officers are served."""
    verifier: Verifier | None = None


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The API's parts. `pool` connects as the role `clearance_api` (or `clearance_engine` in the engine service)."""

    pool: Pool
    vault: Vault
    keys: KeyProvider
    token_key: Ed25519PrivateKey
    """Signs and verifies officers' tokens."""
    assertion_key: Ed25519PrivateKey
    """Signs officers' single-purpose assertions; the dispatcher hands its public key to workflows."""
    idempotency_key: bytes
    """HMAC key over Idempotency-Keys and request digests, which would otherwise let personal data be guessed."""
    temporal: TemporalGetter
    filings: FilingServices | None = None
    """Absent where no filing officers are served: the filing routes then answer as if they did not exist."""
    explainer: Explainer | None = None
    """Absent where decisions are only shown: plots and counterfactuals then answer 503."""
    screener: Screener | None = None
    """Absent where nothing is screened on request: those routes then answer 503."""
    ledger: Signer | None = None
    """Signs receipts with the ledger's key. Absent, receipts answer 503; proofs need no key."""
    console: ConsoleServices | None = None
    """Absent, the pages are there without links into Temporal, decoded payloads and verification."""
    outward: Outward | None = None
    """Absent where no tenant has an issuer or webhooks of its own."""
    client_secrets: Mapping[UUID, str] = field(default_factory=dict)
    """By issuer, what the API proves itself with when officers sign in; none for issuers that ask for PKCE alone."""
    public_url: str = "http://127.0.0.1:8080"
    """Where applicants and officers reach this API, for the links that it hands out."""
    clock: Callable[[], datetime] = field(default=_now)

    @property
    def sign_in_address(self) -> str:
        """Where issuers send officers back to: what is registered with them, to the letter."""
        return f"{self.public_url.rstrip('/')}/console/sign-in/callback"
