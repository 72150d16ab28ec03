"""Steps and activities have the same names and signatures, and every step has a policy-bound caller."""

import inspect
from abc import ABC
from typing import get_type_hints

import pytest
from temporalio import activity

from activities.cases import CaseActivities
from activities.decisions import DecisionActivities
from activities.desk import DeskActivities
from activities.filing import FilingActivities
from activities.identity import IdentityActivities
from activities.monitoring import MonitoringActivities
from activities.rescreening import RescreeningActivities
from activities.screening import ScreeningActivities
from activities.watchlists import WatchlistActivities
from activities.webhooks import WebhookActivities
from workflows import policies, steps, steps_desk, steps_rescreening

PAIRS = {
    steps.IdentitySteps: IdentityActivities,
    steps.ScreeningSteps: ScreeningActivities,
    steps.DecisionSteps: DecisionActivities,
    steps.CaseSteps: CaseActivities,
    steps.MonitoringSteps: MonitoringActivities,
    steps.FilingSteps: FilingActivities,
    steps_desk.DeskSteps: DeskActivities,
    steps_desk.WebhookSteps: WebhookActivities,
    steps_rescreening.RescreeningSteps: RescreeningActivities,
    steps_rescreening.WatchlistSteps: WatchlistActivities,
}


def names(declared: type) -> set[str]:
    return {name for name, value in vars(declared).items() if hasattr(value, "__temporal_activity_definition")}


def test_every_declared_capability_is_carried_out() -> None:
    modules = (steps, steps_desk, steps_rescreening)
    found = [value for module in modules for value in vars(module).values() if inspect.isclass(value)]
    declared = {value for value in found if ABC in value.__bases__}
    assert declared == set(PAIRS)


@pytest.mark.parametrize("declared", PAIRS, ids=lambda declared: declared.__name__)
def test_steps_and_activities_have_the_same_names_and_signatures(declared: type) -> None:
    carried_out = PAIRS[declared]
    assert names(declared) == names(carried_out)
    for name in names(declared):
        step, done = getattr(declared, name), getattr(carried_out, name)
        assert list(inspect.signature(step).parameters) == list(inspect.signature(done).parameters), name
        assert get_type_hints(step) == get_type_hints(done), name
        assert activity._Definition.must_from_callable(step).name == activity._Definition.must_from_callable(done).name


def test_final_errors_are_named_by_class_in_every_policy() -> None:
    named = [value for value in vars(policies).values() if isinstance(value, dict) and "retry_policy" in value]
    assert len(named) >= 8
    for policy in named:
        assert policy["retry_policy"].non_retryable_error_types == [error.__name__ for error in steps.FINAL_ERRORS]
        assert policy["retry_policy"].maximum_attempts == 0  # infrastructure that is down comes back
