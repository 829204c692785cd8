"""The Sentence pair page without a browser: why, what is inside, links, and odd sentences."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint
from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/4_Sentence_pair.py"


@pytest.fixture
def app(monkeypatch):
    """The page on the bundled sample, with a tiny encoder and nothing else to wait for."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.chdir(ROOT)
    lab = Lab()
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.session_state["kept_pair_models"] = ["tiny"]
    at.session_state["kept_explain_model"] = "tiny"
    return healthy(healthy(at.run()).switch_page(PAGE).run())


def typed(at, a, b):
    at.text_area(key="pair_a").set_value(a)
    return at.text_area(key="pair_b").set_value(b).run()


def how(at):
    return next(
        control for control in at.segmented_control if str(control.key).startswith("explain_by")
    )


def linked(at, **parts):
    for name, value in parts.items():
        at.query_params[name] = value
    return at.run()


def test_it_says_why_with_the_share_of_special_tokens_and_no_attention(app):
    assert "Why is this pair similar?" in words(app)
    assert "comes from pairs with a special token" in words(app)
    assert "Attention is not used" in words(app)
    assert "The pairs that add most" in words(app)
    html = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "parcel" in html and "package" in html


def test_every_method_can_be_chosen(app):
    for method in ("gradients", "words"):
        how(app).set_value(method).run()
        assert "left over" in words(healthy(app))
        (table,) = [t.value for t in app.dataframe if "left over" in t.value]
        parts = table.iloc[:, 1] + table["its words add"] + table["left over"]
        assert parts.tolist() == pytest.approx(table["cosine"].tolist())


def test_an_encoder_that_is_no_sum_of_tokens_gets_gradients(app):
    app.selectbox(key="explain_model").set_value("tiny:cls").run()
    assert how(healthy(app)).value == "gradients"
    assert len(how(app).options) == 2


def test_the_encoder_is_opened_up_for_either_sentence(app):
    typed(app, "the cat", "my dog ran on the mat")
    assert "4 tokens" in words(healthy(app))
    app.segmented_control(key="anatomy_side").set_value("Second sentence").run()
    assert "8 tokens, sends them through 3 layers" in words(healthy(app))
    assert "one vector of 32 numbers" in words(app)


def test_a_link_fills_the_page_in_until_something_else_is_typed(app):
    at = healthy(linked(app, a="the cat", b="my dog", model="tiny:max"))
    assert at.text_area(key="pair_a").value == "the cat"
    assert at.text_area(key="pair_b").value == "my dog"
    assert at.selectbox(key="explain_model").value == "tiny:max"
    at.text_area(key="pair_a").set_value("the dog").run()
    assert at.text_area(key="pair_a").value == "the dog"
    assert "a" not in healthy(at).query_params
    at = healthy(linked(at, a="the cat", b="my dog"))
    assert at.text_area(key="pair_a").value == "the cat"


def test_a_link_survives_a_page_change(app):
    at = linked(app, a="the cat", b="my dog", model="tiny:max")
    at.switch_page("pages/1_Corpus.py").run()
    at = healthy(at.switch_page(PAGE).run())
    assert at.text_area(key="pair_b").value == "my dog"
    assert at.selectbox(key="explain_model").value == "tiny:max"


def test_a_link_to_an_unknown_encoder_is_one_sentence_and_the_page_goes_on(app):
    at = linked(app, a="the cat", b="my dog", model="tinny")
    assert not at.exception
    assert at.error and all("tinny" in error.value for error in at.error)
    assert at.text_area(key="pair_many").value


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("the", "the"),
        ("🙂", "👨‍👩‍👧"),
        ("東京", "Где?"),
        ("\u200b", "the cat"),
        ("<b>*[x](y)*</b>", "$x$ :red[y] `z`"),
        ("the cat sat on the mat. " * 417, "the dog " * 30),
    ],
    ids=["one word", "emoji", "other scripts", "nothing visible", "markup", "10,000 characters"],
)
def test_odd_sentences_are_explained_or_told_about(app, a, b):
    at = healthy(typed(app, a, b))
    assert ("Only the beginning" in words(at)) == (len(a) > 1000)
    assert ("strongest words of a sentence" in words(at)) == (len(a) > 1000)


def test_a_blank_sentence_leaves_the_rest_of_the_page(app):
    at = healthy(typed(app, "  ", "my dog"))
    assert "Type two sentences" in words(at)
    assert at.text_area(key="pair_many").value
