"""From bytes to text: which encoding, decided on the whole file.

UTF-8 is certain when every byte fits. Without it, kana tell Japanese, and bytes that stand alone
between ASCII letters tell a Latin code page; which one is decided by the letters of the languages
it was made for. (charset-normalizer often errs on both in short files.) All other scripts are
left to charset-normalizer.
"""

import codecs
import re
from dataclasses import dataclass, field

from sbert_core.errors import FileError

from .report import UnparsedLine

# Longest first: the mark of UTF-32-LE begins with that of UTF-16-LE.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_JAPANESE = ("cp932", "euc_jp")
_NOT_LATIN = [
    *("cp932", "gb18030", "big5", "cp949"),
    *("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"),
]

# Letters beyond a-z of each language (lower case). An encoding fits as well as its best language.
_WESTERN = (
    "äöüß",  # German
    "àâæçéèêëîïôœùûüÿ",  # French, and what English borrowed from it
    "áéíóúüñªº",  # Spanish
    "áâãàçéêíóôõúüªº",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "åäöæøé",  # Danish, Norwegian, Swedish, Finnish
    "áéíóúýðþæö",  # Icelandic
)
_CENTRAL = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýžäľĺôŕ",  # Czech, Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovenian
)
_LATIN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cp1252", _WESTERN),
    ("cp1250", _CENTRAL),
    ("cp1254", ("çğıöşüâîi\u0307",)),  # Turkish; its capital dotted I lowers to two characters
    ("iso8859_2", _CENTRAL),
    ("cp1257", ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")),  # Lithuanian, Latvian, Estonian
    ("mac_roman", _WESTERN),
    ("cp850", _WESTERN),
)
_GUESSED = frozenset([*_JAPANESE, *_NOT_LATIN, *(encoding for encoding, _ in _LATIN)])
_PUNCTUATION = frozenset("‘’“”„‚‹›«»–—…•¿¡€£¥§°©®™·×½¼¾±²³µ\u00a0")

_SAMPLE_BYTES = 1 << 16
_KANA_SHARE = 0.2  # Japanese prose has twice that; nothing else read as Japanese comes near
_ALONE_SHARE = 0.7  # Latin text has nearly 1, other scripts well under a half
_CLEARLY_BETTER = 0.05  # share of characters by which another code page must beat cp1252
_DAMAGE_RATIO = 4  # whole UTF-8 characters per broken byte for it to be damaged UTF-8
_CONTROLS = bytes({*range(32)} - set(b"\t\n\v\f\r\x1b"))
_EXCERPT = 80


