"""Files of examples: published formats as they come, guesses, real data, and silly inputs."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sbert_core.errors import DataError, FileError
from sbert_core.training.example_conversions import EXAMPLE_FILES
from sbert_core.training.example_files import read_examples, read_table
from sbert_core.training.examples import NEEDS


def write(folder, name, text):
    path = folder / name
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def rows(examples):
    return list(zip(*examples.columns, strict=True))


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.tsv", "x.tsv.gz", "x.txt"])
def test_a_tab_separated_file_has_no_quoting(tmp_path, name):
    text = 'a\tb\n"To be\tor not"\n\n" \tnull\r\n007\tx\ry\n'
    table = read_table(write(tmp_path, name, text))
    assert table.columns == (['"To be', '"', "007"], ['or not"', "null", "x\ry"])


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_comma_separated_file_has(tmp_path, name, mark):
    text = f'{mark}a,b\r\n"one, ""two""","line\nbreak"\r\nNA,\r\n'
    table = read_table(write(tmp_path, name, text))
    assert table.names == ("a", "b")
    assert table.columns == (['one, "two"', "NA"], ["line\nbreak", ""])


def test_semicolons_as_spreadsheets_write_them(tmp_path):
    table = read_table(write(tmp_path, "x.csv", "a;b\none, two;three\n"))
    assert table.columns == (["one, two"], ["three"])


def test_json_lines_with_missing_keys_and_other_values(tmp_path):
    text = '{"a": "x", "n": 1}\n\n{"a": null, "b": true, "l": ["y"]}\n{"a": "z", "n": 0.5}\n'
    table = read_table(write(tmp_path, "x.jsonl.gz", text))
    assert table.names == ("a", "n", "b", "l")
    assert table.columns == (["x", "", "z"], ["1", "", "0.5"], ["", "1", ""], ["", "", ""])


def test_lists_of_texts_are_triplets(tmp_path):
    text = '["a dog", "some dog", "a cat"]\n["my car", "some car", "a bus"]\n'
    found = read_examples(write(tmp_path, "x.jsonl", text), "triplet")
    assert rows(found) == [("a dog", "some dog", "a cat"), ("my car", "some car", "a bus")]


@pytest.mark.parametrize("packed", [False, True])
def test_parquet_with_the_label_names_of_the_hub(tmp_path, packed):
    table = pa.table(
        {"premise": ["p one", "p two", "p x"], "hypothesis": ["h", "i", "j"], "label": [0, 2, -1]}
    )
    names = ["entailment", "neutral", "contradiction"]
    features = {"label": {"names": names, "_type": "ClassLabel"}, "premise": {"_type": "Value"}}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    path = tmp_path / "x.parquet"
    pq.write_table(table.replace_schema_metadata(meta), path)
    if packed:
        path = write(tmp_path, "x.parquet.gz", path.read_bytes())
    found = read_examples(path, "nli")
    assert [found.label_names[place] for place in found.labels] == ["entailment", "contradiction"]
    assert "1 row without a label left out." in found.found


def test_more_cells_than_the_header_are_told_of_and_fewer_are_empty(tmp_path):
    table = read_table(write(tmp_path, "x.tsv", "a\tb\n1\n1\t2\t3\n"))
    assert table.columns == (["1", "1"], ["", "2"])
    assert table.found == ("1 row has more cells than the header: the last ones were left out.",)


# --- published formats --------------------------------------------------------------------------

SNLI = [
    ("neutral", "A person on a horse jumps.", "A person is training his horse."),
    ("entailment", "A person on a horse jumps.", "A person is outdoors, on a horse."),
    ("-", "Children smile.", "They are smiling at their parents"),
    ("contradiction", "A person on a horse jumps.", "A person is at a diner."),
]


