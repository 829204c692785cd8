"""The bundled sample corpora: shape, spread and hygiene."""

import csv
import datetime
import re
from collections import Counter
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
CHANNELS = {"email", "chat", "app review", "survey", "phone note"}


def read(name):
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = list(reader)
    return reader.fieldnames, rows


def fold(text):
    """Lower case, letters and digits only: what is left when case and punctuation go."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("'", "")))


@pytest.fixture(scope="module")
def messages():
    return read("messages.csv")[1]


@pytest.fixture(scope="module")
def pairs():
    return read("pairs.csv")[1]


def sentences(pairs):
    return [pair[column] for pair in pairs for column in ("sentence1", "sentence2")]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("messages.csv", ["text", "topic", "channel", "date"]),
        ("pairs.csv", ["sentence1", "sentence2", "score"]),
    ],
)
def test_columns_and_no_gaps(name, columns):
    fieldnames, rows = read(name)
    assert fieldnames == columns
    for row in rows:
        assert None not in row
        assert all(value and value == value.strip() for value in row.values()), row


@pytest.mark.parametrize("name", ["messages.csv", "pairs.csv", "README.md"])
def test_plain_utf8_with_lf(name):
    data = (SAMPLES / name).read_bytes()
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8").endswith("\n")


def test_topics_are_many_and_balanced(messages):
    counts = Counter(message["topic"] for message in messages)
    assert len(messages) >= 600
    assert len(counts) == 12
    assert min(counts.values()) >= 45


def test_channels_and_dates(messages):
    assert {message["channel"] for message in messages} == CHANNELS
    dates = [datetime.date.fromisoformat(message["date"]) for message in messages]
    assert {date.year for date in dates} == {2025}
    assert {date.month for date in dates} == set(range(1, 13))


def test_messages_all_differ(messages):
    counts = Counter(fold(message["text"]) for message in messages)
    assert [text for text, count in counts.items() if count > 1] == []


def test_message_lengths(messages):
    lengths = [len(message["text"].split()) for message in messages]
    assert min(lengths) >= 3
    assert max(lengths) <= 40
    assert 12 <= sum(lengths) / len(lengths) <= 16


def test_messages_follow_no_template(messages):
    openings = Counter(" ".join(fold(message["text"]).split()[:3]) for message in messages)
    assert [opening for opening, count in openings.items() if count > 4] == []


def test_pairs_cover_the_scale(pairs):
    assert len(pairs) == 450
    assert all(re.fullmatch(r"[0-5]\.\d", pair["score"]) for pair in pairs)
    scores = [float(pair["score"]) for pair in pairs]
    assert min(scores) >= 0
    assert max(scores) <= 5
    intervals = Counter(min(int(score), 4) for score in scores)
    assert all(intervals[low] >= 70 for low in range(5)), intervals
    assert 70 <= sum(score <= 0.4 for score in scores) <= 80
    levels = Counter(int(score + 0.5) for score in scores)
    assert all(55 <= levels[level] <= 90 for level in range(6)), levels


def test_pair_sentences_all_differ(pairs):
    counts = Counter(fold(sentence) for sentence in sentences(pairs))
    assert [text for text, count in counts.items() if count > 1] == []


def test_pair_lengths(pairs):
    assert all(5 <= len(sentence.split()) <= 20 for sentence in sentences(pairs))


def test_no_pair_sentence_is_a_message(messages, pairs):
    texts = {fold(message["text"]) for message in messages}
    assert [s for s in sentences(pairs) if fold(s) in texts] == []


def test_readme_names_licence_and_counts(messages, pairs):
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert "CC0-1.0" in readme
    assert f"| `messages.csv` | {len(messages)} |" in readme
    assert f"| `pairs.csv` | {len(pairs)} |" in readme


def test_readme_duplicates_are_there(messages):
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    topics = {message["topic"] for message in messages}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in readme.splitlines()]
    planted = [row for row in rows if len(row) == 3 and row[0] in topics]
    assert {row[0] for row in planted} == topics
    for topic, *openings in planted:
        texts = [message["text"] for message in messages if message["topic"] == topic]
        for opening in openings:
            assert sum(text.startswith(opening) for text in texts) == 1, opening
