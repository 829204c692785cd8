"""How an exported script is written: imports, calls that fit a line, values that are safe.

Every value of a user stands in a script as its `repr`, which is one line of valid Python whatever
the text holds: quotes, line breaks, backslashes, signs that turn the direction of writing. In
comments it stands so, too, and in the opening words not at all.
"""

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .corpus.records import CorpusInfo

# A call is put on several lines beyond this, so that with what stands before it a line has 100.
_WIDTH = 84
_NAME_CHARS = 60
_HOW_TO_RUN = (
    "Put this file beside app.py of SBERT Lab and run it with Python. It works in the workspace\n"
    "of the pages: what is stored there is read, all else is computed. Its tables are written\n"
    "into the folder that it is run in."
)
_STANDARD = ("dataclasses", "pathlib")


class ScriptText:
    """A script while it is put together.

    Args:
        about: One sentence for its head: ours, never a user's text.
    """

    def __init__(self, about: str) -> None:
        self._about = about
        self._modules: set[str] = set()
        self._names: dict[str, set[str]] = {}
        self._lines: list[str] = []
        self.use("sbert_core.lab", "Lab")

    def use(self, module: str, *names: str) -> None:
        """Import names from a module, or without names the module itself."""
        if names:
            self._names.setdefault(module, set()).update(names)
        else:
            self._modules.add(module)

    def add(self, *lines: str) -> None:
        """Add lines; "" leaves one blank."""
        self._lines.extend(lines)

    def open_lab(self) -> None:
        """Add the line that opens the workspace."""
        self.add("lab = Lab()  # the workspace of the pages; SBERT_LAB_HOME can name another")

    def open_corpus(self, info: "CorpusInfo") -> None:
        """Add the lines that open the workspace and a corpus of it, and say how to take a file."""
        self.open_lab()
        if _is_sample(info):
            self.use("sbert_core.sample", "install")
            self.add("corpus = install(lab)  # the bundled sample")
            return
        name = written(info.name[:_NAME_CHARS])
        self.add(f"corpus = lab.corpus({written(info.corpus_id)})  # {name}, {info.rows:,} rows")
        self.use("pathlib", "Path")
        file = Path(str(info.report.get("file_name") or info.name))
        columns = ", ".join(
            f"{role}_column={written(name)}"
            for role, name in (("text", info.text_column), ("label", info.label_column))
        )
        self.add(
            "# In another workspace, or with another file:",
            f"# corpus = lab.open_file({written(file)}, {columns})",
        )

    def save_csv(self, table: str, file_name: str) -> None:
        """Add the line that writes a table as the pages do."""
        self.use("pathlib", "Path")
        self.use("sbert_core.lab", "to_csv")
        self.add(f"Path({written(file_name)}).write_bytes(to_csv({table}))")

    def text(self) -> str:
        """Put the script together."""
        parts = [f'"""{self._about}\n\n{_HOW_TO_RUN}\n"""', *self._imports()]
        return "\n\n".join([*parts, "\n".join(self._lines)]) + "\n"

    def _imports(self) -> list[str]:
        """Write the imports in three parts: standard library, others, ours."""
        parts: tuple[list[str], list[str], list[str]] = ([], [], [])
        for module in sorted(self._modules):
            parts[1].append(f"import {module}")
        for module in sorted(self._names):
            part = 0 if module in _STANDARD else 2 if module.startswith("sbert_core") else 1
            names = sorted(self._names[module], key=lambda name: (name[0].islower(), name))
            parts[part].append(f"from {module} import {', '.join(names)}")
        return ["\n".join(part) for part in parts if part]


def written(value: Any) -> str:
    """Write a value as Python: configurations as calls that name what is not the default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = [
            f"{field.name}={written(getattr(value, field.name))}"
            for field in dataclasses.fields(value)
            if getattr(value, field.name) != _default(field)
        ]
        return call(type(value).__name__, *changed)
    if isinstance(value, Path):
        return f"Path({written(str(value))})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, Mapping):
        return _bracketed("{", [f"{written(k)}: {written(v)}" for k, v in value.items()], "}")
    if isinstance(value, list):
        return _bracketed("[", [written(item) for item in value], "]")
    if isinstance(value, tuple):
        lone = "," if len(value) == 1 else ""
        return _bracketed("(", [written(item) for item in value], ")", lone)
    return _quoted(value) if isinstance(value, str) else repr(value)


def call(name: str, *arguments: str) -> str:
    """Write a call on one line if it fits, else one argument a line."""
    return _bracketed(f"{name}(", arguments, ")")


def _bracketed(opening: str, parts: Sequence[str], closing: str, lone: str = "") -> str:
    """Write parts between brackets, on one line if they fit."""
    line = f"{opening}{', '.join(parts)}{lone}{closing}"
    if not parts or (len(line) <= _WIDTH and "\n" not in line):
        return line
    if all(part.isdecimal() for part in parts):  # row numbers: as many a line as fit
        numbers = textwrap.indent(textwrap.fill(", ".join(parts), _WIDTH), "    ")
        return f"{opening}\n{numbers},\n{closing}"
    # A repr holds no line break, so those in a part are ours and may be indented.
    inner = "".join("    " + part.replace("\n", "\n    ") + ",\n" for part in parts)
    return f"{opening}\n{inner}{closing}"


def _quoted(text: str) -> str:
    """Write a text by its repr, in double quotes where it holds none."""
    made = repr(text)
    # Without a double quote in the text, repr writes single quotes only if it has none of those.
    return f'"{made[1:-1]}"' if made[0] == "'" and '"' not in text else made


def _default(field: "dataclasses.Field[Any]") -> Any:
    """The default of a field; a field without one gives what equals no value."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _is_sample(info: "CorpusInfo") -> bool:
    """Whether a corpus is the bundled sample, which every workspace can have."""
    from .sample import corpus_id

    return info.corpus_id == corpus_id()
