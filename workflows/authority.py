"""What both validators do first: check the API's assertion, and turn a refusal into an answer that names its code.

Apart from `assertions` because it knows of workflows: the time, and the sandbox that the signature library must leave.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.assertions import AssertionRefused, Purpose, verify
    from workflows.review import ActionRefused


def role_by(assertion: str, public_key: str, purpose: Purpose) -> str:
    """The role that the API vouches for, for exactly this purpose now. Raises `AssertionRefused`."""
    return role_by_at(assertion, public_key, purpose, workflow.now())


def role_by_at(assertion: str, public_key: str, purpose: Purpose, at: datetime) -> str:
    """The same for another moment: that in which something was asked for that waited for its workflow."""
    # When a signature is wrong, the library imports its exception from Rust. Inside the sandbox that import would load
    # the library a second time, which aborts the whole process: a forged assertion would stop the worker.
    with workflow.unsafe.imports_passed_through():
        return verify(assertion, public_key, purpose, at).role


@contextmanager
def refusals_as_answers() -> Iterator[None]:
    """A refusal reaches the caller of the Update as an error whose type is the refusal's code."""
    try:
        yield
    except (AssertionRefused, ActionRefused) as refusal:
        raise ApplicationError(str(refusal), type=refusal.code, non_retryable=True) from refusal
