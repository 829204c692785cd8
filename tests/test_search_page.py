"""The Search page without a browser: by each way, filtered, similar rows, several queries."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample, search_desk
from sbert_core.desk_results import SearchRequest
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/5_Search.py"


@pytest.fixture
def app(monkeypatch):
    """The Search page with the bundled sample on the table; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.chdir(ROOT)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return healthy(healthy(at.run()).switch_page(PAGE).run())


def look_for(at, query, way="keyword"):
    at.segmented_control(key="search_way_4").set_value(way).run()
    return at.text_input(key="search_query").set_value(query).run()


def button(at, label):
    return next(button for button in at.button if button.label == label)


def listed(at):
    return [m.value.partition(" · ")[2] for m in at.markdown if m.value.startswith("**")]


def test_it_opens_with_an_invitation(app):
    assert "Type what you are looking for" in words(app)


def test_by_words_it_lists_hits_with_their_scores_and_the_time(app):
    healthy(look_for(app, "parcel"))
    assert listed(app) and all("parcel" in text.lower() for text in listed(app))
    assert "BM25" in words(app) and " ms to search" in words(app)


def test_a_search_is_an_address(app):
    look_for(app, "parcel")
    assert app.query_params["q"] == "parcel"
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    other.query_params["q"] = "parcel"
    other.query_params["way"] = "keyword"
    healthy(other.run())
    other.query_params["q"] = "parcel"
    other.query_params["way"] = "keyword"
    assert listed(healthy(other.switch_page(PAGE).run())) == listed(app)


@pytest.mark.parametrize("query", ['"parcel AND (', "*", "title:x -y", "银行"])
def test_signs_are_no_syntax(app, query):
    found = healthy(look_for(app, query))
    # The words among the signs are looked for as words; signs alone have no word to look for.
    assert [error.value for error in found.error] == []
    assert found.query_params["q"] == query


def test_no_hits_say_why(app):
    assert "No row has a word of this query" in words(healthy(look_for(app, "zzzz")))


def test_similar_rows_and_the_way_back(app):
    look_for(app, "parcel")
    before = listed(app)
    button(app, "Similar").click().run()
    assert "More like row" in words(healthy(app))
    assert before[0] not in listed(app)
    button(app, "Back").click().run()
    assert listed(healthy(app)) == before


def test_a_filter_is_kept_to_and_one_that_leaves_nothing_says_so(app):
    lab = Lab()
    corpus = sample.find(lab).corpus_id
    topic = lab.workspace.frame(corpus, ["topic"])["topic"].iloc[0]
    query = lab.texts(corpus, [0])[0]
    look_for(app, query)
    app.selectbox(key="search_column").set_value("topic").run()
    key = next(box.key for box in app.multiselect if str(box.key).startswith("search_values"))
    app.multiselect(key=key).set_value([topic]).run()
    expected = lab.search.search(corpus, query, SearchRequest("keyword", where=(("topic", topic),)))
    rows = [f"row {hit.row + 1:,}" for hit in expected.hits]
    assert [c.value.split(" · ")[-1] for c in healthy(app).caption if " · row " in c.value] == rows
    assert len(rows) > 1
    app.session_state[f"kept_{key}"] = ["no such topic"]
    app.switch_page("pages/1_Corpus.py").run()
    app.switch_page(PAGE).run()
    assert "so there is nothing to search in" in app.error[0].value


def test_several_queries_make_a_table(app):
    look_for(app, "parcel")
    app.segmented_control(key="search_asking").set_value("Several queries").run()
    assert "one query a line" in words(healthy(app))
    app.text_area(key="search_many").set_value("parcel\n\nzzzz\ncard").run()
    button(app, "Search for 3 queries").click().run()
    assert "for 3 queries**, 1 of them without a hit" in words(healthy(app))
    assert set(app.dataframe[0].value["query"]) == {"parcel", "card"}


def test_a_corpus_without_vectors_can_be_searched_by_words_only(app, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("text\nthe cat sat on it\nthe dog ran off\n" * 5, encoding="utf-8")
    app.query_params["corpus"] = Lab().open_file(path).corpus_id
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.session_state["lab_corpus_id"] = app.query_params["corpus"]
    at = healthy(healthy(at.run()).switch_page(PAGE).run())
    assert "is not embedded" in words(at) and "by words works without" in words(at)
    assert "the dog ran off" in listed(healthy(look_for(at, "dogs")))


def test_beyond_the_instant_size_an_index_is_queued_and_said(app, monkeypatch):
    monkeypatch.setattr(search_desk, "INSTANT_NUMBERS", 10)
    look_for(app, "my parcel is late", "semantic")
    assert "An index would be faster" in words(healthy(app))
    jobs = [job for job in Lab().jobs.jobs() if job.spec.kind == "index"]
    assert len(jobs) == 1 and jobs[0].active
    assert listed(app)
