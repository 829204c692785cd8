import numpy as np
import pytest

from sbert_core.analysis.naming import most_central, name_clusters
from sbert_core.analysis.terms import TermReader, tokenize
from sbert_core.errors import DataError

BANK = {
    0: [
        "My card has not arrived yet",
        "When will my new cards arrive?",
        "the card should have arrived a week ago",
        "I'm still waiting for the card to arrive",
    ],
    1: [
        "What is the exchange rate today",
        "how are exchange rates decided",
        "The exchange rate for my dollars is wrong",
        "is there a better rate of exchange",
    ],
    2: [
        "I want to change my PIN",
        "Can I change the PIN at any ATM?",
        "how do I change my PIN",
        "I forgot my PIN",
    ],
}


def texts_and_labels(groups):
    pairs = [(text, number) for number, texts in groups.items() for text in texts]
    return [text for text, _ in pairs], np.array([number for _, number in pairs])


def read(texts):
    """A reader of texts that are all of one group."""
    return TermReader(texts, [0] * len(texts))


@pytest.fixture(scope="module")
def bank_names():
    return name_clusters(*texts_and_labels(BANK))


def test_names_are_what_a_person_would_say(bank_names):
    assert bank_names[0].name.startswith("Card")
    assert bank_names[1].terms[0] == "exchange rate"
    assert bank_names[2].terms[0] == "change my PIN"
    assert bank_names[2].name[0] == "C"


def test_no_term_is_in_two_names_and_no_word_twice_in_one(bank_names):
    terms = [term.lower() for name in bank_names for term in name.terms]
    assert len(terms) == len(set(terms))
    for name in bank_names:
        words = " ".join(name.terms).lower().split()
        assert len(words) == len(set(words))


def test_inflections_are_one_term_shown_as_most_people_wrote_it():
    reader = read([text for texts in BANK.values() for text in texts])
    keys = [reader(text) for text in BANK[0]]
    assert all("card" in terms for terms in keys)
    assert not any("cards" in terms for terms in keys)
    assert reader.surface("card") == "card"
    assert reader.surface("arriv") in {"arrive", "arrived"}


def test_both_orders_of_a_phrase_are_one_term():
    reader = read(BANK[1])
    assert "exchang+rate" in reader("What is the exchange rate today")
    assert "exchang+rate" in reader("is there a better rate of exchange")
    assert reader.surface("exchang+rate") == "exchange rate"


def test_function_words_name_nothing_and_stay_only_within_a_phrase():
    reader = read(["This is the source of funds and it is not mine, I don't think so"] * 3)
    keys = reader("Where is the source of the funds? I don't know, you've said it")
    assert keys == ["sourc", "fund", "fund+sourc"]
    assert reader.surface("fund+sourc") == "source of the funds"


def test_phrases_do_not_cross_punctuation():
    reader = read(["the card is here, the payment is not"] * 3)
    assert "card+payment" not in reader("I lost the card, payment went through")
    assert "card+payment" in reader("the card payment went through")


def test_a_verb_is_one_with_its_particle_where_it_mostly_has_it():
    texts = ["How do I top up my account?", "the top-up failed", "is a top up free of charge", "up"]
    reader = read(texts)
    keys = reader("where did my top-ups go, and the top up limit")
    assert "top up" in keys
    assert "limit+top up" in keys
    assert not {"top", "up"} & set(keys)


def test_names_keep_their_capitals_and_beginnings_of_sentences_lose_theirs():
    texts = ["Money from Paris is late", "Payment in Paris by ATM failed", "ATM in Paris is out"]
    reader = read(texts)
    for text in texts:
        reader(text)
    assert [reader.surface(key) for key in ("pari", "atm", "payment")] == [
        "Paris",
        "ATM",
        "payment",
    ]


