"""What a person's file becomes: every format, the columns, and real files."""

import csv
import gzip
import json
import re
import subprocess
import sys
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from reader_files import LABELLED, SENTENCES, as_csv, as_parquet, as_xlsx, read

from sbert_core.corpus.reader import read_corpus
from sbert_core.errors import FileError


class TestFormats:
    """The same six sentences in every format."""

    @pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
    @pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.dat", "noextension"])
    def test_delimiter_is_found_whatever_the_extension(self, delimiter, name):
        reading = read(as_csv(LABELLED, delimiter), name=name)
        assert reading.texts == SENTENCES
        assert reading.report.delimiter == delimiter
        assert (reading.text_column, reading.label_column) == ("text", "label")
        assert reading.report.header

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("strings.json", json.dumps(SENTENCES)),
            ("objects.json", json.dumps([{"text": s, "n": i} for i, s in enumerate(SENTENCES)])),
            ("columns.json", json.dumps({"text": SENTENCES, "n": list(range(6))})),
            ("column.json", json.dumps({"text": SENTENCES})),
            (
                "wrapped.json",
                json.dumps({"version": "1", "data": [{"text": s} for s in SENTENCES]}),
            ),
            ("wrapped_strings.json", json.dumps({"data": SENTENCES})),
            ("lists.json", json.dumps([["text", "n"], *([s, 1] for s in SENTENCES)])),
            ("pandas_columns.json", pd.DataFrame({"text": SENTENCES}).to_json()),
            ("pandas_split.json", pd.DataFrame({"text": SENTENCES}).to_json(orient="split")),
            ("lines.jsonl", "\n".join(json.dumps({"text": s}) for s in SENTENCES)),
            ("lines.json", "\r\n".join(json.dumps({"text": s}) for s in SENTENCES)),
            ("string_lines.jsonl", "\n".join(map(json.dumps, SENTENCES))),
            ("json_named.txt", json.dumps([{"text": s} for s in SENTENCES], indent=2)),
            ("one_a_line.txt", "\n".join(SENTENCES)),
        ],
    )
    @pytest.mark.parametrize("packed", [False, True])
    def test_text_formats(self, name, content, packed):
        data = content.encode()
        reading = read(gzip.compress(data) if packed else data, name + ".gz" * packed)
        assert reading.texts == SENTENCES
        assert reading.text_column == "text"
        assert reading.report.encoding == "utf-8"

    def test_xlsx_keeps_numbers_and_writes_dates_as_iso(self):
        rows = [
            ["text", "when", "score", "code"],
            *([s, datetime(2024, 3, i + 1), i / 2, "007"] for i, s in enumerate(SENTENCES)),
        ]
        reading = read(as_xlsx(Sheet=rows), "book.xlsx")
        assert reading.texts == SENTENCES
        assert reading.frame["score"].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
        assert reading.frame["score"].dtype == np.float64
        assert reading.frame["when"].tolist()[:2] == ["2024-03-01", "2024-03-02"]
        assert reading.frame["code"].tolist() == ["007"] * 6
        assert reading.report.encoding is None

    def test_xlsx_takes_the_first_sheet_with_cells_and_says_so(self):
        data = as_xlsx(Cover=[], Notes=[["text"], [SENTENCES[0]]], More=[["text"], ["another"]])
        reading = read(data, "book.xlsx")
        assert reading.texts == SENTENCES[:1]
        assert any("3 sheets" in w and "'Notes'" in w for w in reading.report.warnings)

    def test_xlsx_blank_rows_inside_are_dropped_and_below_are_not_counted(self):
        data = as_xlsx(S=[["text"], [SENTENCES[0]], [None], [SENTENCES[1]], [""], [" "]])
        report = read(data, "book.xlsx").report
        assert (report.rows, report.dropped_empty, report.rows_in_file) == (2, 1, 3)

    def test_xlsx_numbers_in_the_text_column_become_text(self):
        data = as_xlsx(S=[["text", "n"], [SENTENCES[0], 1], [42, 2], [SENTENCES[1], 3]])
        assert read(data, "book.xlsx").texts == [SENTENCES[0], "42", SENTENCES[1]]

    def test_parquet_with_columns_of_other_types(self):
        data = as_parquet(
            {
                "text": SENTENCES,
                "count": np.arange(6, dtype=np.int32),
                "share": np.linspace(0, 1, 6),
                "maybe": [1.5, None, 2.5, None, 3.5, 4.5],
                "flag": [True, False] * 3,
                "day": [date(2024, 1, d + 1) for d in range(6)],
                "digits": ["1", "2", "3", "4", "5", "6"],
                "tags": [["a", "b"]] * 6,
                "vector": [[0.1, 0.2]] * 6,
            }
        )
        reading = read(data, "table.parquet")
        frame = reading.frame
        assert reading.texts == SENTENCES
        assert frame["count"].dtype == np.int64
        assert frame["count"].tolist() == list(range(6))
        assert frame["share"].dtype == np.float64
        assert frame["maybe"].isna().tolist() == [False, True, False, True, False, False]
        assert frame["flag"].tolist() == ["true", "false"] * 3
        assert frame["day"].tolist()[0] == "2024-01-01"
        assert frame["digits"].tolist() == list("123456")  # text in the file, text here
        assert frame["tags"].tolist()[0] == '["a", "b"]'
        assert "vector" not in frame
        assert any("'vector'" in warning for warning in reading.report.warnings)

    def test_parquet_and_xlsx_are_known_by_content(self):
        assert read(as_parquet({"text": SENTENCES}), "wrong.csv").texts == SENTENCES
        assert read(as_xlsx(S=LABELLED), "wrong.txt").texts == SENTENCES

    def test_path_gives_its_name(self, tmp_path):
        path = tmp_path / "my file.csv"
        path.write_text(as_csv(LABELLED))
        assert read_corpus(path).report.file_name == "my file.csv"
        assert read_corpus(path, name="shown.csv").report.file_name == "shown.csv"

    def test_nested_json_is_flattened_to_json(self):
        values = [{"text": s, "meta": {"é": [1, None]}} for s in SENTENCES]
        frame = read(json.dumps(values), "a.json").frame
        assert frame["meta"].tolist() == ['{"é": [1, null]}'] * 6

    def test_one_json_object_is_one_row(self):
        reading = read('{"text": "One row only", "meta": {"a": 1}}', "a.json")
        assert reading.texts == ["One row only"]

    def test_json_numbers_stay_numbers_and_mixed_ones_become_text(self):
        values = [{"text": s, "n": i, "mixed": i if i else "none"} for i, s in enumerate(SENTENCES)]
        frame = read(json.dumps(values), "a.json").frame
        assert frame["n"].dtype == np.int64
        assert frame["mixed"].tolist() == ["none", "1", "2", "3", "4", "5"]

    def test_json_lines_leaves_out_broken_lines_and_names_them(self):
        lines = [json.dumps({"text": s}) for s in SENTENCES]
        lines[2] = '{"text": "cut in the mid'
        reading = read("\n".join(lines), "a.jsonl")
        assert reading.texts == [*SENTENCES[:2], *SENTENCES[3:]]
        assert [(item.line, item.excerpt) for item in reading.report.unparsed] == [(3, lines[2])]

    def test_half_a_surrogate_pair_in_json_becomes_a_replacement_character(self):
        reading = read(
            '["A broken \\ud83d emoji here", "A whole \\ud83d\\ude00 emoji here"]', "a.json"
        )
        assert reading.texts == ["A broken \ufffd emoji here", "A whole 😀 emoji here"]
        assert list(read('[{"a\\ud83d": "A text of words"}]', "a.json").frame) == ["a\ufffd"]

    def test_text_that_begins_with_a_bracket_is_not_json(self):
        lines = ["[laughs] That is what she said", "{sic} Another odd line of text"]
        assert read("\n".join(lines), "a.txt").texts == lines


