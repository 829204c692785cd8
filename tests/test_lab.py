"""The front desk on the bundled sample: what pages and commands rely on."""

import numpy as np
import pytest

from sbert_core import sample
from sbert_core.errors import DataError, ModelError, WorkspaceError
from sbert_core.lab import ClusterConfig, Lab, ProjectionConfig, to_csv


@pytest.fixture
def lab():
    lab = Lab()
    sample.install(lab)
    return lab


@pytest.fixture
def info(lab):
    return sample.find(lab)


def test_the_sample_arrives_with_vectors_map_and_groups_and_needs_no_model(lab, info, monkeypatch):
    monkeypatch.setattr(lab, "encoder", lambda model: pytest.fail("a model was loaded"))
    assert lab.is_embedded(info.corpus_id, "minilm")
    assert lab.embed(info.corpus_id).cached
    assert lab.map(info.corpus_id).coordinates.shape == (720, 2)
    grouped = lab.cluster(info.corpus_id)
    assert lab.agreement(grouped, "topic").v_measure > 0.75
    assert len(sample.shipped_pair()["scores"]) >= 4


def test_the_shipped_results_are_what_this_code_computes(lab, info):
    vectors = lab.workspace.vectors(info.corpus_id, sample_key(lab))
    texts = lab.texts(info.corpus_id, range(0, 720, 60))
    fresh = lab.encoder("minilm").encode(texts)
    assert (fresh * vectors[::60]).sum(axis=1).min() > 0.999
    config = ClusterConfig(k=12)
    assert lab.cluster(info.corpus_id, config=config).k == 12


def sample_key(lab):
    return lab.stored_map(sample.find(lab).corpus_id, "minilm").run.encoder_key


def test_a_result_is_made_once_and_found_by_its_request(lab, info):
    config = ProjectionConfig(method="pca")
    assert lab.stored_map(info.corpus_id, "minilm", config) is None
    first = lab.map(info.corpus_id, config=config)
    again = lab.map(info.corpus_id, config=config)
    assert again.run == first.run
    assert (again.coordinates == first.coordinates).all()
    assert lab.stored_map(info.corpus_id, "minilm", config).run == first.run
    # What was asked for last does not stand in for what is asked for now.
    assert lab.stored_map(info.corpus_id, "minilm").method == "umap"


def test_a_rows_own_text_is_placed_on_its_point_and_nothing_moves(lab, info):
    drawn = lab.map(info.corpus_id)
    before = drawn.coordinates.copy()
    rows = [3, 100, 500]
    placed = lab.place(drawn, lab.texts(info.corpus_id, rows))
    spread = np.ptp(before, axis=0).max()
    assert np.abs(placed - before[rows]).max() < 0.02 * spread
    assert (drawn.coordinates == before).all()
    with pytest.raises(DataError, match="blank"):
        lab.place(drawn, ["  "])


def test_neighbours_are_the_rows_of_highest_cosine(lab, info):
    vectors = lab.vectors(info.corpus_id)
    (found,) = lab.neighbours(info.corpus_id, "minilm", [42], k=5)
    cosines = vectors @ vectors[42]
    cosines[42] = -2
    assert [n.row for n in found] == np.argsort(-cosines)[:5].tolist()
    assert found[0].cosine == pytest.approx(cosines.max(), abs=1e-5)
    assert found[0].text == lab.texts(info.corpus_id, [found[0].row])[0]


def test_random_pairs_put_a_cosine_in_its_place(lab, info):
    yardstick = lab.random_pairs(info.corpus_id, "minilm")
    assert not yardstick.sampled
    assert yardstick.percentile(-1.1) == 0
    assert yardstick.percentile(1.1) == 100
    assert 45 < yardstick.percentile(float(np.median(yardstick.cosines))) < 55
    vectors = lab.vectors(info.corpus_id)
    every = (vectors @ vectors.T)[np.triu_indices(720, 1)]
    assert yardstick.mean == pytest.approx(every.mean(), abs=0.01)


