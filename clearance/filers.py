"""Who files for each tenant: one `<tenant id>.json` a tenant, in the shape of `aml.reports.party.Filer`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter

from aml.reports.party import Filer

_FORM = TypeAdapter(Filer)


class FilerFolder(Mapping[UUID, Filer]):
    """Reads a tenant's file when it is asked for, so that a new tenant needs no restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, tenant_id: UUID) -> Filer:
        try:
            return _FORM.validate_json((self._folder / f"{tenant_id}.json").read_bytes())
        except FileNotFoundError as error:
            raise KeyError(tenant_id) from error

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(path.stem) for path in sorted(self._folder.glob("*.json")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def write(self, tenant_id: UUID, filer: Filer) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{tenant_id}.json").write_bytes(_FORM.dump_json(filer, indent=2))
