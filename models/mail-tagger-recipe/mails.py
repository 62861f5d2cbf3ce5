"""The mails that models/mail-tagger-recipe/prepare.ts wrote."""

import json
from dataclasses import dataclass

import paths
import settings


@dataclass(frozen=True)
class Mail:
    text: str
    label: int
    split: str


def load(split: str) -> list[Mail]:
    with paths.mails.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Mail(row["text"], settings.labels.index(row["label"]), row["split"]) for row in rows if row["split"] == split
    ]
