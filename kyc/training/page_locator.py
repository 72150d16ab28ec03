"""Trains a page locator: `python -m kyc.training.page_locator models/page`.

A small fully convolutional network (encoder and decoder with lateral sums, after Lin et al. 2017, feature pyramids).
One thread, and a process beside it that draws the pictures; fixed seeds; writes `locator.onnx` and `run.json`.
`kyc.training.page_evaluation` then writes the card.
"""

import argparse
import itertools
import json
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch  # type: ignore[import-not-found]  # a training dependency, not installed with the service
from torch import nn

from kyc.geometry import Image
from kyc.training.page_composites import SIDE, STYLES, Floats, compose

BATCH = 12
AHEAD = 8
"""Batches that are drawn before they are asked for."""
DIRECTION_WEIGHT = 0.5


def block(into: int, out: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


class Residual(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*block(width, width), nn.Conv2d(width, width, 3, 1, 1, bias=False))
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        return torch.relu(x + self.norm(self.body(x)))


class Locator(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """N x 3 x H x W colour, 0 to 1, H and W multiples of 32, to N x 4 x H/4 x W/4: page and zone as probabilities,
    cosine and sine of the reading direction."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*block(3, 12, 2), *block(12, 24, 2), *block(24, 24))
        self.eighth = nn.Sequential(*block(24, 48, 2), Residual(48))
        self.sixteenth = nn.Sequential(*block(48, 64, 2), Residual(64))
        self.last = nn.Sequential(*block(64, 96, 2), Residual(96))
        self.from_last = nn.Conv2d(96, 48, 1)
        self.from_sixteenth = nn.Conv2d(64, 48, 1)
        self.from_eighth = nn.Conv2d(48, 48, 1)
        self.from_quarter = nn.Conv2d(24, 24, 1)
        self.up_sixteenth = nn.Sequential(*block(48, 48))
        self.up_eighth = nn.Sequential(*block(48, 48), nn.Conv2d(48, 24, 1))
        self.head = nn.Sequential(*block(24, 24), nn.Conv2d(24, 4, 1))

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        quarter = self.stem(x * 2 - 1)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        last = self.last(sixteenth)
        x = self.up_sixteenth(_double(self.from_last(last)) + self.from_sixteenth(sixteenth))
        x = self.up_eighth(_double(x) + self.from_eighth(eighth))
        x = self.head(_double(x) + self.from_quarter(quarter))
        return torch.cat([torch.sigmoid(x[:, :2]), torch.tanh(x[:, 2:])], 1)


def _double(x: "torch.Tensor") -> "torch.Tensor":
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


def loss_of(seen: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Cross entropy and overlap of both masks, and the direction's distance where there is a page, more on the zone."""
    total = torch.zeros(())
    for channel, weight in ((0, 1.0), (1, 2.0)):
        p, t = seen[:, channel].clamp(1e-4, 1 - 1e-4), target[:, channel]
        heavier = 1 + 3 * channel * t
        total = total + weight * (nn.functional.binary_cross_entropy(p, t, weight=heavier))
        both = (p * t).sum((1, 2))
        total = total + 0.5 * (1 - (2 * both + 20) / (p.sum((1, 2)) + t.sum((1, 2)) + 20)).mean()
    where = target[:, 0] * (0.3 + target[:, 1])
    apart = ((seen[:, 2:] - target[:, 2:]) ** 2).sum(1)
    return total + DIRECTION_WEIGHT * (apart * where).sum() / (where.sum() + 1)


def draw(first: int, style: str) -> tuple[Image, Floats]:
    """BATCH pictures with their targets, of seeds from `first`."""
    drawn = [compose(first + index, style=STYLES[style]) for index in range(BATCH)]
    return np.stack([c.image for c in drawn]), np.stack([c.target for c in drawn])


def batches(seed: int, count: int, style: str) -> Iterator[tuple["torch.Tensor", "torch.Tensor"]]:
    """So many batches, the next ones drawn ahead."""
    firsts = iter(range(seed * 100_000_000, seed * 100_000_000 + count * BATCH, BATCH))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as painter:
        ahead: deque[Future[tuple[Image, Floats]]] = deque()
        for _ in range(count):
            ahead.extend(painter.submit(draw, first, style) for first in itertools.islice(firsts, AHEAD - len(ahead)))
            drawn, target = ahead.popleft().result()
            images = drawn.transpose(0, 3, 1, 2).astype(np.float32) / 255
            yield torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(target)


def train(folder: Path, steps: int, stop: int, seed: int, style: str) -> float:
    """Train by a schedule of `steps`, ended after `stop` of them, and export. Returns the CPU seconds it took."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = Locator().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps, pct_start=0.1)
    started, mean = time.process_time(), 0.0
    for step, (images, target) in enumerate(batches(seed, stop, style)):
        loss = loss_of(net(images.to(memory_format=torch.channels_last)), target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean = 0.97 * mean + 0.03 * float(loss.detach()) if step else float(loss.detach())
        if step % 25 == 0 or step == stop - 1:
            print(f"step {step} loss {mean:.4f} cpu {time.process_time() - started:.0f}s", flush=True)  # noqa: T201
        if step % 200 == 199 or step == stop - 1:
            net.eval()
            export(net, folder / "locator.onnx")
            net.train()
    return time.process_time() - started


def export(net: Locator, path: Path) -> None:
    torch.onnx.export(
        net,
        (torch.zeros(1, 3, SIDE, SIDE),),
        str(path),
        input_names=["images"],
        output_names=["maps"],
        dynamic_axes={"images": {0: "images", 2: "height", 3: "width"}, "maps": {0: "images", 2: "rows", 3: "columns"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--stop", type=int, help="end after so many steps of the schedule")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--style", choices=STYLES, default="plain", help="what the pictures are of")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    stop = options.stop or options.steps
    seconds = train(options.folder, options.steps, stop, options.seed, options.style)
    run = {
        "steps": options.steps,
        "stop": stop,
        "batch": BATCH,
        "seed": options.seed,
        "style": options.style,
        "cpu_seconds": round(seconds),
    }
    (options.folder / "run.json").write_text(json.dumps(run, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
