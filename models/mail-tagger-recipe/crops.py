"""Training crops of mails. Callers send texts from one sentence to 512 tokens, so the model is trained on all lengths."""

import random
from dataclasses import dataclass

from tokenizers import Tokenizer

import settings
from everyday import everyday
from mails import Mail


@dataclass(frozen=True)
class Tokens:
    ids: list[int]  # without [CLS] and [SEP]
    line_starts: list[int]  # indexes into ids
    label: int


def tokenize(tokenizer: Tokenizer, some: list[Mail]) -> list[Tokens]:
    encodings = tokenizer.encode_batch([mail.text for mail in some], add_special_tokens=False)
    return [
        Tokens(encoding.ids, line_starts(mail.text, encoding.offsets), mail.label)
        for mail, encoding in zip(some, encodings, strict=True)
    ]


def line_starts(text: str, offsets: list[tuple[int, int]]) -> list[int]:
    ends = [0] + [end for _, end in offsets]
    return [at for at, (start, _) in enumerate(offsets) if at == 0 or "\n" in text[ends[at] : start]]


def crop(mail: Tokens, rng: random.Random) -> list[int]:
    shares = [share for share, _, _ in settings.crop_lengths]
    _, shortest, longest = rng.choices(settings.crop_lengths, shares)[0]
    length = rng.randint(shortest, longest)
    start = 0 if rng.random() < settings.whole_start_share else rng.choice(mail.line_starts or [0])
    return mail.ids[start : start + length]


def epoch(some: list[Tokens], tokenizer: Tokenizer, rng: random.Random) -> list[list[tuple[list[int], int]]]:
    """A new crop of every mail and some everyday texts, in shuffled batches of similar length."""
    pieces = [(crop(mail, rng), mail.label) for mail in some]
    for text, label in everyday(settings.everyday_per_epoch, rng):
        pieces.append((tokenizer.encode(text, add_special_tokens=False).ids, label))
    pieces.sort(key=lambda piece: len(piece[0]) + rng.random())
    size = settings.batch_size
    found = [pieces[at : at + size] for at in range(0, len(pieces), size)]
    rng.shuffle(found)
    return found
