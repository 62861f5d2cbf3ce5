"""Calibrates the scores: the logits are divided by the temperature that gives the lowest loss on the validation mails (Guo et
al. 2017, "On Calibration of Modern Neural Networks"). A fine-tuned network is overconfident, and its borderline scores
change much with every rounding. No label changes. The temperature is folded into the last matrix, so neither side applies
it."""

import json

import torch
from transformers import DistilBertForSequenceClassification

import paths


def calibrate(classifier: DistilBertForSequenceClassification, logits: torch.Tensor, labels: torch.Tensor) -> float:
    """`logits` [texts, labels] of the validation texts. Returns the temperature, after folding it into the classifier."""
    temperature = best_temperature(logits, labels)
    before, after = (loss(logits / divisor, labels) for divisor in (1.0, temperature))
    with torch.no_grad():
        classifier.classifier.weight /= temperature
        classifier.classifier.bias /= temperature
    found = {"temperature": temperature, "lossBefore": before, "lossAfter": after, "texts": len(labels)}
    paths.calibration.parent.mkdir(parents=True, exist_ok=True)
    paths.calibration.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"temperature {temperature:.3f}: validation loss {before:.4f} becomes {after:.4f}", flush=True)
    return temperature


def best_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """To two decimals; the loss has one minimum."""
    return min((hundredth / 100 for hundredth in range(50, 501)), key=lambda divisor: loss(logits / divisor, labels))


def loss(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return torch.nn.functional.cross_entropy(logits, labels).item()
