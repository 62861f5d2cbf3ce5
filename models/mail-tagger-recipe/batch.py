"""Token lists to padded tensors."""

import torch

padding, start, end = 0, 2, 3  # [PAD], [CLS], [SEP] in the pruned vocabulary


def padded(token_lists: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """(input_ids, attention_mask), both [batch, longest + 2] int64; the lists come without [CLS] and [SEP]."""
    longest = max(len(tokens) for tokens in token_lists) + 2
    ids = torch.full((len(token_lists), longest), padding, dtype=torch.int64)
    mask = torch.zeros((len(token_lists), longest), dtype=torch.int64)
    for row, tokens in enumerate(token_lists):
        ids[row, : len(tokens) + 2] = torch.tensor([start, *tokens, end])
        mask[row, : len(tokens) + 2] = 1
    return ids, mask
