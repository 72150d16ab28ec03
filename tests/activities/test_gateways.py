"""Gateways against real servers on this machine: a report arrives whole and once, at the server that was meant."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from uuid import uuid4

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.gateway_https import HttpsGateway
from activities.gateway_sftp import SftpGateway
from activities.gateways import FolderGateway, Gateway, GatewayRefused, NameTaken
from clearance.gateways import GatewayFolder

REPORT = b"<EFilingBatchXML/>" * 5_000
NAME = "fincen_sar-1.xml"


# --- SFTP -------------------------------------------------------------------------------------------------------------


@dataclass
class Box:
    """An authority's SFTP server over a folder."""

    port: int
    root: Path
    gateway: SftpGateway
    names: list[str] = field(default_factory=list)


class Watched(asyncssh.SFTPServer):
    """Remembers under which names files were written."""

    written: list[bytes]

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], root: Path, written: list[bytes]) -> None:
        super().__init__(channel, chroot=str(root).encode())
        self.written = written

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & asyncssh.FXF_WRITE:
            self.written.append(path)
        return super().open(path, pflags, attrs)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    root = tmp_path / "box"
    (root / "outbox" / "acknowledgements").mkdir(parents=True)
    host_key, client_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    (tmp_path / "key").write_bytes(client_key.export_private_key())
    (tmp_path / "key").chmod(0o600)
    written: list[bytes] = []
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(client_key.export_public_key().decode()),
        sftp_factory=lambda channel: Watched(channel, root, written),
    )
    port = server.sockets[0].getsockname()[1]
    public = host_key.export_public_key().decode().strip()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    gateway = SftpGateway(
        "127.0.0.1",
        port,
        "filer",
        tmp_path / "key",
        tmp_path / "known_hosts",
        PurePosixPath("/outbox"),
        PurePosixPath("/outbox/acknowledgements"),
    )
    box = Box(port, root, gateway)
    yield box
    box.names.extend(name.decode() for name in written)
    server.close()
    await server.wait_closed()
    # Written elsewhere first, then renamed: nobody who empties the box sees half a report.
    assert all(name.rsplit("/", 1)[1].startswith(".") for name in box.names)


async def test_a_report_arrives_whole_and_once(box: Box) -> None:
    assert await box.gateway.submit(NAME, REPORT) == NAME
    assert await box.gateway.submit(NAME, REPORT) == NAME
    files = [path.name for path in (box.root / "outbox").iterdir() if path.is_file()]
    assert files == [NAME]
    assert (box.root / "outbox" / NAME).read_bytes() == REPORT
    with pytest.raises(NameTaken):
        await box.gateway.submit(NAME, b"another")
    assert (box.root / "outbox" / NAME).read_bytes() == REPORT


async def test_the_answer_is_picked_up(box: Box) -> None:
    assert await box.gateway.collect(NAME) is None
    (box.root / "outbox" / "acknowledgements" / NAME).write_bytes(b"<answer/>")
    assert await box.gateway.collect(NAME) == b"<answer/>"


