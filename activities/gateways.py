"""Where submitted reports go. A gateway takes a report under a name, once: the same name again changes nothing."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class NameTaken(Exception):
    """The gateway holds another report under this name. Nothing was overwritten: find out who put it there."""


class Gateway(Protocol):
    """Takes reports for an authority."""

    async def submit(self, name: str, content: bytes) -> str:
        """Hand over a report; the authority's (or our) reference for it. Raises `NameTaken`."""
        ...


@dataclass(frozen=True, slots=True)
class FolderGateway:
    """A folder that people, or a transfer of the institution's own, empty. A file is there whole or not at all."""

    folder: Path

    async def submit(self, name: str, content: bytes) -> str:
        await asyncio.to_thread(self._write, self.folder / name, content)
        return name

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