class TestColumns:
    """Text and label column, and what the others become."""

    def test_ids_dates_addresses_and_numbers_are_never_the_text(self):
        rows = [["id", "date", "url", "amount", "author", "remark"]]
        for i, s in enumerate(SENTENCES):
            day = f"Mon Apr {i + 1:02d} 22:19:45 PDT 2009"
            rows.append([f"a{i}f-00", day, f"https://example.org/{i}", f"{i}.50", "Ada L", s])
        reading = read(as_csv(rows))
        assert reading.text_column == "remark"
        kinds = {column.name: column.kind for column in reading.report.columns}
        assert kinds["id"] == "id"
        assert kinds["date"] == "date"
        assert kinds["url"] == "id"
        assert kinds["amount"] == "number"
        assert kinds["remark"] == "text"
        others = [c.confidence for c in reading.report.columns if c.name != "remark"]
        assert max(others) < 0.5 < 0.9 < reading.report.text_column_confidence <= 1

    def test_headerless_tweets(self):
        rows = [
            [
                str(i % 2 * 4),
                str(1467810000 + i),
                "Mon Apr 06 22:19:45 PDT 2009",
                "NO_QUERY",
                f"u{i}",
                s,
            ]
            for i, s in enumerate(SENTENCES)
        ]
        reading = read(as_csv(rows, quoting=csv.QUOTE_ALL), "training.csv")
        assert reading.texts == SENTENCES

    def test_short_labels_lose_against_sentences_and_longer_texts_win(self):
        rows = [["title", "body"], *([s[:12], s + " " + s] for s in SENTENCES)]
        assert read(as_csv(rows)).text_column == "body"

    def test_first_of_two_equal_columns_is_taken_and_the_other_named(self):
        rows = [["sentence1", "sentence2"], *([s, s[::-1]] for s in SENTENCES)]
        reading = read(as_csv(rows))
        assert reading.text_column == "sentence1"
        assert any("'sentence2'" in warning for warning in reading.report.warnings)

    def test_chinese_sentences_are_sentences(self):
        rows = [["code", "内容"], *([f"x{i}", "一个女孩正在给自己的头发做造型"] for i in range(4))]
        assert read(as_csv(rows)).text_column == "内容"

    def test_overrides(self):
        content = as_csv([["a", "b"], *([s, f"t{i % 2}"] for i, s in enumerate(SENTENCES))])
        reading = read(content, text_column="b", label_column="a")
        assert (reading.text_column, reading.label_column) == ("b", "a")
        assert reading.texts == ["t0", "t1"] * 3

    @pytest.mark.parametrize("option", ["text_column", "label_column"])
    def test_unknown_column_lists_the_others(self, option):
        with pytest.raises(FileError, match=r"'missing'; the columns are: text, label\."):
            read(as_csv(LABELLED), **{option: "missing"})

    def test_text_and_label_must_differ(self):
        with pytest.raises(FileError, match="both the text and the label"):
            read(as_csv(LABELLED), text_column="text", label_column="text")

    def test_no_label_where_every_value_is_different(self):
        rows = [["text", "name"], *([s, f"unique{i}"] for i, s in enumerate(SENTENCES))]
        assert read(as_csv(rows)).label_column is None

    def test_numbers_only_if_nothing_is_lost(self):
        rows = [["text", "n", "x", "zip", "long", "gap", "date"]]
        for i, s in enumerate(SENTENCES):
            gap = "" if i == 2 else str(i)
            rows.append(
                [s, str(i), f"{i}.50", f"00{i}", f"1234567890123456789{i}", gap, "2024-01-02"]
            )
        frame = read(as_csv(rows)).frame
        assert frame["n"].dtype == np.int64
        assert frame["x"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
        assert frame["zip"].tolist()[1] == "001"
        assert frame["long"].tolist()[1] == "12345678901234567891"
        assert frame["gap"].isna().tolist() == [False, False, True, False, False, False]
        assert frame["gap"].dtype == np.float64

    def test_words_for_nothing_are_texts(self):
        texts = ["null", "NA", "None", "nan", "N/A", "I have nothing to say"]
        reading = read("text,label\n" + "".join(f"{text},x\n" for text in texts))
        assert reading.texts == texts

    def test_blank_cells(self):
        content = (
            "text,label\nI lost my card,a\n,b\n   ,c\n\u00a0\t,d\nWhere is it?,\nThird text,  \n"
        )
        reading = read(content)
        assert reading.texts == ["I lost my card", "Where is it?", "Third text"]
        assert reading.frame["label"].tolist()[0] == "a"
        assert reading.frame["label"].isna().tolist() == [False, True, True]
        assert list(reading.frame.index) == [0, 1, 2]
        report = reading.report
        assert (report.rows, report.dropped_empty, report.rows_in_file) == (3, 3, 6)

    def test_duplicates_are_counted_and_kept(self):
        report = read("text\n" + "\n".join([*SENTENCES, SENTENCES[0], SENTENCES[0]])).report
        assert (report.rows, report.duplicates) == (8, 2)

    def test_all_rows_identical(self):
        reading = read("text,label\n" + "I lost my card today,a\n" * 50)
        assert reading.text_column == "text"
        assert reading.report.duplicates == 49
        assert 0 < reading.report.text_column_confidence < 0.5

    def test_report_survives_json(self):
        report = read(as_csv(LABELLED)).report
        fields = json.loads(json.dumps(report.to_dict()))
        assert fields["columns"][0]["name"] == "text"
        assert fields["rows"] == 6
        assert fields["text_column_confidence"] == report.text_column_confidence


ROWS = {
    "sts/stsb-train.tsv": (5749, "sentence1"),
    "sts/stsb-dev.tsv": (1500, "sentence1"),
    "sts/stsb-test.tsv": (1379, "sentence1"),
    "nli/snli-dev.tsv.gz": (9842, "premise"),
    "nli/snli-test.tsv.gz": (9824, "premise"),
    "nli/cad-train.tsv.gz": (8330, "premise"),
    "nli/conjnli-train.tsv.gz": (15000, "premise"),
    "pairs/qqp-dev.tsv.gz": (10000, "question1"),
    "pairs/mrpc-train.tsv.gz": (4076, "sentence1"),
    "pairs/mrpc-test.tsv.gz": (1725, "sentence1"),
    "corpora/banking77-train.csv.gz": (10003, "text"),
    "corpora/banking77-test.csv.gz": (3080, "text"),
    "corpora/agnews-test.csv.gz": (7600, "description"),
    "corpora/20newsgroups-sample.csv.gz": (4000, "text"),
    "multilingual/stsb-de-test.tsv": (1379, "sentence1"),
    "multilingual/stsb-zh-test.tsv": (1379, "sentence1"),
    "search/cranfield-docs.tsv.gz": (1400, "text"),
    "search/cranfield-queries.tsv.gz": (225, "text"),
    "search/cranfield-qrels.tsv.gz": (1837, "query_id"),
}


@pytest.mark.parametrize("name", ROWS)
def test_real_files_give_every_row_and_the_column_a_person_would_choose(shared_data, name):
    rows, column = ROWS[name]
    reading = read_corpus(shared_data / name)
    assert reading.report.rows_in_file == rows
    assert reading.text_column == column
    assert reading.report.unparsed == ()


def test_real_tsv_with_plain_quotes_is_equal_cell_for_cell(shared_data):
    path = shared_data / "pairs" / "mrpc-train.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        expected = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    frame = read_corpus(path).frame
    assert frame["sentence1"].tolist() == [row[0] for row in expected[1:]]
    assert frame["sentence2"].tolist() == [row[1] for row in expected[1:]]


def test_reading_imports_no_torch(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(as_csv(LABELLED))
    code = (
        "import sys; from pathlib import Path; from sbert_core.corpus.reader import read_corpus; "
        f"assert 'pandas' not in sys.modules; read_corpus(Path({str(path)!r})); "
        "print(sorted({'torch', 'sklearn', 'lance'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\[\]\s*", done.stdout)
