"""Bad files: each ends in a clear sentence or a correct read."""

import gzip
import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_files import SENTENCES, as_csv, as_parquet, as_xlsx, read

from sbert_core.corpus.reader import ReaderLimits, read_corpus
from sbert_core.errors import FileError


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
            (b"a.csv" + bytes(252) + b"ustar\x00" + b"text " * 999, "is a tar archive"),
            (b"%PDF-1.7\nsome", "is a PDF document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Office file"),
            (b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
            (bytes(range(256)) * 20, "is a binary file"),
            (gzip.compress(b"text\nabc\n" * 1000)[:30], "is cut short"),
            (b"\x1f\x8b" + b"rubbish" * 10, "damaged gzip"),
            (gzip.compress(gzip.compress(b"text\nabc")), "gzip inside gzip"),
            (b"PK\x03\x04" + b"rubbish" * 10, "damaged XLSX or ZIP"),
            (b"PAR1" + b"rubbish" * 10 + b"PAR1", "Parquet file is damaged"),
            (as_parquet({"text": ["A sentence"]})[:-20] + bytes(20), "Parquet file is damaged"),
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
