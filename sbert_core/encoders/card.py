"""Model cards: the README.md of a model folder, whose first lines say licence, base and language.

The format is that of the Hugging Face hub (https://huggingface.co/docs/hub/model-cards): YAML
between two lines of "---", then Markdown. Of the YAML only what names of licences and languages
need is read: `key: value`, and lists of plain values.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_FENCE = "---"
_PLAIN = re.compile(r"[A-Za-z0-9][\w./+ -]*")
# What YAML would take for something else than text.
_NOT_TEXT = re.compile(
    r"(?i)(null|true|false|yes|no|on|off|y|n|[\d.+_-]+(e[+-]?\d+)?|0[box][\da-f]+)"
)
_MOST_CHARACTERS = 100_000


def write_card(folder: Path, fields: Mapping[str, str | Sequence[str]], body: str) -> None:
    """Write the README.md of a model folder, over the one that is there.

    Args:
        folder: The model folder.
        fields: What goes between the lines of "---", such as {"license": "apache-2.0"}; a list
            of texts becomes a list.
        body: Markdown.
    """
    lines = [_FENCE]
    for name, value in fields.items():
        if isinstance(value, str):
            lines.append(f"{name}: {_quoted(value)}")
        else:
            lines += [f"{name}:", *(f"- {_quoted(item)}" for item in value)]
    text = "\n".join([*lines, _FENCE, "", body.strip(), ""])
    partial = folder / "README.md.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / "README.md")


def read_card(folder: Path) -> dict[str, str]:
    """Read the fields of a model card; what is not understood is passed over.

    Args:
        folder: A model folder.

    Returns:
        Name to value; the items of a list are joined by ", ". Empty if there is no card.
    """
    try:
        with (folder / "README.md").open(encoding="utf-8-sig", errors="replace") as stream:
            lines = stream.read(_MOST_CHARACTERS).splitlines()
    except OSError:
        return {}
    if not lines or lines[0].strip() != _FENCE:
        return {}
    fields: dict[str, str] = {}
    listed = ""
    for line in lines[1:]:
        if line.strip() == _FENCE:
            return {name: value for name, value in fields.items() if value}
        name, colon, value = line.partition(":")
        if listed and line.lstrip().startswith("- "):
            fields[listed] = ", ".join(filter(None, [fields[listed], _unquoted(line.lstrip()[2:])]))
        elif colon and re.fullmatch(r"[A-Za-z_][\w-]*", name):
            fields[name] = _value(value)
            listed = "" if value.strip() else name
        else:
            listed = ""
    return {}  # without its second fence it is no front matter


def _quoted(value: str) -> str:
    """Write a text so that YAML reads it as that text."""
    plain = _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value) and value == value.strip()
    return value if plain else json.dumps(value, ensure_ascii=False)


def _value(written: str) -> str:
    """Read one value, or a list in brackets."""
    written = written.strip()
    if written.startswith("[") and written.endswith("]"):
        return ", ".join(filter(None, map(_unquoted, written[1:-1].split(","))))
    return _unquoted(written)


def _unquoted(written: str) -> str:
    """Read one plain or quoted value."""
    written = written.strip()
    if len(written) > 1 and written[0] == written[-1] == '"':
        try:
            return str(json.loads(written))
        except ValueError:
            return written[1:-1]
    if len(written) > 1 and written[0] == written[-1] == "'":
        return written[1:-1].replace("''", "'")
    return re.split(r"\s#", written, maxsplit=1)[0].strip()
