"""The console's own style, script and pictures, served under the hash of their content, so that browsers may keep them
for ever and never mix an old one with a new page."""

import mimetypes
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response

from api.auth import NotFound
from api.limits import LimitedRoute

FOLDER = Path(__file__).with_name("static")

router = APIRouter(prefix="/console/static", include_in_schema=False, route_class=LimitedRoute)


@cache
def _content(name: str) -> tuple[bytes, str]:
    """An asset's bytes and the first half of their SHA-256."""
    content = (FOLDER / name).read_bytes()
    return content, sha256(content).hexdigest()[:32]


def asset_url(name: str) -> str:
    """Where a page finds an asset. Raises `FileNotFoundError` for one that is not there."""
    return f"/console/static/{_content(name)[1]}/{name}"


@router.get("/{digest}/{name}")
async def asset(digest: str, name: str) -> Response:
    """One file. An old digest answers 404 rather than other content than it names."""
    if name not in {path.name for path in FOLDER.iterdir()} or digest != _content(name)[1]:
        raise NotFound
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(
        _content(name)[0],
        media_type=media_type,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
