"""Writes the FP32 ONNX file and checks it against the trained model, padding included."""

import numpy as np
import onnx
import onnxruntime
import torch
from transformers import DistilBertForSequenceClassification

import paths
import settings
from graph import MailTagger

opset = 17
tolerance = 1e-4


def export(classifier: DistilBertForSequenceClassification) -> None:
    classifier.eval()
    tagger = MailTagger(classifier).eval()
    ids, mask = sample_batch(classifier.config.vocab_size, 8)
    with torch.no_grad():
        torch.onnx.export(
            tagger,
            (ids, mask),
            str(paths.exported_onnx),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={
                "input_ids": {0: "batch", 1: "tokens"},
                "attention_mask": {0: "batch", 1: "tokens"},
                "logits": {0: "batch"},
            },
            opset_version=opset,
            dynamo=False,
        )
    onnx.checker.check_model(str(paths.exported_onnx), full_check=True)
    check_agreement(classifier)


def sample_batch(vocabulary: int, longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Three rows of random tokens: full, half and three tokens long, the rest padding."""
    generator = torch.Generator().manual_seed(longest)
    ids = torch.randint(5, vocabulary, (3, longest), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, longest // 2 :] = 0
    mask[2, 3:] = 0
    return ids * mask, mask


@torch.no_grad()
def check_agreement(classifier: DistilBertForSequenceClassification) -> float:
    session = onnxruntime.InferenceSession(str(paths.exported_onnx), providers=["CPUExecutionProvider"])
    worst = 0.0
    for longest in (4, 33, 256, settings.max_positions):
        ids, mask = sample_batch(classifier.config.vocab_size, longest)
        exported = session.run(["logits"], {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        expected = classifier(input_ids=ids, attention_mask=mask).logits.numpy()
        unpadded = session.run(["logits"], {"input_ids": ids[2:, :3].numpy(), "attention_mask": mask[2:, :3].numpy()})[0]
        worst = max(worst, float(np.abs(exported - expected).max()), float(np.abs(exported[2:] - unpadded).max()))
    if worst > tolerance:
        raise AssertionError(f"exported logits differ from torch's by {worst:.2e}, at most {tolerance:.0e} is allowed")
    print(f"exported: logits differ from torch's by at most {worst:.1e}, with and without padding")
    return worst
