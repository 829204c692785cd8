"""From a path or uploaded bytes to content of a known kind, within limits.

The first bytes of a file say what it is; its extension is only what somebody called it.
"""

import gzip
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sbert_core.errors import FileError

from .report import MEGABYTE, ReaderLimits

FileKind = Literal["text", "xlsx", "parquet"]

_CHUNK = 1 << 20
_WAY_OUT = "Export the table as CSV, XLSX, JSON or Parquet and open that file."

# How what is not a table begins, and what to call it.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (rb"\xff\xd8\xff", "a JPEG picture"),
    (rb"GIF8[79]a", "a GIF picture"),
    (rb"II\*\x00|MM\x00\*", "a TIFF picture"),
    (rb"RIFF.{4}WEBP", "a WebP picture"),
    (rb"RIFF.{4}(?:WAVE|AVI )|OggS\x00|ID3[\x02-\x04]|.{4}ftyp|\x1aE\xdf\xa3", "a sound or video"),
    (rb"%PDF-\d", "a PDF document"),
    (rb"\{\\rtf\d", "an RTF document"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls or .doc)"),
    (rb"BZh\d1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd", "packed (bzip2, xz or Zstandard)"),
    (rb".{257}ustar", "a tar archive"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", "an archive (7-Zip or RAR)"),
    (rb"SQLite format 3\x00", "an SQLite database"),
    (rb"ARROW1\x00\x00|Obj\x01|\x89HDF\r\n|\x93NUMPY", "an Arrow, Avro, HDF5 or NumPy file"),
    (rb"\x7fELF|MZ\x90\x00", "a program"),
)

# Folders that tell which program's file a ZIP container is.
_ZIP_CONTENTS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "an Excel binary workbook (.xlsb)"),
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint file"),
    ("content.xml", "an OpenDocument file"),
)


@dataclass(frozen=True)
class OpenedFile:
    """Content whose kind is known.

    Attributes:
        name: File name as the user knows it.
        extension: Lower-case extension with its dot, without a final ".gz"; "" where none.
        kind: What the first bytes say.
        data: The content, unpacked where it was gzip.
    """

    name: str
    extension: str
    kind: FileKind
    data: bytes


def open_source(source: Path | bytes, name: str | None, limits: ReaderLimits) -> OpenedFile:
    """Load a file, unpack gzip, and find out what it is.

    Args:
        source: A file, or its content.
        name: The name to show; defaults to that of the path.
        limits: Checked before and while unpacking.

    Raises:
        FileError: The file is missing, too large, damaged, or not a kind that holds a table.
    """
    if isinstance(source, bytes):
        name = name or "the upload"
        data = source
    else:
        name = name or source.name
        data = _load(source, name, limits)
    if len(data) > limits.max_bytes:
        raise FileError(_too_large(name, limits.max_bytes))
    extension = Path(name).suffix.lower()
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, name, limits.max_unpacked_bytes)
        extension = Path(Path(name).stem).suffix.lower() if extension == ".gz" else extension
    return OpenedFile(name, extension, _kind(data, name, limits), data)


def _load(path: Path, name: str, limits: ReaderLimits) -> bytes:
    """Read at most one byte more than the limit, so that a growing file cannot pass it."""
    if path.is_dir():
        raise FileError(f"'{path}' is a folder; choose a file in it.")
    if not path.exists():
        raise FileError(f"There is no file '{path}'; check the path.")
    if not path.is_file():
        raise FileError(f"'{path}' is not an ordinary file; choose one that is saved on disk.")
    try:
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except OSError as error:
        raise FileError(f"'{name}' cannot be read: {error.strerror or error}.") from error


def _too_large(name: str, max_bytes: int) -> str:
    """Name the limit and the way out."""
    return f"'{name}' is larger than the limit of {_size(max_bytes)}; split it into smaller files."


def _size(count: int) -> str:
    """Write a number of bytes for a person."""
    return f"{count / MEGABYTE:,.0f} MB" if count >= MEGABYTE else f"{count:,} bytes"


def _gunzip(data: bytes, name: str, max_bytes: int) -> bytes:
    """Unpack piece by piece and stop as soon as the limit is passed."""
    pieces: list[bytes] = []
    total = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while piece := file.read(_CHUNK):
                total += len(piece)
                if total > max_bytes:
                    raise FileError(
                        f"'{name}' unpacks to more than the limit of {_size(max_bytes)}; "
                        "split it into smaller files."
                    )
                pieces.append(piece)
    except EOFError as error:
        raise FileError(f"'{name}' is cut short; download or pack it again.") from error
    except (OSError, zlib.error) as error:
        raise FileError(f"'{name}' is a damaged gzip file; download or pack it again.") from error
    return b"".join(pieces)


def _kind(data: bytes, name: str, limits: ReaderLimits) -> FileKind:
    """Tell by the first bytes what the content is, and refuse what is no table."""
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_zip(data, name, limits)
    if data.startswith(b"\x1f\x8b"):
        raise FileError(f"'{name}' is gzip inside gzip; unpack it once and open the result.")
    for signature, what in _SIGNATURES:
        if re.match(signature, data, re.DOTALL):
            raise FileError(f"'{name}' is {what}, not a table of texts. {_WAY_OUT}")
    return "text"


def _kind_of_zip(data: bytes, name: str, limits: ReaderLimits) -> FileKind:
    """Tell a workbook from other ZIP files, and check its unpacked size before anything is read.

    The declared sizes can be trusted: zipfile stops reading a member at its declared size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileError(f"'{name}' is a damaged XLSX or ZIP file; save it again.") from error
    names = [member.filename for member in members]
    if "xl/workbook.xml" in names:
        if sum(member.file_size for member in members) > limits.max_unpacked_bytes:
            raise FileError(
                f"'{name}' unpacks to more than the limit of {_size(limits.max_unpacked_bytes)}; "
                "save the sheet as CSV in smaller files."
            )
        return "xlsx"
    for start, what in _ZIP_CONTENTS:
        if any(member.startswith(start) for member in names):
            raise FileError(f"'{name}' is {what}, not a table of texts. {_WAY_OUT}")
    raise FileError(f"'{name}' is a ZIP archive; unpack it and open one of the files in it.")
