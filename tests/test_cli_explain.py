"""`explain`: promised fields, sums, and words for a terminal."""

import argparse
import json

import pytest

from sbert_core.cli_explain import add_explain, explain_text
from sbert_core.errors import DataError
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint


@pytest.fixture
def explain(tmp_path):
    root = tmp_path / "workspace"
    write_checkpoint(Lab(root).workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    parser = argparse.ArgumentParser()
    add_explain(parser.add_subparsers())

    def run(*words):
        options = parser.parse_args(["explain", *words, "--workspace", str(root)])
        return options.run(options)

    return run


def test_fields_are_json_and_sum_to_the_cosine(explain):
    answer = json.loads(json.dumps(explain("the cat sat", "my dog ran", "--model", "tiny")))
    assert set(answer) == {
        *("model", "pooling", "method", "cosine", "a", "b"),
        *("special_share", "pairs", "matrix"),
    }
    assert answer["method"] == "tokens"
    assert sum(map(sum, answer["matrix"])) == pytest.approx(answer["cosine"], abs=1e-5)
    words = answer["a"]["words"]
    assert [word["text"] for word in words] == ["[CLS]", "the", "cat", "sat", "[SEP]"]
    assert [word["special"] for word in words] == [True, False, False, False, True]
    assert sum(word["contribution"] for word in words) == pytest.approx(answer["cosine"], abs=1e-5)


@pytest.mark.parametrize("method", ["gradients", "words"])
def test_what_is_left_over_is_stated(explain, method):
    answer = explain("the cat", "my dog", "--model", "tiny:cls", "--method", method)
    side = answer["b"]
    total = sum(word["contribution"] for word in side["words"])
    assert side["baseline"] + total + side["residual"] == pytest.approx(answer["cosine"])
    assert "matrix" not in answer
    assert f"{side['residual']:+.4f}  (left over)" in explain_text(answer)


def test_a_terminal_shows_words_and_pairs(explain):
    answer = explain("the cat", "my dog", "--model", "tiny")
    text = explain_text(answer)
    assert f"cosine {answer['cosine']:.4f}" in text
    assert "special token" in text
    assert all(f"  {word['text']}" in text for word in answer["b"]["words"])


def test_a_method_that_does_not_fit_is_one_sentence(explain):
    with pytest.raises(DataError, match="choose gradients or words"):
        explain("the cat", "my dog", "--model", "tiny:cls", "--method", "tokens")
    with pytest.raises(SystemExit):
        explain("the cat", "my dog", "--method", "attention")
