"""Problem details (RFC 9457) as clients see them."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One thing that is wrong with one field."""

    pointer: str = Field(description="Where: a JSON pointer (RFC 6901) into the part of the request that it is about.")
    detail: str = Field(description="What is wrong and what would be right. Never repeats the value.")


class Problem(BaseModel):
    """An error, told so that its reader knows what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:clearance:problem:document-dimensions",
                    "title": "A document cannot be taken",
                    "status": 422,
                    "detail": "The image is 50000 × 50000 pixels; 50 million are allowed.",
                    "code": "DOCUMENT_DIMENSIONS",
                    "instance": "urn:uuid:0b0c1f5e-2f0e-4e55-9a5e-1d0a6f3f5c11",
                    "advice": "Scale the image down: 2000 pixels on the long side are enough for a document page.",
                    "part": "documents[0]",
                }
            ]
        }
    )

    type: str = Field(description="A URN that names the kind of problem.")
    title: str
    status: int
    detail: str
    code: str = Field(description="The same as `type`, in the form that programs compare.")
    instance: str | None = Field(default=None, description="The request: quote it when you ask for help.")
    advice: str | None = Field(default=None, description="What the sender can do, in words for them.")
    part: str | None = Field(default=None, description="Which part of a multipart request.")
    errors: list[FieldProblem] | None = None


_DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "No credential, or not a good one.",
    403: "The credential does not allow this.",
    404: "There is no such thing here; another tenant's id answers the same.",
    409: "What is there does not allow it.",
    410: "The personal data was erased.",
    413: "Too much at once.",
    422: "What was sent cannot be taken; `errors` or `advice` say what to do.",
    429: "Too often; `Retry-After` says when to try again.",
    503: "Something this depends on does not answer; `Retry-After` says when to try again.",
}


def problem_responses(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its problems, beside 401, 403 and 503, which every guarded route may answer."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({401, 403, 503, *statuses})
    }
