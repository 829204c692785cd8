"""The comparison desk: what is measured, kept and refused, on vectors that are made up."""

import numpy as np
import pandas as pd
import pytest

from sbert_core.comparison import CompareConfig, Comparison
from sbert_core.comparison_desk import disk_bytes, sentences_per_second
from sbert_core.errors import Cancelled, DataError
from sbert_core.lab import Lab

A, B, C = "bert-mini", "minilm", "bert-mini:cls"  # 256, 384 and 256 dimensions
TOPICS = 4


@pytest.fixture
def lab(monkeypatch):
    lab = Lab()
    monkeypatch.setattr(lab.jobs, "ensure_worker", lambda: None)  # jobs stay in the queue
    dims = {model: lab.resolve(model).dims for model in (A, B, C)}
    fakes = {model: _Fake(dims[model]) for model in dims}
    monkeypatch.setattr(lab, "encoder", fakes.__getitem__)
    return lab


class _Fake:
    def __init__(self, dims):
        self.dims = dims

    def encode(self, texts, progress=None):
        return np.ones((len(texts), self.dims), np.float32)


def add_corpus(lab, texts, **columns):
    return lab.workspace.add_corpus(
        pd.DataFrame({"text": texts, **columns}),
        name="made up",
        text_column="text",
        label_column="topic" if "topic" in columns else None,
        report={},
    )


def give_vectors(lab, info, model, vectors):
    resolved = lab.resolve(model)
    wide = np.zeros((info.rows, resolved.dims), np.float32)
    wide[:, : vectors.shape[1]] = vectors
    record = lab.results.record("embed", info.corpus_id, resolved, {}, {"truncated": 0}, 0.0)
    lab.workspace.save_vectors(info.corpus_id, resolved.key, wide, record)


def topical(rows, noise, seed=0):
    rng = np.random.default_rng(seed)
    middles = np.eye(TOPICS, 12)[np.arange(rows) % TOPICS]
    return (middles + noise * rng.normal(size=(rows, 12))).astype(np.float32)


@pytest.fixture
def info(lab):
    """Forty sentences in four topics: A sees the topics, B a little, C not at all."""
    texts = [f"sentence number {row}" for row in range(40)]
    info = add_corpus(lab, texts, topic=[f"t{row % TOPICS}" for row in range(40)])
    for model, noise in ((A, 0.05), (B, 0.5), (C, 30.0)):
        give_vectors(lab, info, model, topical(40, noise))
    return info


def test_a_comparison_tells_a_good_encoder_from_a_bad_one(lab, info):
    found = lab.comparison.compare(info.corpus_id, [C, B, A])
    bad, fair, good = found.encoders
    assert found.models == (C, B, A)
    assert good.knn_label_accuracy == 1.0 == good.v_measure
    assert good.knn_label_accuracy > fair.knn_label_accuracy > bad.knn_label_accuracy
    assert found.k == TOPICS == found.label_count
    assert found.label_baseline == 0.25
    assert (good.dims, fair.dims) == (256, 384)
    assert good.parameters > 1e6
    assert good.disk_bytes > 1e6
    assert good.sentences_per_second > 0
    assert "100 under bert-mini" in found.headline
    assert found.pair(A, B).knn_overlap > found.pair(A, C).knn_overlap
    assert all(0 <= pair.map_overlap <= 1 for pair in found.agreement)
    assert len(found.agreement) == 3


def test_what_is_stored_is_all_that_a_page_draws(lab, info, monkeypatch):
    made = lab.comparison.compare(info.corpus_id, [A, B])
    monkeypatch.setattr(lab.workspace, "vectors", lambda *_: pytest.fail("vectors were read"))
    monkeypatch.setattr(lab, "encoder", lambda _: pytest.fail("a model was loaded"))
    found = lab.comparison.stored(info.corpus_id, [A, B])
    assert isinstance(found, Comparison)
    assert found.run == made.run
    assert found.encoders == made.encoders
    assert [points.shape for points in (*found.maps, *found.redrawn)] == [(40, 2)] * 4
    assert [near.shape for near in found.near] == [(40, 10)] * 2
    assert found.row_overlap(0, 1).mean() == pytest.approx(found.agreement[0].knn_overlap)
    assert found.mean_row_overlap().shape == (40,)
    vectors = topical(40, 0.05)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units[7]
    cosines[7] = -2
    assert set(found.near[0][7]) == set(np.argsort(-cosines)[:10])
    assert found.cosines[0][7][0] == pytest.approx(cosines.max(), abs=1e-3)


def test_other_requests_are_other_comparisons(lab, info):
    lab.comparison.compare(info.corpus_id, [A, B])
    assert lab.comparison.stored(info.corpus_id, [B, A]) is None
    assert lab.comparison.stored(info.corpus_id, [A, B], CompareConfig(seed=1)) is None
    assert lab.comparison.stored(info.corpus_id, [A, B], CompareConfig(label_column="")) is None
    # The corpus's own label column is the default, so naming it asks for the same.
    assert lab.comparison.stored(info.corpus_id, [A, B], CompareConfig(label_column="topic"))


def test_the_same_space_agrees_with_itself_and_the_dice_are_named(lab, info):
    give_vectors(lab, info, B, topical(40, 0.05))
    found = lab.comparison.compare(info.corpus_id, [A, B])
    (pair,) = found.agreement
    assert pair.knn_overlap == 1.0
    assert pair.cka == pytest.approx(1, abs=1e-5)
    assert pair.rank_correlation == pytest.approx(1, abs=1e-5)
    assert pair.map_overlap == 1.0
    assert pair.cka_shuffled < 0.5
    assert "no more than the dice" in found.about_chance


