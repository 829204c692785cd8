"""Files as people have them, written for the tests of the reader."""

import csv
import io

import openpyxl
import pandas as pd

from sbert_core.corpus.reader import read_corpus

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
