"""The accuracy that storing the origin's weights as FP16 costs: both files on the held-out mails, with the same runtime and inputs."""

import json

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import mails
import paths
import settings
from batch import padded


def measure_storage() -> None:
    held_out = mails.load("test")
    tokenizer = Tokenizer.from_file(str(paths.tokenizer))
    encodings = tokenizer.encode_batch([mail.text for mail in held_out], add_special_tokens=False)
    inputs = [padded([encoding.ids[: settings.edge_tokens - 2]]) for encoding in encodings]
    labels = np.array([mail.label for mail in held_out])
    full = spam_probabilities(paths.exported_onnx, inputs)
    half = spam_probabilities(paths.origin_onnx, inputs)
    found = {
        "mails": len(held_out),
        "accuracyFp32": float(((full > 0.5) == labels).mean()),
        "accuracyStoredFp16": float(((half > 0.5) == labels).mean()),
        "labelsChanged": int(((full > 0.5) != (half > 0.5)).sum()),
        "largestScoreGap": float(np.abs(full - half).max()),
        "megabytesFp32": paths.exported_onnx.stat().st_size / 1e6,
        "megabytesStoredFp16": paths.origin_onnx.stat().st_size / 1e6,
        "megabytesInt8": paths.edge_onnx.stat().st_size / 1e6,
    }
    paths.storage_measurement.parent.mkdir(parents=True, exist_ok=True)
    paths.storage_measurement.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found))


def spam_probabilities(file, inputs) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    logits = np.concatenate(
        [session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0] for ids, mask in inputs]
    )
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))


if __name__ == "__main__":
    measure_storage()
