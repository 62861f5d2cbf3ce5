"""Fine-tunes the mapped, pruned model on the training mails; keeps the epoch that does best on the validation mails."""

import random
import time

import torch
from tokenizers import Tokenizer
from transformers import DistilBertForSequenceClassification, DistilBertModel

import crops
import mails
import paths
import settings
from batch import padded
from graph import MailTagger


def classifier_from(encoder: DistilBertModel) -> DistilBertForSequenceClassification:
    """Drops layers and puts the classification head on."""
    config = encoder.config
    config.n_layers = len(settings.kept_layers)
    config.id2label = dict(enumerate(settings.labels))
    config.label2id = {label: at for at, label in enumerate(settings.labels)}
    config.problem_type = "single_label_classification"
    config.dropout = settings.dropout
    encoder.transformer.layer = torch.nn.ModuleList(encoder.transformer.layer[at] for at in settings.kept_layers)
    classifier = DistilBertForSequenceClassification(config)
    classifier.distilbert.load_state_dict(encoder.state_dict(), strict=True)
    return classifier


def finetune(classifier: DistilBertForSequenceClassification) -> None:
    tokenizer = Tokenizer.from_file(str(paths.tokenizer))
    train = crops.tokenize(tokenizer, mails.load("train"))
    validation = crops.tokenize(tokenizer, mails.load("validation"))
    rng = random.Random(settings.seed)
    steps = settings.epochs * -(-(len(train) + settings.everyday_per_epoch) // settings.batch_size)
    tagger = MailTagger(classifier)
    optimizer = optimizer_for(classifier)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))
    best = (float("inf"), -1)
    for epoch in range(settings.epochs):
        began, losses, tokens = time.monotonic(), [], 0
        tagger.train()
        for batch in crops.epoch(train, tokenizer, rng):
            losses.append(train_step(tagger, optimizer, batch))
            tokens += sum(len(ids) for ids, _ in batch)
            schedule.step()
            if len(losses) % 50 == 0:
                speed = tokens / (time.monotonic() - began)
                print(f"  epoch {epoch + 1} step {len(losses)} loss {sum(losses[-50:]) / 50:.3f} {speed:.0f} tokens/s", flush=True)
        loss, accuracy = evaluate(tagger, validation)
        print(f"epoch {epoch + 1}: validation loss {loss:.4f} accuracy {accuracy:.4f} after {time.monotonic() - began:.0f} s", flush=True)
        if loss < best[0]:
            best = (loss, epoch)
            classifier.save_pretrained(paths.checkpoint)
    print(f"kept epoch {best[1] + 1}")


def optimizer_for(classifier: DistilBertForSequenceClassification) -> torch.optim.Optimizer:
    """Word embeddings learn slowly: words that the training mails lack must keep their place among the others."""
    embeddings = list(classifier.distilbert.embeddings.parameters())
    others = [parameter for name, parameter in classifier.named_parameters() if ".embeddings." not in name]
    groups = [
        {"params": embeddings, "lr": settings.embedding_learning_rate, "weight_decay": 0.0},
        {"params": others, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
    ]
    return torch.optim.AdamW(groups)


def rate(step: int, steps: int) -> float:
    warmup = max(1, int(steps * settings.warmup_share))
    return step / warmup if step < warmup else max(0.0, (steps - step) / (steps - warmup))


def train_step(tagger: MailTagger, optimizer: torch.optim.Optimizer, batch: list[tuple[list[int], int]]) -> float:
    ids, mask = padded([tokens for tokens, _ in batch])
    labels = torch.tensor([label for _, label in batch])
    logits = tagger(ids, mask)
    loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=settings.label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@torch.no_grad()
def evaluate(tagger: MailTagger, some: list[crops.Tokens]) -> tuple[float, float]:
    """(loss, accuracy) over what the edge sees (the first 256 tokens) and over each mail's first 32."""
    tagger.eval()
    losses, right, seen = 0.0, 0, 0
    for length in (settings.edge_tokens - 2, 32):
        pieces = sorted(((mail.ids[:length], mail.label) for mail in some), key=lambda piece: len(piece[0]))
        for at in range(0, len(pieces), 32):
            batch = pieces[at : at + 32]
            ids, mask = padded([tokens for tokens, _ in batch])
            labels = torch.tensor([label for _, label in batch])
            logits = tagger(ids, mask)
            losses += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += int((logits.argmax(-1) == labels).sum())
            seen += len(batch)
    return losses / seen, right / seen