def snli_json(extra):
    lines = [
        {
            "annotator_labels": [label],
            "captionID": "3416050480.jpg#4",
            "gold_label": label,
            "pairID": f"3416050480.jpg#4r{place}n",
            "sentence1": first,
            "sentence1_binary_parse": "( ( A person ) . )",
            "sentence1_parse": "(ROOT (S (NP (DT A)))",
            "sentence2": second,
            "sentence2_parse": "(ROOT)",
            **extra,
        }
        for place, (label, first, second) in enumerate(SNLI)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


def snli_text(_):
    header = "gold_label sentence1_binary_parse sentence2_binary_parse sentence1_parse"
    header += " sentence2_parse sentence1 sentence2 captionID pairID label1 label2"
    lines = [
        f'{label}\t( "A ) .\t( )\t(ROOT "\t(ROOT)\t{first}\t{second}\tx.jpg#4\tx.jpg#4r\t{label}\t'
        for label, first, second in SNLI
    ]
    return header.replace(" ", "\t") + "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "layout", "extra"),
    [
        ("snli_1.0_dev.jsonl", snli_json, {}),
        ("multinli_1.0_train.jsonl", snli_json, {"genre": "slate", "promptID": "31193"}),
        ("snli_1.0_dev.txt", snli_text, {}),
        ("multinli.tsv.gz", snli_text, {}),
    ],
)
def test_snli_and_multinli_as_published(tmp_path, name, layout, extra):
    path = write(tmp_path, name, layout(extra))
    found = read_examples(path, "nli")
    assert found.kind == "labelled_pairs"
    assert found.label_names == ("contradiction", "entailment", "neutral")
    assert found.labels.tolist() == [2, 1, 0]
    assert found.labels.dtype == np.int64
    assert rows(found) == [row[1:] for row in SNLI if row[0] != "-"]
    assert "Read 3 labelled pairs from sentence1, sentence2, gold_label." in found.found
    assert "1 row without a label left out." in found.found
    assert not any("parse" in column for column in read_table(path).names)


STS_LINES = (
    'main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane is "off.\tAn air plane is taking off.\n'
    "main-captions\tMSRvid\t2012test\t0004\t3.800\tA man plays.\tA man is playing.\n"
    "main-forums\tdeft-forum\t2014\t0000\t0.000\tOne.\tTwo.\tSOURCE\thttp://x\n"
)


@pytest.mark.parametrize("name", ["sts-train.csv", "sts-train.tsv", "sts-train.txt.gz"])
def test_the_original_sts_benchmark_has_no_header(tmp_path, name):
    found = read_examples(write(tmp_path, name, STS_LINES), "sts")
    assert rows(found)[0] == ('A plane is "off.', "An air plane is taking off.")
    assert found.labels.tolist() == pytest.approx([1, 0.76, 0])
    assert found.labels.dtype == np.float32
    assert len(found) == 3
    assert "Scores from 0 to 5 were divided by 5." in found.found


def test_sts_with_a_header_and_as_on_the_hub(tmp_path):
    with_header = "sentence1\tsentence2\tscore\tgenre\nA\tB\t5.000\tmain-captions\n"
    on_hub = '{"sentence1": "A", "sentence2": "B", "label": 3.8, "idx": 0}\n'
    assert read_examples(write(tmp_path, "a.tsv", with_header), "sts").labels.tolist() == [1]
    found = read_examples(write(tmp_path, "b.jsonl", on_hub), "sts")
    assert found.labels.tolist() == pytest.approx([0.76])


def test_glue_mrpc_and_simcse_headers(tmp_path):
    mrpc = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t70\t71\tA b\tC d\n0\t72\t73\tE\tF\n"
    found = read_examples(write(tmp_path, "mrpc.tsv", mrpc), "contrastive")
    assert rows(found) == [("A b", "C d"), ("E", "F")]
    assert found.labels.tolist() == [1, 0]
    simcse = 'sent0,sent1,hard_neg\n"You, too",b,c\n'
    found = read_examples(write(tmp_path, "nli.csv", simcse), "mnrl")
    assert (found.kind, rows(found)) == ("triplets", [("You, too", "b", "c")])


def test_sick_has_labels_and_scores_and_the_objective_chooses(tmp_path):
    sick = (
        "pair_ID\tsentence_A\tsentence_B\tentailment_label\trelatedness_score\n"
        "1\tA b\tC d\tNEUTRAL\t4.5\n2\tE\tF\tENTAILMENT\t2.0\n"
    )
    path = write(tmp_path, "SICK.txt", sick)
    assert read_examples(path, "sts").labels.tolist() == pytest.approx([0.9, 0.4])
    assert read_examples(path, "nli").label_names == ("entailment", "neutral")


def test_the_example_of_a_file_fits_its_objective(tmp_path):
    for objective, text in EXAMPLE_FILES.items():
        assert len(text.splitlines()) == 2
        header, row = text.splitlines()
        more = row.replace("entailment", "neutral") if objective == "nli" else row[:-1] + "0"
        path = write(tmp_path, f"{objective}.tsv", f"{header}\n{row}\n{more}\n")
        assert read_examples(path, objective).kind in NEEDS[objective]


