"""How much a request may carry: counted as it comes in, so that no declared length has to be believed."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

MAX_BYTES = "x-max-bytes"
"""Where a route's `openapi_extra` says how much it takes."""

_USUAL_BYTES = 256 * 1024


class BodyTooLarge(HTTPException):
    """The body is larger than the route takes. An `HTTPException`, because FastAPI lets nothing else out of parsing."""

    def __init__(self) -> None:
        super().__init__(status_code=413)


class LimitedRoute(APIRoute):
    """A route whose body is cut off at its limit."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        limit = int((self.openapi_extra or {}).get(MAX_BYTES, _USUAL_BYTES))

        async def limited(request: Request) -> Response:
            declared = request.headers.get("Content-Length", "0")
            if not declared.isdigit() or int(declared) > limit:
                raise BodyTooLarge
            return await handle(Request(request.scope, _counted(request.receive, limit)))

        return limited


def _counted(receive: Receive, limit: int) -> Receive:
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise BodyTooLarge
        return message

    return counted
