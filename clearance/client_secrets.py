"""What the API proves itself with to issuers that ask for more than PKCE: one `<issuer id>.secret` an issuer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from clearance.settings import SecretEmpty


class ClientSecrets(Mapping[UUID, str]):
    """Reads an issuer's file when somebody signs in, so that a new secret needs no restart."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __getitem__(self, issuer_id: UUID) -> str:
        """Raises `KeyError` where the issuer has none, and `SecretEmpty`."""
        if self._folder is None:
            raise KeyError(issuer_id)
        file = self._folder / f"{issuer_id}.secret"
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            raise KeyError(issuer_id) from error
        if not secret:
            raise SecretEmpty(f"{file} is empty: write the client secret into it, or remove it")
        return secret

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(path.stem) for path in sorted(self._folder.glob("*.secret"))) if self._folder else iter(())

    def __len__(self) -> int:
        return sum(1 for _ in self)
