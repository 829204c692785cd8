"""The arrows of the house point one way, and every layer keeps to its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "sbert_core"
ABOVE = [
    ROOT / "app.py",
    *sorted((ROOT / "pages").glob("*.py")),
    *sorted((ROOT / "ui").glob("*.py")),
]
# What every layer may stand on.
GROUND = {"errors", "protocols", "hashing"}
# Training moves the weights of encoders, so it stands on them.
BELOW = {"training": {"encoders"}}
FOR_PAGES = {
    "lab",
    "results",
    "desk_results",
    "errors",
    "jobs",
    "sample",
    "scripts",
    "charts",
    "training_request",
}


def imported_modules(path):
    """Absolute names of what a file imports, relative imports resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join([*base, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def core_parts(path):
    return {name.split(".")[1] for name in imported_modules(path) if name.startswith("sbert_core.")}


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: path.name)
def test_pages_and_ui_reach_the_core_through_the_lab(path):
    assert core_parts(path) <= FOR_PAGES


@pytest.mark.parametrize(
    "path", sorted(CORE.glob("*/*.py")), ids=lambda path: f"{path.parent.name}.{path.stem}"
)
def test_a_layer_knows_itself_and_the_ground_only(path):
    assert core_parts(path) <= GROUND | {path.parent.name} | BELOW.get(path.parent.name, set())


@pytest.mark.parametrize("path", sorted(CORE.glob("**/*.py")), ids=lambda path: path.stem)
def test_the_core_knows_neither_streamlit_nor_the_reference(path):
    tops = {name.split(".")[0] for name in imported_modules(path)}
    assert not tops & {"streamlit", "sentence_transformers", "ui", "pages"}


def test_importing_the_lab_and_asking_for_help_load_no_torch():
    script = (
        "import sys; import sbert_core.lab, sbert_core.cli; sbert_core.cli.build_parser();"
        "print(sorted({'torch', 'umap', 'transformers', 'streamlit'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert found.stdout.strip() == "[]", found.stderr


def test_files_stay_short_and_none_is_a_drawer_for_everything():
    files = [*CORE.glob("**/*.py"), *ABOVE]
    assert not {path.stem for path in files} & {"utils", "helpers", "misc", "common"}
    long = {p.name: n for p in files if (n := len(p.read_text("utf-8").splitlines())) > 500}
    assert long == {}
