"""The sentence encoder: a list of texts in, one vector per text out.

The whole path of a text, in the order of the code below:

    texts -> distinct texts -> tokens -> batches of like length -> `SentenceModel` -> vectors

`pooling.py` and `siamese.py` are the network itself; here is what makes it quick and what makes
its results independent of which texts happen to share a batch.

Letters: N texts, B texts in a batch, T tokens of the longest of them, D dimensions.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sbert_core.errors import ModelError
from sbert_core.protocols import Progress, no_progress

from .batching import distinct_texts, pad_rows, text_chunks, token_budget_batches
from .catalog import ResolvedEncoder
from .checkpoint import load_model, load_tokenizer, save_checkpoint
from .precision import (
    MIN_FIDELITY,
    PRECISIONS,
    PROBE_TEXTS,
    Precision,
    has_native_bf16,
    in_bf16,
    mean_cosine,
)
from .siamese import SentenceModel
from .tokenizer import SentenceTokenizer, TokenRows

# What one batch costs at most, in floating-point operations: below half a second on two slow
# cores, so that Cancel is felt at once, and enough to keep a fast machine's cores busy.
_BATCH_FLOPS = {"cpu": 4e10, "cuda": 4e12}
_MAX_BATCH_TOKENS = {"cpu": 8_192, "cuda": 131_072}

_CHUNK_TEXTS, _CHUNK_CHARACTERS = 2_048, 1_000_000  # tokenised in one go: a few tenths of a second


class SentenceEncoder:
    """Turns sentences into vectors; safe to share between threads once it is loaded.

    Args:
        model: Backbone, pooling and what follows, in float32.
        tokenizer: Its tokenizer.
        resolved: Which encoder this is; gives the attributes below.
        device: "cpu" or "cuda"; None takes CUDA where torch sees it.
        precision: "fp32" computes exactly; "auto" lets the backbone compute in bfloat16 where the
            device has units for it and the mean cosine to fp32 stays at least 0.9999; "bf16"
            asks for it whatever the fidelity.

    Attributes:
        spec: The encoder as the user would name it.
        key: Hash of weights, pooling, normalisation and length: what vectors are stored under.
        dims: Dimensions D of a vector.
        max_length: Tokens kept of a text, or None.
        pooling: The pooling's name.
        normalised: Whether vectors have length 1.
        precision: "fp32" or "bf16": what the backbone computes in.
    """

    def __init__(
        self,
        model: SentenceModel,
        tokenizer: SentenceTokenizer,
        resolved: ResolvedEncoder,
        device: str | None = None,
        precision: Precision = "auto",
    ) -> None:
        if precision not in PRECISIONS:
            raise ModelError(f"precision={precision!r} should be one of {', '.join(PRECISIONS)}.")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type not in _BATCH_FLOPS:
            raise ModelError(f"device={device!r} should be one of {', '.join(_BATCH_FLOPS)}.")
        self.resolved = resolved
        self.spec, self.key = resolved.spec, resolved.key
        self.dims, self.max_length = resolved.dims, resolved.max_length
        self.pooling, self.normalised = resolved.pooling, resolved.normalised
        self.tokenizer = tokenizer
        self.model = model.to(self.device).eval()
        self.precision = "fp32"
        self._batch_tokens = affordable_tokens(model.backbone, self.device)
        self._settle_precision(precision)

    @classmethod
    def load(
        cls, resolved: ResolvedEncoder, device: str | None = None, precision: Precision = "auto"
    ) -> "SentenceEncoder":
        """Load the encoder that `catalog.resolve` has found.

        Args:
            resolved: What to load.
            device: As above.
            precision: As above.

        Raises:
            ModelError: The folder cannot be loaded; the sentence says why.
        """
        model, tokenizer = load_model(resolved.layout), load_tokenizer(resolved.layout)
        return cls(model, tokenizer, resolved, device, precision)

    def encode(self, texts: Sequence[str], progress: Progress = no_progress) -> NDArray[np.float32]:
        """Embed texts.

        Exact duplicates are computed once. A text longer than `max_length` tokens is cut. The
        empty text has an embedding too, that of the special tokens alone. A text's vector does
        not depend on the other texts beyond the rounding of floating-point sums.

        Args:
            texts: N texts; any string will do.
            progress: Called before the first batch and after each with texts done and N; raises
                `Cancelled` to stop.

        Returns:
            float32 (N, D), contiguous, in the order of `texts`.

        Raises:
            Cancelled: From `progress`.
        """
        if isinstance(texts, str):
            raise TypeError("texts should be a list of strings, not one string.")
        total = len(texts)
        progress(0, total, "splitting into tokens")
        distinct = distinct_texts(texts)
        occurrences = np.bincount(distinct.place, minlength=len(distinct.texts))
        rows = self._tokenise(distinct.texts, total, progress)
        lengths = np.fromiter(map(len, rows.ids), dtype=np.int32, count=len(rows.ids))
        embeddings = np.empty((len(rows.ids), self.dims), dtype=np.float32)  # (distinct, D)
        done = 0
        for batch in token_budget_batches(lengths, self._batch_tokens):
            embeddings[batch] = self._embed(rows, batch)
            done += int(occurrences[batch].sum())
            progress(done, total, "embedding")
        return embeddings[distinct.place]  # (N, D)

    def save(self, folder: Path) -> None:
        """Save in sentence-transformers format, in float32.

        Args:
            folder: The folder to write.

        Raises:
            ModelError: `folder` holds something that is not a model.
        """
        layout = self.resolved.layout
        # Weights that were rounded to bfloat16 are read again rather than saved rounded.
        model = self.model if self.precision == "fp32" else load_model(layout)
        save_checkpoint(model, layout, folder)

    def _tokenise(self, texts: list[str], total: int, progress: Progress) -> TokenRows:
        """Tokenise everything once, with a chance to cancel every few tenths of a second."""
        rows = TokenRows(ids=[], special=[])
        for chunk in text_chunks(texts, _CHUNK_TEXTS, _CHUNK_CHARACTERS):
            part = self.tokenizer.rows(texts[chunk])
            rows.ids.extend(part.ids)
            rows.special.extend(part.special)
            progress(0, total, "splitting into tokens")
        return rows

    @torch.inference_mode()
    def _embed(self, rows: TokenRows, batch: NDArray[np.intp]) -> NDArray[np.float32]:
        """Embed one batch: (B, D)."""
        ids = [rows.ids[place] for place in batch]
        special = [rows.special[place] for place in batch]
        real = [np.ones_like(row) for row in ids]
        input_ids, attention_mask, special_tokens_mask = (
            torch.from_numpy(pad_rows(columns, fill)).to(self.device)  # (B, T)
            for columns, fill in ((ids, self.tokenizer.pad_id), (real, 0), (special, 0))
        )
        return self.model(input_ids, attention_mask, special_tokens_mask).cpu().numpy()

    def _settle_precision(self, wanted: Precision) -> None:
        """Move the backbone to bfloat16 if that is wanted, native, and faithful on the probe."""
        worthwhile = self.resolved.layout.layers > 0 and has_native_bf16(self.device)
        if wanted == "fp32" or (wanted == "auto" and not worthwhile):
            return
        exact_backbone, exact = self.model.backbone, self.encode(PROBE_TEXTS)
        self.model.backbone = in_bf16(exact_backbone)
        if wanted == "auto" and mean_cosine(exact, self.encode(PROBE_TEXTS)) < MIN_FIDELITY:
            self.model.backbone = exact_backbone
        else:
            self.precision = "bf16"


def affordable_tokens(backbone: nn.Module, device: torch.device) -> int:
    """Decide how many tokens a batch holds: two operations per token and weight of a layer."""
    tables = {id(m.weight) for m in backbone.modules() if isinstance(m, nn.Embedding)}
    weights = sum(p.numel() for p in backbone.parameters() if id(p) not in tables)
    affordable = _BATCH_FLOPS[device.type] / max(1, 2 * weights)
    return max(1, min(_MAX_BATCH_TOKENS[device.type], int(affordable)))
