"""What a model folder holds, read from its JSON files alone: no torch, no weights loaded.

Two kinds of folder are understood.

    sentence-transformers   modules.json lists Transformer (or StaticEmbedding), Pooling, Dense
                            and Normalize; both its older and its present configuration
                            names are read
    plain transformers      config.json and model.safetensors; the user picks the pooling
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from sbert_core.errors import ModelError

from .pooling import POOLING_MODES, PoolingMode, is_pooling
from .weights import read_config, read_json, tensor_shapes

# sentence-transformers' own names of our modes, and its older way of one flag per mode. The order
# of the flags is the order in which combined modes are concatenated.
POOLING_NAMES = {"mean_sqrt_len_tokens": "mean_sqrt_len"}
POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "LeakyReLU", "ELU", "Mish")
STATIC_WEIGHTS = ("embedding.weight", "embeddings")

# Backbones whose position numbers start after the padding id, which costs that many positions.
_OFFSET_POSITIONS = {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer"}
_ENDLESS = 1_000_000  # tokenizers say "no limit" with a number like 1e30


@dataclass(frozen=True)
class DenseLayout:
    """One Dense module: activation(x W^T + b).

    Attributes:
        folder: Where its weights lie.
        in_features: Dimensions that go in.
        out_features: Dimensions that come out.
        bias: Whether b is there.
        activation: One of `ACTIVATIONS`, a class of torch.nn.
    """

    folder: Path
    in_features: int
    out_features: int
    bias: bool
    activation: str


@dataclass(frozen=True)
class EncoderLayout:
    """How a folder turns a sentence into a vector.

    Attributes:
        backbone: Folder of the backbone's weights, its config.json and its tokenizer.
        architecture: "transformer", or "static" for a table of token vectors with no layers.
        pooling: Modes of `POOLING_MODES`, concatenated in this order (nearly always one).
        hidden_size: Dimensions of a token vector.
        layers: Layers of the backbone; 0 for a static one.
        max_length: Tokens kept of a sentence, special tokens included; None means all.
        dense: Dense modules after the pooling, in order.
        normalised: Whether the vectors are scaled to length 1 at the end.
        lower_case: Whether texts are lower-cased before the tokenizer's own rules.
        prompt: Put before every text; "" for nearly all models.
        truncate_dim: Dimensions kept of the final vector (Matryoshka models); None means all.
        is_sentence_encoder: Whether modules.json was there, so that the folder says itself how
            to pool.
    """

    backbone: Path
    architecture: Literal["transformer", "static"]
    pooling: tuple[PoolingMode, ...]
    hidden_size: int
    layers: int
    max_length: int | None
    dense: tuple[DenseLayout, ...] = ()
    normalised: bool = False
    lower_case: bool = False
    prompt: str = ""
    truncate_dim: int | None = None
    is_sentence_encoder: bool = False

    def __post_init__(self) -> None:
        """Check that the modules fit each other."""
        self._check_pooling()
        width = self.hidden_size * len(self.pooling)
        for layer in self.dense:
            if layer.in_features != width:
                raise ModelError(
                    f"{layer.folder} takes {layer.in_features} dimensions but is given {width} "
                    f"by pooling {self.pooling_name!r}; choose another pooling."
                )
            width = layer.out_features

    @property
    def dims(self) -> int:
        """Dimensions of a sentence embedding."""
        width = self.dense[-1].out_features if self.dense else self.hidden_size * len(self.pooling)
        return min(width, self.truncate_dim or width)

    @property
    def pooling_name(self) -> str:
        """The pooling as one word, such as "mean", or "cls+mean" where modes are combined."""
        return "+".join(self.pooling)

    def with_pooling(self, pooling: str | None) -> "EncoderLayout":
        """The same folder under another pooling; None keeps its own.

        Raises:
            ModelError: The folder cannot be pooled like that.
        """
        return self if pooling is None else replace(self, pooling=_modes(pooling))

    def _check_pooling(self) -> None:
        """Refuse a pooling that this backbone cannot give."""
        if self.architecture == "static":
            if self.pooling != ("mean",):
                raise ModelError(f"{self.backbone} has no layers: only pooling 'mean' fits it.")
        elif "pooler" in self.pooling and not _has_pooler(self.backbone):
            raise ModelError(
                f"{self.backbone} has no trained pooler, so pooling 'pooler' would use random "
                "weights; choose 'cls' or 'mean'."
            )


def is_cross_encoder(folder: Path) -> bool:
    """Say whether a folder holds a network that judges pairs; reads its config.json only."""
    if (folder / "modules.json").is_file():
        return False
    try:
        kinds = read_config(folder / "config.json").get("architectures") or []
    except ModelError:  # no model, or a broken one, which its reader describes better
        return False
    return any(str(kind).endswith("ForSequenceClassification") for kind in kinds)


def read_layout(folder: Path) -> EncoderLayout:
    """Read what a model folder holds.

    Args:
        folder: A folder in sentence-transformers format, or a plain transformers checkpoint,
            which gets pooling "mean".

    Raises:
        ModelError: Something is missing, damaged or not supported; the sentence says what.
    """
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}.")
    if not (folder / "modules.json").is_file():
        return _read_transformer(folder)
    modules = list(_modules(folder))
    kind, path = modules[0]
    layout = _read_static(path) if kind == "StaticEmbedding" else _read_transformer(path)
    layout = _add_model_settings(layout, folder)
    for kind, path in modules[1:]:
        layout = _add_module(layout, kind, path)
    return layout


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield kind and folder of each module that modules.json lists."""
    entries = read_json(folder / "modules.json")
    if not (isinstance(entries, list) and entries):
        raise ModelError(f"{folder / 'modules.json'} lists no modules.")
    for place, entry in enumerate(entries):
        package, _, kind = str(entry.get("type", "")).rpartition(".")
        first = ("Transformer", "StaticEmbedding")
        allowed = first if place == 0 else ("Pooling", "Dense", "Normalize")
        if package.split(".")[0] != "sentence_transformers" or kind not in allowed:
            raise ModelError(
                f"{folder} has the module {entry.get('type')!r} at place {place + 1}; understood "
                f"are {' and '.join(first)} first, then Pooling, Dense and Normalize. Code that "
                "comes with a model is never run."
            )
        path = (folder / str(entry.get("path", ""))).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise ModelError(f"{folder / 'modules.json'} points outside its own folder.")
        yield kind, path


