"""Keys are made once, kept private, and differ by tenant and purpose."""

import stat
from pathlib import Path
from uuid import uuid4

import pytest

from vault.envelope import SealBroken, new_data_key
from vault.keys import Ed25519Signer, FileKeyProvider, KeyFileBroken, verify_signature


def test_a_data_key_unwraps_for_its_tenant_only(tmp_path: Path) -> None:
    provider, tenant_id, data_key = FileKeyProvider(tmp_path / "master"), uuid4(), new_data_key()
    wrapped = provider.wrap(tenant_id, data_key)
    assert data_key not in wrapped
    assert FileKeyProvider(tmp_path / "master").unwrap(tenant_id, wrapped) == data_key
    with pytest.raises(SealBroken):
        provider.unwrap(uuid4(), wrapped)
    with pytest.raises(SealBroken):
        FileKeyProvider(tmp_path / "other").unwrap(tenant_id, wrapped)


def test_purposes_have_keys_of_their_own(tmp_path: Path) -> None:
    provider = FileKeyProvider(tmp_path / "master")
    assert provider.derive("idempotency") == FileKeyProvider(tmp_path / "master").derive("idempotency")
    assert provider.derive("idempotency") != provider.derive("codec")


def test_the_key_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "master"
    FileKeyProvider(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"short")
    with pytest.raises(KeyFileBroken):
        FileKeyProvider(path)


def test_signatures(tmp_path: Path) -> None:
    signer = Ed25519Signer.from_file(tmp_path / "signing")
    assert Ed25519Signer.from_file(tmp_path / "signing").public_key == signer.public_key
    assert signer.public_key.hex().startswith(signer.key_id)
    signature = signer.sign(b"data")
    assert verify_signature(signer.public_key, signature, b"data")
    assert not verify_signature(signer.public_key, signature, b"date")
    assert not verify_signature(Ed25519Signer(bytes(32)).public_key, signature, b"data")
