"""Paths of the recipe: committed files (the card, the golden vectors), and intermediate files under .spillway."""

from pathlib import Path

repository = Path(__file__).resolve().parents[2]
work = repository / ".spillway" / "train"
mails = repository / ".spillway" / "data" / "mails.jsonl"
model = work / "mail-tagger"  # the packer's input
tokenizer = work / "tokenizer.json"
origin_onnx = model / "model.onnx"
edge_onnx = model / "model_quantized.onnx"
exported_onnx = work / "exported.onnx"
checkpoint = work / "checkpoint"
vectors = repository / "test" / "vectors" / "tokenizer.json"
measurement = repository / ".spillway" / "measurements" / "test.json"
storage_measurement = repository / ".spillway" / "measurements" / "storage.json"
calibration = repository / ".spillway" / "measurements" / "calibration.json"
card = repository / "models" / "mail-tagger" / "README.md"