def _add_module(layout: EncoderLayout, kind: str, path: Path) -> EncoderLayout:
    """Add a Pooling, Dense or Normalize module to what came before it."""
    if layout.normalised:
        raise ModelError(f"{path.parent} has a module after Normalize, which is not supported.")
    if kind == "Pooling":
        return replace(layout, pooling=_read_pooling(path, layout.prompt))
    if kind == "Dense":
        return replace(layout, dense=(*layout.dense, _read_dense(path)))
    config = read_config(path / "config.json") if (path / "config.json").is_file() else {}
    _insist_on_sentences(config, path)
    return replace(layout, normalised=True)


def _read_transformer(folder: Path) -> EncoderLayout:
    """Read a plain checkpoint, with the settings sentence-transformers may have put beside it."""
    config = read_config(folder / "config.json")
    tensor_shapes(folder)  # refuses pickles and damaged files here, before torch is loaded
    settings_file = next(iter(sorted(folder.glob("sentence_*_config.json"))), None)
    settings = read_config(settings_file) if settings_file else {}
    if settings.get("transformer_task", "feature-extraction") != "feature-extraction":
        raise ModelError(
            f"{folder} is not a sentence encoder but a {settings['transformer_task']}."
        )
    hidden_size = _first_of(config, "hidden_size", "dim", "d_model", "n_embd")
    if hidden_size is None:
        raise ModelError(f"{folder / 'config.json'} does not describe a text encoder.")
    return EncoderLayout(
        backbone=folder,
        architecture="transformer",
        pooling=("mean",),
        hidden_size=hidden_size,
        layers=_first_of(config, "num_hidden_layers", "n_layers", "n_layer") or 0,
        max_length=read_max_length(folder, config, settings),
        lower_case=bool(settings.get("do_lower_case", False)),
    )


