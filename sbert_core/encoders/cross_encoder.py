"""The cross-encoder: one network reads both sentences of a pair at once and judges the pair.

Source: Reimers & Gurevych 2019, "Sentence-BERT" (arXiv 1908.10084), section 1, which starts from
what it costs: nothing can be computed beforehand, so the most similar pair among N sentences
takes N (N - 1) / 2 passes through the network, where the siamese encoder of `siamese.py` takes N.
In return every word of one sentence sees every word of the other. The network is BERT's for
sentence pairs (Devlin et al. 2019, arXiv 1810.04805, figure 4a): [CLS] A [SEP] B [SEP], and a
linear layer on what became of [CLS].

Letters: N pairs, B pairs in a batch, T tokens of the longest of them, L labels.
"""

import inspect
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from sbert_core.errors import ModelError
from sbert_core.protocols import Progress, no_progress

from .batching import pad_rows, token_budget_batches
from .checkpoint import first_line, quiet_transformers, read_tokenizer
from .encoder import affordable_tokens
from .layout import EncoderLayout, read_layout, read_max_length
from .tokenizer import lower_cased, well_formed
from .weights import read_config, weight_files

_CHUNK_PAIRS = 2_048  # tokenised in one go

# What sentence-transformers applies to the logits of a folder that we have saved.
_ACTIVATIONS = {
    True: "torch.nn.modules.activation.Sigmoid",
    False: "torch.nn.modules.linear.Identity",
}


@dataclass(frozen=True)
class PairRows:
    """Tokenised pairs, not yet padded.

    Attributes:
        ids: N arrays int32 (T_i,), the tokens of [CLS] A [SEP] B [SEP].
        special: N arrays int32 (T_i,), 1 where the token is [CLS], [SEP] or the like.
        types: N arrays int32 (T_i,), 1 for the second sentence, where the model tells the two
            apart by that; else 0.
    """

    ids: list[NDArray[np.int32]]
    special: list[NDArray[np.int32]]
    types: list[NDArray[np.int32]]


