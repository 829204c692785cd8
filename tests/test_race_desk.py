"""The race desk on tiny encoders: what is measured is kept, and bad input gets a sentence."""

import numpy as np
import pytest
import torch

from sbert_core import race_desk
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.errors import Cancelled, DataError, ModelError
from sbert_core.judged_search import SearchFiles, bundled_search, read_search
from sbert_core.lab import Lab

from .encoders.tiny_models import WORDS, bert_model, bert_tokenizer, write_checkpoint

SIZES = (5, 40)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Time boxes of a test."""
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.05)
    monkeypatch.setattr(race_desk, "RACE_SIZES", SIZES)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace with a tiny encoder and cross-encoders of one label and of three."""
    root = tmp_path_factory.mktemp("workspace")
    base = write_checkpoint(root / "models" / "tiny", bert_tokenizer(), bert_model)
    CrossEncoder.start(base, 1).save(root / "models" / "judge")
    CrossEncoder.start(base, 3).save(root / "models" / "nli")
    return root


@pytest.fixture
def lab(root, monkeypatch):
    lab = Lab(root)
    monkeypatch.setattr(lab.jobs, "ensure_worker", lambda: None)
    return lab


def corpus(lab, texts):
    content = "text\n" + "\n".join(texts)
    return lab.add_corpus(lab.read(content.encode(), name="c.csv", text_column="text")).corpus_id


@pytest.fixture
def sentences(lab):
    return corpus(lab, [f"the {a} {b}" for a in WORDS[1:5] for b in WORDS[5:10]])


# --- all pairs ---------------------------------------------------------------------------------


def test_a_race_is_measured_kept_and_found_again(lab, sentences):
    assert lab.race.stored_race(sentences, "tiny", "judge") is None
    found = lab.race.race(sentences, "tiny", "judge")
    assert [lap.sentences for lap in found.laps] == [5, 40]
    assert all(lap.bi_seconds > 0 for lap in found.laps)
    assert found.laps[0].cross_measured
    assert -1 <= found.laps[0].cosine <= 1
    assert "20 distinct sentences" in found.note
    assert lab.race.stored_race(sentences, "tiny", "judge") == found
    assert lab.race.stored_race(sentences, "tiny:cls", "judge") is None


def test_a_large_number_of_pairs_is_extrapolated(lab, sentences, monkeypatch):
    monkeypatch.setattr(race_desk, "WHOLE_S", 0.0)
    found = lab.race.race(sentences, "tiny", "judge")
    for lap in found.laps:
        assert not lap.cross_measured
        assert lap.cross_seconds == pytest.approx(lap.pairs / found.pairs_per_second)


def test_a_race_as_a_job(lab, sentences):
    job = lab.race.start_race(sentences, "tiny", "judge")
    assert job.active
    assert job.spec.corpus_id == lab.race.JOBS
    assert lab.race.race_job(sentences, "tiny", "judge").job_id == job.job_id
    lab.run_job(job.spec, lambda *_: None)
    assert lab.race.stored_race(sentences, "tiny", "judge") is not None


def test_a_race_can_be_cancelled(lab, sentences):
    def stop(done, total, message=""):
        if "sample" in message:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        lab.race.race(sentences, "tiny", "judge", stop)


def test_three_rows_race_and_one_does_not(lab):
    three = corpus(lab, ["the cat", "the dog", "my card"])
    assert len(lab.race.race(three, "tiny", "judge").laps) == 2
    with pytest.raises(DataError, match="two different sentences"):
        lab.race.race(corpus(lab, ["cat"]), "tiny", "judge")


def test_another_cross_encoder_of_the_same_name_is_another(lab, sentences, root):
    lab.race.race(sentences, "tiny", "judge")
    before = lab.race._identity("judge")
    CrossEncoder.start(root / "models" / "tiny", 1, seed=9).save(root / "models" / "judge")
    assert lab.race._identity("judge") != before
    assert lab.race.stored_race(sentences, "tiny", "judge") is None


# --- one query ---------------------------------------------------------------------------------


def test_both_rankings_hold_the_same_rows(lab, sentences):
    found = lab.race.rank(sentences, "the cat", "tiny", "judge", 6)
    assert [move.before for move in found.moves] == [1, 2, 3, 4, 5, 6]
    assert sorted(move.after for move in found.moves) == [1, 2, 3, 4, 5, 6]
    cosines = [move.cosine for move in found.moves]
    assert cosines == sorted(cosines, reverse=True)
    scores = [move.score for move in found.reranked]
    assert scores == sorted(scores, reverse=True)
    assert sum(move.climbed for move in found.moves) == 0
    texts = lab.texts(sentences)
    assert all(texts[move.row] == move.text for move in found.moves)
    nearest = lab.vectors(sentences, "tiny") @ lab.encoder("tiny").encode(["the cat"])[0]
    lengths = np.linalg.norm(lab.vectors(sentences, "tiny"), axis=1)
    assert found.moves[0].row == int((nearest / lengths).argmax())