def _read_static(folder: Path) -> EncoderLayout:
    """Read a table of token vectors."""
    shapes = tensor_shapes(folder)
    shape = next((shapes[name] for name in STATIC_WEIGHTS if name in shapes), ())
    if len(shape) != 2 or len(shapes) > 1:
        raise ModelError(f"{folder} is not a plain table of token vectors.")
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} is incomplete: tokenizer.json is missing.")
    return EncoderLayout(folder, "static", ("mean",), shape[1], layers=0, max_length=None)


def read_max_length(folder: Path, config: dict[str, Any], settings: dict[str, Any]) -> int | None:
    """Find how many tokens a sentence may have: what the folder asks for, within its positions."""
    tokenizer_file = folder / "tokenizer_config.json"
    tokenizer = read_config(tokenizer_file) if tokenizer_file.is_file() else {}
    wanted = settings.get("max_seq_length") or tokenizer.get("model_max_length") or _ENDLESS
    positions = _first_of(config, "max_position_embeddings", "n_positions") or _ENDLESS
    if config.get("model_type") in _OFFSET_POSITIONS:
        positions -= int(config.get("pad_token_id") or 0) + 1
    length = int(min(wanted, positions))
    return None if length >= _ENDLESS else length


def _read_pooling(folder: Path, prompt: str) -> tuple[PoolingMode, ...]:
    """Read the pooling modes, from `pooling_mode` or from the older flags."""
    config = read_config(folder / "config.json")
    if prompt and not config.get("include_prompt", True):
        raise ModelError(f"{folder} leaves the prompt out of the pooling, which is not supported.")
    modes = config.get("pooling_mode")
    if modes is None:
        modes = [mode for flag, mode in POOLING_FLAGS.items() if config.get(flag)] or ["mean"]
    modes = [modes] if isinstance(modes, str) else modes
    return _modes("+".join(POOLING_NAMES.get(mode, mode) for mode in modes))


def _modes(name: str) -> tuple[PoolingMode, ...]:
    """Split a pooling's name into its modes."""
    if not is_pooling(name):
        raise ModelError(f"Pooling {name!r} is not known; known: {', '.join(POOLING_MODES)}.")
    return cast(tuple[PoolingMode, ...], tuple(name.split("+")))


def _read_dense(folder: Path) -> DenseLayout:
    """Read one Dense module; its weights are checked against its configuration."""
    config = read_config(folder / "config.json")
    _insist_on_sentences(config, folder)
    name = str(config.get("activation_function", "torch.nn.Tanh"))
    package, _, activation = name.rpartition(".")
    if not package.startswith("torch.nn") or activation not in ACTIVATIONS:
        raise ModelError(f"{folder} uses the activation {name!r}; known: {', '.join(ACTIVATIONS)}.")
    shape = tensor_shapes(folder).get("linear.weight")
    if config.get("use_residual") or shape != (
        config.get("out_features"),
        config.get("in_features"),
    ):
        raise ModelError(f"{folder} does not hold the weights of a plain Dense module.")
    out_features, in_features = shape
    return DenseLayout(folder, in_features, out_features, config.get("bias", True), activation)


def _insist_on_sentences(config: dict[str, Any], folder: Path) -> None:
    """Refuse a module that works on single tokens."""
    for key in ("module_input_name", "module_output_name"):
        if config.get(key) not in (None, "sentence_embedding"):
            raise ModelError(f"{folder} works on {config[key]!r}, not on sentence embeddings.")


def _add_model_settings(layout: EncoderLayout, folder: Path) -> EncoderLayout:
    """Add what concerns the whole model: the default prompt and the dimensions kept."""
    path = folder / "config_sentence_transformers.json"
    config = read_config(path) if path.is_file() else {}
    name = config.get("default_prompt_name")
    prompts = config.get("prompts") or {}
    if name is not None and name not in prompts:
        raise ModelError(f"{path} names the prompt {name!r} but does not give it.")
    return replace(
        layout,
        prompt=prompts[name] if name is not None else "",
        truncate_dim=config.get("truncate_dim"),
        is_sentence_encoder=True,
    )


def _has_pooler(folder: Path) -> bool:
    """Tell whether a checkpoint holds the weights of a pooler."""
    return any(name.endswith("pooler.dense.weight") for name in tensor_shapes(folder))


def _first_of(config: dict[str, Any], *keys: str) -> int | None:
    """Read a number that different backbones keep under different names."""
    return next((int(config[key]) for key in keys if isinstance(config.get(key), int)), None)
