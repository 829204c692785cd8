"""What a person's file becomes: every kind, every oddity, and the sentence for no corpus."""

import csv
import gzip
import io
import json
import random
import re
import subprocess
import sys
import zipfile
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbert_core.corpus.reader import ReaderLimits, read_corpus
from sbert_core.errors import FileError

SENTENCES = [
    "I lost my card on the train yesterday",
    "How long does a transfer take?",
    "My account was charged twice, please help",
    "Can I change my address in the app?",
    "The machine kept my money and my card",
    "Where do I see last month's payments?",
]


def read(text, name="upload.csv", encoding="utf-8", **options):
    """Read a file written in a test."""
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return read_corpus(data, name=name, **options)


def as_csv(rows, delimiter=",", **options):
    """Write rows with Python's own CSV writer."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, **options).writerows(rows)
    return buffer.getvalue()


def as_xlsx(**sheets):
    """Write a workbook of sheets given as lists of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_parquet(columns):
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer, index=False)
    return buffer.getvalue()


LABELLED = [["text", "label"], *([text, f"topic{i % 2}"] for i, text in enumerate(SENTENCES))]


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

    def test_text_that_begins_with_a_bracket_is_not_json(self):
        lines = ["[laughs] That is what she said", "{sic} Another odd line of text"]
        assert read("\n".join(lines), "a.txt").texts == lines


class TestEncoding:
    """Which encoding, decided on the whole file."""

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_unicode_with_and_without_marks(self, codec):
        texts = ["Grüße aus Köln 😀", "שלום וברכה לכולם", "e\u0301 combines"]
        reading = read("text\n" + "\n".join(texts), encoding=codec)
        assert reading.texts == texts
        assert reading.report.encoding == codec

    @pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    def test_wide_unicode_without_a_mark(self, codec):
        reading = read(as_csv(LABELLED), encoding=codec)
        assert reading.texts == SENTENCES
        assert reading.report.encoding == codec

    def test_utf16_big_endian_with_mark(self):
        data = b"\xfe\xff" + as_csv(LABELLED, "\t").encode("utf-16-be")
        assert read(data).texts == SENTENCES

    def test_utf8_is_checked_to_the_last_byte(self):
        text = "text\n" + "A plain line of ASCII text here\n" * 50_000 + "und am Ende Grüße\n"
        assert read(text).report.encoding == "utf-8"
        reading = read(text, encoding="cp1252")
        assert reading.report.encoding == "cp1252"
        assert reading.texts[-1] == "und am Ende Grüße"

    @pytest.mark.parametrize(
        ("codec", "texts"),
        [
            ("cp1252", ["“I don’t know,” she said — and left…", "A plain line of text", "£5 only"]),
            ("cp1252", ["don’t"]),
            ("cp1252", ["¿Dónde está el niño?", "La señora no quiso decir nada más."]),
            ("cp1252", ["Où est le café près de l’hôtel ?", "Très bien, ça va."]),
            ("cp1250", ["Zgubiłem kartę i chcę zamówić nową.", "Źle się czuję, śnieg pada."]),
            ("cp1250", ["Příšerně žluťoučký kůň úpěl ďábelské ódy.", "Proč platba neprošla?"]),
            ("cp1254", ["Kartımı kaybettim, şimdi ne yapmalıyım?", "Ödemem dün akşam geçmedi."]),
            ("cp1251", ["Я потерял свою карту.", "Почему мой платёж не прошёл вчера?"]),
            ("koi8_r", ["Я потерял свою карту.", "Почему мой платёж не прошёл вчера?"]),
            ("cp1253", ["Έχασα την κάρτα μου και θέλω νέα.", "Γιατί δεν πέρασε η πληρωμή μου;"]),
            ("cp1255", ["איבדתי את הכרטיס שלי ואני רוצה להזמין חדש.", "למה התשלום לא עבר אתמול?"]),
            ("shift_jis", ["カードをなくしました。", "昨日の支払いがうまくいきません。"]),
            ("euc_jp", ["カードをなくしました。", "昨日の支払いがうまくいきません。"]),
            ("gb18030", ["我把卡弄丢了，想订一张新的。", "为什么我昨天的付款没有成功？"]),
            ("big5", ["我遺失了卡片,想要訂購一張新的。", "為什麼我昨天的付款沒有成功?"]),
            (
                "cp949",
                ["카드를 잃어버려서 새 카드를 주문하고 싶습니다.", "어제 결제가 왜 안 됐나요?"],
            ),
            ("mac_roman", ["Où est le café près de l’hôtel ?", "“Très bien”, ça va là-bas."]),
        ],
    )
    def test_legacy_encodings(self, codec, texts):
        reading = read(as_csv([["text"], *([text] for text in texts)]), encoding=codec)
        assert reading.texts == texts
        assert reading.report.encoding == codec
        assert any("UTF-8" in warning for warning in reading.report.warnings)

    def test_a_few_broken_bytes_do_not_turn_utf8_into_something_else(self):
        good = "Grüße aus Köln, schöne Straße, früh übermorgen"
        data = f"text\n{good}\n".encode() + b"a broken \xff byte here\n" + good.encode()
        reading = read(data)
        assert reading.texts == [good, "a broken \ufffd byte here", good]
        assert [item.line for item in reading.report.unparsed] == [3]

    def test_nul_characters_are_removed_and_counted(self):
        reading = read(b"text,label\nI lost\x00 my card today,a\nWhere is\x00 it\x00 now?,b\n")
        assert reading.texts == ["I lost my card today", "Where is it now?"]
        assert any("3 NUL" in warning for warning in reading.report.warnings)