# --- which column is what -----------------------------------------------------------------------


def table_of(*columns, header=None):
    header = header or [f"c{place}" for place in range(len(columns))]
    lines = ["\t".join(header), *("\t".join(row) for row in zip(*columns, strict=True))]
    return "\n".join(lines) + "\n"


FIRST = [f"the first {place}" for place in range(8)]
SECOND = [f"the second {place}" for place in range(8)]
THIRD = [f"the third {place}" for place in range(8)]
SCORES = ["0.5", "1", "2.5", "3", "3", "4", "5", "0"]
WORDS = ["yes", "no"] * 4
IDS = [str(place) for place in range(100, 108)]


@pytest.mark.parametrize(
    ("columns", "objective", "kind"),
    [
        ((FIRST, SECOND, SCORES), "sts", "scored_pairs"),
        ((IDS, FIRST, SCORES, SECOND), "sts", "scored_pairs"),
        ((FIRST, SECOND, WORDS), "nli", "labelled_pairs"),
        ((FIRST, SECOND, ["0", "1"] * 4), "contrastive", "labelled_pairs"),
        ((FIRST, SECOND, THIRD), "triplet", "triplets"),
        ((FIRST, SECOND), "mnrl", "pairs"),
        ((FIRST, IDS), "simcse", "sentences"),
        ((FIRST, WORDS, SCORES), "simcse", "sentences"),
    ],
)
def test_names_that_tell_nothing_are_made_up_for_by_content(tmp_path, columns, objective, kind):
    found = read_examples(write(tmp_path, "x.tsv", table_of(*columns)), objective)
    assert found.kind == kind
    texts = [column for column in columns if column in (FIRST, SECOND, THIRD)]
    assert found.columns == tuple(map(tuple, texts))
    assert any("by the content of the columns" in sentence for sentence in found.found)


def test_a_score_beside_named_sentences_is_found_by_content(tmp_path):
    text = table_of(IDS, FIRST, SECOND, SCORES, header=["id", "text_a", "text_b", "judgement"])
    path = write(tmp_path, "x.tsv", text)
    found = read_examples(path, "sts")
    assert found.labels.tolist() == pytest.approx([float(score) / 5 for score in SCORES])
    assert any("judgement was taken for the score" in sentence for sentence in found.found)
    assert len(read_examples(path, "mnrl")) == 8  # pairs as they stand: no score is needed


def test_all_texts_serve_where_sentences_are_needed(tmp_path):
    path = write(tmp_path, "x.tsv", table_of(FIRST, SECOND, THIRD, FIRST))
    assert set(read_examples(path, "distill").columns[0]) == {*FIRST, *SECOND, *THIRD}
    with pytest.raises(FileError, match="nothing tells which is what for mnrl"):
        read_examples(path, "mnrl")


def test_a_file_without_header_loses_no_row(tmp_path):
    path = write(tmp_path, "x.tsv", "one two\tthree four\t0.5\nfive six\tseven eight\t1.0\n")
    found = read_examples(path, "sts")
    assert rows(found) == [("one two", "three four"), ("five six", "seven eight")]
    assert any("has no header" in sentence for sentence in found.found)
    lines = write(tmp_path, "x.txt", "One line.\nAnother, with more.\n")
    assert len(read_examples(lines, "simcse")) == 2


