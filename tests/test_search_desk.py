"""The search desk: the modes against brute force, filters, fusion, re-ranking, and the index."""

import numpy as np
import pytest

from sbert_core import search_desk
from sbert_core.errors import DataError
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab
from sbert_core.search_desk import SearchDesk
from sbert_core.search_request import SearchRequest, parse_where

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

TEXTS = [
    "the cat sat",
    "a cat was sitting",
    "the dog ran",
    "where is my card",
    "my card is lost",
    "the cat and the dog",
    "我的银行卡丢了",
    "my cat has lost my card",
]
KINDS = ["animal", "animal", "animal", "bank", "bank", "animal", "bank", "both"]
STARS = [1, 2, 3, 4, 5, 5, 2, 1]


class Judge:
    """A cross-encoder that likes long texts."""

    def predict(self, pairs, progress=None):
        return np.array([len(text) / 100 for _, text in pairs], np.float32)


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    lab = Lab()
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    return lab


@pytest.fixture
def desk(lab):
    return SearchDesk(lab)


@pytest.fixture
def corpus(lab, tmp_path):
    path = tmp_path / "texts.csv"
    lines = [
        f"{text},{kind},{stars}" for text, kind, stars in zip(TEXTS, KINDS, STARS, strict=True)
    ]
    path.write_text("text,kind,stars\n" + "\n".join(lines), encoding="utf-8")
    return lab.open_file(path, text_column="text").corpus_id


def rows(result):
    return [hit.row for hit in result.hits]


def cosines(lab, corpus, query):
    matrix, asked = lab.vectors(corpus, "tiny"), lab.encoder("tiny").encode([query])[0]
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(asked)
    return matrix @ asked / norms


def test_by_meaning_equals_brute_force(lab, desk, corpus):
    found = desk.search(corpus, "a dog sat", SearchRequest(k=5), "tiny")
    expected = cosines(lab, corpus, "a dog sat")
    assert rows(found) == np.argsort(-expected)[:5].tolist()
    assert [hit.text for hit in found.hits] == [TEXTS[row] for row in rows(found)]
    np.testing.assert_allclose([h.cosine for h in found.hits], expected[rows(found)], atol=1e-5)
    assert found.engine == "exact" and found.model == "tiny"
    assert found.milliseconds == found.embedding + found.searching > 0


def test_by_words_needs_no_vectors(lab, desk, corpus):
    found = desk.search(corpus, "card", SearchRequest("keyword"), "no-such-model")
    assert set(rows(found)) == {3, 4, 7}
    assert [hit.score for hit in found.hits] == [hit.bm25 for hit in found.hits]
    assert found.engine == found.model == "" and found.embedding == 0
    assert not lab.is_embedded(corpus, "tiny")


def test_hybrid_is_the_reciprocal_rank_fusion_of_both(desk, corpus):
    by = {
        mode: desk.search(corpus, "lost cat", SearchRequest(mode, k=8), "tiny")
        for mode in ("semantic", "keyword", "hybrid")
    }
    ranks = [{row: i for i, row in enumerate(rows(by[m]), 1)} for m in ("semantic", "keyword")]
    expected = {row: sum(1 / (60 + rank[row]) for rank in ranks if row in rank) for row in ranks[0]}
    assert rows(by["hybrid"]) == sorted(expected, key=lambda row: (-expected[row], row))
    for hit in by["hybrid"].hits:
        assert hit.score == pytest.approx(expected[hit.row])
        assert hit.semantic_rank == ranks[0][hit.row]
        assert hit.keyword_rank == ranks[1].get(hit.row)


def test_many_at_once_are_the_same_as_one_by_one(desk, corpus):
    queries = ["the dog", " ", "card", "cat"]
    for mode in ("semantic", "keyword", "hybrid"):
        request = SearchRequest(mode, k=3)
        many = desk.search_many(corpus, queries, request, "tiny")
        assert [found.query for found in many] == ["the dog", "card", "cat"]
        for found in many:
            assert rows(found) == rows(desk.search(corpus, found.query, request, "tiny"))


def test_k_beyond_the_corpus_gives_every_row_once(desk, corpus):
    for mode in ("semantic", "hybrid"):
        found = desk.search(corpus, "cat", SearchRequest(mode, k=500), "tiny")
        assert sorted(rows(found)) == list(range(len(TEXTS)))


