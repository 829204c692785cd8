"""The encoders of a Lab: which there are, which work now, and the few that stay loaded."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .encoders.catalog import ModelInfo, ResolvedEncoder, list_models, resolve
from .encoders.cross_catalog import find_cross_encoder, list_cross_encoders

if TYPE_CHECKING:
    from .encoders.cross_encoder import CrossEncoder
    from .encoders.encoder import SentenceEncoder

# Enough for a side-by-side comparison, little enough for a laptop's memory.
MODELS_KEPT = 4
# The poolings that the pages offer beside a model's own; the command line takes them all.
COMPARED_POOLINGS = ("cls", "mean", "max", "first_last")


class ModelShelf:
    """Loads an encoder once and keeps the latest few.

    Args:
        root: The workspace folder; the encoders that were trained in it belong to the list.
    """

    def __init__(self, root: Path) -> None:
        self.own_models = root / "models"
        self._loaded: dict[str, SentenceEncoder] = {}
        self._crosses: dict[Path, CrossEncoder] = {}
        self._loading = threading.Lock()

    def infos(self) -> list[ModelInfo]:
        """List every encoder the catalogue knows, those at hand first."""
        # A plain language model makes poor sentence vectors: it does not head the list.
        return sorted(
            list_models([self.own_models]),
            key=lambda info: (not info.available, info.kind == "language model"),
        )

    def at_hand(self) -> list[str]:
        """List encoder strings that work now: each model as it is, then with other poolings."""
        own = [info for info in self.infos() if info.available]
        others = [
            f"{info.id}:{pooling}"
            for info in own
            for pooling in COMPARED_POOLINGS
            if info.kind != "static" and pooling != info.pooling
        ]
        return [info.id for info in own] + others

    def resolve(self, model: str) -> ResolvedEncoder:
        """Find an encoder, fetching it from the hub if need be, without loading it.

        Raises:
            ModelError: Unknown, not at hand, or refused.
        """
        return resolve(model, [self.own_models])

    def load(self, model: str) -> "SentenceEncoder":
        """Load an encoder, or return it if it is loaded.

        Raises:
            ModelError: Unknown, not at hand, or refused.
        """
        resolved = self.resolve(model)
        # Two sessions may ask for one model at once: the second waits instead of loading it again.
        with self._loading:
            if resolved.key not in self._loaded:
                from .encoders.encoder import SentenceEncoder

                while len(self._loaded) >= MODELS_KEPT:
                    self._loaded.pop(next(iter(self._loaded)))
                self._loaded[resolved.key] = SentenceEncoder.load(resolved)
            return self._loaded[resolved.key]

    def cross_infos(self) -> list[ModelInfo]:
        """List the cross-encoders, those at hand first."""
        return list_cross_encoders([self.own_models])

    def load_cross(self, name: str) -> "CrossEncoder":
        """Load a cross-encoder, or return it if it was the last one.

        Raises:
            ModelError: Unknown, not at hand, or no cross-encoder.
        """
        folder = find_cross_encoder(name, [self.own_models])
        with self._loading:
            if folder not in self._crosses:
                from .encoders.cross_encoder import CrossEncoder

                self._crosses = {folder: CrossEncoder.load(folder)}
            return self._crosses[folder]
