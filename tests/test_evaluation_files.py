"""Files to measure on: what fits, what is converted, and what is refused with a file that fits."""

import gzip

import pytest

from sbert_core.errors import DataError, FileError
from sbert_core.evaluation_files import read_collection, read_sentences
from sbert_core.sample import PAIRS

STS = "sentence1\tsentence2\tscore\na b\tc d\t2.5\ne f\tg h\t0\ni j\tk l\t5\n"
NLI = (
    "premise\thypothesis\tlabel\na b\tc d\tentailment\na b\te f\tcontradiction\n"
    "a b\tg h\tneutral\ni j\tk l\tcontradiction\ni j\tm n\tentailment\n"
)


def write(folder, name, text):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_scores_stay_on_their_scale(tmp_path):
    read = read_sentences(write(tmp_path, "a.tsv", STS), "sts")
    assert read.columns == (("a b", "e f", "i j"), ("c d", "g h", "k l"))
    assert read.scores.tolist() == [2.5, 0, 5]
    assert read.text_pairs[0] == ("a b", "c d")


def test_the_bundled_pairs_are_a_file_like_any_other():
    read = read_sentences(PAIRS, "sts")
    assert len(read.scores) == 450
    assert len(read_sentences(PAIRS, "pairs").labels) > 100


def test_the_original_sts_benchmark_without_header(tmp_path):
    row = "main-news\tMSRpar\t2012test\t{}\t{}\tA plane takes off.\tAn air plane takes off.\n"
    path = write(tmp_path, "sts-test.csv", row.format("0001", 5) + row.format("0002", 3.75))
    assert read_sentences(path, "sts").scores.tolist() == [5, 3.75]


def test_a_row_without_text_is_left_out_and_said(tmp_path):
    read = read_sentences(write(tmp_path, "a.tsv", STS + "\tx y\t1\n"), "sts")
    assert len(read.scores) == 3
    assert read.notes == ("1 row without text left out.",)


def test_one_nli_file_serves_three_kinds(tmp_path):
    path = write(tmp_path, "nli.tsv.gz", NLI)
    assert read_sentences(path, "nli").labels[:3] == ("entailment", "contradiction", "neutral")
    pairs = read_sentences(path, "pairs")
    assert pairs.labels == ("same", "different", "different", "same")
    triplets = read_sentences(path, "triplet")
    assert triplets.columns == (("a b", "i j"), ("c d", "m n"), ("e f", "k l"))
    assert triplets.text_pairs == [("a b", "c d"), ("i j", "m n"), ("a b", "e f"), ("i j", "k l")]


def test_picked_columns_count(tmp_path):
    path = write(tmp_path, "a.csv", "x,y,z\none two,three four,1\nfive six,seven eight,4\n")
    read = read_sentences(path, "sts", {"a": "y", "b": "x", "score": "z"})
    assert read.columns[0] == ("three four", "seven eight")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("sts", "", "is empty"),
        ("sts", "sentence1\tsentence2\tscore\n", "but no rows"),
        ("sts", "sentence1\tsentence2\tscore\na b\tc d\tmuch\n", "'much' under 'score' in row 1"),
        ("sts", "sentence1\tsentence2\na b\tc d\n", "no column with a score"),
        ("sts", "foo\tbar\n1\t2\n", "nothing tells which is what"),
        ("nli", "premise\thypothesis\na b\tc d\n", "nli needs labelled pairs"),
        ("nli", "premise\thypothesis\tlabel\na b\tc d\tneutral\n", "the same label"),
        ("pairs", "sentence1\tsentence2\tlabel\na b\tc d\t1\ne f\tg h\t1\n", "the same label"),
        ("pairs", "text1\ttext2\na b\tc d\n", "this evaluation needs"),
        ("triplet", "anchor\tpositive\na b\tc d\n", "triplet needs triplets"),
    ],
)
def test_a_refusal_shows_two_lines_that_fit(tmp_path, kind, text, message):
    with pytest.raises((FileError, DataError), match=message) as caught:
        read_sentences(write(tmp_path, "a.tsv", text), kind)
    sentence, _, example = str(caught.value).partition("begins like this:\n")
    assert len(example.splitlines()) == 2
    assert "contrastive" not in sentence
    again = read_sentences(write(tmp_path, "fits.tsv", _enough(example, kind)), kind)
    assert len(again.columns[0]) >= 1


