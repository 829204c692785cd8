"""Weight files, looked at without loading them: only safetensors is accepted, never a pickle.

A pickle runs code when it is opened; a safetensors file is a JSON header and plain numbers
(https://huggingface.co/docs/safetensors, "Format"), so names, shapes and size can be checked
in a millisecond and without torch.
"""

import hashlib
import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from sbert_core.errors import ModelError

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_LENGTH_BYTES = 8  # a safetensors file begins with its header's length, little-endian


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder.

    Raises:
        ModelError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read; the model folder is incomplete.") from error
    except ValueError as error:
        raise ModelError(f"{path} is damaged: it is not valid JSON.") from error


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        ModelError: The file is missing, or holds something else.
    """
    config = read_json(path)
    if not isinstance(config, dict):
        raise ModelError(f"{path} is damaged: it should hold one JSON object.")
    return config


def weight_files(folder: Path) -> list[Path]:
    """Find the safetensors files of a model: one file, or the shards that an index names.

    Raises:
        ModelError: There is none, or only a pickle, or a shard is missing.
    """
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    if (folder / _INDEX).is_file():
        shards = sorted(set(read_config(folder / _INDEX).get("weight_map", {}).values()))
        for shard in shards:
            if not (folder / shard).is_file():
                raise ModelError(f"{folder} is incomplete: {shard} is missing.")
        return [folder / shard for shard in shards]
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise ModelError(
            f"{folder} has its weights only as {pickles[0]}, a pickle, which can run code when "
            "opened and is refused; convert it once with `model.save_pretrained(folder)` of "
            f"transformers, which writes {_SINGLE}."
        )
    raise ModelError(f"{folder} has no {_SINGLE}, so there is no model in it.")


def tensor_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Read the names and shapes of all tensors of a model from the headers of its files.

    Raises:
        ModelError: There are no safetensors files, or one is damaged.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for path in weight_files(folder):
        stat = path.stat()
        shapes |= _header_shapes(path, stat.st_size, stat.st_mtime_ns)
    return shapes


def count_parameters(folder: Path) -> int:
    """Count the numbers in a model's weight files."""
    return sum(math.prod(shape) for shape in tensor_shapes(folder).values())


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal; a file that has not changed is read once per process."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    """Hash a file; size and time are in the arguments so that a changed file is read again."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _header_shapes(path: Path, size: int, mtime_ns: int) -> dict[str, tuple[int, ...]]:
    """Parse one header and check that the file is as long as the header says."""
    damaged = f"{path} is damaged or cut short; copy or download it again."
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if length > size - _LENGTH_BYTES:
            raise ModelError(damaged)
        try:
            header = json.loads(stream.read(length))
            header.pop("__metadata__", None)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
            shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ModelError(damaged) from error
    if size != _LENGTH_BYTES + length + end:
        raise ModelError(damaged)
    return shapes
