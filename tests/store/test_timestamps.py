"""Checkpoints stamped by a real authority of our own making (openssl ts), and what a stamp does not let pass."""

import asyncio
import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from rich.console import Console

from clearance.audit import verify
from clearance.keyring import create_missing_keys
from clearance.sequencer import PUBLIC, checkpoint_all, open_line, sequence_all, sequencing, stamp_all
from clearance.settings import Settings
from clearance.timestamps import Authority, TimestampRefused, read_roots, read_stamps, stamps_path, verify_stamps
from store.connection import tenant_transaction
from store.ledger_export import export_lines
from tests.store.test_sequencer import append

OPENSSL = shutil.which("openssl")
CONFIG = """
[tsa]
default_tsa = house
[house]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class House:
    """An authority: answers as openssl does, or as `answer` says."""

    folder: Path
    url: str
    answer: bytes | None = None
    status: int = 200

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, request: bytes) -> bytes:
        if self.answer is not None:
            return self.answer
        (self.folder / "request").write_bytes(request)
        config = self.folder / "tsa.cnf"
        openssl("ts", "-reply", "-config", config, "-queryfile", self.folder / "request", "-out", self.folder / "reply")
        return (self.folder / "reply").read_bytes()


def openssl(*arguments: object) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *map(str, arguments)], check=True, capture_output=True)


def found(folder: Path) -> None:
    """A root and the authority's own certificate under it."""
    folder.mkdir()
    subject, usage = ("-subj", "/CN=Invented root"), ("-addext", "keyUsage=critical,keyCertSign")
    made = ("-keyout", folder / "root.key", "-out", folder / "root.pem", "-days", 3650)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *subject, *usage)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr",
            "-subj", "/CN=Invented time stamping authority")  # fmt: skip
    (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
            "-out", folder / "tsa.pem", "-days", "3650", "-extfile", folder / "ext", "-set_serial", "2")  # fmt: skip
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    if OPENSSL is None:
        pytest.skip("no openssl on this machine to play the time stamping authority: apt-get install openssl")
    found(tmp_path / "tsa")
    made = House(tmp_path / "tsa", "")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            content = made.reply(request)
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(lone_world: Any, tmp_path: Path, house: House) -> Settings:
    create_missing_keys(tmp_path / "secrets")
    return Settings(home=tmp_path, database_url=lone_world.url, timestamp_url=house.url, timestamp_roots=house.roots)


def kept(settings: Settings, world: Any) -> Path:
    return settings.checkpoint_folder / f"{world.tenant_id}.{PUBLIC}.checkpoints.jsonl"


async def test_the_newest_checkpoint_is_stamped_once_and_a_stranger_can_tell_when_it_was(
    lone_world: Any, settings: Settings, house: House, tmp_path: Path
) -> None:
    async with open_line(settings) as line:
        await append(lone_world, PUBLIC)
        await sequence_all(line.pool)
        await checkpoint_all(line)
        assert await stamp_all(line) == 2  # each of the two tenants' ledgers
        assert await stamp_all(line) == 0  # nothing new
        await append(lone_world, PUBLIC)
        await sequence_all(line.pool)
        await checkpoint_all(line)
        assert await stamp_all(line) == 1
        async with tenant_transaction(line.pool, lone_world.tenant_id) as conn:
            lines = [text async for text in export_lines(conn, lone_world.tenant_id)]
        public_key = line.signer().public_key
    export = tmp_path / "export.jsonl"
    export.write_text("\n".join(lines) + "\n")
    said = StringIO()
    report = verify(export, public_key, settings.checkpoint_folder, None, Console(file=said, width=200), house.roots)
    assert report.holds, report.problems
    assert f"checkpoint 1 existed by {datetime.now(UTC):%Y-%m-%d}" in said.getvalue()

    # And with somebody else's certificates, with no stamps, or with no checkpoints, it does not verify.
    found(tmp_path / "other")
    quiet = Console(file=StringIO())
    other = verify(export, public_key, settings.checkpoint_folder, None, quiet, tmp_path / "other" / "root.pem")
    assert len(other.problems) == 2
    assert not verify(export, public_key, None, None, quiet, house.roots).holds
    stamps_path(kept(settings, lone_world)).unlink()
    assert not verify(export, public_key, settings.checkpoint_folder, None, quiet, house.roots).holds


