"""Past one machine: histories on a Ray cluster, one chain of slices a tenant, which is never split.

What died Ray starts again; it then goes on from its checkpoint. Live traffic is in `ray_engines`. One machine needs
none of this. Every node sees the same settings, key files and folders.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clearance.settings import Settings
from explain.registry import load


class RayMissing(Exception):
    """The extra `cluster` is not installed, or no cluster answers."""


def connect(address: str | None) -> Any:
    """Ray, connected to the cluster at `address`, or (`local`, or none) to one of this machine alone. Raises
    `RayMissing`."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    try:
        import ray
    except ImportError as error:
        raise RayMissing("Ray is not installed: pip install 'clearance[cluster]'") from error
    if not ray.is_initialized():
        address = address or "local"
        local: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
        os.environ.setdefault("RAY_worker_niceness", "0")  # of a Ray that starts here: an engine yields to nobody
        before = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
        except ConnectionError as error:
            raise RayMissing(f"no Ray cluster answers at {address}: {error}") from error
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, before)  # Ray takes it; services stop in order by it
    return ray


@dataclass(frozen=True, slots=True)
class Chain:
    """The history of one tenant: files in, alerts out, a checkpoint after each slice; all on storage of the cluster."""

    source: Path
    output: Path
    checkpoint: Path
    regime: str
    slice_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a chain found, a resumed one from its beginning."""

    source: Path
    transactions: int
    alerts: int
    broken: int
    hits: Mapping[str, int]


def run_chain(settings: Settings, chain: Chain) -> Ran:
    """Run a tenant's history to its end; from its checkpoint on, where there is one. As `clearance monitor` does."""
    import jurisdictions
    from aml.history import Run, run_history
    from aml.monitor import Monitoring
    from aml.scoring import AlertParameters, alert_table
    from explain.attribution import TreeModel
    from jurisdictions.indicative_rates import indicative_rates
    from jurisdictions.monitoring import monitoring_parameters

    trees = TreeModel.from_text(load(settings.models / "transactions").content)
    regime = jurisdictions.regime(chain.regime, datetime.now(UTC).date())
    parameters = monitoring_parameters(regime, indicative_rates(regime.currency))
    monitoring = Monitoring(parameters, trees.explain, alert_table(AlertParameters()))
    run_history(Run(chain.source, chain.output, chain.checkpoint, timedelta(days=chain.slice_days)), monitoring)
    summary = monitoring.summary
    return Ran(chain.source, summary.transactions, summary.alerts, summary.broken_count, dict(summary.hits))


def run_chains(ray: Any, settings: Settings, chains: Sequence[Chain]) -> Iterable[Ran]:
    """One task a tenant, as many at once as the cluster has processors; results as they come.

    A task whose worker died is tried again and goes on from its checkpoint. What the files are to blame for (see
    `aml.history.run_history`) is raised when it is its turn.
    """
    task = ray.remote(max_retries=-1, num_cpus=1)(run_chain)
    waiting = [task.remote(settings, chain) for chain in chains]
    while waiting:
        done, waiting = ray.wait(waiting, num_returns=1)
        try:
            ran: Ran = ray.get(done[0])
        except ray.exceptions.RayTaskError as failed:
            raise failed.cause from None  # without the worker's stack, which says nothing about the file
        yield ran


def monitor_tenants(
    settings: Settings, sources: Sequence[Path], output: Path, address: str, regime: str, slice_days: float
) -> Iterable[Ran]:
    """What `clearance cluster monitor` does: alerts of `source` go to `<output>/<its name>.jsonl`.

    Raises `RayMissing`, and `ValueError` for two sources of one name and for what a source's own run refuses.
    """
    names = [source.stem for source in sources]
    if len(set(names)) < len(names):
        raise ValueError(f"two of the sources have the same name: {', '.join(sorted(names))}; rename one")
    output.mkdir(parents=True, exist_ok=True)
    chains = [
        Chain(
            source.resolve(),
            (output / f"{name}.jsonl").resolve(),
            (output / f"{name}.checkpoint").resolve(),
            regime,
            slice_days,
        )
        for source, name in zip(sources, names, strict=True)
    ]
    yield from run_chains(connect(address or None), settings, chains)
