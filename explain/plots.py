"""Waterfall and force plots of stored explanations, drawn by `shap` as SVG.

Heavy: matplotlib and shap are imported inside, by whoever draws. Plots are made of the stored numbers alone, and the
same explanation gives the same bytes.
"""

import io
import threading
import warnings
from collections.abc import Callable
from typing import Any

from explain.reasons import REASONS
from explain.record import Contribution, Explanation
from explain.words import say

_drawing = threading.Lock()
"""pyplot keeps one current figure a process."""


def waterfall_svg(explanation: Explanation, most: int = 10) -> bytes:
    """From the base value to the output, one bar a feature, the strongest first; the rest in one bar."""

    def draw(plt: Any) -> None:
        import numpy as np

        shap = _shap()
        shown = [c for c in explanation.ranked() if c.shap != 0.0] or list(explanation.ranked()[:1])
        shap.plots.waterfall(
            shap.Explanation(
                values=np.array([c.shap for c in shown]),
                base_values=explanation.base_value,
                feature_names=[_sentence(c) for c in shown],
            ),
            max_display=most,
            show=False,
        )
        _turn_small_arrows(plt.gcf())

    return _svg(draw)


def force_svg(explanation: Explanation, most: int = 8) -> bytes:
    """What pushes the output up against what pushes it down, the strongest features named."""

    def draw(plt: Any) -> None:
        import numpy as np

        shap = _shap()
        shown = [c for c in explanation.ranked() if c.shap != 0.0][:most]
        rest = [c for c in explanation.ranked() if c not in shown]
        values = [c.shap for c in shown]
        names = [_label(c) for c in shown]
        data = [_value(c) for c in shown]
        if any(c.shap != 0.0 for c in rest):
            values.append(sum(c.shap for c in rest))
            names.append(f"{len(rest)} other features")
            data.append("")
        shap.plots.force(
            explanation.base_value,
            np.array(values),
            features=np.array(data, dtype=object),
            feature_names=names,
            matplotlib=True,
            show=False,
            figsize=(16, 3.2),
            text_rotation=12,
            contribution_threshold=0.03,
        )

    return _svg(draw)


def _shap() -> Any:
    """Import shap, whose colour maps use matplotlib functions that announce their own end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        import shap
    return shap


def _svg(draw: Callable[[Any], None]) -> bytes:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with _drawing, matplotlib.rc_context({"svg.hashsalt": "clearance", "svg.fonttype": "path"}):
        try:
            draw(plt)
            out = io.BytesIO()
            plt.gcf().savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": "Clearance"})
            return out.getvalue()
        finally:
            plt.close("all")


def _turn_small_arrows(figure: Any) -> None:
    """shap 0.51 draws a bar that is shorter than an arrow head with its head at the wrong end."""
    from matplotlib.patches import FancyArrow

    for axes in figure.axes:
        tiny = 1e-6 * (axes.get_xlim()[1] - axes.get_xlim()[0])
        arrows: list[Any] = [patch for patch in axes.patches if isinstance(patch, FancyArrow)]
        for arrow in arrows:
            red, _, blue, _ = arrow.get_facecolor()
            way = 1.0 if red > blue else -1.0
            if arrow._dx * way <= 0.0:
                arrow.set_data(dx=way * tiny)


def _sentence(contribution: Contribution) -> str:
    words = REASONS.get(contribution.feature)
    return f"{_label(contribution)}: {_value(contribution)}" if words is None else words.sentence(contribution.value)


def _label(contribution: Contribution) -> str:
    return contribution.feature.replace("_", " ")


def _value(contribution: Contribution) -> str:
    known = REASONS.get(contribution.feature)
    if known is None:
        return say(contribution.value)
    return known.value(contribution.value)
