"""Pretraining a small BERT from scratch by masked-language modelling alone.

Sources: Devlin et al. 2019 (arXiv 1810.04805) for the objective; no next-sentence prediction
(Liu et al. 2019, RoBERTa, arXiv 1907.11692, section 4.2) and no dropout, since hardly any text
is seen twice (Geiping & Goldstein 2022, "Cramming", arXiv 2212.14034, section 4.2). The learning
rate is held until it falls in the last part of a run, and a later run goes on from before the
fall (Hu et al. 2024, MiniCPM, arXiv 2404.06395, section 4): so runs of any length add up.

Letters: B sequences, T tokens of the longest one, H dimensions, V tokens in the vocabulary.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertForMaskedLM

from sbert_core.encoders.checkpoint import quiet_transformers
from sbert_core.encoders.precision import has_native_bf16
from sbert_core.errors import DataError, FileError
from sbert_core.protocols import Progress, no_progress

from .masking import mask_whole_words
from .master_weights import MasterWeights
from .raw_text import (
    SPECIAL_TOKENS,
    TokenStore,
    continuing_tokens,
    epoch_batches,
    padded_batch,
    read_lines,
    save_vocabulary,
    train_vocabulary,
)

logger = logging.getLogger(__name__)

WORK_FOLDER = "pretraining"  # inside the model folder: vocabulary, tokens and checkpoint
_HELD_OUT_SEQUENCES = 2_000
_DROPOUT = 0.1  # written for whoever fine-tunes
_SMOOTHING = 0.98  # of the loss that is reported while training


@dataclass(frozen=True)
class PretrainConfig:
    """How a BERT is made and trained.

    Attributes:
        minutes: Time for this run, preparation of the text not counted.
        vocabulary_size: Tokens; larger keeps more words whole and costs `hidden_size` numbers each.
        hidden_size: Dimensions H of a token vector.
        layers: Transformer layers.
        heads: Attention heads; divides `hidden_size`.
        max_length: Tokens of a sequence at most, [CLS] and [SEP] counted.
        batch_tokens: Tokens in a batch, padding included.
        learning_rate: Peak; larger learns faster until it diverges.
        warmup_steps: Steps in which the rate rises to its peak, in the first run only.
        cooldown: Fraction of the run in [0, 1] in which the rate falls to zero.
        weight_decay: Pull of weight matrices towards zero.
        save_minutes: Minutes between checkpoints.
        seed: Decides the start, the order and the gaps.
    """

    minutes: float = 60.0
    vocabulary_size: int = 16_000
    hidden_size: int = 256
    layers: int = 4
    heads: int = 4
    max_length: int = 128
    batch_tokens: int = 8_192
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    cooldown: float = 0.3
    weight_decay: float = 0.01
    save_minutes: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("minutes", "hidden_size", "layers", "heads", "learning_rate", "warmup_steps"):
            if not getattr(self, name) > 0:
                raise DataError(f"{name}={getattr(self, name)} should be above 0.")
        if not len(SPECIAL_TOKENS) < self.vocabulary_size < 2**16:
            raise DataError(
                f"vocabulary_size={self.vocabulary_size} should be between 6 and 65,535."
            )
        if self.hidden_size % self.heads:
            raise DataError(f"heads={self.heads} should divide hidden_size={self.hidden_size}.")
        if self.max_length < 8 or self.batch_tokens < self.max_length:
            raise DataError("max_length should be at least 8 and batch_tokens no less than it.")
        if not 0 <= self.cooldown <= 1:
            raise DataError(f"cooldown={self.cooldown} should be between 0 and 1.")
        if not 0 <= self.seed < 2**32:
            raise DataError(f"seed={self.seed} should be between 0 and {2**32 - 1}.")


@dataclass
class PretrainState:
    """How far pretraining has come, over all runs.

    Attributes:
        step: Steps of the optimiser.
        epoch: Passes over the text that are complete.
        batch: Batches done of the present pass.
        tokens: Tokens read, padding not counted.
        seconds: Time spent.
        loss: Smoothed loss, in nats per hidden token.
        history: One entry per evaluation: step, tokens, loss, perplexity, masked accuracy.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class PretrainResult:
    """What a run of pretraining came to.

    Attributes:
        out: The model folder.
        steps: Steps of the optimiser, over all runs.
        tokens: Tokens read over all runs, padding not counted.
        loss: Loss on held-out text, in nats per hidden token.
        perplexity: exp(loss) on held-out text.
        masked_accuracy: Fraction in [0, 1] of held-out gaps that were guessed.
        seconds: Time spent over all runs.
    """

    out: Path
    steps: int
    tokens: int
    loss: float
    perplexity: float
    masked_accuracy: float
    seconds: float


def pretrain(
    files: Sequence[Path],
    out: Path,
    config: PretrainConfig | None = None,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.monotonic,
) -> PretrainResult:
    """Train a BERT on text files, or train one further.

    Args:
        files: Text, a sentence or paragraph per line; .gz and .xz are fine.
        out: The model folder. Where it holds a `pretraining` folder, this run goes on from there.
        config: Size and schedule; a run that goes on keeps the size it began with.
        progress: Called with seconds done and seconds in all; raises `Cancelled` to stop. What
            was learnt until the last checkpoint is kept.
        clock: Seconds; replaced in tests.

    Raises:
        FileError: A file cannot be read.
        DataError: A setting is out of range.
        Cancelled: From `progress`.
    """
    run = Pretraining.prepare(files, out, config or PretrainConfig(), progress)
    return run.run(progress, clock)