class TestQuoting:
    """Quotes that are quotes, and quotes that are text."""

    def test_line_breaks_delimiters_and_quotes_inside_quotes(self):
        texts = ["Dear all,\nplease note", 'She said "no", twice', "a;b\tc|d\r\ne", '"Quoted."']
        reading = read(as_csv([["id", "text"], *([str(i), t] for i, t in enumerate(texts))]))
        assert reading.texts == texts
        assert reading.report.unparsed == ()

    def test_plain_quotes_in_a_tsv(self):
        texts = ['"Stop," he said and left', 'He said "stop" and left', '"A whole quoted line."']
        content = "text\tlabel\n" + "".join(f"{text}\tx\n" for text in texts)
        reading = read(content, "a.tsv")
        assert reading.texts == texts
        assert reading.report.unparsed == ()

    def test_plain_quotes_in_lines_of_text(self):
        texts = ['"Stop," he said.', '"A whole quoted line."', 'An unclosed "quote here']
        assert read("\n".join(texts), "a.txt").texts == texts

    def test_backslash_before_quotes(self):
        content = 'text,label\n"She said \\"no\\", twice",a\n"A path C:\\new, too",b\n'
        assert read(content).texts == ['She said "no", twice', "A path C:\\new, too"]

    def test_an_unclosed_quote_costs_one_line_not_the_rest(self):
        rows = as_csv([[f"Sentence number {i}, with a comma", "x"] for i in range(500)])
        content = 'text,label\n"This quote is never closed,y\n' + rows
        reading = read(content)
        assert reading.report.rows == 501
        assert reading.texts[0] == '"This quote is never closed'
        assert reading.texts[-1] == "Sentence number 499, with a comma"
        assert [item.line for item in reading.report.unparsed] == [2]

    def test_an_unclosed_quote_with_no_other_quote_in_the_file(self):
        lines = [f"Sentence number {i},x" for i in range(500)]
        lines[10] = '"This quote is never closed,y'
        reading = read("text,label\n" + "\n".join(lines))
        assert reading.report.rows == 500
        assert '"This quote is never closed' in reading.texts

    def test_an_unclosed_quote_closed_by_chance_far_below(self):
        rows = [f'"Sentence, number {i}",x' for i in range(40)]
        rows[5] = '"This quote is not closed,y'
        rows[6:30] = [f"Plain sentence number {i},x" for i in range(6, 30)]
        rows[30] = 'The screen has 30",x'
        reading = read("text,label\n" + "\n".join(rows))
        assert reading.report.rows == 40
        assert "Plain sentence number 20" in reading.texts

    def test_stray_quotes_keep_every_row(self):
        generator = random.Random(0)
        lines = []
        for i in range(300):
            text = f'Row {i} has "quotes" and words'
            mark = '"' * generator.randint(0, 2)
            lines.append(f"{mark}{text}{mark if i % 3 else ''}\tlabel")
        reading = read("text\tlabel\n" + "\n".join(lines), "a.tsv")
        assert reading.report.rows == 300
        assert all(f"Row {i} has" in text for i, text in enumerate(reading.texts))

    def test_mixed_line_endings(self):
        reading = read(
            b"text,label\r\nfirst of all texts,a\nsecond of all texts,b\rthird text,c\r\n"
        )
        assert reading.texts == ["first of all texts", "second of all texts", "third text"]

    def test_other_line_separators_are_characters(self):
        texts = ["one\u2028line of text", "one\x0bline of text", "one\x85line of text"]
        assert read("\n".join(texts), "a.txt").texts == texts

    def test_spaces_after_delimiters(self):
        content = 'id, text, label\n1, "Hello, my friend and foe", a\n2, "Well, well and well", b\n'
        reading = read(content)
        assert reading.texts == ["Hello, my friend and foe", "Well, well and well"]
        assert list(reading.frame.columns) == ["id", "text", "label"]

    def test_separator_line_of_excel(self):
        reading = read("sep=;\r\ntext;label\r\nOne, two, three, four;a\r\nFive, six;b\r\n")
        assert reading.texts == ["One, two, three, four", "Five, six"]

    def test_commas_left_unquoted_are_put_back_into_the_text(self):
        rows = [f"I lost my card number {i},lost" for i in range(10)]
        rows[3] = "Hello, I lost it, too,lost"
        reading = read("text,label\n" + "\n".join(rows))
        assert reading.texts[3] == "Hello, I lost it, too"
        assert reading.frame["label"].tolist() == ["lost"] * 10
        (line,) = reading.report.unparsed
        assert (line.line, line.excerpt) == (5, rows[3])
        assert "put back into the text" in line.action

    def test_short_rows_keep_their_text(self):
        rows = [f"{i};I lost my card number {i};lost" for i in range(10)]
        rows[2:4] = ["A text alone on its line", "3;A text without a label"]
        reading = read("id;text;label\n" + "\n".join(rows))
        assert reading.texts[2:4] == ["A text alone on its line", "A text without a label"]
        assert reading.frame["label"].isna().tolist()[2:5] == [True, True, False]
        assert [item.line for item in reading.report.unparsed] == [4, 5]

    def test_row_names_of_r_and_trailing_delimiters(self):
        written_by_r = "text,label\n" + "".join(
            f'"{i}","{s}","x"\n' for i, s in enumerate(SENTENCES)
        )
        assert read(written_by_r).texts == SENTENCES
        trailing = "text;label\n" + "".join(f"{s};x;\n" for s in SENTENCES)
        assert read(trailing).texts == SENTENCES


