"""A classification head as a file: class names, a matrix, and the encoder that it belongs to.

The file is safetensors: two arrays and a JSON header, nothing that could run when it is read.

    weights   float32 (D, K)
    bias      float32 (K,)
    header    format, classes (JSON list), encoder, encoder_key, about (JSON object)
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .analysis.classify import LinearHead
from .errors import FileError, ModelError

FORMAT = "sbert-lab-head/1"
SUFFIX = ".safetensors"
_LONGEST_HEADER = 10_000_000  # bytes; some hundred class names take a few thousand


@dataclass(frozen=True, eq=False)
class HeadFile:
    """A head that knows its encoder.

    Attributes:
        head: Class names and matrix.
        encoder: Encoder string, as the user named it.
        encoder_key: Content key of the encoder: equal keys give equal vectors.
        about: JSON values on how it was made, such as the number of examples.
    """

    head: LinearHead
    encoder: str
    encoder_key: str
    about: Mapping[str, Any] = field(default_factory=dict)

    def check_encoder(self, encoder: str, encoder_key: str) -> None:
        """Refuse vectors of another encoder.

        Raises:
            ModelError: It is another one than the head was learnt on.
        """
        if encoder_key != self.encoder_key:
            same = " of another version" if encoder == self.encoder else ""
            raise ModelError(
                f"This head was learnt on the vectors of {self.encoder}{same} and cannot read "
                f"those of {encoder}: choose {self.encoder}, or learn a new head."
            )

    def to_bytes(self) -> bytes:
        """Return the file."""
        from safetensors.numpy import save

        header = {
            "format": FORMAT,
            "classes": json.dumps(list(self.head.classes), ensure_ascii=False),
            "encoder": self.encoder,
            "encoder_key": self.encoder_key,
            "about": json.dumps(dict(self.about), ensure_ascii=False),
        }
        arrays = {"weights": self.head.weights, "bias": self.head.bias}
        data: bytes = save({k: np.ascontiguousarray(v) for k, v in arrays.items()}, header)
        return data

    def write(self, path: Path) -> None:
        """Write the file; it appears whole or not at all.

        Raises:
            FileError: It cannot be written.
        """
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_bytes(self.to_bytes())
            partial.replace(path)
        except OSError as error:
            raise FileError(
                f"{path} cannot be written ({error.strerror}). Choose another folder."
            ) from error

    @classmethod
    def read(cls, source: Path | bytes) -> "HeadFile":
        """Read a file that `write` made.

        Raises:
            FileError: It cannot be read, or is no head.
        """
        if isinstance(source, bytes):
            return _parsed(source, "The file")
        try:
            return _parsed(source.read_bytes(), source.name)
        except OSError as error:
            raise FileError(f"{source} cannot be read ({error.strerror}).") from error


def _parsed(data: bytes, name: str) -> HeadFile:
    """Take a file apart; everything in it is checked before it is used."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    broken = FileError(
        f"{name} is no head of this program, or it is damaged: save the head again, or learn it "
        "anew."
    )
    try:
        header = _header(data)
        if header.get("format") != FORMAT:
            raise broken
        arrays = load(data)
        classes = tuple(json.loads(header["classes"]))
        head = LinearHead(classes, arrays["weights"], arrays["bias"])
        about = json.loads(header["about"])
        found = HeadFile(head, header["encoder"], header["encoder_key"], about)
    except (SafetensorError, ValueError, KeyError, TypeError, struct.error) as error:
        raise broken from error
    if not _is_sound(found):
        raise broken
    return found


def _is_sound(found: HeadFile) -> bool:
    """Whether names and arrays fit together."""
    head, classes = found.head, found.head.classes
    return (
        all(isinstance(name, str) for name in classes)
        and len(classes) >= 2
        and len(set(classes)) == len(classes)
        and isinstance(found.about, dict)
        and head.weights.dtype == head.bias.dtype == np.float32
        and head.weights.ndim == 2
        and head.weights.shape[1] == len(classes)
        and head.bias.shape == (len(classes),)
        and bool(np.isfinite(head.weights).all() and np.isfinite(head.bias).all())
    )


def _header(data: bytes) -> dict[str, str]:
    """Read the strings in the header of a safetensors file."""
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(_LONGEST_HEADER, len(data)):
        raise ValueError("the header is longer than the file")
    parsed = json.loads(data[8 : 8 + length])
    header = parsed.get("__metadata__") if isinstance(parsed, dict) else None
    if not isinstance(header, dict):
        raise ValueError("the header has no strings")
    return header
