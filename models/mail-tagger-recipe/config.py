"""config.json and tokenizer_config.json beside the models, named as Hugging Face names them."""

import json

from transformers import DistilBertForSequenceClassification

import paths
import settings


def write_configs(classifier: DistilBertForSequenceClassification) -> None:
    config = {
        "architectures": ["DistilBertForSequenceClassification"],
        "model_type": "distilbert",
        "problem_type": "single_label_classification",
        "id2label": {str(at): label for at, label in enumerate(settings.labels)},
        "label2id": {label: at for at, label in enumerate(settings.labels)},
        "dim": classifier.config.dim,
        "hidden_dim": classifier.config.hidden_dim,
        "n_heads": classifier.config.n_heads,
        "n_layers": classifier.config.n_layers,
        "vocab_size": classifier.config.vocab_size,
        "max_position_embeddings": settings.max_positions,
        "activation": "gelu",
        "pad_token_id": 0,
    }
    tokenizer = {
        "tokenizer_class": "DistilBertTokenizer",
        "do_lower_case": True,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "model_max_length": settings.max_positions,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    for name, value in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        (paths.model / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
