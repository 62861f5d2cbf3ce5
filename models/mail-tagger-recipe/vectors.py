"""Golden vectors of the tokenizer, by the reference implementation (the Rust tokenizers library)."""

import json

from tokenizers import Tokenizer

import paths
from texts import texts


def write() -> None:
    tokenizer = Tokenizer.from_file(str(paths.tokenizer))
    rows = [{"text": text, "ids": tokenizer.encode(text).ids} for text in dict.fromkeys(texts)]
    paths.vectors.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=True)}" for row in rows)
    paths.vectors.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"golden vectors: {len(rows)} texts")


if __name__ == "__main__":
    write()
