"""The services of a deployment by name, and how any of them runs until it is told to stop.

Each entry imports what it needs when it is chosen: the API process never loads an OCR model, the engine no document
code.
"""

import asyncio
import hmac
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module

import uvicorn
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from clearance.settings import Settings
from clearance.temporal import CLIENT_EXIT_SECONDS

log = logging.getLogger(__name__)

Ready = Callable[[], Awaitable[bool]]
Service = Callable[[Settings], AbstractAsyncContextManager[Ready]]
"""Entering starts a service, leaving stops it; the value tells whether it can do its work right now."""

SERVICES: dict[str, str] = {
    "api": "clearance.http:serve_api",
    "engine": "clearance.http:serve_engine",
    "worker": "clearance.worker:serve_worker",
    "dispatcher": "clearance.dispatcher:serve_dispatcher",
    "sequencer": "clearance.sequencer:serve_sequencer",
    "filing-worker": "clearance.worker:serve_filing_worker",
    "watchlist-worker": "clearance.watchlist_worker:serve_watchlist_worker",
    "filing-dispatcher": "clearance.dispatcher:serve_filing_dispatcher",
}


def load_service(name: str) -> Service:
    module, attribute = SERVICES[name].split(":")
    service: Service = getattr(import_module(module), attribute)
    return service


async def run_services(names: list[str], settings: Settings) -> None:
    """Run services together until SIGTERM or Ctrl-C; the first that cannot start stops them all."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with _started(names, settings) as ready:
        if settings.health_port:
            async with serving(health_app(ready, settings.metrics_token), settings.health_host, settings.health_port):
                await stopping.wait()
        else:
            await stopping.wait()
    await asyncio.sleep(CLIENT_EXIT_SECONDS)


@asynccontextmanager
async def _started(names: list[str], settings: Settings) -> AsyncIterator[Ready]:
    async with AsyncExitStack() as stack:
        checks = [await stack.enter_async_context(load_service(name)(settings)) for name in names]
        log.info("started %s", ", ".join(names))

        async def ready() -> bool:
            return all([await check() for check in checks])

        yield ready


def health_app(ready: Ready, metrics_token: str | None = None) -> FastAPI:
    """The health endpoints of a service that has no other HTTP. Metrics are there only for who knows the token."""
    app = FastAPI(openapi_url=None)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def is_ready(response: Response) -> dict[str, str]:
        answer = await ready()
        response.status_code = 200 if answer else 503
        return {"status": "ready" if answer else "not ready"}

    if metrics_token is not None:
        expected = f"Bearer {metrics_token}".encode()

        @app.get("/metrics")
        async def metrics(request: Request) -> Response:
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, expected):
                return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer realm="clearance metrics"'})
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def listening(host: str, port: int) -> socket.socket:
    """A socket whose answers leave at once. Raises `OSError` for a taken port."""
    listener = socket.create_server((host, port), reuse_port=False)
    # asyncio asks for this only where a socket names its protocol, which accepted ones do not: each answer's body then
    # waits up to 40 ms for the caller to acknowledge its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[None]:
    """Serve an app in this event loop; a taken port raises `OSError` here instead of ending the process."""
    listener = listening(host, port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    task = asyncio.create_task(server._serve(sockets=[listener]))  # `serve` would take our signal handlers
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
