"""Model folders: loading weights, and saving them so that sentence-transformers reads them too."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from sbert_core.errors import ModelError

from .layout import POOLING_FLAGS, POOLING_NAMES, STATIC_WEIGHTS, DenseLayout, EncoderLayout
from .pooling import PoolingMode
from .siamese import Dense, SentenceModel, TokenTable
from .tokenizer import SentenceTokenizer, lower_cased, read_backend
from .weights import weight_files

_MODULE_TYPES = "sentence_transformers.models"  # read by every release of sentence-transformers


def load_model(layout: EncoderLayout) -> SentenceModel:
    """Build a sentence model in float32 on the CPU, ready for inference.

    Raises:
        ModelError: The weights do not fit the configuration, or need code that comes with them.
    """
    static = layout.architecture == "static"
    model = SentenceModel(
        backbone=_read_token_table(layout.backbone) if static else _read_backbone(layout),
        pooling=layout.pooling,
        dense=map(_read_dense, layout.dense),
        normalised=layout.normalised,
        truncate_dim=layout.truncate_dim,
    )
    return model.eval()


def load_tokenizer(layout: EncoderLayout) -> SentenceTokenizer:
    """Build the tokenizer that belongs to a model.

    Raises:
        ModelError: Its files are missing or damaged.
    """
    if layout.architecture == "static":
        backend = read_backend(layout.backbone / "tokenizer.json")
        return SentenceTokenizer(backend, 0, None, add_special_tokens=False, prompt=layout.prompt)
    tokenizer = read_tokenizer(layout.backbone)
    backend = tokenizer.backend_tokenizer
    return SentenceTokenizer(
        lower_cased(backend) if layout.lower_case else backend,
        pad_id=tokenizer.pad_token_id or 0,
        max_length=layout.max_length,
        prompt=layout.prompt,
    )


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Read the tokenizer of a transformers checkpoint.

    Raises:
        ModelError: Its files are missing or damaged, or it is not a fast one.
    """
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"{folder} has no tokenizer that can be read: {first_line(error)}"
        ) from error
    if not tokenizer.is_fast:
        raise ModelError(
            f"{folder} has no tokenizer.json, and its older tokenizer is not supported."
        )
    return tokenizer


def _read_backbone(layout: EncoderLayout) -> PreTrainedModel:
    """Load a transformers encoder; no weight may be left at its random start."""
    folder = layout.backbone
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            backbone, report = AutoModel.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        raise ModelError(f"{folder} cannot be loaded: {first_line(error)}") from error
    if config.is_encoder_decoder:
        raise ModelError(f"{folder} is an encoder-decoder; only encoders give sentence embeddings.")
    missing = {name for name in report["missing_keys"] if not name.startswith("pooler.")}
    if missing or report["mismatched_keys"]:
        raise ModelError(f"{folder} lacks weights that its config.json calls for.")
    if report["missing_keys"]:
        backbone.pooler = None  # a pooler of random numbers is worse than none
    return backbone


def _read_token_table(folder: Path) -> TokenTable:
    """Load the table of a static model."""
    weights = load_file(weight_files(folder)[0])
    return TokenTable(next(weights[name] for name in STATIC_WEIGHTS if name in weights))


def _read_dense(layout: DenseLayout) -> Dense:
    """Load one Dense module."""
    linear = nn.Linear(layout.in_features, layout.out_features, bias=layout.bias)
    layer = Dense(linear, getattr(nn, layout.activation)())
    try:
        layer.load_state_dict(load_file(weight_files(layout.folder)[0]))
    except RuntimeError as error:
        raise ModelError(
            f"{layout.folder} does not hold the weights its config.json says."
        ) from error
    return layer