def test_columns_can_be_picked(tmp_path):
    text = table_of(FIRST, SECOND, THIRD, SCORES, header=["sentence1", "sentence2", "x", "y"])
    path = write(tmp_path, "x.tsv", text)
    found = read_examples(path, "sts", {"a": "x", "b": "sentence1", "score": "y"})
    assert found.columns == (tuple(THIRD), tuple(FIRST))
    picked = {"anchor": "x", "positive": "sentence1", "negative": "sentence2"}
    assert read_examples(path, "mnrl", picked).columns == tuple(map(tuple, (THIRD, FIRST, SECOND)))
    assert read_examples(path, "simcse", {"text": "x"}).columns == (tuple(THIRD),)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"a": "sentence1", "b": "sentence9"}, FileError, "no column 'sentence9'; it has sent"),
        ({"first": "sentence1"}, DataError, "role 'first', but roles are a, b"),
        ({"a": "sentence1"}, DataError, "together with b"),
    ],
)
def test_a_pick_that_does_not_fit_is_refused(tmp_path, columns, error, message):
    path = write(tmp_path, "x.tsv", "sentence1\tsentence2\nA\tB\n")
    with pytest.raises(error, match=message):
        read_examples(path, "mnrl", columns)


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "wanted", "how"),
    [
        (["0", "0.5", "1"], [0, 0.5, 1], "kept as they are"),
        (["0", "2.5", "4"], [0, 0.5, 0.8], "divided by 5"),
        (["10", "60", "110"], [0, 0.5, 1], "stretched"),
        (["-1", "0", "1"], [0, 0.5, 1], "stretched"),
    ],
)
def test_scores_are_brought_to_zero_to_one(tmp_path, scores, wanted, how):
    text = table_of(FIRST[:3], SECOND[:3], scores, header=["a", "b", "score"])
    found = read_examples(write(tmp_path, "x.tsv", text), "sts")
    assert found.labels.tolist() == pytest.approx(wanted)
    assert any(how in sentence for sentence in found.found)


def test_rows_without_text_are_dropped_and_counted_even_without_a_score(tmp_path):
    text = "a\tb\tscore\nx y\tz\t1\n\tz\t1\nx\n \t \tbad\nu\tv\t0\n"
    found = read_examples(write(tmp_path, "x.tsv", text), "sts")
    assert rows(found) == [("x y", "z"), ("u", "v")]
    assert found.labels.tolist() == [1, 0]
    assert "3 rows without text left out." in found.found


@pytest.mark.parametrize("bad", ["high", "", "nan", "inf"])
def test_a_score_that_is_no_number_is_refused_by_row(tmp_path, bad):
    path = write(tmp_path, "x.tsv", f"a\tb\tscore\nx\ty\t1\nx\ty\t{bad}\n")
    with pytest.raises(FileError, match=f"'{bad}' under 'score' in row 2 .*not a number") as caught:
        read_examples(path, "sts")
    assert str(caught.value).endswith(EXAMPLE_FILES["sts"])


def test_labels_written_as_fractions_and_the_label_of_no_label(tmp_path):
    text = "a\tb\tlabel\n" + "".join(f"x{v}\ty\t{v}\n" for v in ("1.0", "0.0", "-1", "2"))
    found = read_examples(write(tmp_path, "x.tsv", text), "nli")
    assert found.label_names == ("0", "1", "2")
    assert found.labels.tolist() == [1, 0, 2]


def test_the_order_of_labels_does_not_depend_on_the_file(tmp_path):
    lines = ["x\ty\tneutral", "x\ty\tentailment", "x\ty\tcontradiction"]
    for place, order in enumerate((lines, lines[::-1])):
        text = "premise\thypothesis\tlabel\n" + "\n".join(order) + "\n"
        found = read_examples(write(tmp_path, f"{place}.tsv", text), "nli")
        assert found.label_names == ("contradiction", "entailment", "neutral")
        assert [found.label_names[n] for n in found.labels] == [r.split("\t")[2] for r in order]


# --- real data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "objective", "kind", "count"),
    [
        ("sts/stsb-train.tsv", "sts", "scored_pairs", 5_749),
        ("sts/stsb-train.tsv", "mnrl", "pairs", 1_406),
        ("nli/snli-dev.tsv.gz", "nli", "labelled_pairs", 9_842),
        ("nli/snli-dev.tsv.gz", "mnrl", "triplets", 3_172),
        ("nli/cad-train.tsv.gz", "nli", "labelled_pairs", 8_330),
        ("pairs/qqp-dev.tsv.gz", "contrastive", "labelled_pairs", 10_000),
        ("pairs/qqp-dev.tsv.gz", "mnrl", "pairs", 5_000),
        ("corpora/banking77-train.csv.gz", "simcse", "sentences", 9_999),
    ],
)
def test_real_files(shared_data, name, objective, kind, count):
    found = read_examples(shared_data / name, objective)
    assert (found.kind, len(found)) == (kind, count)


# --- refusals and silly inputs ------------------------------------------------------------------


