"""Where each tenant's reports go: one `<tenant id>.json` a tenant beside its secrets, the filing folder without one.

{"url": "sftp://user@host:22/outbox", "secret": "sftp-key", "trust": "known_hosts", "answers": "/acknowledgements"}
{"url": "https://host/reports", "secret": "token", "trust": "authority.pem"}

`secret` (a private key, or a bearer token) and `trust` (pinned host keys, or certificates) are files in that folder.
"""

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from activities.gateway_https import HttpsGateway
from activities.gateway_sftp import SftpGateway
from activities.gateways import FolderGateway, Gateway, GatewayRefused


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: str
    trust: str
    answers: str = ""

    @field_validator("secret", "trust")
    @classmethod
    def _in_the_folder(cls, name: str) -> str:
        if not name or "/" in name or name in (".", ".."):
            raise ValueError("name a file in the folder of the gateways")
        return name


class GatewayFolder:
    """Reads a tenant's file when a report is handed over, so that a change needs no restart."""

    def __init__(self, folder: Path, fallback: Path) -> None:
        self._folder, self._fallback = folder, fallback

    def __call__(self, tenant_id: UUID) -> Gateway:
        """Raises `GatewayRefused` for a file that does not say where to."""
        path = self._folder / f"{tenant_id}.json"
        if not path.exists():
            return FolderGateway(self._fallback)
        try:
            said = _Settings.model_validate_json(path.read_bytes())
            return self._made(said)
        except (ValidationError, ValueError) as error:
            # Neither names nor values of it: a URL may hold a user.
            raise GatewayRefused(f"{path.name} is not a gateway: see docs/filings.md") from error

    def _made(self, said: _Settings) -> Gateway:
        url = urlsplit(said.url)
        if url.password is not None or url.hostname is None:
            raise ValueError("a gateway's URL names a host and holds no password")
        if url.scheme == "https":
            return HttpsGateway(said.url, self._folder / said.secret, self._folder / said.trust)
        if url.scheme != "sftp" or not url.username:
            raise ValueError("a gateway is sftp://user@host/folder or https://host/path")
        folder = PurePosixPath(url.path or "/")
        return SftpGateway(
            host=url.hostname,
            port=url.port or 22,
            user=unquote(url.username),
            private_key=self._folder / said.secret,
            known_hosts=self._folder / said.trust,
            folder=folder,
            answers=PurePosixPath(said.answers) if said.answers else folder / "acknowledgements",
        )