def test_of_more_candidates_than_rows_all_are_taken_and_repeated_rows_count_once(lab):
    few = corpus(lab, ["the cat", "the dog", "the cat"])
    found = lab.race.rank(few, "cat", "tiny", "judge", 50)
    assert len(found.moves) == 2
    assert "only 2 distinct sentences" in found.note


@pytest.mark.parametrize("query", ["", "  \n "])
def test_a_blank_query_is_refused(lab, sentences, query):
    with pytest.raises(DataError, match="query is blank"):
        lab.race.rank(sentences, query, "tiny", "judge")


def test_what_cannot_rank_is_refused(lab, sentences):
    with pytest.raises(DataError, match="3 labels"):
        lab.race.rank(sentences, "cat", "tiny", "nli")
    with pytest.raises(ModelError, match="no cross-encoder"):
        lab.race.rank(sentences, "cat", "tiny", "nowhere")
    with pytest.raises(DataError, match="k=0"):
        lab.race.rank(sentences, "cat", "tiny", "judge", 0)


# --- quality against candidates ----------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    (tmp_path / "docs.tsv").write_text("doc_id\ttext\n1\tthe cat\n2\tthe dog\n3\tmy card\n")
    (tmp_path / "queries.tsv").write_text("query_id\ttext\na\tcat\nb\tcard\n")
    (tmp_path / "qrels.tsv").write_text("query_id\tdoc_id\trelevance\na\t1\t1\nb\t3\t1\n")
    return SearchFiles(*(str(tmp_path / f"{name}.tsv") for name in ("docs", "queries", "qrels")))


def test_depths_are_measured_kept_and_follow_the_content(lab, files, tmp_path):
    job = lab.race.start_depths(files, "tiny", "judge")
    lab.run_job(job.spec, lambda *_: None)
    curve = lab.race.stored_depths(files, "tiny", "judge")
    assert [score.depth for score in curve.depths] == [0, 3]
    assert (curve.documents, curve.queries, curve.data) == (3, 2, "docs.tsv")
    assert all(0 < score.ndcg_at_10 <= 1 for score in curve.depths)
    assert curve.depths[0].milliseconds < curve.depths[1].milliseconds
    (tmp_path / "queries.tsv").write_text("query_id\ttext\na\tdog\nb\tcard\n")
    assert lab.race.stored_depths(files, "tiny", "judge") is None


def test_judgements_of_unknown_documents_are_refused_with_their_id(lab, files, tmp_path):
    (tmp_path / "qrels.tsv").write_text("query_id\tdoc_id\trelevance\na\t99\t1\n")
    with pytest.raises(DataError, match="'99'"):
        lab.race.depths(files, "tiny", "judge")


def test_two_files_are_no_search():
    with pytest.raises(DataError, match="three files"):
        SearchFiles("docs.tsv", "queries.tsv")


def test_the_bundled_search_asks_for_paraphrases():
    search = bundled_search()
    assert len(search.documents) == 450
    assert len(search.queries) == 92
    query = next(iter(search.queries))
    assert search.queries[query] == "The film bored us to tears."
    answer = next(iter(search.qrels[query]))
    assert search.documents[answer] == "We found the movie terribly dull."
    assert read_search(SearchFiles()) == search


# --- speed -------------------------------------------------------------------------------------


def test_speed_is_measured_kept_and_within_its_time(lab, sentences):
    assert lab.race.stored_speed(sentences, "tiny") is None
    found = lab.race.speed(sentences, "tiny", seconds=0.6)
    assert lab.race.stored_speed(sentences, "tiny") == found
    assert found.layers == 3
    assert found.hidden_size == 32
    assert found.peaks.keys() == {path.precision for path in found.paths}
    assert {cell.length for cell in found.cells} <= {8, 16, 32, 64}  # it reads 64 tokens
    for measured in (*found.paths, *found.cells):
        assert measured.sentences_per_second > 0
        assert 0 < measured.share < 2


def test_speed_as_a_job(lab, sentences, monkeypatch):
    monkeypatch.setattr(race_desk.RaceDesk.speed_of, "__defaults__", (lambda *_: None, 0.3))
    monkeypatch.setattr(race_desk.RaceDesk.speed, "__defaults__", (lambda *_: None, 0.3))
    job = lab.race.start_speed(sentences, "tiny")
    assert lab.race.speed_job(sentences, "tiny").job_id == job.job_id
    lab.run_job(job.spec, lambda *_: None)
    assert lab.race.stored_speed(sentences, "tiny") is not None
