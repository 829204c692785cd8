"""Words as a reader counts them, whatever pieces a tokenizer makes."""

import numpy as np
import pytest

from sbert_core.analysis.words import sentence_words, split_words


def words_of(text):
    return [text[start:end] for start, end in split_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The parcel, late.", ["The", "parcel", ",", "late", "."]),
        ("I don't know a well-known dog", ["I", "don't", "know", "a", "well-known", "dog"]),
        ("It’s 3.5 or 1,000.", ["It’s", "3.5", "or", "1,000", "."]),
        ("no--dash 'quoted'", ["no", "-", "-", "dash", "'", "quoted", "'"]),
        ("naïve cafe\u0301", ["naïve", "cafe\u0301"]),
        ("東京タワー is", ["東", "京", "タ", "ワ", "ー", "is"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("한국어 말", ["한국어", "말"]),
        ("👨‍👩‍👧👍🏽 ok", ["👨‍👩‍👧", "👍🏽", "ok"]),
        ("❤️!", ["❤️", "!"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("snake_case", ["snake_case"]),
        (" \t\n ", []),
        ("", []),
        ("\u200b\u200d\u0301", []),
    ],
)
def test_words_are_what_a_reader_would_count(text, words):
    assert words_of(text) == words


def gathered(text, tokens):
    """Tokens as (piece, start, end); start < 0 for an added one."""
    return sentence_words(
        text,
        [piece for piece, _, _ in tokens],
        np.array([(max(start, 0), end) for _, start, end in tokens]).reshape(-1, 2),
        np.array([start < 0 for _, start, _ in tokens], dtype=bool),
    )


def test_pieces_become_words_and_added_tokens_stand_apart():
    text = "a parcel won't"
    tokens = [("[CLS]", -1, 0), ("a", 0, 1), ("par", 2, 5), ("##cel", 5, 8)]
    tokens += [("won", 9, 12), ("'", 12, 13), ("t", 13, 14), ("[SEP]", -1, 0)]
    found = gathered(text, tokens)
    assert found.names == ["[CLS]", "a", "parcel", "won't", "[SEP]"]
    assert found.word_of.tolist() == [0, 1, 2, 2, 3, 3, 3, 4]
    assert found.special.tolist() == [True, False, False, False, True]


def test_a_token_that_reaches_over_several_words_joins_them():
    found = gathered("🙂🙂 [SEP] 東京", [("[UNK]", 0, 2), ("[SEP]", 3, 8), ("▁東京", 8, 11)])
    assert found.names == ["🙂🙂", "[SEP]", "東京"]
    assert found.word_of.tolist() == [0, 1, 2]
    assert not found.special.any()


def test_many_tokens_for_one_character_are_one_word():
    found = gathered("a 🙂", [("a", 0, 1), ("ð", 2, 3), ("Ł", 2, 3), ("ĺ", 2, 3)])
    assert found.names == ["a", "🙂"]
    assert found.word_of.tolist() == [0, 1, 1, 1]


def test_a_token_without_a_word_goes_with_the_one_before_it():
    found = gathered("a  b", [("▁", 0, 0), ("a", 0, 1), ("▁", 1, 2), ("b", 3, 4)])
    assert len(found.word_of) == 4
    assert found.word_of[2] == found.word_of[1]
    assert found.names[-1] == "b"


def test_no_tokens_are_no_words():
    found = gathered("東京", [])
    assert found.words == ()
    assert found.word_of.shape == (0,)


def test_leaving_a_word_out_leaves_a_sentence():
    found = gathered("The cat, sat.", [("x", 0, 3), ("x", 4, 7), ("x", 7, 8), ("x", 9, 12)])
    assert [found.without(i) for i in range(4)] == [
        "cat, sat.",
        "The , sat.",
        "The cat sat.",
        "The cat, .",
    ]


def test_what_was_cut_off_does_not_move_up_into_the_gap():
    text = "one two three four"
    found = sentence_words(
        text,
        ["one", "two"],
        np.array([(0, 3), (4, 7)]),
        np.zeros(2, dtype=bool),
        truncated=True,
    )
    assert found.read == "one two"
    assert found.without(0) == "two"
