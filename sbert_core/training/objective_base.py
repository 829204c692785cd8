"""What every objective has: the batch it is given, and how gradients come of it.

Letters: B examples in the batch, R columns (roles) of an example, T tokens of the longest text,
D dimensions of a sentence embedding, M texts that go through the model at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Tokens:
    """One column of a batch, on the model's device; padding is on the right.

    Attributes:
        input_ids: int64 (B, T).
        attention_mask: int64 (B, T), 1 for a real token, 0 for padding.
        special_tokens_mask: int64 (B, T), 1 for [CLS], [SEP] and the like.
        token_type_ids: int64 (B, T), 1 for the second sentence of a pair; for a cross-encoder.
    """

    input_ids: Tensor
    attention_mask: Tensor
    special_tokens_mask: Tensor
    token_type_ids: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Examples that make one step together.

    Attributes:
        columns: R columns, one per role.
        labels: Float (B,) scores, int64 (B,) places in the label names, float (B, D_teacher)
            vectors for `distill`, or None.
        text_ids: int64 (B, R); equal numbers are equal texts, over all columns.
    """

    columns: tuple[Tokens, ...]
    labels: Tensor | None
    text_ids: Tensor


class Objective(nn.Module):
    """Something to minimise; a subclass says in `forward` which loss it is.

    Attributes:
        cached_batch: Texts that go through the model at a time; 0 takes all at once. Either way
            the loss and its gradients are those of the whole batch.
    """

    cached_batch: int = 0

    def forward(self, embeddings: list[Tensor], batch: Batch) -> Tensor:
        """Compute the loss.

        Args:
            embeddings: One float32 (B, D) per column of `columns`.
            batch: For its labels and text ids.

        Returns:
            float32 scalar.
        """
        raise NotImplementedError

    def columns(self, batch: Batch) -> tuple[Tokens, ...]:
        """Say what is to be embedded: each column once, unless a subclass wants otherwise."""
        return batch.columns

    def embed(self, model: nn.Module, tokens: Tokens) -> Tensor:
        """Put tokens through the model: float (B, D), or whatever `forward` takes."""
        return model(tokens.input_ids, tokens.attention_mask, tokens.special_tokens_mask)

    def check(self, model: nn.Module) -> None:
        """Refuse a model with which the objective cannot work.

        Raises:
            DataError: The sentence says why.
        """

    def accumulate(self, model: nn.Module, batch: Batch, scale: float = 1.0) -> float:
        """Embed, compute the loss, and add its gradients to those of model and objective.

        The loss itself is computed in float32 even under autocast.

        Args:
            model: The model, in training mode; a `SentenceModel`, or what `embed` expects.
            batch: The examples.
            scale: What gradients are multiplied by, such as one over the batches of a step.

        Returns:
            The loss, not scaled.

        Raises:
            DataError: The model does not fit the objective.
        """
        self.check(model)
        columns = self.columns(batch)
        rows = len(columns[0].input_ids)
        tokens = _stacked(columns)  # (R * B, T)
        if 0 < self.cached_batch < len(tokens.input_ids):
            return self._accumulate_cached(model, batch, tokens, rows, scale)
        embeddings = self.embed(model, tokens)  # (R * B, D)
        with _exact(embeddings.device):
            loss = self(list(embeddings.float().split(rows)), batch)
            (scale * loss).backward()
        return loss.item()

    def _accumulate_cached(
        self, model: nn.Module, batch: Batch, tokens: Tokens, rows: int, scale: float
    ) -> float:
        """Do the same in the memory of M texts, at the price of a second forward pass.

        Gradient caching (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under
        Memory Limited Setup", arXiv 2101.06983, section 3.2): embed without a graph; take the
        loss and its gradient with respect to the embeddings; embed again, M texts at a time and
        now with a graph, and send that gradient back. The second time must meet the dropout of
        the first, so the state of chance is kept for each mini-batch.
        """
        device = tokens.input_ids.device
        parts = _mini_batches(tokens, self.cached_batch)
        states: list[_Chance] = []
        embedded: list[Tensor] = []
        with torch.no_grad():
            for _, part in parts:
                states.append(_Chance.now(device))
                embedded.append(self.embed(model, part).float())
        order = torch.cat([places for places, _ in parts])
        embeddings = torch.cat(embedded)[order.argsort()].requires_grad_()  # (R * B, D)
        with _exact(device):
            loss = self(list(embeddings.split(rows)), batch)
            (scale * loss).backward()
        gradient = embeddings.grad
        assert gradient is not None
        for (places, part), state in zip(parts, states, strict=True):
            with state.again():
                again = self.embed(model, part)
            with _exact(device):
                again.float().backward(gradient[places])
        return loss.item()


def _stacked(columns: Sequence[Tokens]) -> Tokens:
    """Put columns of unequal T below each other: (B, T) each to (R * B, T)."""
    if len(columns) == 1:
        return columns[0]
    width = max(column.input_ids.shape[1] for column in columns)

    def below(parts: list[Tensor]) -> Tensor:
        # What stands in padding is never read, so 0 will do for every tokenizer.
        return torch.cat([F.pad(part, (0, width - part.shape[1])) for part in parts])

    return Tokens(
        below([column.input_ids for column in columns]),
        below([column.attention_mask for column in columns]),
        below([column.special_tokens_mask for column in columns]),
    )


def _mini_batches(tokens: Tokens, size: int) -> list[tuple[Tensor, Tokens]]:
    """Cut into mini-batches of texts of like length, the longest first, padded no more than needed.

    Returns:
        For each mini-batch the places of its texts, int64 (M,), and its tokens (M, T).
    """
    lengths = tokens.attention_mask.sum(dim=1)
    order = lengths.argsort(descending=True, stable=True)
    longest = lengths[order[::size]].tolist()
    parts: list[tuple[Tensor, Tokens]] = []
    for places, width in zip(order.split(size), longest, strict=True):
        keep = max(1, width)
        types = tokens.token_type_ids
        part = Tokens(
            tokens.input_ids[places, :keep],
            tokens.attention_mask[places, :keep],
            tokens.special_tokens_mask[places, :keep],
            None if types is None else types[places, :keep],
        )
        parts.append((places, part))
    return parts


@dataclass(frozen=True)
class _Chance:
    """The state of torch's chance at a moment, on the CPU and on the device in use."""

    device: torch.device
    cpu: Tensor
    cuda: Tensor | None

    @classmethod
    def now(cls, device: torch.device) -> "_Chance":
        """Keep the present state."""
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(device, torch.get_rng_state(), cuda)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw the same numbers again; afterwards chance goes on as if nothing had been drawn."""
        devices = [] if self.cuda is None else [self.device]
        with torch.random.fork_rng(devices=devices):
            torch.set_rng_state(self.cpu)
            if self.cuda is not None:
                torch.cuda.set_rng_state(self.cuda, self.device)
            yield


def _exact(device: torch.device) -> torch.autocast:
    """Compute in float32 for a moment, forward and backward, whatever surrounds it."""
    return torch.autocast(device.type, enabled=False)
