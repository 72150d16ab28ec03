"""Turns a LayoutLM checkpoint of transformers into what the service runs: `python -m kyc.training.layout_export
CHECKPOINT FOLDER`. For our own tagger and for users who have another one (its labels must be our fields' names, with or
without `B-` and `I-`); needs torch.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import torch  # type: ignore[import-not-found]  # a training dependency, not installed with the service
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import LayoutLMForTokenClassification

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
INPUTS = ("input_ids", "bbox", "attention_mask", "token_type_ids")


class _Scores(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    def __init__(self, net: "torch.nn.Module") -> None:
        super().__init__()
        self.net = net

    def forward(
        self, ids: "torch.Tensor", boxes: "torch.Tensor", mask: "torch.Tensor", types: "torch.Tensor"
    ) -> "torch.Tensor":
        return self.net(input_ids=ids, bbox=boxes, attention_mask=mask, token_type_ids=types).logits


def export(checkpoint: Path, folder: Path) -> None:
    """Write `model.onnx` with 8-bit weights, `config.json` and the tokenizer's files."""
    net = LayoutLMForTokenClassification.from_pretrained(
        str(checkpoint), attn_implementation="eager", local_files_only=True
    )
    net.train(False)
    folder.mkdir(parents=True, exist_ok=True)
    ids = torch.ones(2, 24, dtype=torch.int64)
    boxes = torch.tensor([10, 20, 300, 60]).repeat(2, 24, 1)
    axes = {name: {0: "windows", 1: "pieces"} for name in (*INPUTS, "scores")}
    with TemporaryDirectory() as drafts:
        draft = Path(drafts) / "model.onnx"
        torch.onnx.export(
            _Scores(net),
            (ids, boxes, torch.ones_like(ids), torch.zeros_like(ids)),
            str(draft),
            input_names=list(INPUTS),
            output_names=["scores"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            draft,
            folder / "model.onnx",
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        )
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    kept = {key: config[key] for key in ("model_type", "id2label", "label2id", "vocab_size", "hidden_size")}
    (folder / "config.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    for name in TOKENIZER_FILES:
        if (checkpoint / name).exists():
            shutil.copy(checkpoint / name, folder / name)


def write_card(folder: Path, name: str, version: str, source: str) -> None:
    """The card without which the service loads no model: what approvers sign."""
    content = (folder / "model.onnx").read_bytes()
    card = {
        "name": name,
        "version": version,
        "format": "onnx",
        "file": "model.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "other_files": {
            each: hashlib.sha256((folder / each).read_bytes()).hexdigest()
            for each in ("config.json", *TOKENIZER_FILES)
            if (folder / each).exists()
        },
        "data": f"exported from the checkpoint {source}; not measured",
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="visual-zone")
    parser.add_argument("--version", default="other")
    options = parser.parse_args()
    export(options.checkpoint, options.folder)
    write_card(options.folder, options.name, options.version, options.checkpoint.name)


if __name__ == "__main__":
    main()
