"""What a network can say about its own result: which tokens a sentence vector is made of.

    token_parts            the sentence vector as a sum of one part per token, where it is one
    integrated_gradients   how much each token moves the cosine, for any differentiable encoder
    layer_states           the token vectors after each layer, and what pooling makes of them

Letters: B sentences in the batch, T tokens, H dimensions of a token vector, D dimensions of a
sentence vector, L layers, S steps of a path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.modeling_outputs import BaseModelOutput

from sbert_core.errors import ModelError
from sbert_core.protocols import Progress, no_progress

from .batching import pad_rows, token_budget_batches
from .encoder import SentenceEncoder, affordable_tokens
from .layout import EncoderLayout
from .pooling import PoolingMode, TokenStates, pool
from .siamese import Dense, SentenceModel, TokenTable
from .tokenizer import well_formed

_BIAS = "(bias)"
# Gauss-Legendre nodes on the path. With 32 the integral misses less than 0.01 of cosine on the
# encoders in the box; what it misses is stated beside the result.
PATH_STEPS = 32
# Layers after the pooling that keep a sum a sum.
_LINEAR_ACTIVATIONS = {"Identity"}
# Of each layer by itself only these can be made; the others are compared by their nearest kin.
_KIN: dict[PoolingMode, PoolingMode] = {"first_last": "mean", "pooler": "cls"}


@dataclass(frozen=True)
class TextTokens:
    """One text as an encoder reads it.

    Attributes:
        ids: int32 (T,), numbers of the tokens.
        pieces: T names of the tokens.
        offsets: Integer (T, 2): first character of each token in the text and the one after its
            last; (0, 0) for an added token.
        special: Bool (T,), which tokens are not of the text: [CLS], [SEP], a prompt.
        added: int32 (T,), 1 where the tokenizer itself calls a token special.
        truncated: Whether tokens were cut off.
    """

    ids: NDArray[np.int32]
    pieces: tuple[str, ...]
    offsets: NDArray[np.intp]
    special: NDArray[np.bool_]
    added: NDArray[np.int32]
    truncated: bool


@dataclass(frozen=True)
class TokenParts:
    """A sentence vector as a sum.

    Attributes:
        values: float64 (P, D), whose sum has the direction of the encoder's vector: one row per
            token, and one more for each of `extra`.
        extra: Names of rows that come from no token: the bias of a Dense layer.
        vector: float32 (D,), the encoder's own vector, computed in the same pass.
    """

    values: NDArray[np.float64]
    extra: tuple[str, ...]
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class PathGradients:
    """Integrated gradients of a cosine along the path from padding to a sentence.

    Attributes:
        values: float64 (T,), in units of cosine; 0 for special tokens, which do not move.
        baseline: The cosine at the beginning of the path, in [-1, 1].
        steps: How many points of the path were computed.
    """

    values: NDArray[np.float64]
    baseline: float
    steps: int


@dataclass(frozen=True)
class LayerStates:
    """What each layer makes of one sentence.

    Attributes:
        token_vectors: float32 (T, H), after the last layer.
        pooled: float32 (L + 1, H), pooled from the embeddings, layer 1, ..., layer L; one row for
            a table of token vectors.
        pooling: By which mode: the encoder's own, or its nearest kin that one layer allows.
    """

    token_vectors: NDArray[np.float32]
    pooled: NDArray[np.float32]
    pooling: str


def is_sum_of_tokens(layout: EncoderLayout) -> bool:
    """Tell whether an encoder's vector is, up to its length, a sum of one part per token.

    It is under mean pooling and its kin. Under max pooling each dimension comes from one token,
    so that it is a sum as well. A [CLS] vector alone would be a sum of one part, which explains
    nothing; a pooler, and a Dense layer with an activation, are no sums.
    """
    linear = all(layer.activation in _LINEAR_ACTIVATIONS for layer in layout.dense)
    modes = set(layout.pooling)
    return linear and "pooler" not in modes and modes != {"cls"}


def tokenise(encoder: SentenceEncoder, text: str) -> TextTokens:
    """Split a text into the tokens that the encoder reads, with their places in it."""
    tokenizer = encoder.tokenizer
    (encoding,) = tokenizer.backend.encode_batch(
        [tokenizer.prompt + well_formed(text)], add_special_tokens=tokenizer.add_special_tokens
    )
    added = np.array(encoding.special_tokens_mask, dtype=np.int32)
    offsets = np.array(encoding.offsets, dtype=np.intp).reshape(-1, 2) - len(tokenizer.prompt)
    in_prompt = (offsets[:, 1] <= 0) if tokenizer.prompt else np.zeros(len(added), dtype=bool)
    special = (added == 1) | in_prompt
    return TextTokens(
        ids=np.array(encoding.ids, dtype=np.int32),
        pieces=tuple(encoding.tokens),
        offsets=np.where(special[:, None], 0, offsets.clip(min=0)),
        special=special,
        added=added,
        truncated=bool(encoding.overflowing),
    )


@torch.inference_mode()
def token_parts(encoder: SentenceEncoder, texts: Sequence[TextTokens]) -> list[TokenParts]:
    """Split sentence vectors into one part per token.

    The batches are those that `encode` makes of the same texts, so that the parts sum to its
    vectors beyond the rounding of the backbone, which may be bfloat16.

    Args:
        encoder: One whose layout `is_sum_of_tokens`.
        texts: The texts.

    Raises:
        ValueError: Its vectors are no sums of tokens.
    """
    if not is_sum_of_tokens(encoder.resolved.layout):
        raise ValueError(f"A vector of {encoder.spec} is no sum over tokens.")
    distinct = {text.ids.tobytes(): text for text in texts}
    rows = list(distinct.values())
    lengths = np.array([len(row.ids) for row in rows], dtype=np.int32)
    budget = affordable_tokens(encoder.model.backbone, encoder.device)
    found: dict[bytes, TokenParts] = {}
    for batch in token_budget_batches(lengths, budget):
        chosen = [rows[place] for place in batch]
        for row, parts in zip(chosen, _parts(encoder, chosen), strict=True):
            found[row.ids.tobytes()] = parts
    return [found[text.ids.tobytes()] for text in texts]


def integrated_gradients(
    encoder: SentenceEncoder,
    tokens: TextTokens,
    other: NDArray[np.float32],
    steps: int = PATH_STEPS,
    progress: Progress = no_progress,
) -> PathGradients:
    """Attribute the cosine of one text with a fixed vector to the text's tokens.

    IG_t = (x_t - x'_t) . integral over a in [0, 1] of  d cos(u(x' + a (x - x')), v) / d x_t
    (Sundararajan, Taly and Yan 2017, arXiv 1703.01365, equation 1), x being the word embeddings
    of the tokens and x' those of padding; special tokens and positions stay as they are.

    Args:
        encoder: One with layers, computing in float32: gradients in bfloat16 are mostly noise.
        tokens: The text.
        other: float32 (D,), the vector v to compare with.
        steps: Gauss-Legendre nodes; more make the integral more exact and take longer.
        progress: Called with points done and in all; raises `Cancelled` to stop.

    Raises:
        ModelError: The backbone has no layers, so there is no path to follow.
        Cancelled: From `progress`.
    """
    backbone = encoder.model.backbone
    if isinstance(backbone, TokenTable):
        raise ModelError(
            f"{encoder.spec} has no layers, so gradients would add nothing: choose word pairs."
        )
    cosine = _cosine_from_embeddings(encoder, tokens, other)
    start, end = _path_ends(encoder, tokens)
    with torch.no_grad():
        baseline = float(cosine(start[None])[0])
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    values = np.zeros(len(tokens.ids))
    # The backward pass costs about twice the forward one.
    at_once = max(1, affordable_tokens(backbone, encoder.device) // (3 * max(1, len(values))))
    for first in range(0, steps, at_once):
        chosen = slice(first, first + at_once)
        places = torch.tensor((nodes[chosen] + 1) / 2, dtype=torch.float32, device=encoder.device)
        inputs = start + places[:, None, None] * (end - start)  # (S, T, H)
        inputs.requires_grad_(True)
        (slope,) = torch.autograd.grad(cosine(inputs).sum(), inputs)
        along = (slope * (end - start)).sum(dim=-1).double().cpu().numpy()  # (S, T)
        values += (weights[chosen] / 2) @ along
        progress(min(steps, first + at_once), steps, "following the path from padding")
    return PathGradients(values, baseline, steps)


@torch.inference_mode()
def layer_states(encoder: SentenceEncoder, tokens: TextTokens) -> LayerStates:
    """Give the token vectors of one text and what pooling makes of every layer."""
    input_ids, mask, special = _batch_of(encoder, [tokens])
    backbone = encoder.model.backbone
    output = backbone(input_ids=input_ids, attention_mask=mask, output_hidden_states=True)
    last = output.last_hidden_state
    # Some backbones normalise once more after the last layer: what they give counts.
    layers = [last] if output.hidden_states is None else [*output.hidden_states[:-1], last]
    own = encoder.model.pooling[0]
    mode = _KIN.get(own, own)
    pooled = [pool(TokenStates(layer.float(), mask, special), mode)[0] for layer in layers]
    count = len(tokens.ids)
    return LayerStates(
        token_vectors=last[0, :count].float().cpu().numpy(),
        pooled=torch.stack(pooled).cpu().numpy(),
        pooling=mode,
    )


# --- a sentence vector as a sum -----------------------------------------------------------------


def _parts(encoder: SentenceEncoder, rows: Sequence[TextTokens]) -> list[TokenParts]:
    """Split the vectors of one batch."""
    model = encoder.model
    input_ids, mask, special = _batch_of(encoder, rows)
    states = model.token_states(input_ids, mask, special)
    vectors = model(input_ids, mask, special).cpu().numpy()  # (B, D)
    modes = [_parts_of_mode(states, mode) for mode in model.pooling]
    parts = torch.cat(modes, dim=-1)  # (B, T, modes * H)
    result = []
    for place, row in enumerate(rows):
        values, extra = _through_dense(parts[place, : len(row.ids)], model)
        kept = values[:, : model.truncate_dim].cpu().numpy()
        result.append(TokenParts(kept, extra, vectors[place]))
    return result


def _parts_of_mode(states: TokenStates, mode: PoolingMode) -> Tensor:
    """Give float64 (B, T, H) whose sum over the tokens is what `pool` gives."""
    embeddings = states.token_embeddings.double()
    mask = states.attention_mask
    if mode == "first_last":
        embeddings = (embeddings + cast(Tensor, states.first_layer).double()) / 2
    if mode == "mean_content":
        mask = mask * (1 - cast(Tensor, states.special_tokens_mask))
    if mode == "cls":
        mask = F.one_hot(mask.int().argmax(dim=1), mask.shape[1]) * mask
    embeddings = embeddings.masked_fill(mask.unsqueeze(-1) == 0, 0.0)  # (B, T, H)
    if mode == "max":
        return _winners(states.token_embeddings.double(), mask)
    if mode == "cls":
        return embeddings
    count = mask.sum(dim=1).clamp(min=1).double()[:, None, None]  # (B, 1, 1)
    return embeddings / (count.sqrt() if mode == "mean_sqrt_len" else count)


def _winners(embeddings: Tensor, mask: Tensor) -> Tensor:
    """Keep of each dimension the one token whose value is the largest: (B, T, H)."""
    hidden = mask.unsqueeze(-1) == 0
    best = embeddings.masked_fill(hidden, float("-inf")).argmax(dim=1, keepdim=True)  # (B, 1, H)
    kept = torch.zeros_like(embeddings).scatter(1, best, embeddings.gather(1, best))
    return kept.masked_fill(hidden, 0.0)


def _through_dense(parts: Tensor, model: SentenceModel) -> tuple[Tensor, tuple[str, ...]]:
    """Send the parts of one sentence through linear layers; a bias becomes a part of its own."""
    extra: tuple[str, ...] = ()
    for layer in cast(list[Dense], list(model.dense)):
        weight, bias = layer.linear.weight.double(), layer.linear.bias
        parts = parts @ weight.T  # (P, out)
        if bias is None:
            continue
        if extra:  # the bias of an earlier layer has become a row: this one joins it
            parts = torch.cat([parts[:-1], parts[-1:] + bias.double()])
        else:
            parts, extra = torch.cat([parts, bias.double()[None]]), (_BIAS,)
    return parts, extra


def _batch_of(
    encoder: SentenceEncoder, rows: Sequence[TextTokens]
) -> tuple[Tensor, Tensor, Tensor]:
    """Pad texts to token numbers, attention mask and special-token mask: (B, T) each."""
    ids = [row.ids for row in rows]
    real = [np.ones_like(row.ids) for row in rows]
    added = [row.added for row in rows]
    padded = [
        torch.from_numpy(pad_rows(columns, fill)).to(encoder.device)
        for columns, fill in ((ids, encoder.tokenizer.pad_id), (real, 0), (added, 0))
    ]
    return padded[0], padded[1], padded[2]


# --- gradients along a path ---------------------------------------------------------------------


class _FromEmbeddings(nn.Module):
    """A backbone that takes word embeddings where others take token numbers."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, input_ids: Tensor, **rest: Any) -> BaseModelOutput:
        """Run the backbone on (S, T, H)."""
        return self.backbone(inputs_embeds=input_ids, **rest)


def _cosine_from_embeddings(
    encoder: SentenceEncoder, tokens: TextTokens, other: NDArray[np.float32]
) -> Callable[[Tensor], Tensor]:
    """Make the function (S, T, H) -> (S,) whose gradient is asked for; it shares the weights."""
    model = encoder.model
    network = SentenceModel(
        backbone=cast(Any, _FromEmbeddings(model.backbone)),
        pooling=model.pooling,
        dense=cast(list[Dense], list(model.dense)),
        normalised=model.normalised,
        truncate_dim=model.truncate_dim,
    ).eval()
    v = torch.from_numpy(other).to(encoder.device)
    added = torch.from_numpy(tokens.added.astype(np.int64)).to(encoder.device)

    def cosine(inputs: Tensor) -> Tensor:
        special = added.expand(len(inputs), -1)
        u = network(inputs, torch.ones_like(special), special)  # (S, D)
        return F.cosine_similarity(u, v[None], dim=-1)

    return cosine


@torch.no_grad()
def _path_ends(encoder: SentenceEncoder, tokens: TextTokens) -> tuple[Tensor, Tensor]:
    """Give the word embeddings of padding and of the text: (T, H) each."""
    table = cast(Any, encoder.model.backbone).get_input_embeddings()
    ids = torch.from_numpy(tokens.ids.astype(np.int64)).to(encoder.device)
    fixed = torch.from_numpy(tokens.special).to(encoder.device)
    empty = torch.where(fixed, ids, torch.full_like(ids, encoder.tokenizer.pad_id))
    return table(empty).float(), table(ids).float()
