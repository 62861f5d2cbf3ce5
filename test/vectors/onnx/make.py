"""Makes the models beside it: tiny classifiers with random weights through PyTorch's two exporters and ONNX Runtime's quantizer.

Needs torch, transformers, onnx, onnxscript and onnxruntime: `python make.py`. What cannot be exported is named and left out.
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.optimizer import optimize_model
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

here = Path(__file__).parent
sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, vocab_size=50)
positions = 40
families = {
    "distilbert": (
        DistilBertForSequenceClassification,
        DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=24, vocab_size=50, max_position_embeddings=positions),
    ),
    "bert": (BertForSequenceClassification, BertConfig(**sizes, max_position_embeddings=positions, num_labels=3)),
    "roberta": (
        RobertaForSequenceClassification,
        RobertaConfig(**sizes, max_position_embeddings=positions + 2, pad_token_id=1, type_vocab_size=1),
    ),
    "electra": (
        ElectraForSequenceClassification,
        ElectraConfig(**sizes, embedding_size=8, max_position_embeddings=positions),
    ),
    # One layer, which runs twice.
    "albert": (
        AlbertForSequenceClassification,
        AlbertConfig(**sizes, embedding_size=8, max_position_embeddings=positions),
    ),
    # MiniLM is BERT's graph with another activation, and position ids of its own.
    "minilm": (
        BertForSequenceClassification,
        BertConfig(**sizes, hidden_act="gelu_new", max_position_embeddings=positions, num_labels=2),
    ),
}
# family, opset, attention, exporter
wanted = [
    ("distilbert", 14, "eager", "script"),
    ("distilbert", 16, "sdpa", "script"),
    ("distilbert", 17, "eager", "script"),
    ("distilbert", 18, "eager", "dynamo"),
    ("distilbert", 18, "sdpa", "dynamo"),
    ("bert", 14, "sdpa", "script"),
    ("bert", 15, "eager", "script"),
    ("bert", 18, "sdpa", "script"),
    ("bert", 18, "eager", "dynamo"),
    ("minilm", 17, "sdpa", "script"),
    ("roberta", 14, "eager", "script"),
    ("roberta", 17, "sdpa", "script"),
    ("roberta", 18, "sdpa", "dynamo"),
    ("electra", 16, "eager", "script"),
    ("albert", 17, "sdpa", "script"),
]


def model_of(family: str, attention: str) -> torch.nn.Module:
    torch.manual_seed(1)
    make, config = families[family]
    config._attn_implementation = attention
    model = make(config).eval()
    for name, parameter in model.named_parameters():
        # Larger than the usual start, so that logits depend on every token.
        if parameter.dim() == 2 and "embeddings" not in name:
            torch.nn.init.normal_(parameter, std=0.35)
        elif "embeddings" in name and parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=1.0)
    return model


class Logits(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, names: list[str]):
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return self.model(**dict(zip(self.names, tensors)), return_dict=True).logits


def export(family: str, opset: int, attention: str, exporter: str) -> Path:
    model = model_of(family, attention)
    names = ["input_ids", "attention_mask"]
    if family in ("bert", "minilm", "electra", "albert"):
        names.append("token_type_ids")
    ids = torch.randint(5, 50, (2, 7))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    tensors = (ids, mask, torch.zeros_like(ids))[: len(names)]
    target = here / f"{family}-{opset}-{attention}-{exporter}.onnx"
    axes = {0: "batch", 1: "length"}
    common = dict(input_names=names, output_names=["logits"], opset_version=opset)
    if exporter == "script":
        dynamic = {name: axes for name in names} | {"logits": {0: "batch"}}
        torch.onnx.export(Logits(model, names), tensors, str(target), dynamo=False, dynamic_axes=dynamic, **common)
    else:
        dynamic = tuple({0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=positions)} for _ in names)
        torch.onnx.export(
            Logits(model, names), tensors, str(target), dynamo=True, dynamic_shapes=(dynamic,), external_data=False, verbose=False, **common
        )
    strip(target)
    return target


def strip(path: Path) -> None:
    """Takes off what only names the machine and the source lines: it is most of a tiny file."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    onnx.save(model, path)


turns: Counter[str] = Counter()


def fill(message, depth: int = 0) -> None:
    """Sets every field that the installed onnx knows, so that a reader which lacks one is found out."""
    turns.update(choice.full_name for choice in message.DESCRIPTOR.oneofs)
    chosen = {choice.fields[turns[choice.full_name] % len(choice.fields)] for choice in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        # Of alternatives, each has its turn.
        if field.containing_oneof is not None and field not in chosen:
            continue
        is_list = getattr(field, "is_repeated", None)
        is_list = field.label == field.LABEL_REPEATED if is_list is None else is_list
        if field.message_type is not None:
            if depth < 7:
                fill(getattr(message, field.name).add() if is_list else getattr(message, field.name), depth + 1)
            continue
        sample = {
            field.CPPTYPE_STRING: b"\x01\xff" if field.type == field.TYPE_BYTES else f"text {field.number}",
            field.CPPTYPE_FLOAT: field.number + 0.5,
            field.CPPTYPE_DOUBLE: field.number + 0.5,
            field.CPPTYPE_ENUM: 1,
        }.get(field.cpp_type, field.number)
        if is_list:
            getattr(message, field.name).extend([sample, sample])
        else:
            setattr(message, field.name, sample)

def main() -> None:
    everything = onnx.ModelProto()
    fill(everything)
    (here / "every-field.bin").write_bytes(everything.SerializeToString(deterministic=True))
    warnings.simplefilter("ignore")
    for line in wanted:
        try:
            path = export(*line)
            print(path.name, path.stat().st_size)
        except Exception as error:  # an exporter's limits are no reason to lose the others
            print("left out", line, str(error).splitlines()[0][:200], file=sys.stderr)
    plain = here / "distilbert-17-eager-script.onnx"
    quantize_dynamic(str(plain), str(here / "distilbert-17-int8.onnx"), weight_type=QuantType.QUInt8)
    fused = optimize_model(str(here / "bert-15-eager-script.onnx"), model_type="bert", num_heads=2, hidden_size=16, opt_level=0)
    fused.save_model_to_file(str(here / "bert-15-fused.onnx"))
    model = onnx.load(plain)
    (here / "distilbert-17-external.onnx_data").unlink(missing_ok=True)
    onnx.save_model(
        model,
        here / "distilbert-17-external.onnx",
        save_as_external_data=True,
        location="distilbert-17-external.onnx_data",
        size_threshold=256,
    )


main()
