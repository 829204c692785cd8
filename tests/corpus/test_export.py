"""CSV that a spreadsheet opens safely, Parquet that is exact."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from sbert_core.corpus.export import to_csv, to_parquet
from sbert_core.corpus.reader import read_corpus


def cells(data):
    """Parse exported CSV with Python's own reader."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://example.org";"x")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\tindented",
        "\rreturn",
        "\nfeed",
        "  =1+1",
        "\u00a0\u200b =1+1",
        "＝1+1",
    ],
)
def test_formula_cells_are_escaped_in_csv_only(text):
    frame = pd.DataFrame({"text": [text]})
    assert cells(to_csv(frame))[1] == ["'" + text]
    assert pd.read_parquet(io.BytesIO(to_parquet(frame)))["text"].tolist() == [text]


@pytest.mark.parametrize("text", ["a=b", "plain", "5 - 3", "<img src=x onerror=1>", "'quoted'", ""])
def test_other_cells_are_left_alone(text):
    assert cells(to_csv(pd.DataFrame({"text": [text], "x": ["y"]})))[1] == [text, "y"]


def test_numbers_are_no_formulas():
    frame = pd.DataFrame({"n": [-1, 2], "x": [-0.5, np.nan]})
    assert cells(to_csv(frame)) == [["n", "x"], ["-1", "-0.5"], ["2", ""]]


def test_column_names_and_categories_are_escaped_too():
    frame = pd.DataFrame({"=1+1": pd.Categorical(["=2+2", "b"])})
    assert cells(to_csv(frame)) == [["'=1+1"], ["'=2+2"], ["b"]]


def test_the_frame_itself_is_not_changed():
    frame = pd.DataFrame({"=a": ["=1"]})
    to_csv(frame)
    assert frame.equals(pd.DataFrame({"=a": ["=1"]}))


def test_excel_finds_a_byte_order_mark():
    assert to_csv(pd.DataFrame({"a": ["é"]})).startswith(b"\xef\xbb\xbfa\r\n")


def test_same_column_name_twice_and_no_rows():
    frame = pd.DataFrame([["=1", "b"]], columns=["a", "a"])
    assert cells(to_csv(frame)) == [["a", "a"], ["'=1", "b"]]
    assert cells(to_csv(frame.iloc[:0])) == [["a", "a"]]


def test_what_is_exported_can_be_read_again():
    texts = [
        "line\nbreak in a text",
        "carriage\rreturn here",
        'a "quote", and more',
        "émoji 😀 text",
    ]
    frame = pd.DataFrame({"text": texts, "cluster": [0, 1, 0, 1], "gap": ["a", None, "b", "c"]})
    for data, name in [(to_csv(frame), "a.csv"), (to_parquet(frame), "a.parquet")]:
        again = read_corpus(data, name=name).frame
        assert again["text"].tolist() == texts
        assert again["cluster"].tolist() == [0, 1, 0, 1]
        assert again["gap"].isna().tolist() == [False, True, False, False]
