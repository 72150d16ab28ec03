"""Plots, reasons and counterfactuals, computed in one warm child process: the API itself loads nothing heavy.

Run as `python -m clearance.explainer` it is that child: a JSON line in, a JSON line out, until its input ends. What is
personal travels through the pipes only: nothing of it is in an argument, the environment or a log.
"""

import asyncio
import base64
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from api.services import ExplainerDown, PlotKind
from explain.record import (
    Contribution,
    Decision,
    DecisionKind,
    Explanation,
    Finding,
    InputRef,
    Method,
    ModelRef,
    canonical_json,
)

ANSWER_SECONDS = 30.0
"""What a request waits for, the child's start included; a search that takes longer is ended."""
START_SECONDS = 120.0
"""A start on a busy machine goes on beyond the request that caused it, but not for ever."""
_LINE = 32 * 1024 * 1024
"""Bytes of the longest answer; a plot has some 100 kB."""
_KEPT = ("HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_REPOSITORY = Path(__file__).resolve().parent.parent


class ExplainerRefused(Exception):
    """The child could not explain this decision, e.g. as its model is not what its method says. The API answers 500;
    the message names the class of error only."""


class _ChildEnded(Exception):
    """The child ended before it answered."""


@dataclass(slots=True)
class ChildExplainer:
    """The parent's side: starts the child on first use, again when it died, and asks it one thing at a time."""

    answer_seconds: float = ANSWER_SECONDS
    command: tuple[str, ...] = (sys.executable, "-m", "clearance.explainer")
    _starting: "asyncio.Task[asyncio.subprocess.Process] | None" = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def plot(self, decision: Decision, kind: PlotKind) -> bytes:
        """SVG bytes. Raises `ExplainerDown`."""
        answer = await self.ask({"do": "plot", "kind": kind, "decision": decision})
        return str(answer["svg"]).encode()

    async def counterfactual(
        self, decision: Decision, model_bytes: bytes, card: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The members of `explain.counterfactual.Counterfactual`, or `reason` alone. Raises `ExplainerDown`."""
        content = base64.b64encode(model_bytes).decode()
        population = card.get("population", {})
        return await self.ask(
            {"do": "counterfactual", "decision": decision, "model": content, "population": population}
        )

    async def reasons(
        self, decision: Decision, card: Mapping[str, Any], past: Mapping[str, Sequence[float | None]], limit: int
    ) -> list[Mapping[str, Any]]:
        """The members of `explain.narrative.Reason`, strongest first. Raises `ExplainerDown`."""
        population = card.get("population", {})
        request = {"do": "reasons", "decision": decision, "population": population, "past": past, "limit": limit}
        answer = await self.ask(request)
        return list(answer["reasons"])

    async def close(self) -> None:
        """End the child, if there is one."""
        starting, self._starting = self._starting, None
        if starting is None:
            return
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
        elif not starting.cancelled() and starting.exception() is None:
            await _end(starting.result())

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The child's answer to one request. Raises `ExplainerDown` and `ExplainerRefused`."""
        line = canonical_json(request) + b"\n"
        try:
            async with asyncio.timeout(self.answer_seconds), self._turn:
                try:
                    answer = await self._exchange(line)
                except _ChildEnded:  # perhaps long ago: a fresh one gets one more chance
                    answer = await self._exchange(line)
        except (TimeoutError, _ChildEnded) as error:
            raise ExplainerDown from error
        if "error" in answer:
            raise ExplainerRefused(answer["error"])
        return answer

    async def _exchange(self, line: bytes) -> dict[str, Any]:
        child = await self._child()
        assert child.stdin is not None
        assert child.stdout is not None
        answer = b""
        try:
            child.stdin.write(line)
            await child.stdin.drain()
            answer = await child.stdout.readline()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _ChildEnded from error
        finally:
            # Unanswered, also because the request was cancelled: the next one must not get this one's answer.
            if not answer.endswith(b"\n"):
                self._starting = None
                await _end(child)
        if not answer.endswith(b"\n"):
            raise _ChildEnded
        read: dict[str, Any] = json.loads(answer)
        return read

    async def _child(self) -> asyncio.subprocess.Process:
        """The running child. Its start is not cancelled with the request that waits for it."""
        if self._starting is None or (self._starting.done() and _is_over(self._starting)):
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=_REPOSITORY,
            # No secret and no setting of ours, only where numba and matplotlib may keep what they compute; one thread.
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE,
        )
        assert child.stdout is not None
        try:
            ready = await asyncio.wait_for(child.stdout.readline(), START_SECONDS)
            if not ready:
                raise _ChildEnded
        except BaseException:
            await _end(child)
            raise
        return child


def _is_over(starting: "asyncio.Task[asyncio.subprocess.Process]") -> bool:
    return starting.cancelled() or starting.exception() is not None or starting.result().returncode is not None


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    await child.wait()


# --- The child --------------------------------------------------------------------------------------------------------


def serve(source: IO[bytes], answers: IO[bytes]) -> None:
    """Load what is heavy, say so, then answer line by line."""
    # Lines on purpose: the parent's module loads none of these.
    from explain import counterfactual, narrative, plots

    plots.force_svg(_WARM_UP)
    _write(answers, {"ready": True})
    for line in source:
        request = json.loads(line)
        try:
            decision = read_decision(request["decision"])
            if request["do"] == "plot":
                draw = plots.waterfall_svg if request["kind"] == "waterfall" else plots.force_svg
                _write(answers, {"svg": draw(decision.explanation).decode()})
            elif request["do"] == "reasons":
                population, past = _population(request["population"], decision), _past(request["past"])
                reasons = narrative.reasons(decision, request["limit"], population, past)
                _write(answers, {"reasons": [asdict(reason) for reason in reasons]})
            else:
                model = base64.b64decode(request["model"])
                population = _population(request["population"], decision)
                _write(answers, asdict(counterfactual.counterfactual(decision, model, population=population)))
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:  # its message may have values
            _write(answers, {"error": type(error).__name__})


_WARM_UP = Explanation(
    Method.EXACT_RULES, 0.0, (Contribution("first", 1.0, 1.0), Contribution("second", 0, -0.5)), 0.5, 0.0
)


def _population(quantiles: Mapping[str, Any], decision: Decision) -> Any:
    """Whom the model was made on: payments where it scores payments, else people."""
    from explain.background import Background

    whose = "payments" if decision.kind is DecisionKind.TRANSACTION_SCORE else "customers"
    return Background.from_card({"population": quantiles}, whose) if quantiles else None


def _past(values: Mapping[str, Any]) -> Any:
    from explain.background import Background

    return Background.from_values(values, "this customer's own past payments") if values else None


def _write(answers: IO[bytes], answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def read_decision(raw: Mapping[str, Any]) -> Decision:
    """A decision from its canonical JSON. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    why = raw["explanation"]
    return Decision(
        **{
            **raw,
            "decision_id": UUID(raw["decision_id"]),
            "kind": DecisionKind(raw["kind"]),
            "tenant_id": UUID(raw["tenant_id"]),
            "subject_id": UUID(raw["subject_id"]),
            "model": ModelRef(**raw["model"]),
            "explanation": Explanation(
                **{
                    **why,
                    "method": Method(why["method"]),
                    "contributions": tuple(Contribution(**each) for each in why["contributions"]),
                }
            ),
            "findings": tuple(Finding(**each) for each in raw["findings"]),
            "inputs": tuple(InputRef(**each) for each in raw["inputs"]),
            "as_of": datetime.fromisoformat(raw["as_of"]),
        }
    )


def main() -> None:
    """Keep standard output for answers: whatever a library prints goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