async def test_a_checkpoint_signed_later_is_not_the_one_that_was_stamped(
    lone_world: Any, settings: Settings, house: House
) -> None:
    """Whoever has our key can sign another history; they cannot date it back."""
    async with open_line(settings) as line:
        await append(lone_world, PUBLIC)
        await sequence_all(line.pool)
        await checkpoint_all(line)
        await stamp_all(line)
    path = kept(settings, lone_world)
    checkpoint = json.loads(path.read_text())
    body = json.loads(checkpoint["body"])
    forged = json.dumps({**body, "root": "00" * 32}, sort_keys=True, separators=(",", ":"))
    path.write_text(json.dumps({**checkpoint, "body": forged}) + "\n")
    good, problems = verify_stamps(path, read_roots(house.roots))
    assert good == []
    assert problems == [problems[0]]
    assert "not a valid time stamp of this checkpoint" in problems[0]


@pytest.mark.parametrize("change", range(0, 2000, 97))
def test_an_altered_stamp_is_found(house: House, change: int) -> None:
    authority, body = Authority(house.url, read_roots(house.roots)), '{"number":0}'
    answer = bytearray(asyncio.run(authority.stamp(body)))
    folder = house.folder
    checkpoints = folder / "t.public.checkpoints.jsonl"
    checkpoints.write_text(json.dumps({"body": body}) + "\n")
    place = change % len(answer)
    answer[place] ^= 0x01
    stamps_path(checkpoints).write_text(json.dumps({"number": 0, "stamp": base64.b64encode(answer).decode()}) + "\n")
    good, problems = verify_stamps(checkpoints, authority.roots)
    # The PKIStatusInfo and the certificates carried along are not under the signature; the instant and the imprint are.
    if problems:
        assert good == []
    else:
        assert abs(good[0][1] - datetime.now(UTC)) < timedelta(seconds=30)


async def test_what_is_no_stamp_is_refused_with_the_reason(house: House) -> None:
    authority = Authority(house.url, read_roots(house.roots))
    valid = await authority.stamp("a checkpoint")
    for answer, status, reason in (
        (b"sorry", 200, "not a valid time stamp"),
        (valid, 200, "not a valid time stamp"),  # of something else: a replay
        (b"", 503, "answered 503"),
        (b"x" * 200_000, 200, "200000 bytes"),
    ):
        house.answer, house.status = answer, status
        with pytest.raises(TimestampRefused, match=reason):
            await authority.stamp("another checkpoint")
    nobody = replace(authority, url="http://127.0.0.1:9/")
    with pytest.raises(TimestampRefused, match="does not answer"):
        await nobody.stamp("a checkpoint")


async def test_an_authority_that_is_away_delays_no_leaf_and_is_counted(
    lone_world: Any, settings: Settings, house: House
) -> None:
    house.status = 500
    before = REGISTRY.get_sample_value("clearance_ledger_timestamps_missed_total", {"ledger": PUBLIC}) or 0.0
    async with open_line(settings) as line, sequencing(line) as ready:
        await append(lone_world, PUBLIC)
        async with asyncio.timeout(20.0):
            while (
                REGISTRY.get_sample_value("clearance_ledger_timestamps_missed_total", {"ledger": PUBLIC}) or 0.0
            ) == before:
                await asyncio.sleep(0.05)
        assert await ready()
    assert list(read_stamps(stamps_path(kept(settings, lone_world)))) == []


async def test_an_address_without_certificates_is_a_mistake(settings: Settings) -> None:
    with pytest.raises(ValueError, match="CLEARANCE_TIMESTAMP_ROOTS"):
        async with open_line(settings.model_copy(update={"timestamp_roots": None})):
            pass
