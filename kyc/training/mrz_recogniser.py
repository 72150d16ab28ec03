"""Trains the line recogniser of machine readable zones: `python -m kyc.training.mrz_recogniser models/mrz`.

A convolutional network read out by connectionist temporal classification (Graves et al. 2006). One thread, fixed
seeds; writes `lines.onnx` and `card.json`.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch  # type: ignore[import-not-found]  # a training dependency, not installed with the service
from torch import nn

from kyc.mrz import ALPHABET
from kyc.training.mrz_lines import HEIGHT, MAX_WIDTH, draw_sample

BATCH = 32
CLASSES = len(ALPHABET) + 1
"""The signs and, last, the blank."""


def block(into: int, out: int, stride: tuple[int, int]) -> list[nn.Module]:
    return [nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


class Residual(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(inplace=True),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        return torch.relu(x + self.body(x))


class LineNet(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """N x 1 x 32 x W grey, 0 to 1, to N x W/4 x 38 log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.columns = nn.Sequential(
            *block(1, 24, (2, 2)),
            *block(24, 40, (2, 1)),
            *block(40, 64, (2, 2)),
            *block(64, 96, (2, 1)),
            nn.Conv2d(96, 128, (2, 3), 1, (0, 1), bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
        )
        self.context = nn.Sequential(Residual(128, 1), Residual(128, 2), nn.Dropout(0.1), nn.Conv1d(128, CLASSES, 1))

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        x = (x - x.mean((2, 3), keepdim=True)) / (x.std((2, 3), keepdim=True) + 0.05)
        return torch.log_softmax(self.context(self.columns(x).squeeze(2)).transpose(1, 2), -1)


def batch(first: int) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor", "torch.Tensor", list[str]]:
    samples = [draw_sample(first + index) for index in range(BATCH)]
    width = (max(s.strip.shape[1] for s in samples) + 3) // 4 * 4
    strips = np.zeros((BATCH, 1, HEIGHT, width), np.float32)
    for row, sample in zip(strips, samples, strict=True):
        row[0, :, :] = np.median(sample.strip)
        row[0, :, : sample.strip.shape[1]] = sample.strip
    targets = [ALPHABET.index(c) for s in samples for c in s.text]
    return (
        torch.from_numpy(strips / 255),
        torch.tensor(targets),
        torch.full((BATCH,), width // 4),
        torch.tensor([len(s.text) for s in samples]),
        [s.text for s in samples],
    )


def greedy(scores: "torch.Tensor") -> list[str]:
    texts = []
    for row in scores.argmax(-1).tolist():
        kept = [c for c, before in zip(row, [CLASSES - 1, *row[:-1]], strict=True) if c != before]
        texts.append("".join(ALPHABET[c] for c in kept if c < CLASSES - 1))
    return texts


def train(folder: Path, steps: int, seed: int) -> dict[str, object]:
    """Train, export, and measure on 2,048 lines of seeds that training never used."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = LineNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps, pct_start=0.1)
    loss_of = nn.CTCLoss(blank=CLASSES - 1, zero_infinity=True)
    started, mean = time.process_time(), 0.0
    for step in range(steps):
        strips, targets, widths, lengths, _ = batch(seed * 100_000_000 + step * BATCH)
        scores = net(strips.to(memory_format=torch.channels_last))
        loss = loss_of(scores.transpose(0, 1), targets, widths, lengths)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach()) if step else float(loss.detach())
        if step % 50 == 0 or step == steps - 1:
            print(f"step {step} loss {mean:.4f} cpu {time.process_time() - started:.0f}s", flush=True)  # noqa: T201
        if step % 500 == 499 or step == steps - 1:
            net.eval()
            export(net, folder / "lines.onnx")
            net.train()
    seconds = time.process_time() - started
    net.eval()
    exact, lines, wrong, signs = 0, 0, 0, 0
    with torch.no_grad():
        for start in range(0, 2048, BATCH):
            strips, _, _, _, texts = batch(900_000_000_000 + start)
            for read, true in zip(greedy(net(strips)), texts, strict=True):
                exact += read == true
                lines += 1
                wrong += sum(a != b for a, b in zip(read, true, strict=False)) if len(read) == len(true) else len(true)
                signs += len(true)
    content = (folder / "lines.onnx").read_bytes()
    return {
        "name": "mrz-lines",
        "version": "1",
        "format": "onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": sum(p.numel() for p in net.parameters()),
        "data": "Lines drawn by kyc.training.mrz_lines (OCR-B, DejaVu Sans Mono; synthetic damage). Nothing real.",
        "steps": steps,
        "lines_seen": steps * BATCH,
        "seed": seed,
        "cpu_seconds": round(seconds),
        "evaluation": {
            "set": "2,048 generated lines, seeds from 900000000000, greedy, without grammar",
            "exact_lines": exact / lines,
            "sign_errors_at_right_length": wrong / signs,
        },
        "limits": "Latin zones only, no Ñ. Evaluated on generated lines; real documents are reported in the benchmark.",
    }


def export(net: LineNet, path: Path) -> None:
    torch.onnx.export(
        net,
        (torch.zeros(1, 1, HEIGHT, MAX_WIDTH),),
        str(path),
        input_names=["strips"],
        output_names=["scores"],
        dynamic_axes={"strips": {0: "lines", 3: "width"}, "scores": {0: "lines", 1: "steps"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    card = train(options.folder, options.steps, options.seed)
    (options.folder / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
