"""Examples: their checks, conversions between kinds, splits without leaks, labelled corpora."""

from collections import Counter

import numpy as np
import pytest

from sbert_core.errors import DataError
from sbert_core.training.example_conversions import EXAMPLE_FILES, convert
from sbert_core.training.examples import NEEDS, Examples, split, without_overlap
from sbert_core.training.labelled_texts import examples_from_labels

NLI = ("contradiction", "entailment", "neutral")


def labelled(rows, names=NLI):
    first, second, labels = zip(*rows, strict=True)
    numbers = np.array([names.index(label) for label in labels], dtype=np.int64)
    return Examples("labelled_pairs", (first, second), numbers, names)


def scored(scores):
    texts = [tuple(f"{side} {place}" for place in range(len(scores))) for side in "ab"]
    return Examples("scored_pairs", tuple(texts), np.array(scores, dtype=np.float32))


def pairs(rows):
    return Examples("pairs", tuple(zip(*rows, strict=True)))


def normalised_sentences(examples):
    return {text.casefold() for column in examples.columns for text in column}


# --- the type -----------------------------------------------------------------------------------


def test_taking_keeps_rows_together():
    part = scored([0.0, 0.25, 0.5, 1.0]).take([3, 1, 3])
    assert part.columns == (("a 3", "a 1", "a 3"), ("b 3", "b 1", "b 3"))
    assert part.labels.tolist() == [1.0, 0.25, 1.0]
    assert part.labels.dtype == np.float32
    assert len(part.take([])) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pairs", (("a",),)), "2 columns"),
        (("pairs", (("a",), ("b", "c"))), "one length"),
        (("triples", (("a",),)), "should be one of"),
        (("pairs", (("a",), ("b",)), np.zeros(1, np.float32)), "should have labels if"),
        (("scored_pairs", (("a",), ("b",))), "should have labels if"),
        (("scored_pairs", (("a",), ("b",)), np.zeros(1)), "should be float32"),
        (("scored_pairs", (("a",), ("b",)), np.array([1.5], np.float32)), "between 0 and 1"),
        (("scored_pairs", (("a",), ("b",)), np.array([np.nan], np.float32)), "between 0 and 1"),
        (("labelled_pairs", (("a",), ("b",)), np.array([2]), ("x", "y")), "between 0 and 1"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        Examples(*arguments)


# --- conversions --------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", NEEDS)
@pytest.mark.parametrize("kind", ["sentences", "pairs", "scored_pairs", "labelled_pairs"])
def test_a_conversion_fits_or_says_why_not_and_shows_what_would(kind, objective):
    made = {
        "sentences": Examples("sentences", (("one", "two"),)),
        "pairs": pairs([("one", "two")]),
        "scored_pairs": scored([0.0, 1.0]),
        "labelled_pairs": labelled([("p", "h", "entailment"), ("p", "c", "contradiction")]),
    }[kind]
    try:
        assert convert(made, objective).kind in NEEDS[objective]
    except DataError as error:
        assert f"{objective} needs" in str(error)
        assert str(error).endswith(EXAMPLE_FILES[objective])
        assert kind not in NEEDS[objective]


def test_nli_becomes_triplets_of_premises_that_have_both():
    made = labelled(
        [
            ("p1", "yes 1", "entailment"),
            ("p1", "no 1", "contradiction"),
            ("p1", "perhaps", "neutral"),
            ("p2", "yes 2", "entailment"),
            ("p3", "no 3", "contradiction"),
        ]
    )
    for objective in ("mnrl", "triplet"):
        found = convert(made, objective)
        assert (found.kind, found.columns) == ("triplets", (("p1",), ("yes 1",), ("no 1",)))
        assert "1 of 2 first sentences" in found.found[-1]


def test_mnrl_takes_pairs_if_fewer_than_half_of_the_premises_have_a_negative():
    rows = [(f"p{place}", f"yes {place}", "entailment") for place in range(3)]
    made = labelled([*rows, ("p0", "no", "contradiction"), ("p9", "perhaps", "neutral")])
    found = convert(made, "mnrl")
    assert (found.kind, found.columns) == (
        "pairs",
        (("p0", "p1", "p2"), ("yes 0", "yes 1", "yes 2")),
    )
    assert len(convert(made, "triplet")) == 1


def test_the_seed_chooses_the_contradiction():
    rows = [("p", f"no {place}", "contradiction") for place in range(50)]
    made = labelled([("p", "yes", "entailment"), *rows])
    chosen = [convert(made, "triplet", seed).columns[2][0] for seed in (0, 0, 1, 2, 3)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_a_sentence_is_never_its_own_negative():
    made = labelled([("p", "h", "entailment"), ("p", "h", "contradiction")])
    with pytest.raises(DataError, match="No first sentence has both"):
        convert(made, "triplet")


def test_contrastive_drops_neutral_and_counts_it():
    made = labelled([("p", "e", "entailment"), ("p", "n", "neutral"), ("p", "c", "contradiction")])
    found = convert(made, "contrastive")
    assert found.columns[1] == ("e", "c")
    assert found.labels.tolist() == [1, 0]
    assert found.label_names == ("different", "same")
    assert found.found[-1] == "1 pair in between left out."


@pytest.mark.parametrize(
    ("names", "same"),
    [(("0", "1"), "1"), (("Not duplicate", "duplicate"), "duplicate"), (("no", "yes"), "yes")],
)
def test_other_names_for_the_same(names, same):
    made = labelled([("a", "b", names[0]), ("c", "d", names[1])], names)
    found = convert(made, "contrastive")
    assert found.labels.tolist() == [int(name == same) for name in names]
    assert convert(made, "mnrl").columns == (("c",), ("d",))


@pytest.mark.parametrize("names", [("0", "1", "2"), ("Sports", "World"), ("0", "entailment")])
@pytest.mark.parametrize("objective", ["mnrl", "triplet", "contrastive"])
def test_labels_that_may_mean_anything_are_not_guessed(names, objective):
    made = labelled([("a", f"b {name}", name) for name in names], names)
    with pytest.raises(DataError, match="do not say which pairs mean the same"):
        convert(made, objective)
    assert convert(made, "nli") is made


def test_scores_become_pairs_and_labels_at_the_thresholds():
    made = scored(np.array([4.0, 3.9, 3.0, 2.5, 2.0, 0.0]) / 5)
    assert convert(made, "mnrl").columns == (("a 0",), ("b 0",))
    found = convert(made, "contrastive")
    assert found.columns[0] == ("a 0", "a 1", "a 2", "a 4", "a 5")
    assert found.labels.tolist() == [1, 1, 1, 0, 0]


def test_triplets_become_two_pairs_each_for_contrastive():
    found = convert(Examples("triplets", (("a",), ("p",), ("n",))), "contrastive")
    assert found.columns == (("a", "a"), ("p", "n"))
    assert found.labels.tolist() == [1, 0]


def test_sentences_are_all_texts_once_in_order_of_appearance():
    found = convert(pairs([("x", "y"), ("z", "x")]), "simcse")
    assert found.columns == (("x", "y", "z"),)


def test_one_class_is_refused_and_so_is_nothing():
    with pytest.raises(DataError, match="All pairs have the same label"):
        convert(labelled([("a", "b", "entailment")]), "nli")
    with pytest.raises(DataError, match=r"No pair scores 0.8"):
        convert(scored([0.1, 0.2]), "mnrl")
    with pytest.raises(DataError, match="should be one of nli, sts"):
        convert(scored([0.1]), "skipgram")


# --- splits -------------------------------------------------------------------------------------


def chains():
    """100 groups of 3 pairs in a chain: a-b, B-c, c.-d."""
    rows = []
    for group in range(100):
        texts = [f"{name} {group}" for name in "abcd"]
        rows += [(texts[0], texts[1]), (texts[1].upper(), texts[2]), (texts[2], texts[3])]
    return pairs(rows)


def test_no_sentence_is_on_two_sides_of_a_split():
    parts = split(chains(), 0.1, 0.2, seed=0)
    assert [len(part) for part in parts] == [210, 30, 60]
    texts = [normalised_sentences(part) for part in parts]
    assert not (texts[0] & texts[1] or texts[0] & texts[2] or texts[1] & texts[2])
    rows = Counter(row for part in parts for row in zip(*part.columns, strict=True))
    assert rows == Counter(zip(*chains().columns, strict=True))


def test_the_seed_decides_the_split():
    first, again, other = (split(chains(), 0.1, 0.1, seed)[1].columns for seed in (0, 0, 1))
    assert first == again != other


def test_one_giant_component_falls_back_to_chance_and_says_so():
    hub = pairs([("the same", f"other {place}") for place in range(100)])
    train, dev, test = split(hub, 0.1, 0.1, seed=0)
    assert [len(train), len(dev), len(test)] == [80, 10, 10]
    assert "split at random" in dev.found[-1]
    assert len({row for part in (train, dev, test) for row in part.columns[1]}) == 100


def test_a_big_component_beside_small_ones_goes_to_training():
    hub = [("the same", f"other {place}") for place in range(50)]
    free = [(f"x {place}", f"y {place}") for place in range(50)]
    train, dev, _ = split(pairs(hub + free), 0.2, 0, seed=3)
    assert len(dev) == 20
    assert "the same" not in dev.columns[0]
    assert len(train) == 80


def test_a_part_of_nothing_is_empty_and_of_little_is_one():
    train, dev, test = split(chains().take(range(0, 30, 3)), 0.01, 0, seed=0)
    assert [len(train), len(dev), len(test)] == [9, 1, 0]


@pytest.mark.parametrize(
    ("count", "fractions", "message"),
    [
        (10, (0.6, 0.4), "less than 1"),
        (10, (-0.1, 0.1), "0 or more"),
        (1, (0.1, 0), "1 example cannot be split"),
        (2, (0.1, 0.1), "2 examples cannot be split"),
    ],
)
def test_a_split_that_leaves_nothing_is_refused(count, fractions, message):
    with pytest.raises(DataError, match=message):
        split(chains().take(range(count)), *fractions, seed=0)


def test_held_out_pairs_are_dropped_in_either_order_and_in_near_copies():
    made = pairs([("A plane, takes off!", "It flies."), ("It flies.", "A bird."), ("x", "y")])
    found = without_overlap(made, [("it flies", "a plane takes OFF"), ("x", "z")])
    assert found.columns == (("It flies.", "x"), ("A bird.", "y"))
    assert found.found[-1].startswith("1 example left out")


def test_texts_without_letters_are_not_all_the_same():
    found = without_overlap(pairs([("?", "!!"), ("...", "-")]), [("...", "-")])
    assert found.columns == (("?",), ("!!",))


def test_a_triplet_goes_if_either_of_its_pairs_is_held_out():
    made = Examples("triplets", (("a", "b", "c"), ("p", "q", "r"), ("n", "m", "o")))
    assert without_overlap(made, [("p", "a"), ("m", "b"), ("r", "o")]).columns[0] == ("c",)


def test_single_sentences_stay():
    made = Examples("sentences", (("a", "b"),))
    assert without_overlap(made, [("a", "b")]).columns == made.columns


# --- labelled corpora ---------------------------------------------------------------------------

TEXTS = [
    f"{name} {place}"
    for name, size in zip("uvw", (40, 20, 30), strict=True)
    for place in range(size)
]
CLASSES = [text[0] for text in TEXTS]


def test_pairs_are_of_one_class_balanced_and_distinct():
    found = examples_from_labels(TEXTS, CLASSES, "pairs", 300, seed=1)
    rows = list(zip(*found.columns, strict=True))
    assert all(a[0] == b[0] and a != b for a, b in rows)
    assert len({frozenset(row) for row in rows}) == 300
    assert Counter(a[0] for a, _ in rows) == {"u": 100, "v": 100, "w": 100}


def test_a_small_class_gives_what_it_has():
    found = examples_from_labels(["u1", "u2", "u3", "v1", "v2"], list("uuuvv"), "pairs", 1_000)
    rows = {frozenset(row) for row in zip(*found.columns, strict=True)}
    assert rows == {frozenset(r) for r in [("u1", "u2"), ("u1", "u3"), ("u2", "u3"), ("v1", "v2")]}


def test_a_negative_is_of_another_class():
    found = examples_from_labels(TEXTS, CLASSES, "triplets", 200)
    rows = list(zip(*found.columns, strict=True))
    assert len(rows) == 200
    assert all(a[0] == p[0] != n[0] for a, p, n in rows)


def test_labelled_pairs_are_half_and_half():
    found = examples_from_labels(TEXTS, CLASSES, "labelled_pairs", 200)
    assert Counter(found.labels.tolist()) == {0: 100, 1: 100}
    for a, b, label in zip(*found.columns, found.labels, strict=True):
        assert (a[0] == b[0]) == (found.label_names[label] == "same")


def test_the_seed_decides_what_is_drawn():
    drawn = [examples_from_labels(TEXTS, CLASSES, "triplets", 50, s).columns for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_blank_texts_repeated_texts_and_rows_without_a_class_are_passed_over():
    texts = ["u", "u", " ", "u2", "v", "v2", "x", "y"]
    labels = ["1", "1", "1", 1, "2", "2", None, float("nan")]
    found = examples_from_labels(texts, labels, "pairs")
    assert sorted(map(sorted, zip(*found.columns, strict=True))) == [["u", "u2"], ["v", "v2"]]


def test_single_texts_serve_as_negatives_and_are_told_of():
    found = examples_from_labels(["u", "u2", "v"], ["1", "1", "2"], "triplets")
    assert found.columns[2] == ("v",)
    assert "1 of the classes have one text only" in found.found[-1]


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ([], [], "no classes"),
        (["a", "b"], ["1", "1"], "only one class"),
        (["a", "b"], ["1", "2"], "one text only"),
        (["a", "b", "b"], ["1", "2", "2"], "one text only"),
        (["a"], ["1", "2"], "equally many"),
    ],
)
def test_a_corpus_that_gives_no_pairs_is_refused(texts, labels, message):
    with pytest.raises(DataError, match=message):
        examples_from_labels(texts, labels, "pairs")


def test_a_kind_or_number_that_cannot_be_is_refused():
    with pytest.raises(DataError, match="kind='sentences'"):
        examples_from_labels(TEXTS, CLASSES, "sentences")
    with pytest.raises(DataError, match="max_examples=1 should be 2"):
        examples_from_labels(TEXTS, CLASSES, "labelled_pairs", 1)
