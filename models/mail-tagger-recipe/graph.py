"""The classifier as it is trained and exported: the same weights and logits as DistilBertForSequenceClassification, but
with the last layer computed only for the first token, the only row that the classification head reads."""

import math

import torch
from torch import nn
from transformers import DistilBertForSequenceClassification

masked = -1e9  # added to the attention scores of padding


class MailTagger(nn.Module):
    def __init__(self, classifier: DistilBertForSequenceClassification):
        super().__init__()
        self.encoder = classifier.distilbert
        self.pre_classifier = classifier.pre_classifier
        self.classifier = classifier.classifier
        self.heads = classifier.config.n_heads
        self.dropout = nn.Dropout(classifier.config.dropout)  # no effect in eval mode, so not in the exported graph

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Both inputs [batch, tokens] int64; logits [batch, labels]."""
        embeddings = self.encoder.embeddings
        positions = embeddings.position_embeddings.weight[: input_ids.shape[1]]
        hidden = self.dropout(embeddings.LayerNorm(embeddings.word_embeddings(input_ids) + positions))
        bias = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * masked
        layers = list(self.encoder.transformer.layer)
        for layer in layers[:-1]:
            hidden = self.layer(layer, hidden, hidden, bias)
        first = self.layer(layers[-1], hidden[:, :1], hidden, bias)[:, 0]
        return self.classifier(self.dropout(torch.relu(self.pre_classifier(first))))

    def layer(self, layer: nn.Module, rows: torch.Tensor, context: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """One transformer layer for `rows`, which attend to `context`."""
        attention = layer.attention
        query = self.split(attention.q_lin(rows))
        key = self.split(attention.k_lin(context))
        value = self.split(attention.v_lin(context))
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + bias
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        attended = layer.sa_layer_norm(self.dropout(attention.out_lin(mixed)) + rows)
        feed_forward = layer.ffn.lin2(nn.functional.gelu(layer.ffn.lin1(attended)))
        return layer.output_layer_norm(self.dropout(feed_forward) + attended)

    def split(self, rows: torch.Tensor) -> torch.Tensor:
        """[batch, tokens, dim] to [batch, heads, tokens, dim / heads]."""
        return rows.unflatten(2, (self.heads, rows.shape[-1] // self.heads)).transpose(1, 2)