class Pretraining:
    """A model in training, its text, and its place in it.

    Args:
        config: Size and schedule.
        folder: The model folder.
        tokenizer: The vocabulary.
        store: The text in tokens.
    """

    def __init__(
        self, config: PretrainConfig, folder: Path, tokenizer: Tokenizer, store: TokenStore
    ) -> None:
        self.config, self.folder, self.tokenizer = config, folder, tokenizer
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.generator = torch.Generator().manual_seed(config.seed)
        self.state = PretrainState()
        self._store = store
        # They are the first of the vocabulary, in this order.
        self._pad, _, self._cls, self._sep, self._mask = range(len(SPECIAL_TOKENS))
        self._continues = torch.from_numpy(continuing_tokens(tokenizer))
        self._special = torch.zeros(len(self._continues), dtype=torch.bool)
        self._special[: len(SPECIAL_TOKENS)] = True
        shuffled = np.random.default_rng(config.seed).permutation(len(store.starts) - 1)
        held_out = min(_HELD_OUT_SEQUENCES, len(shuffled) // 10)
        self._held_out, self._train = np.sort(shuffled[:held_out]), np.sort(shuffled[held_out:])
        model: nn.Module = _new_bert(config, len(self._continues))
        self.model: Any = model.to(self.device)
        low = self.model if has_native_bf16(self.device) else None
        self.weights = MasterWeights(self.model, low)
        self.optimizer = torch.optim.AdamW(
            self.weights.decay_groups(config.weight_decay),
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            eps=1e-6,
            fused=True,
        )

    @classmethod
    def prepare(
        cls, files: Sequence[Path], out: Path, config: PretrainConfig, progress: Progress
    ) -> "Pretraining":
        """Make vocabulary and tokens, unless an earlier run has, and load its checkpoint."""
        work = out / WORK_FOLDER
        work.mkdir(parents=True, exist_ok=True)
        vocabulary, settings = work / "tokenizer.json", work / "config.json"
        if settings.is_file():
            earlier = json.loads(settings.read_text(encoding="utf-8"))
            config = replace(PretrainConfig(**earlier), minutes=config.minutes)
        if not vocabulary.is_file():
            progress(0, 0, "learning the vocabulary")
            learnt = train_vocabulary(read_lines(files), config.vocabulary_size)
            # The settings first: a vocabulary without them would be used under any others.
            settings.write_text(json.dumps(asdict(config), indent=2) + "\n", encoding="utf-8")
            learnt.save(str(vocabulary))
        tokenizer = Tokenizer.from_file(str(vocabulary))
        store = TokenStore.open(work)
        if store is None:
            pieces = config.max_length - 2
            try:
                store = TokenStore.build(read_lines(files), tokenizer, pieces, work, progress)
            except FileError:
                # The next run, with better files, is not to begin with what these gave.
                vocabulary.unlink()
                settings.unlink(missing_ok=True)
                raise
        run = cls(config, out, tokenizer, store)
        run.resume()
        return run

    # --- the loop ---------------------------------------------------------------------------

    def run(self, progress: Progress, clock: Callable[[], float]) -> PretrainResult:
        """Train for the minutes of the configuration, then evaluate and save the model."""
        begun = clock()
        budget = 60 * self.config.minutes
        fall_from = budget * (1 - self.config.cooldown)
        saved = evaluated = 0.0
        kept_before_fall = False
        seconds_before = self.state.seconds
        for batch in self._batches():
            elapsed = clock() - begun
            if elapsed >= budget:
                break
            if elapsed < fall_from and elapsed - saved >= 60 * self.config.save_minutes:
                self._checkpoint()
                saved = elapsed
            if elapsed >= fall_from and not kept_before_fall:
                self._checkpoint()
                kept_before_fall = True
            if elapsed - evaluated >= budget / 20:
                self.evaluate()
                evaluated = elapsed
            self._step(batch, fall=min(1.0, (budget - elapsed) / max(1e-9, budget - fall_from)))
            self.state.seconds = seconds_before + clock() - begun
            progress(int(elapsed), int(budget), f"loss {self.state.loss:.3f}")
        if not kept_before_fall:  # there was none, or one long step went past it
            self._checkpoint()
        return self._finish()

    def _batches(self) -> Iterator[Tensor]:
        """Yield batches for ever, from the place where the last run stopped: int64 (B, T)."""
        store = self._store
        lengths = store.lengths[self._train] + 2
        while True:
            order = epoch_batches(
                lengths, self.config.batch_tokens, self.config.seed, self.state.epoch
            )
            while self.state.batch < len(order):
                places = self._train[order[self.state.batch]]
                yield torch.from_numpy(padded_batch(store, places, self._cls, self._sep, self._pad))
            self.state.epoch, self.state.batch = self.state.epoch + 1, 0

    def _step(self, input_ids: Tensor, fall: float) -> None:
        """Learn from one batch."""
        loss, _ = self._loss(input_ids, self.generator)
        loss.backward()
        self.weights.collect_gradients()
        nn.utils.clip_grad_norm_(self.weights.parameters.values(), 1.0)
        warm = min(1.0, (self.state.step + 1) / self.config.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * warm * fall
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.weights.distribute()
        value, before = loss.item(), self.state.loss
        smooth = value if math.isnan(before) else _SMOOTHING * before + (1 - _SMOOTHING) * value
        self.state.loss = smooth
        self.state.step += 1
        self.state.batch += 1
        self.state.tokens += int((input_ids != self._pad).sum())

    def _loss(self, input_ids: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Guess the hidden tokens: mean cross-entropy in nats, and bool (number hidden,) hits."""
        masked = mask_whole_words(input_ids, self._continues, self._special, self._mask, generator)
        hidden_ids = masked.input_ids.to(self.device)
        states = self.model.bert(
            input_ids=hidden_ids, attention_mask=(input_ids != self._pad).to(self.device)
        ).last_hidden_state  # (B, T, H)
        # The table of V tokens is compared with the gaps alone: a seventh of the work.
        logits = self.model.cls(states[masked.chosen.to(self.device)]).float()  # (hidden, V)
        labels = masked.labels.to(self.device)
        loss = F.cross_entropy(logits, labels, reduction="sum") / max(1, len(labels))
        return loss, logits.argmax(dim=1) == labels

    @torch.inference_mode()
    def evaluate(self) -> dict[str, float]:
        """Measure on held-out text, with the same gaps every time.

        Returns:
            "loss" in nats per hidden token, "perplexity", "masked_accuracy" in [0, 1], and the
            "step" and "tokens" they were measured at.
        """
        generator = torch.Generator().manual_seed(1)
        lengths = self._store.lengths[self._held_out] + 2
        total = hits = count = 0.0
        for places in epoch_batches(lengths, self.config.batch_tokens, 0, 0):
            ids = padded_batch(self._store, self._held_out[places], self._cls, self._sep, self._pad)
            loss, right = self._loss(torch.from_numpy(ids), generator)
            total += loss.item() * len(right)
            hits += right.sum().item()
            count += len(right)
        loss_value = total / max(1.0, count)
        entry = {
            "step": float(self.state.step),
            "tokens": float(self.state.tokens),
            "loss": loss_value,
            "perplexity": math.exp(min(50.0, loss_value)),
            "masked_accuracy": hits / max(1.0, count),
        }
        self.state.history.append(entry)
        logger.info("held out: %s", entry)
        return entry

    # --- keeping ----------------------------------------------------------------------------

    @property
    def _checkpoint_path(self) -> Path:
        return self.folder / WORK_FOLDER / "checkpoint.pt"

    def _checkpoint(self) -> None:
        """Keep everything that the next run needs; the file appears whole or not at all."""
        partial = self._checkpoint_path.with_suffix(".partial")
        content: dict[str, Any] = {
            "state": asdict(self.state),
            "weights": self.weights.state(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
        }
        torch.save(content, partial)
        partial.replace(self._checkpoint_path)

    def resume(self) -> None:
        """Go on from the checkpoint of an earlier run, if there is one."""
        if not self._checkpoint_path.is_file():
            return
        content = torch.load(self._checkpoint_path, map_location=self.device, weights_only=True)
        self.state = PretrainState(**content["state"])
        self.weights.restore(content["weights"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.generator.set_state(content["generator"].cpu())

    def _finish(self) -> PretrainResult:
        """Evaluate, and write the model as transformers reads it, in float16."""
        figures = self.evaluate()
        self._save_model()
        save_vocabulary(self.tokenizer, self.config.max_length, self.folder)
        (self.folder / "pretraining.json").write_text(
            json.dumps({"config": asdict(self.config), **asdict(self.state)}, indent=2) + "\n",
            encoding="utf-8",
        )
        return PretrainResult(
            out=self.folder,
            steps=self.state.step,
            tokens=self.state.tokens,
            loss=figures["loss"],
            perplexity=figures["perplexity"],
            masked_accuracy=figures["masked_accuracy"],
            seconds=self.state.seconds,
        )

    def _save_model(self) -> None:
        """Round the masters, not their bfloat16 copy, to the float16 of the file."""
        masters = self.weights.state()
        model = self.model.float()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(masters[name])
        with quiet_transformers():
            model.half().cpu().save_pretrained(self.folder)


def _new_bert(config: PretrainConfig, vocabulary_size: int) -> BertForMaskedLM:
    """Make a BERT of random weights; the seed decides them."""
    settings = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=config.hidden_size,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=4 * config.hidden_size,
        max_position_embeddings=config.max_length,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        # In bfloat16 on a CPU, plain attention trains a third faster than the fused kernel.
        attn_implementation="eager",  # type: ignore[call-arg]
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = BertForMaskedLM(settings)
    settings.hidden_dropout_prob = settings.attention_probs_dropout_prob = _DROPOUT
    return model