@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_a_filter_is_kept_to(desk, corpus, mode):
    request = SearchRequest(mode, where=(("kind", "bank"), ("kind", "both"), ("stars", "5")))
    assert rows(desk.search(corpus, "cat card", request, "tiny")) == [4]
    request = SearchRequest(mode, where=(("kind", "animal"),))
    assert {KINDS[row] for row in rows(desk.search(corpus, "cat card", request, "tiny"))} == {
        "animal"
    }


def test_a_filter_that_leaves_nothing_and_a_column_that_is_not_there(desk, corpus):
    with pytest.raises(DataError, match="No row of this corpus has kind = fish"):
        desk.search(corpus, "cat", SearchRequest(where=(("kind", "fish"),)), "tiny")
    with pytest.raises(DataError, match="colour"):
        desk.search(corpus, "cat", SearchRequest(where=(("colour", "red"),)), "tiny")


@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_an_empty_query_gets_a_sentence(desk, corpus, mode):
    with pytest.raises(DataError, match="The query is empty"):
        desk.search(corpus, "  \n", SearchRequest(mode), "tiny")


def test_a_query_longer_than_the_encoder_reads_is_answered_with_a_note(lab, desk, corpus):
    limit = lab.resolve("tiny").max_length
    found = desk.search(corpus, "cat " * limit, SearchRequest(), "tiny")
    assert len(found.hits) == len(TEXTS)
    assert f"first {limit} word pieces" in found.note
    assert desk.search(corpus, "cat", SearchRequest(), "tiny").note == ""


def test_another_script_finds_its_own_words_or_says_why_not(desk, corpus):
    assert rows(desk.search(corpus, "银行卡", SearchRequest("keyword"))) == [6]
    missing = desk.search(corpus, "карта", SearchRequest("keyword"))
    assert missing.hits == () and "No row has a word of this query" in missing.note
    assert desk.search(corpus, "карта", SearchRequest("hybrid", k=2), "tiny").hits


def test_more_like_a_row_leaves_the_row_out(lab, desk, corpus):
    near = np.argsort(-cosines(lab, corpus, TEXTS[0]))
    like = desk.like(corpus, 0, SearchRequest(k=3), "tiny")
    assert rows(like) == [row for row in near if row != 0][:3]
    for mode in ("keyword", "hybrid"):
        found = desk.like(corpus, 0, SearchRequest(mode, k=8), "tiny")
        assert 0 not in rows(found) and 1 in rows(found)


def test_a_cross_encoder_puts_the_candidates_into_its_order(lab, desk, corpus, monkeypatch):
    monkeypatch.setattr(Lab, "cross_encoder", lambda self, name: Judge(), raising=False)
    for mode in ("semantic", "keyword", "hybrid"):
        found = desk.search(corpus, "cat", SearchRequest(mode, k=3, rerank="judge"), "tiny")
        judged = [hit.judged for hit in found.hits]
        assert judged == sorted(judged, reverse=True) == [hit.score for hit in found.hits]
        assert rows(found)[:2] == [7, 5]  # the longest that are found at all
        assert found.reranking > 0


def test_rank_serves_texts_that_are_no_corpus(desk, monkeypatch):
    monkeypatch.setattr(Lab, "cross_encoder", lambda self, name: Judge(), raising=False)
    queries = ["lost card", "dog"]
    by_words = desk.rank(TEXTS, queries, "keyword", "no-such-model", 2)
    assert by_words == [[4, 7], [2, 5]]
    for mode in ("semantic", "hybrid"):
        ranked = desk.rank(TEXTS, queries, mode, "tiny", 100)
        assert [sorted(found) for found in ranked] == [list(range(len(TEXTS)))] * 2
    assert desk.rank(TEXTS, ["cat"], "keyword", "", 2, rerank="judge") == [[7, 5]]
    assert desk.rankers()["keyword"](TEXTS, queries, "tiny", 2) == by_words
    with pytest.raises(DataError, match="no documents"):
        desk.rank([], queries, "keyword", "tiny", 2)
    with pytest.raises(DataError, match="mode='fuzzy'"):
        desk.rank(TEXTS, queries, "fuzzy", "tiny", 2)


