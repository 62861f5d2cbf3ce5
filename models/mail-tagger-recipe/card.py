"""Fills the template of the model card with the measurements. No number in the card is written by hand."""

import json
import math
import string
from pathlib import Path

import onnx

import paths
import settings

template = Path(__file__).with_name("card.template")


def write_card() -> None:
    measured = json.loads(paths.measurement.read_text(encoding="utf-8"))
    calibration = json.loads(paths.calibration.read_text(encoding="utf-8"))
    storage = json.loads(paths.storage_measurement.read_text(encoding="utf-8"))
    config = json.loads((paths.model / "config.json").read_text(encoding="utf-8"))
    edge, origin, gaps = measured["edge"], measured["originSameInputs"], measured["agreement"]
    text = string.Template(template.read_text(encoding="utf-8")).substitute(
        layers=config["n_layers"],
        dim=config["dim"],
        vocabulary=f"{config['vocab_size']:,}",
        parameters=f"{parameters() / 1e6:.1f}",
        edge_mb=f"{(paths.card.parent / 'edge.weights').stat().st_size / 1e6:.1f}",
        fp16_mb=f"{storage['megabytesStoredFp16']:.1f}",
        fp32_mb=f"{storage['megabytesFp32']:.1f}",
        mails=f"{edge['texts']:,}",
        edge_tokens=measured["edgeTokens"],
        edge_row=score_row(edge),
        origin_row=score_row(origin),
        whole_row=score_row(measured["originWhole"]),
        same_label=f"{gaps['sameLabelPercent']:.2f}",
        loss=f"{-measured['lossPoints']:+.2f}",
        served_row=score_row(measured["asServed"]),
        alike=f"{gaps['alikePercent']:.2f}",
        gap99=f"{gaps['p99ScoreGap']:.3f}",
        gap=f"{gaps['largestScoreGap']:.3f}",
        by_length=", ".join(f"{value:.2f}" for value in measured["edgeAccuracyPercentByTokens"].values()),
        everyday_texts=measured["everyday"]["texts"],
        everyday_right=sum(measured["everyday"]["confusion"][label][label] for label in settings.labels),
        everyday=settings.everyday_per_epoch,
        temperature=f"{calibration['temperature']:.2f}",
        loss_before=f"{calibration['lossBefore']:.4f}",
        loss_after=f"{calibration['lossAfter']:.4f}",
        half_accuracy=percent(storage["accuracyStoredFp16"]),
        full_accuracy=percent(storage["accuracyFp32"]),
        half_changed=storage["labelsChanged"],
        half_gap=f"{storage['largestScoreGap']:.4f}",
        total=f"{sum(sum(part.values()) for part in measured['splits'].values()):,}",
        groups=f"{measured['groups']:,}",
        **{f"{name}_row": f"{part['ham']:,} | {part['spam']:,}" for name, part in measured["splits"].items()},
        kept=", ".join(map(str, settings.kept_layers)),
        epochs=settings.epochs,
        weight_type=settings.edge_weight_type,
        per_channel="yes" if settings.edge_per_channel else "no",
    )
    paths.card.write_text(text, encoding="utf-8")


def score_row(score: dict) -> str:
    counts = [score["confusion"][truth][predicted] for truth in settings.labels for predicted in settings.labels]
    return " | ".join([f"{score['accuracyPercent']:.2f} %", f"{score['macroF1']:.4f}", *map(str, counts)])


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


def parameters() -> int:
    tensors = onnx.load(str(paths.exported_onnx)).graph.initializer
    return sum(math.prod(tensor.dims) for tensor in tensors if tensor.dims)


if __name__ == "__main__":
    write_card()
