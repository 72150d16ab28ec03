"""Workflows replay the histories of real runs, recorded once and kept; a hastily changed one does not."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.replay.mutated import HastilyChangedOnboarding
from tests.replay.record import HISTORIES, WORKFLOWS
from tests.workflows.conftest import CONVERTER

RECORDED = sorted(HISTORIES.glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    content = path.read_text()
    return WorkflowHistory.from_json(path.stem, content)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_run_replays(path: Path) -> None:
    replayer = Replayer(workflows=WORKFLOWS, data_converter=CONVERTER)
    await replayer.replay_workflow(history(path))


def test_every_workflow_has_a_recorded_run() -> None:
    recorded = {
        json.loads(path.read_text())["events"][0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
        for path in RECORDED
    }
    assert recorded == {workflow.__name__ for workflow in WORKFLOWS}


async def test_a_change_without_a_patch_fails_replay() -> None:
    replayer = Replayer(workflows=[HastilyChangedOnboarding], data_converter=CONVERTER)
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history(HISTORIES / "onboarding_approved.json"))