@dataclass(frozen=True)
class Decoded:
    """Text of a file.

    Attributes:
        text: Without byte order mark and NUL characters.
        encoding: Python's name of the encoding.
        unparsed: Lines in which bytes had to be replaced.
        warnings: What was changed, in plain sentences.
    """

    text: str
    encoding: str
    unparsed: list[UnparsedLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def decode(data: bytes, name: str) -> Decoded:
    """Turn the bytes of a text file into text.

    Args:
        data: The whole file.
        name: File name for the error.

    Raises:
        FileError: The file is not text.
    """
    encoding = _encoding(data, name)
    warnings: list[str] = []
    unparsed: list[UnparsedLine] = []
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        unparsed = _replaced_lines(text)
        warnings.append(
            f"Some bytes are not valid {encoding}; each was replaced by \N{REPLACEMENT CHARACTER}."
        )
    if encoding in _GUESSED:
        warnings.append(
            f"The file is not UTF-8; it was read as {encoding}. If letters look wrong, save it as "
            "UTF-8."
        )
    text = text.removeprefix("\ufeff")
    if nuls := text.count("\0"):
        text = text.replace("\0", "")
        warnings.append(f"{nuls:,} NUL characters were removed.")
    if encoding == "cp932" and _decodes_alike(data, "shift_jis", text):
        encoding = "shift_jis"
    return Decoded(text, encoding, unparsed, warnings)


def _encoding(data: bytes, name: str) -> str:
    """Name the encoding, from the surest sign to the least sure."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data and (wide := _wide_encoding(data)):
        return wide
    valid = _is_utf8(data)
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > (0.2 if valid else 0.05) * len(data):
        raise FileError(
            f"'{name}' is a binary file, not text. "
            "Export the table as CSV, XLSX, JSON or Parquet and open that file."
        )
    return "utf-8" if valid else _legacy_encoding(data)


def _is_utf8(data: bytes) -> bool:
    """Tell whether all bytes are UTF-8, or all but a few of a file that clearly is."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        broken = text.count("\N{REPLACEMENT CHARACTER}")
        whole = len(text) - len(text.encode("ascii", errors="ignore")) - broken
        return whole >= _DAMAGE_RATIO * broken
    return True


def _wide_encoding(data: bytes) -> str | None:
    """Find UTF-16 or UTF-32 without a byte order mark; None unless it is certain."""
    for encoding in _WIDE:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Read with the wrong byte order, the spaces and line ends become rare characters.
        common = sum(map(text.count, " \n\r\t,.aeio"))
        if "\0" not in text and common and common >= 0.02 * len(text):
            return encoding
    return None


def _legacy_encoding(data: bytes) -> str:
    """Choose among the encodings from before Unicode."""
    sample = _lines_beyond_ascii(data)
    for encoding in _JAPANESE:
        if _kana_share(sample, encoding) >= _KANA_SHARE and _decodes(data, encoding):
            return encoding
    if not _stands_alone(sample):
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_isolation=_NOT_LATIN).best()
        if best is not None and _decodes(data, best.encoding):
            return best.encoding
    scores = {encoding: _latin_fit(sample, encoding, words) for encoding, words in _LATIN}
    winner = max(scores, key=lambda encoding: scores[encoding])
    return winner if scores[winner] > scores["cp1252"] + _CLEARLY_BETTER else "cp1252"


def _kana_share(sample: bytes, encoding: str) -> float:
    """Share of hiragana and katakana among the characters beyond ASCII, in [0, 1]."""
    text = sample.decode(encoding, errors="replace")
    beyond = re.findall(r"[^\x00-\x7f]", text)
    return len(re.findall(r"[\u3041-\u30ff]", text)) / max(1, len(beyond))


def _stands_alone(sample: bytes) -> bool:
    """Tell whether bytes beyond ASCII come in ones and twos, as accents in Latin text do."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    return sum(run for run in runs if run <= 2) >= _ALONE_SHARE * sum(runs)


def _lines_beyond_ascii(data: bytes) -> bytes:
    """Gather lines that tell something: those with bytes beyond ASCII."""
    lines: list[bytes] = []
    size = 0
    for match in re.finditer(rb"[^\r\n]*[\x80-\xff][^\r\n]*", data):
        lines.append(match.group()[:_SAMPLE_BYTES])
        size += len(lines[-1])
        if size > _SAMPLE_BYTES:
            break
    return b"\n".join(lines)


def _latin_fit(sample: bytes, encoding: str, languages: tuple[str, ...]) -> float:
    """Share of the characters beyond ASCII that make sense, as a fraction in [0, 1]."""
    text = sample.decode(encoding, errors="replace")
    letters: list[str] = []
    total = sensible = 0
    for match in re.finditer(r"(\w?)([^\x00-\x7f])(?=(\w?))", text):
        before, char, after = match.groups()
        total += 1
        if char in _PUNCTUATION:
            # No quote or sign stands inside a word, except the apostrophe.
            sensible += char == "’" or not (before.islower() and after.islower())
        elif not (before.islower() and char.isupper()):
            letters.append(char.lower())
    best = max(sum(letter in words for letter in letters) for words in languages)
    return (sensible + best) / max(1, total)


def _decodes(data: bytes, encoding: str) -> bool:
    """Tell whether every byte of the file fits the encoding."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decodes_alike(data: bytes, encoding: str, text: str) -> bool:
    """Tell whether another encoding gives the same text."""
    try:
        return data.decode(encoding) == text
    except UnicodeDecodeError:
        return False


def _replaced_lines(text: str) -> list[UnparsedLine]:
    """List the lines in which bytes were replaced."""
    mark = "\N{REPLACEMENT CHARACTER}"
    return [
        UnparsedLine(number, line[:_EXCERPT], f"bytes that fit no character became {mark}")
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1)
        if mark in line
    ]