def save_checkpoint(model: SentenceModel, layout: EncoderLayout, folder: Path) -> None:
    """Save an encoder in sentence-transformers format, safetensors only.

    sentence-transformers has no pooling "pooler"; it is written as the same arithmetic in its
    terms, "cls" and a Dense layer with tanh. "mean_content" and "first_last" have no equivalent:
    they are written under their own names, and sentence-transformers refuses them by name.

    Args:
        model: The model, in float32.
        layout: Where its tokenizer lies, and the settings that are not in the model.
        folder: The folder to write; it appears whole or not at all. A model folder of the same
            name is replaced.

    Raises:
        ModelError: `folder` holds something that is not a model.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} holds other files; choose a new folder for the model.")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _write_backbone(model, layout, partial)
    _write_head(model, layout, partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _write_backbone(model: SentenceModel, layout: EncoderLayout, folder: Path) -> None:
    """Write weights, configuration and tokenizer."""
    if isinstance(model.backbone, TokenTable):
        save_file(model.backbone.state_dict(), folder / "model.safetensors", {"format": "pt"})
        shutil.copyfile(layout.backbone / "tokenizer.json", folder / "tokenizer.json")
        return
    tokenizer = read_tokenizer(layout.backbone)
    if layout.max_length is not None:
        tokenizer.model_max_length = layout.max_length
    with quiet_transformers():
        model.backbone.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    settings = {"max_seq_length": layout.max_length, "do_lower_case": layout.lower_case}
    _write_json(folder / "sentence_bert_config.json", settings)


def _write_head(model: SentenceModel, layout: EncoderLayout, folder: Path) -> None:
    """Write what comes after the backbone, and the list of all modules."""
    static = isinstance(model.backbone, TokenTable)
    modules = [("StaticEmbedding" if static else "Transformer", "")]
    pooling, dense = model.pooling, cast(list[Dense], list(model.dense))
    if pooling == ("pooler",):
        pooling, dense = ("cls",), [_pooler_as_dense(model.backbone), *dense]
    if not static:
        modules.append(("Pooling", "1_Pooling"))
        _write_json(folder / "1_Pooling" / "config.json", _pooling_config(pooling, layout))
    for layer in dense:
        modules.append(("Dense", f"{len(modules)}_Dense"))
        _write_dense(layer, folder / modules[-1][1])
    if model.normalised:
        modules.append(("Normalize", f"{len(modules)}_Normalize"))
    entries = [
        {"idx": place, "name": str(place), "path": path, "type": f"{_MODULE_TYPES}.{kind}"}
        for place, (kind, path) in enumerate(modules)
    ]
    _write_json(folder / "modules.json", entries)
    _write_json(folder / "config_sentence_transformers.json", _model_settings(layout))


def _model_settings(layout: EncoderLayout) -> dict[str, Any]:
    """Say what concerns the whole model."""
    prompts = {"default": layout.prompt} if layout.prompt else {}
    settings: dict[str, Any] = {
        "prompts": prompts,
        "default_prompt_name": "default" if layout.prompt else None,
    }
    return settings | ({"truncate_dim": layout.truncate_dim} if layout.truncate_dim else {})


def _pooling_config(pooling: tuple[PoolingMode, ...], layout: EncoderLayout) -> dict[str, Any]:
    """Describe a pooling by the older flags, which every release reads, where they can say it."""
    flags = {flag: mode in pooling for flag, mode in POOLING_FLAGS.items()}
    if pooling == tuple(mode for mode in POOLING_FLAGS.values() if mode in pooling):
        return {"word_embedding_dimension": layout.hidden_size, **flags}
    names = {ours: theirs for theirs, ours in POOLING_NAMES.items()}
    modes = [names.get(mode, mode) for mode in pooling]
    return {"embedding_dimension": layout.hidden_size, "pooling_mode": modes}


def _pooler_as_dense(backbone: nn.Module) -> Dense:
    """Give the pooler of BERT and its kin as a Dense layer on the [CLS] vector."""
    pooler: Any = backbone.pooler
    return Dense(pooler.dense, pooler.activation)


def _write_dense(layer: Dense, folder: Path) -> None:
    """Write one Dense module."""
    activation = type(layer.activation)
    config = {
        "in_features": layer.linear.in_features,
        "out_features": layer.linear.out_features,
        "bias": layer.linear.bias is not None,
        "activation_function": f"{activation.__module__}.{activation.__name__}",
    }
    _write_json(folder / "config.json", config)
    weights = {f"linear.{name}": value for name, value in layer.linear.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def _write_json(path: Path, value: object) -> None:
    """Write a JSON file, and its folder where that is new."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' bars and remarks off the terminal for a moment, then as they were."""
    verbosity = transformers_logging.get_verbosity()
    had_bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if had_bars:
            transformers_logging.enable_progress_bar()


def first_line(error: Exception) -> str:
    """Shorten a long message of another library."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
