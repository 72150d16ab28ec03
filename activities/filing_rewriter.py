"""A narrative in a local language model's words, used only where it adds and loses no number and no name.

The model is a folder of the operator's (`CLEARANCE_NARRATIVE_MODEL`); none is shipped. transformers is imported when
the first narrative is rewritten, in the filing worker alone.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aml.reports.case import SarCase
from aml.reports.faithful import compare
from aml.reports.narrative import LONGEST
from aml.reports.text import one_line

log = logging.getLogger(__name__)

Generate = Callable[[str], str]
"""A prompt's continuation."""

_PROMPT = (
    "Rewrite the following report of suspicious activity in clear, plain sentences. Keep every name, number, date, "
    "amount and identifier exactly as it is written. Add nothing and leave nothing out.\n\n{narrative}\n\nRewritten:\n"
)
_TOKENS = 4_096


@dataclass(slots=True)
class NarrativeRewriter:
    """`generate` is the model; by default it is loaded from `folder` on first use, and never from anywhere else."""

    folder: Path
    generate: Generate | None = None
    _loaded: Generate | None = field(default=None, repr=False)

    def rewrite(self, case: SarCase, template: str) -> str:
        """The model's words, or the template where they would not do; why is logged, without words of the case."""
        try:
            words = one_line(self._model()(_PROMPT.format(narrative=template)))
        except Exception as error:  # noqa: BLE001 (a model is somebody else's code; the template always stands)
            log.warning("the narrative of case %s stays the template: %s", case.case_id, type(error).__name__)
            return template
        judged = compare(words, template)
        if not words or len(words) > LONGEST or not judged.holds:
            log.warning(
                "the narrative of case %s stays the template: %d facts added, %d lost, %d characters",
                case.case_id,
                len(judged.added),
                len(judged.lost),
                len(words),
            )
            return template
        return words

    def _model(self) -> Generate:
        if self.generate is not None:
            return self.generate
        if self._loaded is None:
            self._loaded = load(self.folder)
        return self._loaded


def load(folder: Path) -> Generate:
    """A causal language model from a folder, in safetensors, without code of its own and without the network."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
    )
    model.eval()

    def generate(prompt: str) -> str:
        given = tokenizer(prompt, return_tensors="pt")
        length = given["input_ids"].shape[1]
        room = getattr(model.config, "max_position_embeddings", length + _TOKENS) - length
        if room <= 0:
            raise ValueError("the narrative is longer than the model reads")
        told = model.generate(**given, do_sample=False, max_new_tokens=min(_TOKENS, room))
        return str(tokenizer.decode(told[0][length:], skip_special_tokens=True))

    return generate
