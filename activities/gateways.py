"""Where submitted reports go and answers come from. A gateway takes a report under a name, once: the same name again
changes nothing.

The folder is here because it needs nothing but a disk; the gateways that reach out have a file each.
"""

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ANSWERS = "acknowledgements"
"""The folder, beside the reports, in which answers are looked for under the name of the report that they are to."""
LARGEST_ANSWER = 16 * 1024 * 1024


class NameTaken(Exception):
    """The gateway holds another report under this name. Nothing was overwritten: find out who put it there."""


class GatewayRefused(Exception):
    """The gateway does not take reports as it is configured (identity, authorisation, its own terms). The message says
    what it answered; somebody has to act, and the report is tried again."""


class Gateway(Protocol):
    """Takes reports for an authority and hands on its answers."""

    async def submit(self, name: str, content: bytes) -> str:
        """Hand over a report; the authority's (or our) reference for it. Raises `NameTaken` and `GatewayRefused`."""
        ...

    async def collect(self, name: str) -> bytes | None:
        """The authority's answer to the report of this name; None while there is none."""
        ...


@dataclass(frozen=True, slots=True)
class FolderGateway:
    """A folder that people, or a transfer of the institution's own, empty. A file is there whole or not at all."""

    folder: Path

    async def submit(self, name: str, content: bytes) -> str:
        await asyncio.to_thread(self._write, self.folder / name, content)
        return name

    async def collect(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._read, self.folder / ANSWERS / name)

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists():
            if path.read_bytes() != content:
                raise NameTaken(path.name)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
