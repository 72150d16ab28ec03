"""Where recorded histories are kept, and how."""

from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

HISTORIES = Path(__file__).parent / "histories"


async def keep(name: str, handle: WorkflowHandle[Any, Any]) -> None:
    """Write a run's history under a name; one that is there is never written again."""
    path = HISTORIES / f"{name}.json"
    if not path.exists():
        history = await handle.fetch_history()
        path.write_text(history.to_json() + "\n")
