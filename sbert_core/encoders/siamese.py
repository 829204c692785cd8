"""The siamese bi-encoder: one backbone applied to each sentence on its own, pooled to one vector.

Source: Reimers & Gurevych 2019, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks"
(arXiv 1908.10084), figures 1 and 2. Both towers of the figures are this one module with one set of
weights: "siamese" means calling it on sentence A and on sentence B. The vectors can therefore be
computed once and compared many times, which a cross-encoder, reading both sentences at once,
cannot offer.

Letters: B sentences in the batch, T tokens of the longest one, H dimensions of a token vector,
D dimensions of a sentence embedding.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from .pooling import PoolingMode, TokenStates, pool


class SentenceModel(nn.Module):
    """Backbone, pooling, and what a model may add after them: Dense layers and L2 normalisation.

    Args:
        backbone: A transformers encoder, or `TokenTable`.
        pooling: Modes of `POOLING_MODES`, concatenated in this order.
        dense: Layers applied to the pooled vector.
        normalised: Whether vectors are scaled to length 1, so that dot product equals cosine.
        truncate_dim: Dimensions kept of the final vector; None keeps all.
    """

    def __init__(
        self,
        backbone: "PreTrainedModel | TokenTable",
        pooling: tuple[PoolingMode, ...],
        dense: Iterable["Dense"] = (),
        normalised: bool = False,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.dense = nn.ModuleList(dense)
        self.normalised = normalised
        self.truncate_dim = truncate_dim

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, special_tokens_mask: Tensor | None = None
    ) -> Tensor:
        """Embed a batch of tokenised sentences; differentiable, so training calls it too.

        Args:
            input_ids: Integer (B, T).
            attention_mask: Integer (B, T), 1 for a real token, 0 for padding.
            special_tokens_mask: Integer (B, T), 1 for [CLS], [SEP] and the like; needed by
                pooling "mean_content" only.

        Returns:
            float32 (B, D), one sentence embedding per row.
        """
        states = self.token_states(input_ids, attention_mask, special_tokens_mask)
        pooled = [pool(states, mode) for mode in self.pooling]
        sentence_embedding = torch.cat(pooled, dim=-1)  # (B, modes * H)
        for layer in self.dense:
            sentence_embedding = layer(sentence_embedding)
        if self.normalised:
            sentence_embedding = F.normalize(sentence_embedding, p=2, dim=-1)
        return sentence_embedding[:, : self.truncate_dim]  # (B, D)

    def token_states(
        self, input_ids: Tensor, attention_mask: Tensor, special_tokens_mask: Tensor | None = None
    ) -> TokenStates:
        """Run the backbone and give its token vectors, in float32 whatever it computes in."""
        output = self.backbone(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states="first_last" in self.pooling,
        )
        hidden_states = output.hidden_states  # embeddings, layer 1, ..., last layer: (B, T, H) each
        pooler_output = output.get("pooler_output")
        return TokenStates(
            token_embeddings=output.last_hidden_state.float(),
            attention_mask=attention_mask,
            special_tokens_mask=special_tokens_mask,
            first_layer=None if hidden_states is None else hidden_states[1].float(),
            pooler_output=None if pooler_output is None else pooler_output.float(),
        )


class Dense(nn.Module):
    """One layer after the pooling: activation(x W^T + b); LaBSE has one with tanh.

    Args:
        linear: The weights W of shape (out, in) and b of shape (out,).
        activation: A module of torch.nn.
    """

    def __init__(self, linear: nn.Linear, activation: nn.Module) -> None:
        super().__init__()
        self.linear = linear
        self.activation = activation

    def forward(self, sentence_embedding: Tensor) -> Tensor:
        """Map (B, in) to (B, out)."""
        return self.activation(self.linear(sentence_embedding))


class TokenTable(nn.Module):
    """A backbone with no layers: each token has one vector, whatever stands beside it.

    Args:
        weights: Float (vocabulary, H).
    """

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(weights.float(), freeze=False)

    def forward(self, input_ids: Tensor, **_: Any) -> BaseModelOutput:
        """Look the tokens up: (B, T) to (B, T, H)."""
        return BaseModelOutput(last_hidden_state=self.embedding(input_ids))
