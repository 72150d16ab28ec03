"""Vault objects come back whole or not at all; names and contents tell a reader of the store nothing."""

import http.server
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from vault.envelope import new_data_key
from vault.objects import FilesystemVault, Vault, VaultObjectCorrupt, VaultObjectMissing, open_vault

TENANT = uuid4()
KEY = bytes(range(32))


class Bucket(http.server.BaseHTTPRequestHandler):
    """As much of S3 as putting and getting an object needs, over real HTTP."""

    objects: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        if self.headers.get("Content-Encoding") == "aws-chunked":
            body, size = b"", -1
            while size != 0:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                if size:
                    self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.objects[self.path] = body
        self._answer(200, b"")

    def do_GET(self) -> None:
        if self.path in self.objects:
            self._answer(200, self.objects[self.path])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Place:
    """A vault and a way to its raw objects."""

    def __init__(self, vault: Vault, folder: Path | None, objects: dict[str, bytes] | None) -> None:
        self.vault, self.folder, self.objects = vault, folder, objects

    def names(self) -> list[str]:
        if self.folder:
            return [str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()]
        assert self.objects is not None
        return list(self.objects)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes() if self.folder else (self.objects or {})[name]

    def write(self, name: str, content: bytes) -> None:
        if self.folder:
            (self.folder / name).write_bytes(content)
        else:
            assert self.objects is not None
            self.objects[name] = content


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "file":
        folder = tmp_path / "with space"
        yield Place(open_vault(folder.as_uri()), folder, None)
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    handler = type("OwnBucket", (Bucket,), {"objects": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    vault = open_vault(f"s3://bucket/clearance?endpoint=http://127.0.0.1:{server.server_port}&region=eu-north-1")
    yield Place(vault, None, handler.objects)
    vault._client.close()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_put_is_got(place: Place) -> None:
    content = b"passport" * 1000
    digest = place.vault.put(TENANT, KEY, content)
    assert digest == sha256(content).hexdigest()
    assert place.vault.put(TENANT, KEY, content) == digest
    assert place.vault.get(TENANT, KEY, digest) == content
    assert len(place.names()) == 1
    assert place.vault.get(TENANT, KEY, place.vault.put(TENANT, KEY, b"")) == b""


def test_names_and_contents_tell_nothing(place: Place) -> None:
    digest = place.vault.put(TENANT, KEY, b"passport" * 1000)
    place.vault.put(TENANT, new_data_key(), b"passport" * 1000)
    place.vault.put(uuid4(), KEY, b"passport" * 1000)
    assert len(place.names()) == 3
    for name in place.names():
        assert digest not in name
        assert b"passport" not in place.read(name)


def test_an_object_of_another_key_or_tenant_is_missing(place: Place) -> None:
    digest = place.vault.put(TENANT, KEY, b"x")
    for tenant_id, key, wanted in (
        (uuid4(), KEY, digest),
        (TENANT, new_data_key(), digest),
        (TENANT, KEY, sha256(b"y").hexdigest()),
    ):
        with pytest.raises(VaultObjectMissing):
            place.vault.get(tenant_id, key, wanted)


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "swap"])
def test_a_damaged_object_is_noticed(place: Place, damage: str) -> None:
    digest = place.vault.put(TENANT, KEY, b"x" * 100)
    (name,) = place.names()
    content = place.read(name)
    if damage == "swap":
        place.vault.put(TENANT, KEY, b"y" * 100)
        (other,) = set(place.names()) - {name}
        content = place.read(other)
    else:
        content = {"flip": content[:-1] + bytes([content[-1] ^ 1]), "truncate": content[:-1], "empty": b""}[damage]
    place.write(name, content)
    with pytest.raises(VaultObjectCorrupt):
        place.vault.get(TENANT, KEY, digest)


def test_a_half_written_object_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = FilesystemVault(tmp_path)

    def out_of_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", out_of_space)
        with pytest.raises(OSError, match="No space"):
            vault.put(TENANT, KEY, b"x")
    with pytest.raises(VaultObjectMissing):
        vault.get(TENANT, KEY, sha256(b"x").hexdigest())
    assert vault.get(TENANT, KEY, vault.put(TENANT, KEY, b"x")) == b"x"


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="file:// or s3://"):
        open_vault("ftp://host/path")
