"""What is measured and logged of each request: ids, route templates, statuses, times; never a path, name or body."""

import logging
import time
import traceback
from uuid import uuid4

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import internal_page, internal_problem

log = logging.getLogger(__name__)

REQUESTS = Counter("clearance_http_requests", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "clearance_http_request_seconds",
    "Time from the request's first byte to the answer's last.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Telemetry:
    """Gives every request an id, measures it, keeps answers out of caches, and turns surprises into a bare 500.

    A surprise is caught here rather than further out, because the server would log its message: a database error may
    quote the row. The log gets the stack and the error's class.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, tell)
        except Exception as surprise:  # noqa: BLE001 (the last resort: whatever it is, its message may be personal)
            stack = "".join(traceback.format_tb(surprise.__traceback__))
            log.error("request %s failed with %s\n%s", request_id, type(surprise).__qualname__, stack)
            if not status:
                answer = internal_page if scope["path"].startswith("/console") else internal_problem
                await answer(request_id)(scope, receive, tell)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = _template(scope)
            REQUESTS.labels(method, route, status).inc()
            SECONDS.labels(method, route).observe(seconds)
            log.info("request %s %s %s %d %.0f ms", request_id, method, route, status, 1000 * seconds)


def _template(scope: Scope) -> str:
    """The route's path with its placeholders: the path itself holds ids."""
    return str(getattr(scope.get("route"), "path", "none"))
