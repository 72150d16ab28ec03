"""Where an onboarding's seconds went: its Temporal history and the statement log of Postgres, put on one clock.

Apart from the benchmark that produces them, so that the arithmetic is tested without a stack.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

PARTS = ("taking in", "reading", "screening", "scoring", "storing", "orchestration")

STEPS: Mapping[str, str] = {
    "read_document": "reading",
    "check_application": "reading",
    "screen_applicant": "screening",
    "rate_risk": "scoring",
    "decide_outcome": "scoring",
    "admit_application": "storing",
    "conclude_application": "storing",
    "open_case": "storing",
}
"""What each step's time counts as. The last three do nothing but read and write rows; of the others, the time that
Postgres spent on the worker's statements meanwhile is taken out and counts as storing."""

DECIDED = frozenset({"conclude_application", "open_case"})
"""The step after which the outcome, or the case, stands in the database."""

_DURATION = re.compile(r"^(\d+\.\d+) \d+ (\w+) LOG: +duration: ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class Statement:
    """One message to Postgres (parse, bind or execute), as the server timed it. Seconds; `ended` since the epoch."""

    role: str
    ended: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """One activity of the workflow, by the Temporal server's clock, in seconds since the epoch."""

    name: str
    scheduled: float
    started: float
    completed: float
    attempt: int

    @property
    def seconds(self) -> float:
        return self.completed - self.started


@dataclass(frozen=True, slots=True)
class Timeline:
    """One application from POST to decision."""

    posted: float
    acknowledged: float
    workflow_started: float
    steps: tuple[Step, ...]
    state: str

    @property
    def decided(self) -> float:
        return max(step.completed for step in self.steps if step.name in DECIDED)

    @property
    def seconds(self) -> float:
        return self.decided - self.posted


def read_statements(lines: Iterable[str]) -> list[Statement]:
    """The timed statements of a log written with the prefix `%n %p %u `; other lines are passed over."""
    found = (_DURATION.match(line) for line in lines)
    return [Statement(m[2], float(m[1]), float(m[3]) / 1000) for m in found if m]


def read_history(events: Iterable[HistoryEvent]) -> tuple[float, tuple[Step, ...]]:
    """When the workflow started, and its completed steps up to the decision."""
    began = 0.0
    scheduled: dict[int, tuple[str, float]] = {}
    started: dict[int, tuple[float, int]] = {}
    steps: list[Step] = []
    for event in events:
        at = event.event_time.ToNanoseconds() / 1e9
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            began = at
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            attributes = event.activity_task_scheduled_event_attributes
            scheduled[event.event_id] = (attributes.activity_type.name, at)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            begun = event.activity_task_started_event_attributes
            started[begun.scheduled_event_id] = (at, begun.attempt)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            number = event.activity_task_completed_event_attributes.scheduled_event_id
            name, waited_from = scheduled[number]
            begun_at, attempt = started[number]
            steps.append(Step(name, waited_from, begun_at, at, attempt))
            if name in DECIDED:
                break
    return began, tuple(steps)


def parts(timeline: Timeline, statements: Sequence[Statement]) -> dict[str, float]:
    """Seconds by part; they add up to the timeline's. `statements` are those of the worker's role."""
    spent = dict.fromkeys(PARTS, 0.0)
    spent["taking in"] = timeline.acknowledged - timeline.posted
    for step in timeline.steps:
        stored = min(during(statements, step.started, step.completed), step.seconds)
        part = STEPS[step.name]
        spent[part] += step.seconds - stored
        spent["storing"] += stored
    spent["orchestration"] = timeline.seconds - sum(spent.values())
    return spent


def during(statements: Sequence[Statement], began: float, ended: float) -> float:
    """Seconds that statements took which ended within an interval; log and history both round to a millisecond."""
    return sum(each.seconds for each in statements if began - 0.001 <= each.ended <= ended + 0.001)


def waits(timeline: Timeline) -> dict[str, float]:
    """What orchestration is made of, where steps follow each other: what is left is the server's and worker's own."""
    return {
        "until the workflow starts": max(0.0, timeline.workflow_started - timeline.acknowledged),
        "from scheduled to started": sum(step.started - step.scheduled for step in timeline.steps),
    }
