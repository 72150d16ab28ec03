"""Files sent to a case: one to ten of them, checked as documents are before anything is stored.

The body is held in memory and never spooled to a file: uploads are personal data, and what is at rest is encrypted.
"""

import hashlib
import unicodedata
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.image_header import ImageHeader, ImageRefused, inspect_image
from api.submission import DocumentRefused, RequestMalformed

MAX_FILES = 10
MAX_REQUEST_BYTES = 64 * 1024 * 1024
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    name: str
    """As the sender called it, without its path; perhaps empty."""
    content: bytes
    sha256: str
    header: ImageHeader


class _InMemoryParser(MultiPartParser):
    spool_max_size = MAX_REQUEST_BYTES + 1


async def read_files(request: Request, most: int = MAX_FILES) -> tuple[list[ReceivedFile], dict[str, str]]:
    """The parts called `files`, and the others' texts. Raises `RequestMalformed` and `DocumentRefused`."""
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise RequestMalformed("NOT_MULTIPART", "Send multipart/form-data with the files as parts called `files`.")
    return await received_files(await parse_multipart(request, most), most)


async def parse_multipart(request: Request, most: int = MAX_FILES) -> FormData:
    """The parts of a body, all of it in memory. Raises `RequestMalformed`."""
    parser = _InMemoryParser(
        request.headers, request.stream(), max_files=most + 1, max_fields=4, max_part_size=16 * 1024
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise RequestMalformed("MULTIPART_BROKEN", f"The multipart body cannot be read: {error.message}") from error


async def received_files(form: FormData, most: int = MAX_FILES) -> tuple[list[ReceivedFile], dict[str, str]]:
    """As `read_files`, of a body that was parsed already."""
    files: list[ReceivedFile] = []
    fields: dict[str, str] = {}
    try:
        for name, part in form.multi_items():
            if isinstance(part, str):
                fields[name] = part
            elif name == "files":
                files.append(await _received(part, len(files)))
            else:
                raise RequestMalformed("PART_UNKNOWN", "Files are taken as parts called `files` only.")
    finally:
        await form.close()
    if not 1 <= len(files) <= most:
        raise RequestMalformed("FILES_MISSING", f"Send one to {most} files as parts called `files`.")
    return files, fields


async def _received(part: UploadFile, position: int) -> ReceivedFile:
    content = await part.read()
    try:
        header = inspect_image(content)
    except ImageRefused as refusal:
        raise DocumentRefused(f"files[{position}]", refusal) from refusal
    return ReceivedFile(_name(part.filename or ""), content, hashlib.sha256(content).hexdigest(), header)


def _name(stated: str) -> str:
    """A file's name that can be shown: no path, nothing unprintable."""
    last = stated.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if unicodedata.category(c)[0] != "C")[:_LONGEST_NAME]
