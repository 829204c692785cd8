"""Model cards: what is written is read again, by us and as YAML; strange ones do no harm."""

import pytest
import yaml

from sbert_core.encoders.card import read_card, write_card
from sbert_core.encoders.catalog import list_models, resolve

FIELDS = {
    "license": "apache-2.0",
    "language": ["en", "no"],
    "base_model": "org/name",
    "title": 'a "quoted": # thing',
    "odd": "yes",
    "number": "1.0",
}


def test_what_is_written_is_read_again_and_is_yaml(tmp_path):
    write_card(tmp_path, FIELDS, "# Hello\n\n---\nlicense: other\n")
    assert read_card(tmp_path) == {**FIELDS, "language": "en, no"}
    front = (tmp_path / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert yaml.safe_load(front) == FIELDS


@pytest.mark.parametrize(
    "front",
    [
        "license: mit\nlanguage: [en, 'de']",
        "license: 'mit'\nlanguage:\n  - en\n  - \"de\"",
        "license: mit # all\nmodel-index:\n- name: x\n  results:\n  - a: 1\nlanguage:\n- en\n- de",
    ],
)
def test_the_ways_that_people_write_lists(tmp_path, front):
    (tmp_path / "README.md").write_text(f"---\n{front}\n---\n", encoding="utf-8")
    card = read_card(tmp_path)
    assert (card["license"], card["language"]) == ("mit", "en, de")


@pytest.mark.parametrize("text", ["", "# Title\nlicense: mit", "---\nlicense: mit\n", "---\n---"])
def test_a_readme_without_fields_says_nothing(tmp_path, text):
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert read_card(tmp_path) == {}


def test_no_card_or_bytes_that_are_no_text_say_nothing(tmp_path):
    assert read_card(tmp_path) == {}
    (tmp_path / "README.md").write_bytes(b"---\nlicense: \xff\n\x00---")
    assert read_card(tmp_path) == {}


def test_licence_and_languages_of_a_folder_come_from_its_card(checkpoints, tmp_path):
    before = resolve(str(checkpoints["bert"]))
    assert (before.info.licence, before.info.languages) == ("not stated", "not stated")
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    for path in checkpoints["bert"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    write_card(folder, {"license": "mit", "language": ["en", "de"]}, "")
    described = {info.id: info for info in list_models([folder.parent])}["mine"]
    assert (described.licence, described.languages) == ("mit", "en, de")
    # A card is about the model and no part of it: the vectors that are stored stay valid.
    assert resolve(str(folder)).key == before.key