def test_headlines_in_title_case_have_no_false_names():
    texts = ["The Oil Prices Are Rising in Iraq", "Why the Price of oil Is Up", "Oil Falls in Iraq"]
    reader = read(texts)
    for text in texts:
        reader(text)
    assert reader.surface("oil") == "oil"
    assert reader.surface("iraq") == "Iraq"


def test_one_long_text_does_not_name_a_group():
    groups = {
        0: ["gordon " * 200, "the doctor and the flu", "the doctor has medicine", "a doctor visit"],
        1: ["the goal of the match", "a match without a goal", "goal and match", "match today"],
    }
    names = name_clusters(*texts_and_labels(groups))
    assert names[0].terms[0] == "doctor"


def test_another_language_is_not_stemmed_and_its_function_words_are_found():
    nouns = ["Rechnung", "Rechnungen", "Konto", "Konto"] * 10
    texts = [f"ich habe die {noun} nicht und das ist {i}x" for i, noun in enumerate(nouns)]
    names = name_clusters(texts, np.array([0, 0, 1, 1] * 10))
    assert [name.terms for name in names] == [("Rechnung",), ("Konto",)]


def test_chinese_and_japanese_are_named_by_their_own_terms():
    chinese = {
        0: ["我忘记了密码", "如何重置密码", "密码错误"],
        1: ["信用卡丢失", "我的信用卡", "信用卡额度"],
    }
    names = [name.name for name in name_clusters(*texts_and_labels(chinese))]
    assert "密码" in names[0]
    assert "信用" in names[1]
    japanese = {
        0: ["パスワードを忘れました", "パスワードの変更"],
        1: ["カードが届かない", "カードの残高"],
    }
    names = [name.terms[0] for name in name_clusters(*texts_and_labels(japanese))]
    assert names == ["パスワード", "カード"]


def test_signs_of_indic_scripts_do_not_cut_words():
    assert [token.word for token in tokenize("हिन्दी भाषा")] == ["हिन्दी", "भाषा"]


@pytest.mark.parametrize(
    "texts",
    [
        ["😀😀", "🎉", "😀"],
        ["12345", "999 12", "7"],
        ["สวัสดีครับ", "ขอบคุณ", "ลาก่อน"],
        ["the", "and the", "of it"],
        ["", " ", ""],
        ["same text here"] * 3,
    ],
)
def test_texts_without_usable_terms_are_named_all_the_same(texts):
    names = [name.name for name in name_clusters(texts, np.arange(3))]
    assert all(names)
    assert len({name.lower() for name in names}) == 3


def test_the_central_sentence_stands_in_for_a_name():
    texts = ["1 2", "3 4 5 6 7 8 9 10", "a real sentence about gardens", "more about gardens"]
    names = name_clusters(texts, np.array([0, 0, 1, 1]), central_rows=[1, 2])
    assert names[0].name == "3 4 5 6 7 8…"
    assert names[0].terms == ()
    assert "gardens" in names[1].name.lower()


def test_names_do_not_depend_on_the_numbers_of_the_clusters():
    texts, labels = texts_and_labels(BANK)
    turned = name_clusters(texts, (labels + 1) % 3)
    plain = name_clusters(texts, labels)
    assert [turned[(number + 1) % 3] for number in range(3)] == plain


def test_labels_must_fit_the_texts():
    with pytest.raises(DataError, match="1 labels for 2 texts"):
        name_clusters(["a", "b"], np.array([0]))
    with pytest.raises(DataError, match="0 labels for 0 texts"):
        name_clusters([], np.array([], dtype=int))


def test_the_most_central_row_points_where_the_centre_points():
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 9.0], [0.6, 0.8]])
    centers = np.array([[0.9, 0.5], [0.1, 0.9]])
    assert most_central(vectors, np.array([0, 0, 1, 1]), centers) == [1, 2]
    with pytest.raises(DataError, match="Cluster 1 has no row"):
        most_central(vectors, np.array([0, 0, 0, 0]), centers)