async def test_another_host_key_gets_nothing(box: Box, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    box.gateway.known_hosts.write_text(f"[127.0.0.1]:{box.port} {other}\n")
    with pytest.raises(GatewayRefused, match="HostKeyNotVerifiable"):
        await box.gateway.submit(NAME, REPORT)
    box.gateway.known_hosts.unlink()
    with pytest.raises(GatewayRefused, match="pinned"):
        await box.gateway.submit(NAME, REPORT)
    assert not (box.root / "outbox" / NAME).exists()


async def test_a_key_that_the_server_does_not_know_is_a_refusal_and_a_server_that_is_away_is_not(box: Box) -> None:
    box.gateway.private_key.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(GatewayRefused, match="PermissionDenied"):
        await box.gateway.submit(NAME, REPORT)
    away = SftpGateway(
        "127.0.0.1",
        1,
        "filer",
        box.gateway.private_key,
        box.gateway.known_hosts,
        box.gateway.folder,
        box.gateway.answers,
    )
    with pytest.raises(OSError):
        await away.submit(NAME, REPORT)


# --- HTTPS ------------------------------------------------------------------------------------------------------------


def certificate(
    name: str, signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if signer:
        names = [x509.IPAddress(ip_address("127.0.0.1"))]
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer[1].public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(issuer, critical=False)
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


def pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


@dataclass
class Endpoint:
    """An authority's endpoint that keeps the contract of `activities.gateway_https`, and can lose its answers."""

    url: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    lose_answers: int = 0
    status: int | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, path, _ = (await reader.readline()).decode().split(" ", 2)
            headers: dict[str, str] = {}
            while line := (await reader.readline()).decode().strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.seen.append((method, path, headers))
            status, content = self.answer(method, path.removeprefix("/reports/"), headers, body)
            if self.lose_answers and method == "PUT":
                self.lose_answers -= 1
                return
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + content)
            await writer.drain()
        except (asyncio.IncompleteReadError, ValueError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, method: str, name: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if self.status is not None:
            return self.status, b""
        if headers.get("authorization") != "Bearer s3cret":
            return 401, b""
        if name.endswith("/acknowledgement"):
            answer = self.answers.get(name.removesuffix("/acknowledgement"))
            return (404, b"") if answer is None else (200, answer)
        if method == "GET":
            return (200, self.kept[name]) if name in self.kept else (404, b"")
        if name in self.kept:
            return 412, b""
        self.kept[name] = body
        return 201, json.dumps({"reference": f"ref-{sha256(body).hexdigest()[:8]}"}).encode()


@asynccontextmanager
async def serving(
    endpoint: Endpoint, folder: Path, made: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> AsyncIterator[Endpoint]:
    private = made[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem(made[0]))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, ssl=context)
    endpoint.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/reports"
    async with server:
        yield endpoint


@pytest.fixture
async def endpoint(tmp_path: Path) -> AsyncIterator[Endpoint]:
    authority = certificate("Specimen authority")
    (tmp_path / "trusted.pem").write_bytes(pem(authority[0]))
    (tmp_path / "token").write_text("s3cret\n")
    async with serving(Endpoint(), tmp_path, certificate("endpoint", authority)) as made:
        yield made


def https(endpoint: Endpoint, folder: Path) -> HttpsGateway:
    return HttpsGateway(endpoint.url, folder / "token", folder / "trusted.pem")


async def test_a_report_is_put_once_with_its_name_as_the_key(endpoint: Endpoint, tmp_path: Path) -> None:
    gateway = https(endpoint, tmp_path)
    reference = await gateway.submit(NAME, REPORT)
    assert reference == f"ref-{sha256(REPORT).hexdigest()[:8]}"
    assert endpoint.kept == {NAME: REPORT}
    method, path, headers = endpoint.seen[0]
    assert (method, path, headers["idempotency-key"]) == ("PUT", f"/reports/{NAME}", NAME)
    assert await gateway.submit(NAME, REPORT) == NAME
    assert endpoint.kept == {NAME: REPORT}
    with pytest.raises(NameTaken):
        await gateway.submit(NAME, b"another")


async def test_a_lost_answer_is_made_good(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.lose_answers = 1
    gateway = https(endpoint, tmp_path)
    with pytest.raises(OSError):
        await gateway.submit(NAME, REPORT)
    assert await gateway.submit(NAME, REPORT) == NAME
    assert endpoint.kept == {NAME: REPORT}


async def test_an_endpoints_answer_is_picked_up(endpoint: Endpoint, tmp_path: Path) -> None:
    gateway = https(endpoint, tmp_path)
    assert await gateway.collect(NAME) is None
    endpoint.answers[NAME] = b"<answer/>"
    assert await gateway.collect(NAME) == b"<answer/>"


async def test_an_endpoint_that_nobody_vouches_for_gets_nothing(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "trusted.pem").write_bytes(pem(certificate("Somebody else")[0]))
    with pytest.raises(GatewayRefused, match="vouches"):
        await https(endpoint, tmp_path).submit(NAME, REPORT)
    (tmp_path / "trusted.pem").unlink()
    with pytest.raises(GatewayRefused, match="vouches"):
        await https(endpoint, tmp_path).submit(NAME, REPORT)
    assert endpoint.seen == []


@pytest.mark.parametrize(("status", "error"), [(403, GatewayRefused), (422, GatewayRefused), (503, OSError)])
async def test_refusals_are_told_from_outages(
    endpoint: Endpoint, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    endpoint.status = status
    with pytest.raises(error, match=str(status)):
        await https(endpoint, tmp_path).submit(NAME, REPORT)


# --- Which one --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateways").mkdir()
    return tmp_path / "gateways"


def chosen(folder: Path, **said: str) -> Gateway:
    tenant_id = uuid4()
    (folder / f"{tenant_id}.json").write_text(json.dumps(said))
    return GatewayFolder(folder, folder / "fallback")(tenant_id)


def test_a_tenant_without_a_gateway_files_into_the_folder(folder: Path) -> None:
    assert GatewayFolder(folder, folder / "fallback")(uuid4()) == FolderGateway(folder / "fallback")


def test_a_tenants_file_says_where_to(folder: Path) -> None:
    sftp = chosen(folder, url="sftp://me%40bank@box.example:2222/in", secret="key", trust="known_hosts")
    assert isinstance(sftp, SftpGateway)
    assert (sftp.host, sftp.port, sftp.user, str(sftp.answers)) == (
        "box.example", 2222, "me@bank", "/in/acknowledgements",
    )  # fmt: skip
    https = chosen(folder, url="https://fiu.example/reports", secret="token", trust="ca.pem")
    assert https == HttpsGateway("https://fiu.example/reports", folder / "token", folder / "ca.pem")


@pytest.mark.parametrize(
    "said",
    [
        {"url": "http://fiu.example/reports", "secret": "token", "trust": "ca.pem"},
        {"url": "sftp://box.example/in", "secret": "key", "trust": "known_hosts"},
        {"url": "sftp://me:word@box.example/in", "secret": "key", "trust": "known_hosts"},
        {"url": "https://fiu.example/reports", "secret": "../../etc/passwd", "trust": "ca.pem"},
        {"url": "https://fiu.example/reports", "secret": "token"},
    ],
)
def test_a_file_that_does_not_say_where_to_is_refused(folder: Path, said: dict[str, str]) -> None:
    with pytest.raises(GatewayRefused, match="not a gateway"):
        chosen(folder, **said)


async def test_the_folder_hands_on_answers_too(tmp_path: Path) -> None:
    gateway = FolderGateway(tmp_path)
    assert await gateway.collect(NAME) is None
    (tmp_path / "acknowledgements").mkdir()
    (tmp_path / "acknowledgements" / NAME).write_bytes(b"<answer/>")
    assert await gateway.collect(NAME) == b"<answer/>"
