"""Text files: encoding, quoting and header, found from the content."""

import csv
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import LABELLED, SENTENCES, as_csv, read


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

    def test_a_label_that_sounds_like_a_name_is_no_header(self):
        rows = [["Cancel order", "status"], *([s, "status"] for s in SENTENCES)]
        assert read(as_csv(rows)).report.rows == 7

    def test_a_header_repeated_further_down_is_one(self):
        assert read(as_csv([*LABELLED, *LABELLED])).report.rows == 13

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
