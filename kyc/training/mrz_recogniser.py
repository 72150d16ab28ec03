"""Trains the line recogniser of machine readable zones: `python -m kyc.training.mrz_recogniser models/mrz`.

A convolutional network read out by connectionist temporal classification (Graves et al. 2006). One thread, fixed
seeds; writes `lines.onnx` and `run.json`. `kyc.training.mrz_evaluation` then writes the model card.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch  # type: ignore[import-not-found]  # a training dependency, not installed with the service
from torch import nn

from kyc.mrz import ALPHABET
from kyc.training.mrz_lines import HEIGHT, MAX_WIDTH, LineSample, draw_sample

BATCH = 32
POOL = 6
"""Batches that are sorted by width together."""
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


def batches(first: int, count: int) -> Iterator[list[LineSample]]:
    """`count` batches of samples of like width, in the order of a seeded shuffle: less padding, a third less time."""
    for pool in range(0, count, POOL):
        start = first + pool * BATCH
        samples = [draw_sample(start + index) for index in range(POOL * BATCH)]
        samples.sort(key=lambda sample: sample.strip.shape[1])
        order = np.random.default_rng(start).permutation(POOL)[: count - pool]
        for index in order.tolist():
            yield samples[index * BATCH : (index + 1) * BATCH]


def tensors(
    samples: list[LineSample],
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Strips, all targets in a row, output steps, target lengths."""
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
    )


def train(folder: Path, steps: int, stop: int, seed: int) -> float:
    """Train by a schedule of `steps`, ended after `stop` of them, and export. Returns the CPU seconds it took."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = LineNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps, pct_start=0.1)
    loss_of = nn.CTCLoss(blank=CLASSES - 1, zero_infinity=True)
    started, mean = time.process_time(), 0.0
    for step, samples in enumerate(itertools.islice(batches(seed * 100_000_000, steps), stop)):
        strips, targets, widths, lengths = tensors(samples)
        scores = net(strips.to(memory_format=torch.channels_last))
        loss = loss_of(scores.transpose(0, 1), targets, widths, lengths)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach()) if step else float(loss.detach())
        if step % 50 == 0 or step == stop - 1:
            print(f"step {step} loss {mean:.4f} cpu {time.process_time() - started:.0f}s", flush=True)  # noqa: T201
        if step % 250 == 249 or step == stop - 1:
            net.eval()
            export(net, folder / "lines.onnx")
            net.train()
    return time.process_time() - started


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
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--stop", type=int, help="end after so many steps of the schedule")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    stop = options.stop or options.steps
    seconds = train(options.folder, options.steps, stop, options.seed)
    run = {"steps": options.steps, "stop": stop, "seed": options.seed, "cpu_seconds": round(seconds)}
    (options.folder / "run.json").write_text(json.dumps(run, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
