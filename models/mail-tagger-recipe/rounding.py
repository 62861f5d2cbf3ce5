"""The edge's INT8 arithmetic during training: in the last epoch every matrix and every activation is rounded as
onnxruntime's dynamic quantizer will round it, and gradients pass straight through (Jacob et al. 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). The weights settle where rounding changes
little, so both sides give nearly the same scores."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

steps = 255  # of an unsigned byte


class RoundedLinear(nn.Linear):
    """Rounds weights per output channel and activations per text, as the edge does, which runs one text at a time."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        whole_text = tuple(range(1, rows.dim()))
        return nn.functional.linear(rounded(rows, whole_text), rounded(self.weight, (1,)), self.bias)


class RoundedEmbedding(nn.Embedding):
    """Rounds with one scale for the whole table."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(ids, rounded(self.weight, (0, 1)), self.padding_idx)


def rounded(values: torch.Tensor, over: tuple[int, ...]) -> torch.Tensor:
    """`values` on a grid of 256 steps that contains zero; the gradient is that of `values`."""
    exact = values.detach()
    low = exact.amin(over, keepdim=True).clamp(max=0)
    high = exact.amax(over, keepdim=True).clamp(min=0)
    step = ((high - low) / steps).clamp(min=1e-12)
    zero = (-low / step).round()
    on_grid = (((exact / step).round() + zero).clamp(0, steps) - zero) * step
    return values + (on_grid - exact)


@contextmanager
def rounded_like_the_edge(model: nn.Module) -> Iterator[None]:
    """Inside the block the model computes like the edge. Its parameters do not change."""
    rounded_types = {nn.Linear: RoundedLinear, nn.Embedding: RoundedEmbedding}
    swapped = [(module, type(module)) for module in model.modules() if type(module) in rounded_types]
    for module, original in swapped:
        module.__class__ = rounded_types[original]
    try:
        yield
    finally:
        for module, original in swapped:
            module.__class__ = original
