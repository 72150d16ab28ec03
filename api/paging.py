"""Where a page ended, as an opaque word that the next request brings back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator

from store.queue import Order, Place, QueueRow


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: its instant and its id."""

    instant: datetime
    row_id: UUID

    def encode(self) -> str:
        return urlsafe_b64encode(f"{self.instant.isoformat()} {self.row_id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises `ValueError` for what was not made by `encode`."""
        instant, row_id = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
        cursor = cls(datetime.fromisoformat(instant), UUID(row_id))
        if cursor.instant.tzinfo is None:
            raise ValueError("not a cursor")
        return cursor


def _readable(text: str) -> str:
    try:
        Cursor.decode(text)
    except ValueError as error:
        raise ValueError("must be the `next` of an earlier page") from error
    return text


After = Annotated[
    str | None,
    Query(max_length=200, description="`next` of the page before."),
    AfterValidator(lambda t: t and _readable(t)),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows a page.")]


def cursor(after: str | None) -> Cursor | None:
    """The cursor of a validated `After`."""
    return None if after is None else Cursor.decode(after)


def queue_cursor(last: QueueRow, order: Order) -> str:
    """Where a page of the queue ended, in its order."""
    instant = last.opened_at if order is Order.NEWEST else last.due_at
    text = f"{instant.isoformat()} {last.risk} {last.case_id}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def queue_place(after: str | None) -> Place | None:
    """The place behind which the next page begins. Raises `ValueError` for what was not made by `queue_cursor`."""
    if after is None:
        return None
    instant, risk, case_id = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().split(" ")
    place = Place(UUID(case_id), datetime.fromisoformat(instant), int(risk))
    if place.instant.tzinfo is None or not 0 <= place.risk <= 100:
        raise ValueError("not a cursor")
    return place


def _queue_readable(text: str) -> str:
    try:
        queue_place(text)
    except ValueError as error:
        raise ValueError("must be the `next` of an earlier page of the same sort") from error
    return text


QueueAfter = Annotated[
    str | None,
    Query(max_length=200, description="`next` of the page before, with the same filters and `sort`."),
    AfterValidator(lambda t: t and _queue_readable(t)),
]
