"""The feature matrix of a run as one Parquet file, written in parts, so that it may be larger than memory."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars
from numpy.typing import NDArray

from aml.transaction import Transaction

_PART = 65_536
"""Rows of a part: what is kept in memory until it is written."""


class FeatureTable:
    """Collects the rows in the order of the file. Parts lie beside the file until `finish` joins them."""

    def __init__(self, path: Path, names: Sequence[str], parts: int = 0) -> None:
        """Go on after the first `parts` parts of a run that was broken off; others that lie there are thrown away."""
        self.parts = parts
        self._path = path
        self._folder = path.with_name(path.name + ".parts")
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.iterdir():
            if file not in {self._part(number) for number in range(parts)}:
                file.unlink()
        self._names = list(names)
        self._ids: list[str] = []
        self._matrices: list[NDArray[np.float64]] = []

    def add(self, batch: Sequence[Transaction], features: NDArray[np.float64]) -> None:
        self._ids.extend(transaction.transaction_id for transaction in batch)
        self._matrices.append(features)
        if len(self._ids) >= _PART:
            self.flush()

    def flush(self) -> None:
        """Write what is in memory, so that `parts` stands for all that was added."""
        if not self._ids and self.parts:
            return
        matrix = np.concatenate(self._matrices) if self._matrices else np.empty((0, len(self._names)))
        columns = {"transaction_id": self._ids, **{name: matrix[:, i] for i, name in enumerate(self._names)}}
        schema = {"transaction_id": polars.String, **dict.fromkeys(self._names, polars.Float64)}
        polars.DataFrame(columns, schema=schema).write_parquet(self._part(self.parts))
        self.parts += 1
        self._ids, self._matrices = [], []

    def finish(self) -> None:
        """Join the parts into the file and remove them."""
        self.flush()
        polars.scan_parquet([self._part(number) for number in range(self.parts)]).sink_parquet(self._path)
        shutil.rmtree(self._folder)

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:06d}.parquet"