class CrossEncoder(nn.Module):
    """Judges pairs of sentences: a score in [0, 1], or one logit per label.

    Args:
        network: A sequence-classification network of transformers.
        tokenizer: Its tokenizer.
        max_length: Tokens kept of a pair, special tokens included; the longer of the two
            sentences is cut first. None keeps all.

    Attributes:
        labels: Number of labels L; 1 for a score.
        label_names: Their names.
        pad_id: The number that stands for padding.
    """

    def __init__(
        self,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int | None,
    ) -> None:
        super().__init__()
        self.network = network
        self.tokenizer = tokenizer
        self.max_length = max_length
        config: Any = network.config
        self.labels = int(config.num_labels)
        self.label_names = tuple(str(config.id2label[place]) for place in range(self.labels))
        self.pad_id = cast(int, tokenizer.pad_token_id or 0)
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_padding()
        self._backend.no_truncation()
        if max_length is not None:
            self._backend.enable_truncation(max_length, strategy="longest_first")
        # A tokenizer may offer what a network does not take, and the other way round.
        takes = inspect.signature(network.forward).parameters
        offers = tokenizer.model_input_names
        self._typed = "token_type_ids" in takes and "token_type_ids" in offers

    @classmethod
    def start(
        cls,
        layout: EncoderLayout | Path,
        labels: int,
        label_names: Sequence[str] = (),
        seed: int = 0,
    ) -> "CrossEncoder":
        """Put a fresh head on an encoder's backbone.

        Args:
            layout: An encoder's layout, or its folder.
            labels: 1 for a score, else the number of labels.
            label_names: Their names; empty for numbers.
            seed: Decides the weights of the head.

        Raises:
            ModelError: The backbone cannot be loaded, or has no layers to read a pair with.
        """
        layout = read_layout(layout) if isinstance(layout, Path) else layout
        if layout.architecture == "static":
            raise ModelError(
                f"{layout.backbone} has no layers, so it cannot read a pair; choose a transformer."
            )
        names = [str(name) for name in label_names] or [f"LABEL_{n}" for n in range(labels)]
        if labels < 1 or len(names) != labels:
            raise ModelError(f"labels={labels} should be at least 1, with a name for each or none.")
        tokenizer = read_tokenizer(layout.backbone)
        if layout.lower_case:
            lower_cased(tokenizer.backend_tokenizer)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network, missing = _read_network(
                layout.backbone,
                num_labels=labels,
                id2label=dict(enumerate(names)),
                label2id={name: place for place, name in enumerate(names)},
            )
        own = f"{network.base_model_prefix}."
        if any(name.startswith(own) and ".pooler." not in name for name in missing):
            raise ModelError(f"{layout.backbone} lacks weights that its config.json calls for.")
        return cls(network, tokenizer, layout.max_length).eval()

    @classmethod
    def load(cls, folder: Path) -> "CrossEncoder":
        """Load a cross-encoder that `save` or sentence-transformers has written.

        Raises:
            ModelError: The folder is none, is damaged, or holds its weights as a pickle.
        """
        if not folder.is_dir():
            raise ModelError(f"There is no folder {folder}.")
        network, missing = _read_network(folder)
        if missing:
            raise ModelError(
                f"{folder} is not a cross-encoder: its weights lack {sorted(missing)[0]}."
            )
        length = read_max_length(folder, read_config(folder / "config.json"), {})
        return cls(network, read_tokenizer(folder), length).eval()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Judge a batch of tokenised pairs; differentiable.

        Args:
            input_ids: Integer (B, T).
            attention_mask: Integer (B, T), 1 for a real token, 0 for padding.
            token_type_ids: Integer (B, T), 1 for the second sentence; ignored by networks that
                do not tell the two apart by it.

        Returns:
            float32 (B, L), logits.
        """
        types: dict[str, Any] = {"token_type_ids": token_type_ids} if self._typed else {}
        output = self.network(input_ids=input_ids, attention_mask=attention_mask, **types)
        return output.logits.float()  # (B, L)

    def rows(self, pairs: Sequence[tuple[str, str]]) -> PairRows:
        """Tokenise pairs."""
        encodings = self._backend.encode_batch_fast(
            [(well_formed(first), well_formed(second)) for first, second in pairs]
        )
        return PairRows(
            ids=[np.array(encoding.ids, dtype=np.int32) for encoding in encodings],
            special=[
                np.array(encoding.special_tokens_mask, dtype=np.int32) for encoding in encodings
            ],
            types=[np.array(encoding.type_ids, dtype=np.int32) for encoding in encodings],
        )

    def predict(
        self, pairs: Sequence[tuple[str, str]], progress: Progress = no_progress
    ) -> NDArray[np.float32]:
        """Judge pairs, those of like length together.

        Args:
            pairs: N pairs; any strings will do. Their order within a pair matters.
            progress: Called before the first batch and after each with pairs done and N; raises
                `Cancelled` to stop.

        Returns:
            float32 (N,), scores in [0, 1], where there is one label; else float32 (N, L), logits.

        Raises:
            Cancelled: From `progress`.
        """
        rows = PairRows(ids=[], special=[], types=[])
        progress(0, len(pairs), "splitting into tokens")
        for start in range(0, len(pairs), _CHUNK_PAIRS):
            part = self.rows(pairs[start : start + _CHUNK_PAIRS])
            rows.ids.extend(part.ids)
            rows.types.extend(part.types)
            progress(0, len(pairs), "splitting into tokens")
        device = next(self.parameters()).device
        lengths = np.fromiter(map(len, rows.ids), dtype=np.int32, count=len(rows.ids))
        logits = np.empty((len(pairs), self.labels), dtype=np.float32)  # (N, L)
        done, was_training = 0, self.training
        self.eval()
        try:
            for batch in token_budget_batches(lengths, affordable_tokens(self.network, device)):
                logits[batch] = self._logits(rows, batch, device)
                done += len(batch)
                progress(done, len(pairs), "comparing")
        finally:
            self.train(was_training)
        if self.labels > 1:
            return logits
        return torch.from_numpy(logits[:, 0]).sigmoid().numpy()  # (N,)

    def save(self, folder: Path) -> None:
        """Save in the format of sentence-transformers' CrossEncoder, safetensors only.

        Args:
            folder: The folder to write; it appears whole or not at all. A model folder of the
                same name is replaced.

        Raises:
            ModelError: `folder` holds something that is not a model.
        """
        if folder.exists() and any(folder.iterdir()) and not (folder / "config.json").is_file():
            raise ModelError(f"{folder} holds other files; choose a new folder for the model.")
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.network.config.sentence_transformers = {
            "activation_fn": _ACTIVATIONS[self.labels == 1]
        }
        if self.max_length is not None:
            self.tokenizer.model_max_length = self.max_length
        with quiet_transformers():
            self.network.save_pretrained(partial)
            self.tokenizer.save_pretrained(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    @torch.inference_mode()
    def _logits(
        self, rows: PairRows, batch: NDArray[np.intp], device: torch.device
    ) -> NDArray[np.float32]:
        """Judge one batch: (B, L)."""
        ids = [rows.ids[place] for place in batch]
        types = [rows.types[place] for place in batch]
        real = [np.ones_like(row) for row in ids]
        input_ids, attention_mask, token_type_ids = (
            torch.from_numpy(pad_rows(columns, fill)).to(device)  # (B, T)
            for columns, fill in ((ids, self.pad_id), (real, 0), (types, 0))
        )
        return self(input_ids, attention_mask, token_type_ids).cpu().numpy()


def _read_network(folder: Path, **head: Any) -> tuple[PreTrainedModel, set[str]]:
    """Load a sequence-classification network in float32, and say which weights were missing."""
    weight_files(folder)  # refuses pickles in our own words
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, **head
            )
            network, report = AutoModelForSequenceClassification.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                ignore_mismatched_sizes=bool(head),
            )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelError(f"{folder} cannot be loaded: {first_line(error)}") from error
    return network, {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
