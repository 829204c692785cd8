"""The classification desk: names, examples, heads, labels by hand, fine-tuning, scripts."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sbert_core import classification_tuning
from sbert_core.analysis.similarity import cos_sim
from sbert_core.classification import beside, words_of
from sbert_core.desk_results import FewShotConfig, ZeroShotConfig
from sbert_core.errors import DataError, FileError, ModelError
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

WORDS = {"animals": "the cat ran", "money": "my card 1234", "": "zzz"}
COLUMN = FewShotConfig(column="topic", shots=3)
HAND = FewShotConfig("hand", shots=0)


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    lab = Lab()
    for name, seed in (("tiny", 0), ("other", 1)):
        folder = lab.workspace.root / "models" / name
        write_checkpoint(folder, bert_tokenizer(), lambda *a, s=seed, **k: _seeded(s, *a, **k))
    return lab


def _seeded(seed, *arguments, **options):
    import torch

    torch.manual_seed(seed)
    return bert_model(*arguments, **options)


@pytest.fixture
def corpus(lab, tmp_path):
    """Ten rows of each of two topics, in turn, and two rows without one."""
    rows = [(f"{WORDS[t]} {i} x", t) for i in range(10) for t in ("animals", "money")]
    rows += [(f"zzz {i}", "") for i in range(2)]
    path = tmp_path / "rows.csv"
    pd.DataFrame(rows, columns=["text", "topic"]).to_csv(path, index=False)
    return lab.open_file(path, text_column="text", label_column="topic").corpus_id


def label_by_hand(lab, corpus, per_class=3):
    for place, name in enumerate(("animals", "money")):
        lab.classification.labels.add_class(corpus, name)
        lab.classification.labels.put(corpus, range(place, 2 * per_class, 2), name)


def test_names_sort_every_row_and_are_kept(lab, corpus, monkeypatch):
    found = lab.classification.zero_shot(corpus, "tiny", ["cat", "my card"], "{}")
    vectors = lab.vectors(corpus, "tiny")
    cosines = cos_sim(vectors, lab.encoder("tiny").encode(["cat", "my card"]))
    np.testing.assert_array_equal(found.labels, cosines.argmax(axis=1))
    np.testing.assert_allclose(found.scores, cosines.max(axis=1), atol=1e-5)
    assert sum(found.counts) == 22
    assert found.score_name == "cosine"
    monkeypatch.setattr(lab, "vectors", lambda *_: pytest.fail("this was computed before"))
    again = lab.classification.zero_shot(corpus, "tiny", ["cat", "my card"], "{}")
    np.testing.assert_array_equal(again.margins, found.margins)


def test_agreement_looks_at_rows_whose_value_is_a_name(lab, corpus):
    found = lab.classification.zero_shot(corpus, "tiny", ["Animals", "MONEY"])
    assert lab.classification.agreement(found, "topic").rows == 20
    assert lab.classification.agreement(found, "text") is None
    assert lab.classification.values(corpus, "topic") == ["animals", "money"]


def test_a_few_examples_of_a_column_sort_the_rest_and_are_tested(lab, corpus):
    found = lab.classification.few_shot(corpus, "tiny", COLUMN)
    assert found.classes == ("animals", "money")
    assert len(found.examples) == 6
    assert found.held_out.rows == 14
    assert found.held_out.accuracy > 0.9
    assert found.score_name == "probability"
    topics = lab.workspace.frame(corpus)["topic"].tolist()
    assert all(found.names[row] == topics[row] for row in found.examples)
    assert (found.scores[found.examples] == 1).all()
    assert not set(found.examples) & set(found.least_certain(16))


def test_the_same_seed_gives_the_same_result_in_another_workspace(lab, corpus, tmp_path):
    first = lab.classification.few_shot(corpus, "tiny", COLUMN)
    other = Lab(tmp_path / "again")
    (other.workspace.root / "models").symlink_to(lab.workspace.root / "models")
    again = other.open_file(tmp_path / "rows.csv", text_column="text", label_column="topic")
    second = other.classification.few_shot(again.corpus_id, "tiny", COLUMN)
    np.testing.assert_array_equal(first.given, second.given)
    np.testing.assert_array_equal(first.scores, second.scores)
    third = lab.classification.few_shot(corpus, "tiny", replace(COLUMN, seed=1))
    assert first.examples != third.examples


def test_a_head_comes_back_from_its_file_and_even_without_it(lab, corpus):
    desk = lab.classification
    found = desk.few_shot(corpus, "tiny", COLUMN)
    head = desk.head_file(found)
    table = desk.use_head(corpus, "tiny", desk.read_head(head.to_bytes()))
    others = [row for row in range(22) if row not in found.examples]
    assert table["label"].tolist() == found.names.tolist()
    np.testing.assert_array_equal(table["probability"][others], found.scores[others])
    assert desk.test_head(corpus, "tiny", head, "topic").rows == 20
    for file in desk.folder.rglob("*.safetensors"):
        file.unlink()
    np.testing.assert_array_equal(desk.head_file(found).head.weights, head.head.weights)
    with pytest.raises(ModelError, match="learnt on the vectors of tiny"):
        desk.use_head(corpus, "other", head)


def test_labels_by_hand_are_learnt_and_new_ones_make_a_new_result(lab, corpus):
    desk = lab.classification
    with pytest.raises(DataError, match="No row has a label yet"):
        desk.few_shot(corpus, "tiny", HAND)
    label_by_hand(lab, corpus)
    found = desk.few_shot(corpus, "tiny", HAND)
    assert (len(found.examples), found.held_out) == (6, None)
    desk.labels.put(corpus, [6], "animals")
    assert desk.stored_few_shot(corpus, "tiny", HAND) is None
    assert desk.latest_few_shot(corpus, "tiny", HAND).run.run_id == found.run.run_id
    assert not set(desk.next_to_label(corpus, "tiny", 15, found)) & set(range(7))
    assert desk.hand_table(corpus)["label"].tolist() == ["animals", "money"] * 3 + ["animals"]
    for file in desk.folder.rglob("*.safetensors"):
        file.unlink()
    with pytest.raises(FileError, match="learn again"):
        desk.head_file(found)


def test_one_class_and_a_class_with_one_example(lab, corpus):
    desk = lab.classification
    desk.labels.add_class(corpus, "animals")
    desk.labels.put(corpus, [0, 2], "animals")
    with pytest.raises(DataError, match="only one class, “animals”"):
        desk.few_shot(corpus, "tiny", HAND)
    desk.labels.add_class(corpus, "money")
    desk.labels.put(corpus, [1], "money")
    found = desk.few_shot(corpus, "tiny", HAND)
    assert "“money” has one example only" in found.note
    assert found.names[1] == "money"


def test_the_curve_is_kept_and_shots_do_not_matter_to_it(lab, corpus):
    curve = lab.classification.curve(corpus, "tiny", COLUMN)
    assert [point.shots for point in curve.points] == [1, 2, 4, 8]
    assert lab.classification.stored_curve(corpus, "tiny", replace(COLUMN, shots=5)) == curve
    assert lab.classification.stored_curve(corpus, "tiny", replace(COLUMN, seed=1)) is None


def test_fine_tuning_is_compared_on_rows_held_out(lab, corpus, monkeypatch):
    monkeypatch.setattr(classification_tuning, "_LEAST_STEPS", 2)
    config = FewShotConfig(column="topic", shots=6)
    tuned = lab.classification.tune(corpus, "tiny", config)
    assert tuned.before.rows == tuned.after.rows == 8
    assert tuned.gain == pytest.approx(tuned.after.accuracy - tuned.before.accuracy)
    assert tuned.low <= tuned.gain <= tuned.high
    stored = lab.classification.stored_tuning(corpus, "tiny", config)
    assert replace(stored, run=tuned.run) == tuned
    label_by_hand(lab, corpus, per_class=2)
    with pytest.raises(DataError, match="at least three rows of two classes"):
        lab.classification.tune(corpus, "tiny", HAND)


def test_a_job_does_what_was_asked(lab, corpus):
    desk = lab.classification
    job = desk.start("few_shot", corpus, "tiny", COLUMN)
    assert desk.job("few_shot", corpus, "tiny", COLUMN).job_id == job.job_id
    lab.run_job(job.spec, lambda *_: None)
    assert desk.stored_few_shot(corpus, "tiny", COLUMN) is not None
    with pytest.raises(DataError, match="no column 'nothing'"):
        desk.start("few_shot", corpus, "tiny", FewShotConfig(column="nothing"))


def test_deleting_a_corpus_takes_labels_and_heads_with_it(lab, corpus):
    label_by_hand(lab, corpus)
    lab.classification.few_shot(corpus, "tiny", HAND)
    lab.delete_corpus(corpus)
    left = [*lab.classification.folder.rglob("*.safetensors")]
    assert left == []
    assert lab.classification.labels.read(corpus).labels == {}


@pytest.mark.parametrize("way", ["names", "column", "hand", "head"])
def test_the_exported_script_makes_the_same_table(lab, corpus, way, tmp_path, monkeypatch):
    desk = lab.classification
    label_by_hand(lab, corpus)
    if way == "names":
        found = desk.zero_shot(corpus, "tiny", ["it's", 'a "name"'], "")
    else:
        found = desk.few_shot(corpus, "tiny", HAND if way == "hand" else COLUMN)
    table, script = desk.table(found), desk.as_script(found)
    monkeypatch.chdir(tmp_path)
    if way == "head":
        desk.head_file(found).write(Path("a head.safetensors"))
        script = desk.head_script(corpus, "tiny", "a head.safetensors")
        table = desk.use_head(corpus, "tiny", desk.head_file(found))
    desk.labels.put(corpus, [8], "money")  # what was labelled since changes nothing
    before = desk.labels.read(corpus)
    Path("script.py").write_text(script, encoding="utf-8")
    made = runpy.run_path("script.py")
    pd.testing.assert_frame_equal(made["table"], table)
    assert desk.labels.read(corpus) == before
    assert len(pd.read_csv("labels.csv")) == 22


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"source": "nobody"}, "hand or column"),
        ({}, "Choose the column"),
        ({"column": "a", "shots": -1}, "shots=-1"),
        ({"column": "a", "held_out": 1.0}, "held_out"),
        ({"column": "a", "seed": -1}, "seed"),
    ],
)
def test_settings_that_cannot_be(values, sentence):
    with pytest.raises(DataError, match=sentence):
        FewShotConfig(**values)


def test_settings_come_back_from_json():
    config = FewShotConfig(column="a", shots=3, spread=False, seed=7)
    assert FewShotConfig.from_dict(config.to_dict() | {"labels": "x"}) == config
    names = ZeroShotConfig(("a ", "b"), "")
    assert ZeroShotConfig.from_dict(names.to_dict()) == names


def test_cells_become_names_and_columns_of_the_user_keep_theirs():
    assert words_of(["a  b", None, float("nan"), 3.0, 2.5, 7, pd.NA, "nan"]) == [
        *("a b", "", "", "3", "2.5", "7", "", "nan")
    ]
    frame = beside(pd.DataFrame({"label": [1], "label_2": [2]}), {"label": ["x"]})
    assert frame.iloc[0].tolist() == [1, 2, "x"]
    assert list(frame.columns) == ["label", "label_2", "label_3"]
