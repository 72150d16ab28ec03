"""Seconds are given to the part they were spent in, and the parts add up to what the applicant waited."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.onboarding_timing import Statement, Step, Timeline, parts, read_history, read_statements, waits

STEPS = (
    Step("admit_application", 10.2, 10.2, 10.3, 1),
    Step("read_document", 10.4, 10.5, 12.5, 1),
    Step("screen_applicant", 12.6, 12.6, 12.7, 1),
    Step("decide_outcome", 12.8, 12.8, 12.9, 1),
    Step("conclude_application", 13.0, 13.0, 13.1, 1),
)
ONE = Timeline(posted=10.0, acknowledged=10.1, workflow_started=10.15, steps=STEPS, state="concluded")


def test_parts_add_up_to_the_time_from_post_to_decision() -> None:
    spent = parts(ONE, [Statement("clearance_worker", 11.0, 0.25), Statement("clearance_worker", 12.65, 0.02)])
    assert sum(spent.values()) == pytest.approx(ONE.seconds) == pytest.approx(3.1)
    assert spent["taking in"] == pytest.approx(0.1)
    assert spent["reading"] == pytest.approx(2.0 - 0.25)
    assert spent["screening"] == pytest.approx(0.1 - 0.02)
    assert spent["storing"] == pytest.approx(0.1 + 0.1 + 0.25 + 0.02)
    assert spent["orchestration"] == pytest.approx(3.1 - 0.1 - 2.4)


def test_a_statement_outside_every_step_counts_for_none() -> None:
    assert parts(ONE, [Statement("clearance_worker", 12.55, 5.0)]) == parts(ONE, [])


def test_waits_are_those_before_the_workflow_and_before_its_steps() -> None:
    assert waits(ONE) == {
        "until the workflow starts": pytest.approx(0.05),
        "from scheduled to started": pytest.approx(0.1),
    }


def test_the_log_of_postgres_gives_role_time_and_duration() -> None:
    lines = [
        "1763780000.125 812 clearance_worker LOG:  duration: 1.500 ms  execute <unnamed>: SELECT 1",
        "\tSELECT 2",
        "1763780000.200 813 clearance_api LOG:  duration: 0.250 ms",
        "1763780000.300 814 postgres LOG:  received SIGHUP, reloading configuration files",
    ]
    assert read_statements(lines) == [
        Statement("clearance_worker", 1763780000.125, 0.0015),
        Statement("clearance_api", 1763780000.2, 0.00025),
    ]


def test_a_history_gives_the_steps_up_to_the_decision() -> None:
    def event(number: int, kind: "EventType.ValueType", second: int) -> HistoryEvent:
        time = Timestamp()
        time.FromDatetime(datetime.fromtimestamp(second, UTC))
        return HistoryEvent(event_id=number, event_type=kind, event_time=time)

    events = [event(1, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, 100)]
    for number, name in ((5, "open_case"), (11, "await_case")):
        scheduled = event(number, EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, 100 + number)
        scheduled.activity_task_scheduled_event_attributes.activity_type.name = name
        started = event(number + 1, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, 101 + number)
        started.activity_task_started_event_attributes.scheduled_event_id = number
        started.activity_task_started_event_attributes.attempt = 2
        completed = event(number + 2, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 103 + number)
        completed.activity_task_completed_event_attributes.scheduled_event_id = number
        events += [scheduled, started, completed]
    assert read_history(events) == (100.0, (Step("open_case", 105.0, 106.0, 108.0, 2),))
