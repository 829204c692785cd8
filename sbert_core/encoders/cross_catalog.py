"""Which cross-encoders there are, and how one string names one of them; imports no torch.

cross-mini          a short name: shipped in data/models, trained here, or known on the hub
hf:org/name         any cross-encoder of the hub
path/to/folder      a folder that `CrossEncoder.save` or sentence-transformers has written
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sbert_core.errors import ModelError

from . import hub
from .card import read_card
from .catalog import NOT_STATED, SHIPPED_MODELS, ModelInfo
from .layout import is_cross_encoder, read_max_length
from .weights import count_parameters, read_config

# Published cross-encoders worth a name: two that rank search hits, one that grades similarity.
# Facts of their cards on the hub; all of them are Apache-2.0.
_ON_THE_HUB = {
    "ms-marco-minilm-l6": ("cross-encoder/ms-marco-MiniLM-L6-v2", 6, 22_713_601),
    "ms-marco-minilm-l12": ("cross-encoder/ms-marco-MiniLM-L12-v2", 12, 33_360_001),
    "stsb-distilroberta": ("cross-encoder/stsb-distilroberta-base", 6, 82_119_169),
}


def list_cross_encoders(extra_folders: Sequence[Path] = ()) -> list[ModelInfo]:
    """List the cross-encoders with a short name, without the network.

    Args:
        extra_folders: Folders whose subfolders are models too, such as those a user has trained.

    Returns:
        Those shipped or trained here first, then those that need the hub.
    """
    local = [_describe(folder) for folder in _local(extra_folders)]
    return [*local, *sorted(map(_describe_known, _ON_THE_HUB), key=lambda info: not info.available)]


def find_cross_encoder(name: str, extra_folders: Sequence[Path] = ()) -> Path:
    """Find the folder of a cross-encoder; the hub is asked only for what is not on disk.

    Args:
        name: As in this module's first lines.
        extra_folders: As for `list_cross_encoders`.

    Raises:
        ModelError: It is unknown, is nowhere to be had, or judges no pairs.
    """
    name = name.strip()
    local = {folder.name: folder for folder in _local(extra_folders)}
    if name in local:
        return local[name]
    folder = Path(name).expanduser()
    if name in _ON_THE_HUB or name.startswith("hf:"):
        repo = _ON_THE_HUB[name][0] if name in _ON_THE_HUB else name.removeprefix("hf:")
        folder = hub.cached(repo, None) or hub.fetch(repo, None)
    elif not name or not folder.is_dir():
        raise ModelError(_unknown(name, [*local, *_ON_THE_HUB]))
    if not is_cross_encoder(folder):
        raise ModelError(
            f"{name} is no cross-encoder: it gives vectors for sentences, not scores for pairs. "
            f"Choose one of {', '.join([*local, *_ON_THE_HUB])}."
        )
    return folder


def _local(extra_folders: Sequence[Path]) -> Iterator[Path]:
    """Find the cross-encoders that are shipped, and those in the user's folders."""
    for parent in (SHIPPED_MODELS, *extra_folders):
        for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
            if is_cross_encoder(folder):
                yield folder


def _describe(folder: Path) -> ModelInfo:
    """Describe a folder."""
    config, card = read_config(folder / "config.json"), read_card(folder)
    shipped = folder.parent == SHIPPED_MODELS
    return ModelInfo(
        id=folder.name,
        kind="cross-encoder",
        dims=0,
        layers=int(config.get("num_hidden_layers") or 0),
        parameters=count_parameters(folder),
        pooling="",
        source="shipped with SBERT Lab" if shipped else f"folder {folder}",
        available=True,
        licence=card.get("license", NOT_STATED),
        max_length=read_max_length(folder, config, {}),
        languages=card.get("language", NOT_STATED),
    )


def _describe_known(name: str) -> ModelInfo:
    """Describe a published cross-encoder and say whether it is at hand."""
    repo, layers, parameters = _ON_THE_HUB[name]
    available = hub.cached(repo, None) is not None
    return ModelInfo(
        id=name,
        kind="cross-encoder",
        dims=0,
        layers=layers,
        parameters=parameters,
        pooling="",
        source=f"hub: {repo}",
        available=available,
        licence="Apache-2.0",
        max_length=512,
        languages="English",
        revision="main (not pinned)",
        note="" if available else "needs the hub",
    )


def _unknown(name: str, known: Sequence[str]) -> str:
    """Say that a name is unknown, with the nearest one that is not."""
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
    return f"There is no cross-encoder {name!r}. {hint}"
