"""Every page, without a browser: with nothing loaded, with a corpus, and from page to page."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import sample
from sbert_core.lab import Lab

from .page_checks import words

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py"))
# Training, the benchmark and the lesson bring their own examples.
_ON_THEIR_OWN = {"pages/8_Train.py", "pages/9_Benchmark.py", "pages/10_Why_SBERT.py"}
OF_A_CORPUS = [page for page in PAGES if page not in _ON_THEIR_OWN]


@pytest.fixture
def app(monkeypatch):
    """The app at Home, on a workspace of its own that holds the bundled sample."""
    monkeypatch.chdir(ROOT)
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def assert_healthy(at):
    assert not at.exception, at.exception
    assert not at.error, at.error
    return at


def test_home_opens_on_the_sample_without_loading_a_model(app):
    import sys

    before = "torch" in sys.modules
    at = assert_healthy(app.run())
    assert "720 short messages" in words(at)
    assert "never leave this machine" in words(at)
    assert {button.label for button in at.button} >= {"Use my own file", "Compare encoders"}
    assert before or "torch" not in sys.modules


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_the_sample(app, page):
    at = assert_healthy(app.run())
    assert_healthy(at.switch_page(page).run())


@pytest.mark.parametrize("page", OF_A_CORPUS)
def test_a_page_with_nothing_loaded_says_how_to_begin(app, page):
    at = assert_healthy(app.run())
    lab = Lab()
    for info in lab.corpora():
        lab.delete_corpus(info.corpus_id)
    at = assert_healthy(at.switch_page(page).run())
    assert "no corpus on the table" in words(at)


def test_home_offers_the_sample_again_after_it_was_deleted(app):
    at = assert_healthy(app.run())
    lab = Lab()
    lab.delete_corpus(sample.find(lab).corpus_id)
    at = assert_healthy(at.run())
    at.button(key="home_bring_back").click().run()
    assert "720 short messages" in words(assert_healthy(at))


@pytest.mark.parametrize("order", [PAGES, PAGES[::-1]], ids=["forth", "back"])
def test_going_through_all_pages_in_both_orders(app, order):
    at = assert_healthy(app.run())
    for page in order:
        at = assert_healthy(at.switch_page(page).run())
    assert_healthy(at.switch_page("app.py").run())


def test_a_typed_pair_survives_a_page_change(app):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/4_Sentence_pair.py").run())
    at.text_area(key="pair_a").set_value("A blank stare").run()
    at.switch_page("pages/1_Corpus.py").run()
    at = assert_healthy(at.switch_page("pages/4_Sentence_pair.py").run())
    assert at.text_area(key="pair_a").value == "A blank stare"


def test_a_blank_sentence_and_too_many_sentences_get_a_sentence_back(app):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/4_Sentence_pair.py").run())
    at.text_area(key="pair_a").set_value("   ").run()
    assert "Type two sentences" in words(assert_healthy(at))
    at.text_area(key="pair_many").set_value("\n".join(map(str, range(51)))).run()
    assert not at.exception
    assert "2 to 50 sentences" in at.error[0].value


def test_a_broken_upload_gets_one_sentence_and_loses_nothing(app):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/1_Corpus.py").run())
    before = [info.corpus_id for info in Lab().corpora()]
    at.file_uploader[0].set_value(("x.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "text/csv")).run()
    assert not at.exception
    assert len(at.error) == 1
    assert "PNG" in at.error[0].value
    assert [info.corpus_id for info in Lab().corpora()] == before


def test_an_upload_is_reported_before_it_is_embedded(app):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/1_Corpus.py").run())
    rows = "text;topic\n" + "".join(
        f"This is message number {i};{'ab'[i % 2]}\n" for i in range(20)
    )
    at.file_uploader[0].set_value(("mine.csv", (rows + ";a\n").encode(), "text/csv")).run()
    assert_healthy(at)
    metrics = {metric.label: metric.value for metric in at.metric}
    assert metrics["Sentences"] == "20"
    assert metrics["Empty, dropped"] == "1"
    assert "separator semicolon" in words(at)
    assert at.button(key="corpus_embed").label == "Embed 20 sentences"


def test_an_encoder_that_needs_the_hub_says_so_and_the_page_goes_on(app):
    at = assert_healthy(app.run())
    picker = next(box for box in at.sidebar.selectbox if box.label == "Encoder")
    assert any("needs the hub" in option for option in picker.options)
    picker.set_value("bert-base").run()
    assert not at.exception
    (error,) = at.error
    assert "bert" in error.value
    assert "folder" in error.value
    assert_healthy(at.switch_page("pages/2_Map_and_clusters.py").run())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"text,label\n",
        b"PK\x03\x04 not a workbook",
        b"\x1f\x8b not a gzip",
        b"a,b\n" + b"\x00" * 50,
        b"   \n \n\t\n",
    ],
    ids=["empty", "only a mark", "header only", "zip", "gzip", "NUL bytes", "blank lines"],
)
def test_a_file_without_sentences_ends_in_one_sentence_on_the_page(app, data):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/1_Corpus.py").run())
    at.file_uploader[0].set_value(("x.csv", data, "text/csv")).run()
    assert not at.exception
    assert len(at.error) == 1
    assert len(at.error[0].value) > 20


@pytest.mark.parametrize(
    "data",
    [
        b"just one line without a header",
        b"n\n1\n2\n3\n",
        b'text,x\n"an unbalanced quote,1\nthe next line,2\nand one more,3\n',
        "text\n“smart quotes” and – dashes\n".encode("cp1252") * 3,
        "text\nこれは文です。\nそれも文です。\n".encode("shift-jis"),
        "text\na sentence here\n".encode("utf-16"),
        b"text\ra b c\r\nd e f\ng h i\n",
        b"text,text\na b c,d e f\n" * 2,
        (",".join(f"c{i}" for i in range(200)) + "\n" + ",".join(["a word"] * 200)).encode(),
    ],
    ids=[
        *("one line", "numbers only", "unbalanced quote", "cp1252", "Shift-JIS", "UTF-16"),
        *("mixed line ends", "twin columns", "200 columns"),
    ],
)
def test_a_strange_file_is_read_and_reported(app, data):
    at = assert_healthy(app.run())
    at = assert_healthy(at.switch_page("pages/1_Corpus.py").run())
    at.file_uploader[0].set_value(("x.csv", data, "text/csv")).run()
    assert_healthy(at)
    assert at.button(key="corpus_embed").label.startswith("Embed ")
