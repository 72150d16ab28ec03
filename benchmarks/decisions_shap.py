"""SHAP values a second: our kernel beside `shap.TreeExplainer` and `pred_contrib`, same model and rows, in one run.

One thread on every side. 100 trees of 31 leaves on invented data, and the reference models of this repo. Prints a
table; exits 1 where values differ by more than 1e-6, where the kernel is below 30 times `shap.TreeExplainer`'s rate, or
where one row takes 0.1 ms or more. Run: `python -m benchmarks.decisions_shap`.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray

from explain.trees import TreeModel

TIMES_FASTER = 30.0
ONE_ROW_MS = 0.1
ROWS = 20_000
ORACLE_ROWS = 2_000
MODELS = Path(__file__).parents[1] / "models"


def invented(rows: int, features: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, features))
    matrix[rng.random(matrix.shape) < 0.05] = np.nan
    return matrix


def bench_model() -> lightgbm.Booster:
    """100 trees of 31 leaves over 20 features with interactions and missing values."""
    matrix = invented(ROWS, 20, 1)
    known = np.nan_to_num(matrix)
    signal = known[:, 0] * known[:, 1] + known[:, 2] - known[:, 3] ** 2 + np.sin(3 * known[:, 4])
    label = (signal + np.random.default_rng(2).normal(size=ROWS) > 0).astype(int)
    settings = {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 1}
    return lightgbm.train(settings, lightgbm.Dataset(matrix, label=label), 100)


def stored_sample(booster: lightgbm.Booster, rows: int) -> NDArray[np.float64]:
    """Rows that spread over a stored model's thresholds, as the benchmark has no customers."""
    low, high = np.full(booster.num_feature(), 0.0), np.full(booster.num_feature(), 1.0)
    for split in booster.trees_to_dataframe().dropna(subset=["threshold"]).itertuples():
        index = booster.feature_name().index(split.split_feature)
        low[index], high[index] = min(low[index], split.threshold - 1), max(high[index], split.threshold + 1)
    return np.random.default_rng(3).uniform(low, high, size=(rows, booster.num_feature()))


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def each(calls: Sequence[Callable[[], object]]) -> float:
    """Milliseconds of one call: the median over calls on different rows."""
    return statistics.median(seconds(call, 1) for call in calls) * 1000.0


def compare(name: str, booster: lightgbm.Booster, matrix: NDArray[np.float64]) -> bool:
    import shap

    explainer = shap.TreeExplainer(booster)
    text = booster.model_to_string().encode()
    TreeModel.from_text(text).explain(matrix[:1])
    start = time.perf_counter()
    model = TreeModel.from_text(text)
    build = time.perf_counter() - start

    few = matrix[:ORACLE_ROWS]
    oracle = booster.predict(few, pred_contrib=True, num_threads=1)
    error = float(np.abs(model.explain(few).shap - oracle[:, :-1]).max())
    additivity = float(model.explain(matrix).additivity_errors().max())

    ours = len(matrix) / seconds(lambda: model.explain(matrix), 5)
    trees = len(few) / seconds(lambda: explainer.shap_values(few), 3)
    contrib = len(few) / seconds(lambda: booster.predict(few, pred_contrib=True, num_threads=1), 3)
    one = each([lambda i=i: model.explain(matrix[i : i + 1]) for i in range(2000)])
    record = each([lambda row=row: model.explanation(row) for row in matrix[:1000].tolist()])
    theirs = each([lambda i=i: explainer.shap_values(matrix[i : i + 1]) for i in range(200)])

    sizes = f"{booster.num_trees()} trees, {booster.num_feature()} features"
    print(f"\n{name}: {sizes}; tables {model.tables.cells.nbytes / 1e6:.1f} MB, built in {build:.2f} s")
    print(f"  {'':26}{'rows/s':>10}  {'ms for one row':>14}")
    print(f"  {'this kernel':26}{ours:>10,.0f}  {one:>14.3f}")
    print(f"  {'... with its record':26}{'':>10}  {record:>14.3f}")
    print(f"  {'shap.TreeExplainer':26}{trees:>10,.0f}  {theirs:>14.3f}")
    print(f"  {'LightGBM pred_contrib':26}{contrib:>10,.0f}")
    print(f"  {ours / trees:.0f} times shap.TreeExplainer")
    print(f"  largest difference {error:.1e}, largest additivity error {additivity:.1e}")
    return error <= 1e-6 and ours >= TIMES_FASTER * trees and one < ONE_ROW_MS


def one_thread() -> None:
    """Start again with one thread a library: they read their environment when they are loaded."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        single = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.decisions_shap"]
        sys.exit(subprocess.run(command, env={**os.environ, **single}, check=False).returncode)


def main() -> int:
    passed = compare("benchmark model", bench_model(), invented(ROWS, 20, 4))
    for path in sorted(MODELS.glob("*/model.txt")):
        booster = lightgbm.Booster(model_file=path)
        compare(path.parent.name, booster, stored_sample(booster, ROWS))
    print("\ntargets on the benchmark model:", "met" if passed else "MISSED")
    return 0 if passed else 1


if __name__ == "__main__":
    one_thread()
    sys.exit(main())