def test_a_batch_is_kept_with_its_record_and_read_back_without_searching(
    lab, desk, corpus, monkeypatch
):
    request = SearchRequest("hybrid", k=2)
    assert desk.stored_batch(corpus, ["cat", "card"], request, "tiny") is None
    run, found = desk.batch(corpus, ["cat", "card"], request, "tiny")
    assert (run.kind, run.parameters["queries"]) == ("search", ["cat", "card"])
    monkeypatch.setattr(SearchDesk, "search_many", None)
    again = SearchDesk(Lab()).stored_batch(corpus, ["cat", "card"], request, "tiny")
    assert again == (run, found)
    assert desk.stored_batch(corpus, ["cat"], request, "tiny") is None


def test_the_table_has_every_hit_and_the_users_columns(desk, corpus):
    found = desk.search_many(corpus, ["cat", "card"], SearchRequest("keyword", k=2), "tiny")
    table = desk.table(corpus, found)
    assert table["query"].tolist() == ["cat"] * 2 + ["card"] * 2
    assert table["rank"].tolist() == [1, 2, 1, 2]
    assert table["kind"].tolist() == [KINDS[row] for row in table["row"]]
    assert "cosine" not in table and "text" in table
    empty = desk.table(corpus, desk.search_many(corpus, ["zebra"], SearchRequest("keyword")))
    assert len(empty) == 0 and "kind" in empty


def test_values_of_a_column_as_a_filter_takes_them(desk, corpus):
    assert desk.values(corpus, "kind") == ["animal", "bank", "both"]
    for value in desk.values(corpus, "stars"):
        assert rows(desk.search(corpus, "cat", SearchRequest(where=(("stars", value),)), "tiny"))


def test_an_index_is_used_beyond_the_instant_size_and_can_be_overridden(
    lab, desk, corpus, monkeypatch
):
    auto = SearchRequest(k=3)
    assert desk.engine(corpus, "tiny", auto).instant
    monkeypatch.setattr(search_desk, "INSTANT_NUMBERS", 10)
    engine = desk.engine(corpus, "tiny", auto)
    assert (engine.kind, engine.instant, engine.info) == ("exact", False, None)
    assert desk.search(corpus, "cat", auto, "tiny").engine == "exact"

    job = desk.start_index(corpus, "tiny")
    desk.run_job(job.spec, lambda done, total, message="": None)
    engine = desk.engine(corpus, "tiny", auto)
    assert engine.kind == "approximate" and "of the true first ten" in engine.sentence
    found = desk.search_many(corpus, ["cat", "lost card"], auto, "tiny")
    exact = desk.search_many(
        corpus, ["cat", "lost card"], SearchRequest(k=3, engine="exact"), "tiny"
    )
    assert [f.engine for f in (found[0], exact[0])] == ["approximate", "exact"]
    assert [rows(f) for f in found] == [rows(f) for f in exact]  # it looks into every cell here
    measured = desk.recall(corpus, "tiny", ["cat", "lost card"])
    assert (measured.queries, measured.recall) == (2, 1.0)

    filtered = SearchRequest(where=(("kind", "bank"),), engine="approximate")
    assert desk.engine(corpus, "tiny", filtered).kind == "exact"
    monkeypatch.setattr(search_desk, "INSTANT_NUMBERS", 10**9)
    assert desk.search(corpus, "cat", auto, "tiny").engine == "exact"
    chosen = SearchRequest(engine="approximate")
    assert desk.search(corpus, "cat", chosen, "tiny").engine == "approximate"


def test_a_corpus_that_is_forgotten_leaves_no_index(desk, corpus):
    desk.search(corpus, "cat", SearchRequest("hybrid"), "tiny")
    assert (desk.folder / corpus).is_dir()
    desk.forget(corpus)
    assert not (desk.folder / corpus).exists()
    assert rows(desk.search(corpus, "dog", SearchRequest("keyword"))) == [2, 5]


def test_requests_are_checked_and_survive_json():
    with pytest.raises(DataError, match="k=0"):
        SearchRequest(k=0)
    with pytest.raises(DataError, match="engine='fast'"):
        SearchRequest(engine="fast")
    request = SearchRequest("hybrid", 5, (("a", "b=c"),), "cross-mini", "exact")
    assert SearchRequest.from_dict(request.to_dict()) == request
    assert parse_where(["a=b=c", " x = "]) == (("a", "b=c"), ("x", ""))
    with pytest.raises(DataError, match="COLUMN=VALUE"):
        parse_where(["topic"])
