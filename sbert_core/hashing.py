"""Keys are content: one way to turn values into a short, stable identifier."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

# Part of every key: raise it when a stored result would no longer be what the code computes.
CACHE_VERSION = 1


def content_key(*parts: object, length: int = 16) -> str:
    """Hash values of mixed types into a hexadecimal key.

    Every piece is tagged with its type and prefixed with its length, so that
    ["ab", "c"] and ["a", "bc"] differ. Mappings are order-independent.

    Args:
        parts: None, bool, int, float, str, bytes, numpy arrays, or sequences and
            string-keyed mappings of these.
        length: Number of hexadecimal digits to keep, 1 to 64.

    Returns:
        The first `length` digits of a SHA-256.

    Raises:
        TypeError: A part is of another type.
    """
    digest = hashlib.sha256()
    _feed(digest, CACHE_VERSION)
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()[:length]


def _feed(digest: "hashlib._Hash", value: object) -> None:
    """Add one value, with type tag and length, to a running hash."""
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        digest.update(b"s%d:" % len(data) + data)
    elif value is None or isinstance(value, bool | int | float):
        data = json.dumps(value).encode()
        digest.update(b"j%d:" % len(data) + data)
    elif isinstance(value, bytes):
        digest.update(b"b%d:" % len(value) + value)
    elif isinstance(value, np.ndarray):
        head = f"{value.dtype.str}{value.shape}".encode()
        digest.update(b"a%d:" % len(head) + head)
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Mapping):
        digest.update(b"m%d:" % len(value))
        for name in sorted(value):
            _feed(digest, name)
            _feed(digest, value[name])
    elif isinstance(value, Sequence):
        digest.update(b"l%d:" % len(value))
        for item in value:
            _feed(digest, item)
    else:
        raise TypeError(f"content_key cannot hash a {type(value).__name__}.")
