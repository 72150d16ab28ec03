"""How problems (RFC 9457) are named and answered; which error becomes which is told in `api.errors`."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse, JSONResponse

MEDIA_TYPE = "application/problem+json"


def problem_type(code: str) -> str:
    """The URI that names a kind of problem: `urn:clearance:problem:` and the code in lower case with dashes."""
    return f"urn:clearance:problem:{code.lower().replace('_', '-')}"


def problem_response(
    request_id: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer to one request; `body` has at least `status`."""
    content = {**body, "instance": f"urn:uuid:{request_id}"}
    return JSONResponse(content, status_code=body["status"], media_type=MEDIA_TYPE, headers=dict(headers or {}))


def internal_problem(request_id: str) -> JSONResponse:
    """The answer where something happened that nobody foresaw: nothing about it is told."""
    return problem_response(
        request_id,
        {
            "type": problem_type("INTERNAL"),
            "title": "Something went wrong here",
            "status": 500,
            "detail": "This is our fault. Tell your operator the `instance`: the log has the cause under it.",
            "code": "INTERNAL",
        },
    )


def internal_page(request_id: str) -> HTMLResponse:
    """The same for a person at the console. Plain on purpose: it has to be there whatever else is broken."""
    words = "This is our fault. Go back and try again; if it stays, tell your operator this number:"
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Something went wrong here</title>'
        f"<h1>Something went wrong here</h1><p>{words}</p><p><code>{request_id}</code></p>"
        '<p><a href="/console">To the queue</a></p></html>'
    )
    return HTMLResponse(content, 500, {"Content-Security-Policy": "default-src 'none'"})
