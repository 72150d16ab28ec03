"""Reports to an authority's SFTP box, such as FinCEN's Secure Direct Transfer Mode, and its answers from there.

Separate because it needs asyncssh, which is in the extra `sftp`; it is imported when a report is handed over.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from activities.gateways import LARGEST_ANSWER, GatewayRefused, NameTaken

if TYPE_CHECKING:
    from asyncssh import SFTPClient

CONNECT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SftpGateway:
    """`known_hosts` pins the server's key, `private_key` is ours; both are files in OpenSSH's formats. Reports go to
    `folder`, answers are looked for in `answers` under the report's name."""

    host: str
    port: int
    user: str
    private_key: Path
    known_hosts: Path
    folder: PurePosixPath
    answers: PurePosixPath

    async def submit(self, name: str, content: bytes) -> str:
        async with self._session() as sftp:
            path = self.folder / name
            there = await _read(sftp, path, len(content) + 1)
            if there is None:
                await self._put(sftp, path, content)
            elif there != content:
                raise NameTaken(name)
        return name

    async def collect(self, name: str) -> bytes | None:
        async with self._session() as sftp:
            return await _read(sftp, self.answers / name, LARGEST_ANSWER)

    async def _put(self, sftp: "SFTPClient", path: PurePosixPath, content: bytes) -> None:
        """Under another name until it is whole: whoever empties the box never sees half a report."""
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        async with sftp.open(str(draft), "wb") as file:
            await file.write(content)
        await sftp.rename(str(draft), str(path))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator["SFTPClient"]:
        """Raises `GatewayRefused` where the server is not the one we know or does not let us in."""
        try:
            import asyncssh
        except ImportError as error:
            raise GatewayRefused("SFTP needs the extra `sftp`: install clearance[sftp]") from error
        if not self.known_hosts.is_file():
            raise GatewayRefused(f"{self.known_hosts} is missing: nothing is sent to a host whose key nobody pinned")
        try:
            async with (
                asyncssh.connect(
                    self.host,
                    self.port,
                    username=self.user,
                    client_keys=[str(self.private_key)],
                    known_hosts=str(self.known_hosts),
                    agent_path=None,
                    config=None,
                    connect_timeout=CONNECT_SECONDS,
                    login_timeout=CONNECT_SECONDS,
                ) as connection,
                connection.start_sftp_client() as sftp,
            ):
                yield sftp
        except (asyncssh.HostKeyNotVerifiable, asyncssh.PermissionDenied, asyncssh.KeyImportError) as error:
            raise GatewayRefused(f"{self.host}: {type(error).__name__}") from error
        except asyncssh.Error as error:
            raise OSError(f"{self.host}: {type(error).__name__}: {error}") from error


async def _read(sftp: "SFTPClient", path: PurePosixPath, at_most: int) -> bytes | None:
    """The file, or as much of it as is asked for; None where there is none."""
    from asyncssh import SFTPNoSuchFile

    try:
        async with sftp.open(str(path), "rb") as file:
            content = await file.read(at_most)
            return content if isinstance(content, bytes) else content.encode()
    except SFTPNoSuchFile:
        return None
