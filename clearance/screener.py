"""Screening for the API, in one warm child process with the index: the API itself holds neither index nor the right to
write decisions.

Run as `python -m clearance.screener` it is that child: it connects under the role clearance_screening, then answers
JSON lines, several at once, until its input ends. What is personal travels through the pipes only.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.services import ScreenerDown, ScreeningRefused
from clearance.settings import Settings
from explain.record import canonical_json

ANSWER_SECONDS = 20.0
"""What a request waits for; the child's start, with the index to be built, may take several such waits."""
START_SECONDS = 300.0
CONNECTIONS = 4
_LINE = 32 * 1024 * 1024
_KEPT = ("HOME", "PATH", "TMPDIR")
_REPOSITORY = Path(__file__).resolve().parent.parent

log = logging.getLogger(__name__)


class ScreenerBroken(Exception):
    """The child could not answer. The API answers 500; the message names the class of error only."""


@dataclass(slots=True)
class ChildScreener:
    """The parent's side: starts the child, again when it died, and hands it requests as they come."""

    settings: Settings
    answer_seconds: float = ANSWER_SECONDS
    command: tuple[str, ...] = (sys.executable, "-m", "clearance.screener")
    _starting: "asyncio.Task[asyncio.subprocess.Process] | None" = None
    _reading: "asyncio.Task[None] | None" = None
    _waiting: dict[int, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    _numbers: int = 0

    def warm(self) -> None:
        """Begin to start the child, so that the first request need not wait for the index."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())

    async def screen(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Screen and store. Raises `ScreenerDown` and `ScreeningRefused`."""
        return await self._ask({"do": "screen", **order})

    async def match(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Screen without storing. Raises `ScreenerDown` and `ScreeningRefused`."""
        return await self._ask({"do": "match", **order})

    async def close(self) -> None:
        starting, self._starting = self._starting, None
        if starting is not None:
            if not starting.done():
                starting.cancel()
                await asyncio.wait([starting])
            elif not starting.cancelled() and starting.exception() is None:
                await _end(starting.result())
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._numbers += 1
        number = self._numbers
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.answer_seconds):
                child = await self._child()
                self._waiting[number] = answered
                assert child.stdin is not None
                child.stdin.write(canonical_json({**request, "number": number}) + b"\n")
                await child.stdin.drain()
                answer = await answered
        except (TimeoutError, ConnectionError) as error:
            raise ScreenerDown from error
        finally:
            self._waiting.pop(number, None)
        if "refused" in answer:
            raise ScreeningRefused(answer["refused"]["code"], answer["refused"]["detail"])
        if "error" in answer:
            raise ScreenerBroken(answer["error"])
        told: dict[str, Any] = answer["answer"]
        return told

    async def _child(self) -> asyncio.subprocess.Process:
        if self._starting is None or (self._starting.done() and _is_over(self._starting)):
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=_REPOSITORY,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"OMP_NUM_THREADS": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(self.settings.model_dump_json().encode() + b"\n")
            await child.stdin.drain()
            ready = await asyncio.wait_for(child.stdout.readline(), START_SECONDS)
            if not ready:
                raise ConnectionError("the screener did not start")
        except BaseException:
            await _end(child)
            raise
        self._reading = asyncio.create_task(self._read(child))
        return child

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        while line := await child.stdout.readline():
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["number"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        await child.wait()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the screener ended"))


def _is_over(starting: "asyncio.Task[asyncio.subprocess.Process]") -> bool:
    return starting.cancelled() or starting.exception() is not None or starting.result().returncode is not None


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    await child.wait()


# --- The child --------------------------------------------------------------------------------------------------------


async def serve(settings: Settings, source: asyncio.StreamReader, answers: Any) -> None:
    """Connect, load model and index, say so, then answer."""
    # Lines on purpose: the parent's module loads none of these.
    from activities.recording import DecisionRecorder
    from activities.requested_screening import RequestedScreening
    from activities.screening_desk import ScreeningDesk
    from activities.watchlist_index import WatchlistHolder
    from clearance.database import service_pool
    from clearance.keyring import KeyName, Keyring
    from clearance.trust import SCREENING, approved_models
    from clearance.version import CODE_VERSION
    from vault.keys import FileKeyProvider

    keys = Keyring(settings.secrets_folder)
    async with await service_pool(settings, "clearance_screening", CONNECTIONS) as pool:
        holder = WatchlistHolder(pool, settings.watchlist_folder / "screener")
        model = approved_models(settings).champion(SCREENING)
        desk = ScreeningDesk(DecisionRecorder(pool, CODE_VERSION), holder, model)
        requested = RequestedScreening(pool, FileKeyProvider(keys.path(KeyName.MASTER)), desk)
        await holder.current()
        _write(answers, {"ready": True})
        running: set[asyncio.Task[None]] = set()
        while line := await source.readline():
            task = asyncio.create_task(_answer(requested, json.loads(line), answers))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)


async def _answer(requested: Any, request: Mapping[str, Any], answers: Any) -> None:
    from activities.requested_screening import RequestRefused

    number = request["number"]
    try:
        do = requested.screen if request["do"] == "screen" else requested.match
        _write(answers, {"number": number, "answer": await do(request)})
    except RequestRefused as refusal:
        _write(answers, {"number": number, "refused": {"code": refusal.code, "detail": refusal.detail}})
    except Exception as error:  # noqa: BLE001  # one request's trouble is not the others'; its message may have values
        log.error("a screening failed: %s", type(error).__name__)
        _write(answers, {"number": number, "error": type(error).__name__})


def _write(answers: Any, answer: Mapping[str, Any]) -> None:
    answers.write(canonical_json(answer) + b"\n")
    answers.flush()


async def _main() -> None:
    """Keep standard output for answers: whatever a library prints goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = asyncio.StreamReader(limit=_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), sys.stdin)
    told = json.loads(await source.readline())
    settings = Settings(**{name: value for name, value in told.items() if value is not None})
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    await serve(settings, source, answers)


if __name__ == "__main__":
    asyncio.run(_main())
