"""One stored decision computed again in a process made for it: it has seen nothing else, and the API loads none of it.

Run as `python -m clearance.verifier` it is that process: a JSON line in, a JSON line out, then it ends.
"""

import base64
import json
import sys
from dataclasses import dataclass
from typing import IO

from api.services import Verdict
from clearance.explainer import ChildExplainer, read_decision
from explain.record import Decision


@dataclass(frozen=True, slots=True)
class ChildVerifier:
    """The parent's side. What is personal travels through the pipes only."""

    command: tuple[str, ...] = (sys.executable, "-m", "clearance.verifier")

    async def verify(self, decision: Decision, model_bytes: bytes) -> Verdict:
        """Raises `api.services.ExplainerDown` where the process does not answer in time."""
        child = ChildExplainer(command=self.command)
        try:
            answer = await child.ask({"decision": decision, "model": base64.b64encode(model_bytes).decode()})
        finally:
            await child.close()
        return Verdict(
            bool(answer["identical"]), tuple(answer["checked"]), tuple(tuple(each) for each in answer["differences"])
        )


def serve(source: IO[bytes], answers: IO[bytes]) -> None:
    """Load what computes, say so, answer one request."""
    from explain.replay import replay  # here: the parent's module loads none of it

    _write(answers, {"ready": True})
    line = source.readline()
    if not line:
        return
    try:
        request = json.loads(line)
        came = replay(read_decision(request["decision"]), base64.b64decode(request["model"]))
        differences = [(each.what, each.stored, each.recomputed) for each in came.differences]
        _write(answers, {"identical": came.identical, "checked": came.checked, "differences": differences})
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:  # its message may have values
        _write(answers, {"error": type(error).__name__})


def _write(answers: IO[bytes], answer: object) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def main() -> None:
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
