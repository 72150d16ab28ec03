"""Runs the decoder of strangers' files in a child process and brings back normalised pages, or why there are none.

Separate because it is the only activity code that starts processes: the child limits its own memory and CPU, the
parent kills it when the clock runs out.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kyc.decode import CPU_SECONDS, EXIT_OK, EXIT_UNREADABLE

WALL_SECONDS = 3.0 * CPU_SECONDS
"""A child that waits instead of computing is not caught by its CPU limit; one on a busy machine gets its share."""
AT_ONCE = os.cpu_count() or 1
"""Children that decode side by side: more would only make each other late."""

_REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Decoded:
    """The pages of a file as RGB PNG bytes, in order; or none, with the code that says why. `original` is what the
    decoder says of the file as it was sent (`kyc.decode.decode_file`): format, size, what its EXIF names."""

    pages: tuple[bytes, ...]
    problem: str = ""
    original: Mapping[str, Any] = field(default_factory=dict)


async def decode(content: bytes, wall_seconds: float = WALL_SECONDS) -> Decoded:
    """Decode one uploaded file in a child process. Never raises for a bad file: it is `Decoded.problem`."""
    with tempfile.TemporaryDirectory(prefix="clearance-decode-") as name:
        folder = Path(name)
        source = folder / "original"
        await asyncio.to_thread(source.write_bytes, content)
        async with _places():
            status = await _run_child(source, folder, wall_seconds)
        return await asyncio.to_thread(_collect, folder, status)


@cache
def _places_of(loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


def _places() -> asyncio.Semaphore:
    return _places_of(asyncio.get_running_loop())


async def _run_child(source: Path, folder: Path, wall_seconds: float) -> int:
    """The exit status; negative for a killed child. The child inherits no secrets: its environment is empty."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kyc.decode",
        str(source),
        str(folder),
        cwd=_REPOSITORY,
        # One thread: each thread of a numeric library reserves address space, of which the child has little.
        env={"PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await asyncio.wait_for(child.wait(), wall_seconds)
    except TimeoutError:
        return -1
    finally:
        # Also when the activity is cancelled: no decoder outlives whoever asked for it.
        if child.returncode is None:
            child.kill()
            await child.wait()


def _collect(folder: Path, status: int) -> Decoded:
    if status not in (EXIT_OK, EXIT_UNREADABLE):
        return Decoded((), "TOO_DEMANDING")
    result = json.loads((folder / "result.json").read_bytes())
    if status == EXIT_UNREADABLE:
        return Decoded((), result["error"])
    return Decoded(tuple((folder / page["file"]).read_bytes() for page in result["pages"]), original=result)
