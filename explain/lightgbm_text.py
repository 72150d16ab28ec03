"""What LightGBM's text format says, as plain trees: the only place that knows the format.

Kept apart from the attribution so that a model which cannot be explained exactly is refused before any
computing.
Format: `Tree::ToString` and `GBDT::SaveModelToString` in LightGBM 3 and 4.
"""

import math
from dataclasses import dataclass
from enum import IntEnum

ZERO_BAND = 1.0000000180025095e-35
"""LightGBM's kZeroThreshold (1e-35 as a 32-bit float): what counts as zero where zero means missing."""

_CATEGORICAL = 1
_DEFAULT_LEFT = 2


class ModelRefused(ValueError):
    """The model cannot be explained exactly by this code; the message says which property is in the way."""


class Missing(IntEnum):
    """What a split takes for a missing value."""

    NONE = 0
    ZERO = 1
    NAN = 2


@dataclass(frozen=True, slots=True)
class Split:
    """An inner node. Children are node numbers, or `~leaf` where negative; covers count training rows."""

    feature: int
    threshold: float
    missing: Missing
    default_left: bool
    left: int
    right: int
    cover: int

    def goes_left(self, value: float) -> bool:
        """LightGBM's `NumericalDecision`."""
        if math.isnan(value) and self.missing is not Missing.NAN:
            value = 0.0
        if self.missing is Missing.ZERO and -ZERO_BAND <= value <= ZERO_BAND:
            return self.default_left
        if self.missing is Missing.NAN and math.isnan(value):
            return self.default_left
        return value <= self.threshold


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree; without splits it is a constant."""

    splits: tuple[Split, ...]
    leaf_values: tuple[float, ...]
    leaf_covers: tuple[int, ...]

    def cover(self, child: int) -> int:
        return self.leaf_covers[~child] if child < 0 else self.splits[child].cover


@dataclass(frozen=True, slots=True)
class Forest:
    """A boosted model with one output. `sigmoid` is the scale of a binary objective, None for other objectives."""

    feature_names: tuple[str, ...]
    trees: tuple[Tree, ...]
    sigmoid: float | None


def parse_forest(text: bytes) -> Forest:
    """Read a model that `Booster.save_model` wrote. Raises `ModelRefused`."""
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ModelRefused("the model is not a LightGBM text model: it is not UTF-8") from error
    if not lines or lines[0].strip() != "tree":
        raise ModelRefused("the model is not a LightGBM text model: it does not begin with the line 'tree'")
    blocks: list[dict[str, str]] = [{}]
    ended = False
    for line in lines[1:]:
        if line.strip() == "end of trees":
            ended = True
            break
        if not line.strip():
            continue
        key, separator, value = line.partition("=")
        if key == "Tree":
            blocks.append({})
        if key in blocks[-1]:
            raise ModelRefused(f"the model is damaged: {key!r} stands twice")
        blocks[-1][key] = value.strip() if separator else "present"
    if not ended:
        raise ModelRefused("the model is cut short: 'end of trees' is missing")
    header, *trees = blocks
    _refuse_unsupported(header)
    try:
        names = tuple(header["feature_names"].split())
        if len(names) != int(header["max_feature_idx"]) + 1:
            raise ModelRefused("the model's feature names do not match its number of features")
        sizes = header.get("tree_sizes", "").split()
        if len(sizes) != len(trees):
            raise ModelRefused(f"the model announces {len(sizes)} trees and holds {len(trees)}")
        return Forest(names, tuple(_parse_tree(block) for block in trees), _sigmoid(header.get("objective", "")))
    except (KeyError, IndexError, ValueError) as error:
        if isinstance(error, ModelRefused):
            raise
        raise ModelRefused(f"the model is damaged: {error}") from error


def _refuse_unsupported(header: dict[str, str]) -> None:
    if "average_output" in header:
        raise ModelRefused("random forests (average_output) are not supported, only sums of boosted trees")
    if header.get("num_class", "1") != "1" or header.get("num_tree_per_iteration", "1") != "1":
        raise ModelRefused("models with several outputs are not supported")


def _sigmoid(objective: str) -> float | None:
    words = objective.split()
    if not words or words[0] != "binary":
        return None
    scales = [float(word.split(":")[1]) for word in words if word.startswith("sigmoid:")]
    return scales[0] if scales else 1.0


def _parse_tree(block: dict[str, str]) -> Tree:
    leaves = int(block["num_leaves"])
    if int(block.get("num_cat", "0")) > 0:
        raise ModelRefused("categorical splits are not supported: encode categories as ordered numbers or indicators")
    if int(block.get("is_linear", "0")) != 0:
        raise ModelRefused("linear leaves (linear_tree) are not supported")
    values = tuple(float(word) for word in block["leaf_value"].split())
    if len(values) != leaves or not all(math.isfinite(value) for value in values):
        raise ModelRefused("the model is damaged: a tree's leaf values are missing or not finite")
    if leaves == 1:
        return Tree((), values, (1,))
    count = leaves - 1
    columns = {
        name: block[name].split()
        for name in ("split_feature", "threshold", "decision_type", "left_child", "right_child", "internal_count")
    }
    if any(len(column) != count for column in columns.values()):
        raise ModelRefused("the model is damaged: a tree's splits are incomplete")
    splits = tuple(_parse_split({name: column[i] for name, column in columns.items()}) for i in range(count))
    covers = tuple(int(word) for word in block["leaf_count"].split())
    if len(covers) != leaves or min(covers) < 1 or min(split.cover for split in splits) < 1:
        raise ModelRefused(
            "a node without training rows has no cover to attribute by; train with min_data_in_leaf >= 1"
        )
    return Tree(splits, values, covers)


def _parse_split(words: dict[str, str]) -> Split:
    decision = int(words["decision_type"])
    if decision & _CATEGORICAL:
        raise ModelRefused("categorical splits are not supported: encode categories as ordered numbers or indicators")
    return Split(
        feature=int(words["split_feature"]),
        threshold=float(words["threshold"]),
        missing=Missing((decision >> 2) & 3),
        default_left=bool(decision & _DEFAULT_LEFT),
        left=int(words["left_child"]),
        right=int(words["right_child"]),
        cover=int(words["internal_count"]),
    )
