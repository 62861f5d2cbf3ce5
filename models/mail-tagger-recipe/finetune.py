"""Fine-tunes the mapped, pruned model on the training mails, the last epoch with the edge's rounding, and calibrates it."""

import random
import time
from contextlib import nullcontext

import torch
from tokenizers import Tokenizer
from transformers import DistilBertForSequenceClassification, DistilBertModel

import crops
import mails
import paths
import settings
from batch import padded
from calibrate import calibrate, loss
from graph import MailTagger
from rounding import rounded_like_the_edge


def classifier_from(encoder: DistilBertModel) -> DistilBertForSequenceClassification:
    """Removes layers and adds the classification head."""
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
    for epoch in range(settings.epochs):
        rounding = epoch >= settings.epochs - settings.rounded_epochs
        began, losses, tokens = time.monotonic(), [], 0
        tagger.train()
        with rounded_like_the_edge(classifier) if rounding else nullcontext():
            for batch in crops.epoch(train, tokenizer, rng):
                losses.append(train_step(tagger, optimizer, batch))
                tokens += sum(len(ids) for ids, _ in batch)
                schedule.step()
                if len(losses) % 50 == 0:
                    speed = tokens / (time.monotonic() - began)
                    print(f"  epoch {epoch + 1} step {len(losses)} loss {sum(losses[-50:]) / 50:.3f} {speed:.0f} tokens/s", flush=True)
        logits, labels = predict(tagger, validation)
        right = (logits.argmax(-1) == labels).float().mean().item()
        print(f"epoch {epoch + 1}: validation loss {loss(logits, labels):.4f} accuracy {right:.4f} after {time.monotonic() - began:.0f} s", flush=True)
    calibrate(classifier, logits, labels)
    classifier.save_pretrained(paths.checkpoint)


def optimizer_for(classifier: DistilBertForSequenceClassification) -> torch.optim.Optimizer:
    """Word embeddings have a lower learning rate, so that words outside the training mails keep their relation to the others."""
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
    smoothed = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=settings.label_smoothing)
    optimizer.zero_grad(set_to_none=True)
    smoothed.backward()
    torch.nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
    optimizer.step()
    return smoothed.item()


@torch.no_grad()
def predict(tagger: MailTagger, some: list[crops.Tokens]) -> tuple[torch.Tensor, torch.Tensor]:
    """(logits [texts, labels], labels [texts]) for each mail's first 256 tokens, the edge's limit, and for its first 32."""
    tagger.eval()
    logits, truth = [], []
    for length in (settings.edge_tokens - 2, 32):
        pieces = sorted(((mail.ids[:length], mail.label) for mail in some), key=lambda piece: len(piece[0]))
        for at in range(0, len(pieces), 32):
            batch = pieces[at : at + 32]
            logits.append(tagger(*padded([tokens for tokens, _ in batch])))
            truth.extend(label for _, label in batch)
    return torch.cat(logits), torch.tensor(truth)