def test_a_file_for_another_objective_is_refused_with_an_example(shared_data):
    with pytest.raises(DataError) as caught:
        read_examples(shared_data / "sts/stsb-train.tsv", "nli")
    reason, *example = str(caught.value).splitlines()
    assert reason.startswith("These are scored pairs, and nli needs labelled pairs.")
    assert example == EXAMPLE_FILES["nli"].splitlines()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.tsv", "", "x.tsv is empty"),
        ("x.csv", "\n\n", "is empty"),
        ("x.jsonl", "", "is empty"),
        ("x.tsv.gz", "", "is empty"),
        ("x.tsv", "sentence1\tsentence2\tscore\n", "but no rows"),
        ("x.csv", "a,a,score\nx,y,1\n", "two columns called 'a'"),
        ("x.tsv", b"\x89PNG\r\n\x1a\n\x00\xff", "not text in UTF-8"),
        ("x.csv", b"a\0b,c\n1,2\n", "is damaged"),
        ("x.csv", 'a,b\n"x,y\nz,u\n', "is damaged: unexpected end"),
        ("x.jsonl", '{"a": "x"}\n{"a": \n', "line 2 is not JSON"),
        ("x.jsonl", "5\n", "line 1 is not an object"),
        ("x.parquet", "a,b\n", "x.parquet is damaged"),
        ("x.docx", "a", "should be a .csv"),
        ("x.csv", "a,b\n\u00e4,\u00f6\n".encode("latin-1"), "not text in UTF-8"),
        ("x.tsv", "sentence1\tsentence2\tscore\nx\ty\t7\nx\tz\t7\n", "All scores of x.tsv are 7"),
        ("x.tsv", "sentence1\tsentence2\tscore\n\ty\t7\n", "no row with text under sentence1"),
        ("x.tsv", "n\n1\n2\n", "nothing tells which is what"),
    ],
)
def test_silly_files_are_refused(tmp_path, name, text, message):
    with pytest.raises(FileError, match=message):
        read_examples(write(tmp_path, name, text), "sts")


def test_packed_files_that_are_not_or_not_wholly_packed(tmp_path):
    (tmp_path / "x.tsv.gz").write_bytes(b"a\tb\n")
    (tmp_path / "y.tsv.gz").write_bytes(gzip.compress(b"a\tb\n" * 500)[:-12])
    whole = bytearray(gzip.compress(np.random.default_rng(0).bytes(500)))
    whole[30:60] = bytes(30)
    (tmp_path / "z.tsv.gz").write_bytes(whole)
    for name in "xyz":
        with pytest.raises(FileError, match=rf"{name}.tsv.gz (cannot be read|is damaged|is not)"):
            read_table(tmp_path / f"{name}.tsv.gz")


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileError, match=r"^gone.tsv cannot be read: No such file or directory\.$"):
        read_examples(tmp_path / "gone.tsv", "sts")
    (tmp_path / "folder.tsv").mkdir()
    with pytest.raises(FileError, match=r"folder.tsv cannot be read"):
        read_examples(tmp_path / "folder.tsv", "sts")


def test_one_column_is_sentences_and_nothing_else(tmp_path):
    path = write(tmp_path, "x.csv", "thing\ncat\ndog\ncat\n")
    assert read_examples(path, "simcse").columns == (("cat", "dog"),)
    with pytest.raises(DataError, match="These are sentences, and mnrl needs pairs or triplets"):
        read_examples(path, "mnrl")


def test_one_row_is_read(tmp_path):
    path = write(tmp_path, "x.tsv", "sentence1\tsentence2\tscore\nA b\tC d\t3\n")
    assert read_examples(path, "sts").labels.tolist() == pytest.approx([0.6])
    labelled = write(tmp_path, "y.tsv", "premise\thypothesis\tlabel\nA b\tC d\tneutral\n")
    with pytest.raises(DataError, match="nli needs two or more"):
        read_examples(labelled, "nli")


def test_labels_as_many_as_texts_are_no_labels(tmp_path):
    lines = [f"x {place}\ty {place}\tz {place}" for place in range(101)]
    path = write(tmp_path, "x.tsv", "a\tb\tlabel\n" + "\n".join(lines) + "\n")
    with pytest.raises(FileError, match="101 different labels"):
        read_examples(path, "nli")


def test_an_unknown_objective_is_refused_before_the_file_is_opened(tmp_path):
    with pytest.raises(DataError, match="objective='skipgram'"):
        read_examples(tmp_path / "gone.tsv", "skipgram")