def test_an_encoder_that_has_collapsed_gets_a_sentence_and_no_number(lab, info):
    give_vectors(lab, info, B, np.ones((40, 3), np.float32))
    found = lab.comparison.compare(info.corpus_id, [A, B])
    flat = found.encoders[1]
    assert "gives every sentence the same vector" in flat.note
    assert flat.note in found.notes
    assert (flat.knn_label_accuracy, flat.silhouette, flat.v_measure) == (None, None, None)
    assert flat.random_pair_cosine == pytest.approx(1)
    assert flat.effective_rank == 1.0
    (pair,) = found.agreement
    assert (pair.knn_overlap, pair.cka, pair.rank_correlation) == (None, None, None)
    assert found.about_chance == ""


def test_five_rows_are_compared_and_a_copy_counts_once(lab):
    info = add_corpus(lab, ["a b", "c d", "e f", "g h", "a b"])
    for seed, model in enumerate((A, B)):
        vectors = topical(5, 1.0, seed)
        vectors[4] = vectors[0]
        give_vectors(lab, info, model, vectors)
    found = lab.comparison.compare(info.corpus_id, [A, B])
    assert (found.distinct, found.neighbours, found.k) == (4, 1, 2)
    assert found.chance_overlap == pytest.approx(1 / 3)
    assert found.counted.tolist() == [True, True, True, True, False]
    assert (found.near[0][4] == found.near[0][0]).all()
    assert 4 not in found.near[0]
    assert found.notes == ("1 row is an exact copy of another one and counts once with it.",)
    assert np.isfinite(np.concatenate(found.maps)).all()
    assert found.label_column == ""
    assert "nearest neighbour" in found.headline


@pytest.mark.parametrize("texts", [["only one"], ["the same"] * 30, ["a b", "c d"]])
def test_a_corpus_without_a_choice_of_neighbours_is_refused_in_a_sentence(lab, texts):
    info = add_corpus(lab, texts)
    for model in (A, B):
        give_vectors(lab, info, model, np.ones((len(texts), 2), np.float32))
    with pytest.raises(DataError, match="at least 3 different sentences"):
        lab.comparison.compare(info.corpus_id, [A, B])


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        ([], "Choose 2 to 4 encoders"),
        ([A], "at least one more encoder"),
        ([A, A], "are the same encoder"),
        ([A, B, f"{A}:mean"], "are the same encoder"),
        ([A, B, C, "bert-mini:max", "sbert-mini"], "Choose 2 to 4 encoders.*here are 5"),
    ],
)
def test_a_wrong_choice_of_encoders_is_refused_in_a_sentence(lab, info, models, sentence):
    for ask in (lab.comparison.compare, lab.comparison.stored, lab.comparison.start):
        with pytest.raises(DataError, match=sentence):
            ask(info.corpus_id, models)


def test_a_column_that_is_not_there_is_refused_in_a_sentence(lab, info):
    with pytest.raises(DataError, match=r"no column “colour”.*text, topic"):
        lab.comparison.compare(info.corpus_id, [A, B], CompareConfig(label_column="colour"))


def test_a_column_that_cannot_judge_is_left_out_and_named(lab):
    texts = [f"sentence {row}" for row in range(20)]
    info = add_corpus(lab, texts, number=list(range(20)), same=["x"] * 20)
    for model in (A, B):
        give_vectors(lab, info, model, topical(20, 0.3))
    for column, why in (("number", "too many"), ("same", "fewer than two")):
        config = CompareConfig(label_column=column)
        found = lab.comparison.compare(info.corpus_id, [A, B], config)
        assert why in found.notes[0]
        assert found.label_count == 0
        assert found.encoders[0].knn_label_accuracy is None
        assert "share" in found.headline


@pytest.mark.parametrize("wrong", [{"k": 1}, {"neighbours": 0}, {"seed": -1}])
def test_a_setting_out_of_range_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(DataError, match=name):
        CompareConfig(**wrong)


def test_a_job_says_all_that_it_needs_and_can_be_cancelled(lab, info):
    job = lab.comparison.start(info.corpus_id, [A, B], CompareConfig(k=3))
    assert job.spec.kind == "compare"
    assert job.spec.title == "Compare 2 encoders on made up"
    assert lab.comparison.job(info.corpus_id, [A, B], CompareConfig(k=3)).job_id == job.job_id
    assert lab.comparison.job(info.corpus_id, [A, B]) is None
    said = []

    def cancel(done, total, message=""):
        said.append(message)
        if "timing" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        lab.comparison.run_job(job.spec, cancel)
    assert any(message.startswith("encoder 2 of 2, minilm: ") for message in said)
    config = CompareConfig(k=3)
    assert lab.comparison.stored(info.corpus_id, [A, B], config) is None
    lab.comparison.run_job(job.spec, lambda done, total, message="": None)
    assert lab.comparison.stored(info.corpus_id, [A, B], config).k == 3


def test_what_is_not_embedded_is_named(lab, info):
    assert lab.comparison.not_embedded(info.corpus_id, [A, "sbert-mini"]) == ["sbert-mini"]


def test_encoders_are_timed_in_turns_on_the_same_sentences():
    seen = []
    rates = sentences_per_second(
        [
            lambda texts: seen.append(("a", len(texts))),
            lambda texts: seen.append(("b", len(texts))),
        ],
        ["x"] * 20,
    )
    assert seen == [("a", 8), ("b", 8), *[("a", 20), ("b", 20)] * 3]
    assert all(rate > 0 for rate in rates)


def test_the_size_on_disk_is_that_of_the_weights(lab):
    resolved = lab.resolve(A)
    assert disk_bytes(resolved) == (resolved.folder / "model.safetensors").stat().st_size
