"""How long each step may take and what is tried again: one named policy a step, nothing else.

Infrastructure that is down comes back, so steps are tried until it does; only errors that no retry can change are
final, and those are listed by class so that a rename cannot drift.
"""

from datetime import timedelta
from typing import NotRequired, TypedDict

from temporalio.common import RetryPolicy

from workflows.steps import FINAL_ERRORS


class StepPolicy(TypedDict):
    """What `execute_activity_method` takes about time and tries."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: NotRequired[timedelta]
    retry_policy: RetryPolicy


_FINAL = [error.__name__ for error in FINAL_ERRORS]


def _patient(at_most: timedelta) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2,
        maximum_interval=at_most,
        non_retryable_error_types=_FINAL,
    )


ADMITTING = StepPolicy(start_to_close_timeout=timedelta(seconds=15), retry_policy=_patient(timedelta(seconds=30)))
"""A few rows read and written."""

READING = StepPolicy(
    start_to_close_timeout=timedelta(minutes=3),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=_patient(timedelta(minutes=1)),
)
"""Decoding, text recognition and face finding: seconds a page, more on a loaded machine, ten pages at most."""

CHECKING = StepPolicy(start_to_close_timeout=timedelta(minutes=1), retry_policy=_patient(timedelta(minutes=1)))
SCREENING = StepPolicy(start_to_close_timeout=timedelta(minutes=2), retry_policy=_patient(timedelta(minutes=1)))
"""Tens of milliseconds, but the first one after a new list waits for the index to be built."""

RATING = StepPolicy(start_to_close_timeout=timedelta(minutes=1), retry_policy=_patient(timedelta(minutes=1)))
"""Milliseconds, but the first one of a process compiles the attribution kernel."""

DECIDING = StepPolicy(start_to_close_timeout=timedelta(minutes=1), retry_policy=_patient(timedelta(minutes=1)))
RECORDING = StepPolicy(start_to_close_timeout=timedelta(seconds=15), retry_policy=_patient(timedelta(seconds=15)))
"""What an officer waits for: short attempts, quick retries."""

AWAITING_CASE = StepPolicy(start_to_close_timeout=timedelta(seconds=15), retry_policy=_patient(timedelta(minutes=1)))
"""Asked again, from each second to each minute, until officers have decided; retries leave no trace in the history."""

DELIVERING = StepPolicy(start_to_close_timeout=timedelta(minutes=1), retry_policy=_patient(timedelta(minutes=1)))
"""One attempt at an endpoint and its row; how attempts follow each other is `workflows.webhook`'s."""

DECODING = StepPolicy(start_to_close_timeout=timedelta(minutes=3), retry_policy=_patient(timedelta(minutes=1)))
"""A child process of half a minute at most, which may have to wait for its turn."""

DRAFTING = StepPolicy(start_to_close_timeout=timedelta(minutes=2), retry_policy=_patient(timedelta(minutes=5)))
SUBMITTING = StepPolicy(start_to_close_timeout=timedelta(minutes=5), retry_policy=_patient(timedelta(minutes=15)))
"""The authority's gateway may be closed for hours."""


def reading_queue(queue: str) -> str:
    """Where the documents of a worker on `queue` wait for a reader: apart, so that they hold up no other step."""
    return f"{queue}-reading"


ANSWERING = StepPolicy(start_to_close_timeout=timedelta(minutes=5), retry_policy=_patient(timedelta(minutes=15)))
"""Asking a gateway for an answer: as patient as handing a report over."""

SEARCHING_DUTIES = StepPolicy(start_to_close_timeout=timedelta(minutes=10), retry_policy=_patient(timedelta(minutes=5)))
"""Two weeks of a tenant's cash, for every tenant."""

PLANNING_RESCREENING = StepPolicy(
    start_to_close_timeout=timedelta(minutes=10), retry_policy=_patient(timedelta(minutes=1))
)
"""A count, but the first one after a new list waits for the index to be built: a minute for hundreds of thousands."""

RESCREENING = StepPolicy(
    start_to_close_timeout=timedelta(minutes=30),
    heartbeat_timeout=timedelta(minutes=5),
    retry_policy=_patient(timedelta(minutes=1)),
)
"""A slice of customers, each one a heartbeat; the first one waits for the index and the delta."""

PLANNING_LOOK_BACK = StepPolicy(
    start_to_close_timeout=timedelta(minutes=10), retry_policy=_patient(timedelta(minutes=5))
)
"""A count over months of payments."""

LOOKING_BACK = StepPolicy(
    start_to_close_timeout=timedelta(hours=6),
    heartbeat_timeout=timedelta(minutes=5),
    retry_policy=_patient(timedelta(minutes=5)),
)
"""Seconds to minutes a slice, each thousand payments a heartbeat; hours where a long history was lost. The first
one of a process compiles the kernels."""

FETCHING = StepPolicy(start_to_close_timeout=timedelta(hours=2), retry_policy=_patient(timedelta(minutes=15)))
"""Every list with its own patience; what a source refuses is an answer, not an error."""

START_RPC = timedelta(seconds=10)
"""How long the dispatcher waits for Temporal to accept a start before it counts as down."""
