"""Makes the model folder from the prepared mails. run.sh calls it; see README.md."""

import shutil

import torch

import export
import finetune
import map_weights
import paths
import prune_vocabulary
import quantize
import settings
import store_half
import vectors
from config import write_configs
from transformers import DistilBertForSequenceClassification


def main() -> None:
    torch.manual_seed(settings.seed)
    paths.work.mkdir(parents=True, exist_ok=True)
    encoder = map_weights.distilbert_from(map_weights.load_bert())
    prune_vocabulary.prune(encoder)
    finetune.finetune(finetune.classifier_from(encoder))
    write_model_folder()


def write_model_folder() -> None:
    """Last and short, so that the folder contains one complete model at any time."""
    paths.model.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(paths.tokenizer, paths.model / "tokenizer.json")
    classifier = DistilBertForSequenceClassification.from_pretrained(paths.checkpoint).eval()
    write_configs(classifier)
    export.export(classifier)
    store_half.store_half()
    quantize.quantize()
    vectors.write()


if __name__ == "__main__":
    main()