class TestHeader:
    """No header must lose no row."""

    @pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
    @pytest.mark.parametrize(
        "lines",
        [
            SENTENCES,
            ["Hello, I am Bob", "Hi, there you go", "Yes, please do that"],
            ["Hello", "I lost my card today", "Please send me another one"],
            ["Great article", "I liked the second part best", "Not for me at all"],
            ["Please answer my question", "I lost my card today", "Where is it now"],
            ["Text me later", "I will be there at five", "See you all tomorrow"],
        ],
    )
    def test_one_column_without_header(self, name, lines):
        reading = read("\n".join(lines), name)
        assert reading.texts == lines
        assert not reading.report.header
        assert reading.text_column == "text"

    def test_two_columns_without_header(self):
        rows = [[text, f"topic{i % 2}"] for i, text in enumerate(SENTENCES)]
        reading = read(as_csv(rows))
        assert reading.texts == SENTENCES
        assert not reading.report.header
        assert list(reading.frame.columns) == ["column 1", "column 2"]
        assert any("first row" in warning for warning in reading.report.warnings)

    @pytest.mark.parametrize(
        "header",
        [
            "text,label",
            "Sentence 1,isDuplicate",
            "utterance,intent",
            "Customer Comment,Store",
            ",x",
        ],
    )
    def test_headers_that_people_write(self, header):
        rows = [[text, f"T{i}"] for i, text in enumerate(SENTENCES)]
        if header == ",x":
            rows = [[str(i), text] for i, text in enumerate(SENTENCES)]
        reading = read(header + "\n" + as_csv(rows))
        assert reading.texts == SENTENCES
        assert reading.report.header

    def test_a_column_named_by_the_user_is_a_header(self):
        content = "gizmo\n" + "\n".join(SENTENCES)
        assert len(read(content).texts) == 7
        assert read(content, text_column="gizmo").texts == SENTENCES

    def test_numbers_below_a_word_make_it_a_header(self):
        content = "foo,bar\n" + "".join(f"{s},{i}\n" for i, s in enumerate(["aa", "bb", "cc"]))
        assert list(read(content).frame.columns) == ["foo", "bar"]

    def test_duplicate_and_empty_names_are_made_unique_and_said(self):
        content = "text,text,, text \n" + "".join(
            f"{s.replace(',', '')},b,c,d\n" for s in SENTENCES
        )
        reading = read(content)
        assert list(reading.frame.columns) == ["text", "text (2)", "column 3", "text (3)"]
        assert sum("'text'" in warning for warning in reading.report.warnings) == 2


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


