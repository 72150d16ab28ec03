"""Everything that is set from outside, read once here: no other module reads the environment."""

from pathlib import Path
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kyc.document import PortraitProof

REPOSITORY = Path(__file__).resolve().parent.parent


class SecretEmpty(Exception):
    """A file that should hold a secret holds nothing."""


class Settings(BaseSettings):
    """Settings of one service, from `CLEARANCE_*` environment variables.

    The defaults are those of the embedded stack; production sets at least the addresses, `secrets` and `vault_url`.
    """

    model_config = SettingsConfigDict(env_prefix="CLEARANCE_", extra="ignore", frozen=True)

    home: Path = Field(default=REPOSITORY / ".clearance", description="Where the embedded stack keeps its data.")
    data: Path = Field(default=REPOSITORY.parent / "shared" / "data", description="Real documents and lists, if any.")
    schemas: Path = Field(default=REPOSITORY.parent / "shared" / "schemas", description="The authorities' XSDs.")
    models: Path = Field(default=REPOSITORY / "models", description="The reference models.")
    model_trust: Path | None = Field(
        default=None, description="Folder of the model approvers' public keys and of their approvals and revocations."
    )

    visual_zone_model: Path | None = Field(
        default=None, description="Folder of another LayoutLM-family checkpoint for the printed fields of documents."
    )

    liveness_provider: str = Field(
        default="", description="Who checks selfies for liveness, as module:attribute; empty where nobody does."
    )
    liveness_required: bool = Field(
        default=False, description="Whether a person looks at every selfie whose liveness was not checked."
    )

    portrait_proof: PortraitProof = Field(
        default="print", description="What must show that a document's portrait is the holder's; else a person looks."
    )

    watchlist_schedule: str = Field(
        default="", description="When lists are fetched, as cron in UTC; empty where nobody fetches or a person does."
    )
    screening_check_schedule: str = Field(
        default="30 2 * * *", description="When samples are screened in full, as cron in UTC; empty for never."
    )
    screening_check_sample: int = Field(default=200, ge=1, description="Customers a tenant whom that screens.")
    look_back_schedule: str = Field(
        default="30 1 * * *", description="When every tenant's payments are gone through again, as cron in UTC."
    )
    look_back_days: int = Field(default=180, ge=1, description="How many days of payments a look-back judges again.")

    database_url: str = Field(default="", description="Postgres, without user: each service connects under its role.")
    database_password_file: Path | None = Field(default=None, description="The password of this service's role.")
    filing_database_password_file: Path | None = Field(
        default=None, description="The password of the filing role, where it differs from the service's own."
    )
    screening_database_password_file: Path | None = Field(
        default=None, description="The password of the screening role, where it differs from the service's own."
    )
    admin_database_url: str = Field(default="", description="Postgres as owner of the schema: `provision` only.")
    role_passwords: Path | None = Field(default=None, description="Folder with one file a role: `provision` only.")

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "clearance"
    filing_namespace: str = "clearance-filing"

    temporal_token_file: Path | None = Field(
        default=None, description="The service's token for Temporal; none where its server asks for none."
    )
    filing_temporal_token_file: Path | None = Field(
        default=None, description="The token for the filing namespace, where it differs from the service's own."
    )

    secrets: Path | None = Field(default=None, description="Folder of key files; `<home>/secrets` by default.")
    vault_url: str = Field(default="", description="`file:///…` or `s3://bucket/prefix`; `<home>/vault` by default.")
    checkpoints: Path | None = Field(default=None, description="Where signed ledger checkpoints go, off the database.")
    filing_checkpoints: Path | None = Field(default=None, description="Where those of the filings' ledger go, apart.")
    timestamp_url: str = Field(default="", description="RFC 3161 authority that stamps checkpoints; none by default.")
    timestamp_roots: Path | None = Field(default=None, description="PEM file: whose stamps are believed.")
    engine_state: Path | None = Field(default=None, description="Where the engine keeps snapshots, `<home>/engine`.")
    filing_outbox: Path | None = Field(default=None, description="Where submitted filings are written.")
    narrative_model: Path | None = Field(
        default=None, description="Folder of a causal language model that rewrites narratives; none without it."
    )
    gateways: Path | None = Field(default=None, description="One `<tenant id>.json` a tenant: where its reports go.")
    filers: Path | None = Field(default=None, description="One `<tenant id>.json` a tenant: who files for it.")
    rates: Path | None = Field(
        default=None, description="One `<tenant id>.json` a tenant: exchange rates for live payments that state none."
    )
    watchlists: Path | None = Field(default=None, description="Folder of the screening index versions.")
    watchlist_sources: Path | None = Field(
        default=None, description="JSON file that amends the table of list sources: addresses, limits, house lists."
    )

    api_host: str = "127.0.0.1"
    api_port: int = 8080
    engine_host: str = "127.0.0.1"
    engine_port: int = 8081
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, description="Port of a worker-like service's health endpoint; 0 for none.")
    metrics_token_file: Path | None = Field(
        default=None, description="The bearer token for a worker-like service's /metrics; without it there are none."
    )
    tenants: tuple[UUID, ...] = Field(default=(), description="The engine's partition; all tenants when empty.")
    ray_address: str = Field(
        default="",
        description="The engine's Ray cluster, host:port, auto or local; empty for an engine in the service.",
    )
    ray_engines: int = Field(default=2, ge=1, description="Over how many engines on Ray the tenants are spread.")
    web_ui_url: str = Field(
        default="", description="Origin at which officers open the Temporal Web UI: linked, and allowed to decode."
    )
    log_level: str = "INFO"
    public_url: str = Field(
        default="", description="Where applicants and officers reach the API, for links; its own address by default."
    )
    issuers: Path | None = Field(
        default=None,
        description="Folder of `<issuer id>.secret`: what the API proves itself with at officers' sign-in.",
    )
    outbound_private: bool = Field(
        default=False, description="Let webhooks and key sets go to private addresses and over http: embedded only."
    )

    @field_validator("home", "data", "schemas", "models")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("narrative_model", "issuers", mode="before")
    @classmethod
    def _unset(cls, path: object) -> object:
        """Compose has no way to leave a variable out: an empty one says none."""
        return path or None

    @property
    def secrets_folder(self) -> Path:
        return self.secrets or self.home / "secrets"

    @property
    def public_address(self) -> str:
        return self.public_url or f"http://{self.api_host}:{self.api_port}"

    @property
    def model_trust_folder(self) -> Path:
        return self.model_trust or self.home / "model-trust"

    @property
    def vault_location(self) -> str:
        return self.vault_url or (self.home / "vault").as_uri()

    @property
    def checkpoint_folder(self) -> Path:
        return self.checkpoints or self.home / "checkpoints"

    @property
    def filing_checkpoint_folder(self) -> Path:
        return self.filing_checkpoints or self.home / "filing-checkpoints"

    @property
    def engine_folder(self) -> Path:
        return self.engine_state or self.home / "engine"

    @property
    def look_back_folder(self) -> Path:
        return self.home / "look-backs"

    @property
    def filing_folder(self) -> Path:
        return self.filing_outbox or self.home / "filings"

    @property
    def gateway_folder(self) -> Path:
        return self.gateways or self.home / "gateways"

    @property
    def rates_folder(self) -> Path:
        return self.rates or self.home / "rates"

    @property
    def watchlist_folder(self) -> Path:
        return self.watchlists or self.home / "watchlists"

    @property
    def filer_folder(self) -> Path:
        return self.filers or self.home / "filers"

    @property
    def database_password(self) -> str | None:
        """The password of this service's role; none where the server trusts its socket."""
        return self.database_password_file.read_text().strip() if self.database_password_file else None

    @property
    def metrics_token(self) -> str | None:
        """What a scraper of `/metrics` shows. Raises `SecretEmpty`: an empty token would open to everyone."""
        if self.metrics_token_file is None:
            return None
        token = self.metrics_token_file.read_text(encoding="utf-8").strip()
        if not token:
            raise SecretEmpty(f"{self.metrics_token_file} is empty: write a long random token into it")
        return token

    @property
    def screening_database_password(self) -> str | None:
        if self.screening_database_password_file is None:
            return self.database_password
        return self.screening_database_password_file.read_text().strip()

    @property
    def filing_database_password(self) -> str | None:
        if self.filing_database_password_file is None:
            return self.database_password
        return self.filing_database_password_file.read_text().strip()