def _enough(example, kind):
    """The example with a row of another label, which nli and pairs need."""
    other = {"nli": "a b\tc d\tneutral", "pairs": "a b\tc d\t0"}.get(kind)
    return "\n".join([example, *([other] if other else [])]) + "\n"


def test_a_missing_file_and_an_unknown_kind(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_sentences(tmp_path / "no.tsv", "sts")
    with pytest.raises(DataError, match="kind='retrieval' should be one of"):
        read_sentences(PAIRS, "retrieval")


# --- collections ------------------------------------------------------------------------------

DOCS = "doc_id\ttitle\ttext\n1\tOn wings\tOn wings in air.\n2\tFlow\tWater runs.\n3\t\t\n"
QUERIES = "query_id\ttext\n1\thow to fly\n2\twhat runs\n3\tnobody judged this\n"
QRELS = "query_id\tdoc_id\trelevance\n1\t1\t2\n1\t2\t0\n2\t3\t1\n9\t1\t1\n"


def collection(folder, docs=DOCS, queries=QUERIES, qrels=QRELS, qrels_name="qrels.tsv"):
    return read_collection(
        write(folder, "docs.tsv", docs),
        write(folder, "queries.tsv", queries),
        write(folder, qrels_name, qrels),
    )


def test_a_collection(tmp_path):
    read = collection(tmp_path)
    assert read.document_ids == ("1", "2")
    assert read.documents == ("On wings in air.", "Flow Water runs.")
    assert dict(zip(read.query_ids, read.queries, strict=True)) == {
        "1": "how to fly",
        "2": "what runs",
    }
    # The document without text is still one that should have been found.
    assert read.qrels == {"1": {"1": 2, "2": 0}, "2": {"3": 1}}
    assert len(read.notes) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.tsv", "query-id\tcorpus-id\tscore\n1\t1\t1\n2\t2\t1\n"),
        ("q.txt", "1 0 1 1\n2 0 2 1\n"),
        ("q.tsv", "1\t0\t1\t1\n2\t0\t2\t1\n"),
        ("q.jsonl", '{"qid": 1, "docid": 1, "rel": 1}\n{"qid": 2, "docid": 2, "rel": 1}\n'),
    ],
)
def test_judgements_in_other_forms(tmp_path, name, text):
    read = collection(tmp_path, qrels=text, qrels_name=name)
    assert read.qrels == {"1": {"1": 1}, "2": {"2": 1}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"qrels": QRELS + "1\tx9\t1\n"}, "1 document that docs.tsv does not have, such as 'x9'"),
        ({"qrels": "query_id\tdoc_id\trelevance\n7\t1\t1\n"}, "none of the queries.*'7'.*'1'"),
        ({"qrels": "query_id\tdoc_id\trelevance\n1\t1\thigh\n"}, "'high' under 'relevance'"),
        ({"qrels": "query_id\tdoc_id\trelevance\n1\t1\t0.5\n"}, "whole number"),
        ({"qrels": "query_id\trelevance\n1\t1\n"}, "none is called doc_id"),
        ({"docs": DOCS + "2\tx\ty\n"}, "the doc_id '2' twice"),
        ({"docs": "title\ttext\na b\tc d\n"}, "none is called doc_id"),
        ({"docs": "doc_id\ttext\n1\t\n2\t\n3\t\n"}, "no document with text"),
        ({"docs": ""}, "docs.tsv is empty"),
        ({"queries": "query_id\ttext\n1\t\n"}, "no text for the query '1'"),
        ({"queries": "query_id\ttext\n\thow\n"}, "no query_id in row 1"),
    ],
)
def test_collections_that_do_not_fit_are_refused(tmp_path, changed, message):
    with pytest.raises((FileError, DataError), match=message):
        collection(tmp_path, **changed)