class TestHostile:
    """Each ends in a clear sentence or a correct read."""

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "is empty"),
            (b"\xef\xbb\xbf", "is empty"),
            (b"\xff\xfe", "is empty"),
            (b" \r\n\t\n", "is empty"),
            (b"sep=;\n", "is empty but"),
            (gzip.compress(b""), "is empty"),
            (b"text,label\n", r"column names \(text, label\) but no rows"),
            (b"text\n\n\n", r"column names \(text\) but no rows"),
            (b"text,label\n,\n , \n", "every cell in them is empty"),
            (b"text,label\n,a\n,b\n", None),
            (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG picture"),
            (b"\xff\xd8\xff\xe0" + bytes(100), "is a JPEG picture"),
            (b"%PDF-1.7\nsome", "is a PDF document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Office file"),
            (b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
            (bytes(range(256)) * 20, "is a binary file"),
            (gzip.compress(b"text\nabc\n" * 1000)[:30], "is cut short"),
            (b"\x1f\x8b" + b"rubbish" * 10, "damaged gzip"),
            (gzip.compress(gzip.compress(b"text\nabc")), "gzip inside gzip"),
            (b"PK\x03\x04" + b"rubbish" * 10, "damaged XLSX or ZIP"),
            (b"PAR1" + b"rubbish" * 10 + b"PAR1", "Parquet file is damaged"),
        ],
    )
    def test_refused_with_a_sentence(self, data, message):
        if message is None:  # a column of labels is all there is to read
            assert read(data).texts == ["a", "b"]
            return
        with pytest.raises(FileError, match=message) as caught:
            read(data)
        assert "Traceback" not in str(caught.value)
        assert str(caught.value).rstrip().endswith(".")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ('{"text": ', "not valid JSON: .* line 1, column"),
            ("[" * 100_000, "nested too deeply"),
            ("[]", "holds no rows"),
            ("{}", "holds no rows"),
            ("[[]]", "holds no rows"),
            ("[" + "1" * 5000 + "]", "not valid JSON"),
        ],
    )
    def test_bad_json(self, content, message):
        with pytest.raises(FileError, match=message):
            read(content, "a.json")

    def test_zip_archives_are_told_apart(self):
        for member, message in [("word/document.xml", "Word"), ("a.csv", "unpack it")]:
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                archive.writestr(member, "x")
            with pytest.raises(FileError, match=message):
                read(buffer.getvalue())

    def test_damaged_workbook(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("xl/workbook.xml", "<nothing/>")
        with pytest.raises(FileError, match="workbook is damaged"):
            read(buffer.getvalue())
        with pytest.raises(FileError, match="workbook is empty"):
            read(as_xlsx(One=[], Two=[]), "a.xlsx")

    def test_missing_path_folder_and_special_file(self, tmp_path):
        with pytest.raises(FileError, match="There is no file"):
            read_corpus(tmp_path / "none.csv")
        with pytest.raises(FileError, match="is a folder"):
            read_corpus(tmp_path)

    def test_file_above_the_limit_names_it(self, tmp_path):
        path = tmp_path / "big.csv"
        path.write_bytes(b"text\n" + b"a" * 2_000_000)
        for source in (path, path.read_bytes()):
            with pytest.raises(FileError, match="limit of 1 MB"):
                read_corpus(source, limits=ReaderLimits(max_bytes=1_000_000))
        assert ReaderLimits().max_bytes == 200_000_000

    def test_a_gzip_that_expands_a_thousandfold_stops_at_the_limit(self):
        bomb = gzip.compress(bytes(50_000_000))
        assert len(bomb) < 60_000
        with pytest.raises(FileError, match="unpacks to more than the limit of 10 MB"):
            read(bomb, "a.csv.gz", limits=ReaderLimits(max_unpacked_bytes=10_000_000))

    def test_a_workbook_that_expands_stops_at_the_limit(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<x/>")
            archive.writestr("xl/worksheets/sheet1.xml", bytes(20_000_000))
        with pytest.raises(FileError, match="unpacks to more than the limit of 10 MB"):
            read(buffer.getvalue(), "a.xlsx", limits=ReaderLimits(max_unpacked_bytes=10_000_000))

    def test_a_parquet_that_expands_stops_at_the_limit(self):
        data = as_parquet({"text": ["the same"] * 1_000_000})
        assert len(data) < 100_000
        with pytest.raises(FileError, match="cells"):
            read(data, "a.parquet", limits=ReaderLimits(max_cells=500_000))

    def test_too_many_cells_or_columns(self):
        with pytest.raises(FileError, match="more than 100 cells"):
            read("text,label\n" + "I lost my card,a\n" * 60, limits=ReaderLimits(max_cells=100))
        with pytest.raises(FileError, match=r"2,000 columns, more than the limit of 1,000"):
            read(("a," * 1999 + "b\n") * 3)

    def test_limits_are_checked(self):
        with pytest.raises(ValueError, match="max_cells=0"):
            ReaderLimits(max_cells=0)

    def test_one_row(self):
        assert read("One sentence and no line end").texts == ["One sentence and no line end"]
        assert read("text,label\nOne sentence only,x").texts == ["One sentence only"]

    def test_numbers_only(self):
        reading = read("a,b\n" + "".join(f"{i},{i * 2}\n" for i in range(20)))
        assert reading.report.rows == 20
        assert reading.report.text_column_confidence == 0.0
        assert any("No column looks like sentences" in w for w in reading.report.warnings)
        assert reading.texts[:2] == ["0", "1"]
        assert read("1\n2\n3\n").texts == ["1", "2", "3"]

    def test_200_columns(self):
        header = ["text", *(f"c{i}" for i in range(199))]
        rows = [[s, *("x" for _ in range(199))] for s in SENTENCES]
        reading = read(as_csv([header, *rows]))
        assert reading.frame.shape == (6, 200)
        assert reading.texts == SENTENCES

    @pytest.mark.parametrize(
        "cell", ["word " * 200_000, "1" * 1_000_000 + "x", ", " * 500_000 + "x"]
    )
    def test_a_1_mb_cell(self, cell):
        reading = read(as_csv([["text", "label"], [cell, "a"], ["short one", "b"]]))
        assert reading.texts == [cell, "short one"]

    def test_cells_are_kept_letter_for_letter(self):
        texts = [
            "👩‍👩‍👧‍👦 family 🇩🇪 flag",
            "مرحبا بالعالم العربي",
            "Zalgo t\u0335\u0301e\u0300xt stays as it is",
            "<img src=x onerror=alert(1)>",
            '=HYPERLINK("http://example.org";"click me")',
            "=cmd|' /C calc'!A0",
            "  spaces around stay  ",
            "é and e\u0301 are different",
        ]
        rows = [["text", "label"], *([text, "x"] for text in texts)]
        assert read(as_csv(rows)).texts == texts
        assert read(json.dumps([{"text": text} for text in texts]), "a.json").texts == texts

    def test_many_unparsed_lines_are_counted_and_the_first_listed(self):
        rows = "".join(f"I lost my card number {i},a,b\n" for i in range(300))
        rows += "".join(f"I lost my card number {i},a\n" for i in range(900))
        report = read("text,label\n" + rows).report
        assert len(report.unparsed) == 100
        assert report.unparsed_total == 300
        assert report.rows == 1200
        assert any("300 lines" in warning for warning in report.warnings)

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, data):
        try:
            reading = read(data)
        except FileError:
            return
        assert reading.report.rows == len(reading.frame) >= 1
        assert all(text.strip() for text in reading.texts)
        json.dumps(reading.report.to_dict(), allow_nan=False)

    @settings(max_examples=200, deadline=None)
    @given(
        st.text(alphabet='a,;\t|"\n\r\\ {}[]:1', max_size=60),
        st.sampled_from(["a.csv", "a.txt", "a.tsv", "a.json", "a.jsonl"]),
    )
    def test_any_punctuation_is_read_or_refused(self, text, name):
        try:
            reading = read(text, name)
        except FileError:
            return
        report = reading.report
        assert report.rows + report.dropped_empty == report.rows_in_file


# Everything but NUL, other control characters (a file of them is not text) and half surrogates;
# what CSV is made of occurs often.
TEXTS = st.lists(
    st.text(
        alphabet=st.one_of(
            st.sampled_from('",;\t|\n\r \\=-ab1'),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        min_size=1,
        max_size=30,
    ).filter(lambda text: text.strip()),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(",\t;|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_whatever_a_csv_writer_writes_comes_back(texts, delimiter, quoting):
    rows = [["id", "text", "label"], *([f"n{i}", text, "x"] for i, text in enumerate(texts))]
    content = as_csv(rows, delimiter, quoting=quoting)
    reading = read(content, text_column="text", label_column="label")
    assert reading.texts == texts
    assert reading.frame["label"].tolist() == ["x"] * len(texts)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(",\t;|"))
def test_a_single_column_comes_back(texts, delimiter):
    content = as_csv([["text"], *([text] for text in texts)], delimiter)
    assert read(content).texts == texts


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
