"""The anatomy of a sentence vector: its tokens, and what pooling makes of them, layer by layer.

Letters: T tokens, L layers, H dimensions of a token vector, D dimensions of a sentence vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .similarity import cos_sim


@dataclass(frozen=True)
class Anatomy:
    """What happens inside an encoder on the way from one sentence to its vector.

    Attributes:
        model: The encoder.
        pooling: How it pools, such as "mean".
        layer_pooling: How each layer is pooled here for comparison; differs from `pooling` only
            where that needs more than one layer.
        pieces: T tokens.
        special: Bool (T,), which tokens the encoder added.
        norms: float32 (T,), length of each token's vector after the last layer.
        to_pooled: float32 (T,), cosine of each token's vector with the pooled one, in [-1, 1].
        first: float32 (H,), the vector of the first token, [CLS]; None where there is none.
        pooled: float32 (H,), the pooled vector, before any Dense layer and normalisation.
        layer_cosines: float32 (L + 1, L + 1), cosine of the pooled vector of layer i with that of
            layer j; layer 0 is the embeddings. One entry for an encoder without layers.
        layers: L; 0 for a table of token vectors.
        dims: D of the sentence vector.
        truncated: Whether only the beginning of the sentence was read.
    """

    model: str
    pooling: str
    layer_pooling: str
    pieces: tuple[str, ...]
    special: NDArray[np.bool_]
    norms: NDArray[np.float32]
    to_pooled: NDArray[np.float32]
    first: NDArray[np.float32] | None
    pooled: NDArray[np.float32]
    layer_cosines: NDArray[np.float32]
    layers: int
    dims: int
    truncated: bool

    @property
    def first_to_pooled(self) -> float | None:
        """Cosine of the [CLS] vector with the pooled one, in [-1, 1]; None without [CLS]."""
        return None if self.first is None else float(self.to_pooled[0])


def anatomy_of(
    model: str,
    pooling: str,
    layer_pooling: str,
    pieces: Sequence[str],
    special: NDArray[np.bool_],
    token_vectors: NDArray[np.float32],
    pooled_by_layer: NDArray[np.float32],
    *,
    dims: int,
    truncated: bool = False,
) -> Anatomy:
    """Measure token vectors against what they are pooled to.

    Args:
        model: The encoder.
        pooling: How it pools.
        layer_pooling: How `pooled_by_layer` was pooled.
        pieces: T tokens.
        special: Bool (T,).
        token_vectors: float32 (T, H), after the last layer.
        pooled_by_layer: float32 (L + 1, H), pooled from each layer, the embeddings first.
        dims: Dimensions of the sentence vector.
        truncated: Whether tokens were cut off.
    """
    pooled = pooled_by_layer[-1]
    some = len(token_vectors) > 0
    has_first = some and bool(special[0])
    return Anatomy(
        model=model,
        pooling=pooling,
        layer_pooling=layer_pooling,
        pieces=tuple(pieces),
        special=special,
        norms=np.linalg.norm(token_vectors, axis=1).astype(np.float32),
        to_pooled=cos_sim(token_vectors, pooled[None])[:, 0] if some else np.zeros(0, np.float32),
        first=token_vectors[0] if has_first else None,
        pooled=pooled,
        layer_cosines=cos_sim(pooled_by_layer, pooled_by_layer),
        layers=len(pooled_by_layer) - 1,
        dims=dims,
        truncated=truncated,
    )