def test_random_pairs_of_an_encoder_without_vectors_come_from_a_sample(lab, info):
    yardstick = lab.random_pairs(info.corpus_id, "minilm:mean_sqrt_len")
    assert (yardstick.sampled, yardstick.rows) == (True, 400)


def test_a_name_of_ones_own_stays(lab, info):
    grouped = lab.cluster(info.corpus_id)
    lab.rename_cluster(grouped.run.run_id, 2, "  Things that   break ")
    assert lab.cluster(info.corpus_id).names[2] == "Things that break"
    with pytest.raises(DataError, match="at least one character"):
        lab.rename_cluster(grouped.run.run_id, 2, " ")


def test_the_table_holds_results_and_leaves_the_users_own_columns_alone(lab):
    text = "text,cluster,x\n" + "".join(f"sentence {i},mine {i},{i}\n" for i in range(12))
    info = lab.add_corpus(lab.read(text.encode(), name="own.csv"))
    grouped = lab.cluster(info.corpus_id, config=ClusterConfig(k=3))
    drawn = lab.map(info.corpus_id, config=ProjectionConfig(method="pca"))
    table = lab.table(info.corpus_id, [5, 2], clusters=grouped, drawn=drawn)
    assert table["cluster"].tolist() == ["mine 5", "mine 2"]
    assert table["cluster_2"].tolist() == grouped.labels[[5, 2]].tolist()
    assert table["x_2"].tolist() == pytest.approx(drawn.coordinates[[5, 2], 0].tolist())
    assert b"cluster_name" in to_csv(table)


def test_another_label_column_of_a_known_file_is_taken_over(lab):
    data = b"text,a,b\n" + b"".join(b"sentence number %d,x,y\n" % i for i in range(9))
    first = lab.add_corpus(lab.read(data, name="f.csv", label_column="a"))
    second = lab.add_corpus(lab.read(data, name="f.csv", label_column="b"))
    assert (first.corpus_id, second.label_column) == (second.corpus_id, "b")
    assert lab.known_corpus(lab.read(data, name="f.csv")).corpus_id == first.corpus_id


def test_deleting_a_corpus_takes_its_results_and_jobs(lab, info, monkeypatch):
    monkeypatch.setattr(lab.jobs, "ensure_worker", lambda: None)
    lab.start("cluster", info.corpus_id, "minilm", ClusterConfig(k=5))
    lab.delete_corpus(info.corpus_id)
    assert lab.jobs.jobs(info.corpus_id) == []
    with pytest.raises(WorkspaceError):
        lab.corpus(info.corpus_id)
    assert sample.find(lab) is None


def test_a_cancelled_job_is_not_started_again_by_itself(lab, info, monkeypatch):
    monkeypatch.setattr(lab.jobs, "ensure_worker", lambda: None)
    job = lab.start("cluster", info.corpus_id, "minilm", ClusterConfig(k=5))
    lab.jobs.cancel(job.job_id)
    again = lab.start("cluster", info.corpus_id, "minilm", ClusterConfig(k=5), again=False)
    assert again.status == "cancelled"
    assert lab.start("cluster", info.corpus_id, "minilm", ClusterConfig(k=5)).active


def test_an_encoder_that_is_not_at_hand_is_refused_before_it_is_queued(lab, info):
    with pytest.raises(ModelError, match="folder"):
        lab.start("embed", info.corpus_id, "bert-base")
    assert lab.jobs.jobs() == []


def test_encoders_at_hand_all_load(lab):
    at_hand = lab.encoders_at_hand()
    assert at_hand[:3] == ["sbert-mini", "sbert-mini-nli", "minilm"]
    assert "minilm:cls" in at_hand
    assert "minilm:mean" not in at_hand
    a, b = lab.similarity("a cat", "a dog", at_hand[:2])
    assert -1 <= a.cosine <= 1
    assert a.cosine != b.cosine


def test_a_sentence_longer_than_the_encoder_reads_is_said(lab):
    (score,) = lab.similarity("word " * 400, "a dog", ["minilm"])
    assert score.truncated
