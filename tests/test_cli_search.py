"""The command `search`: promised fields, files in and out, and a sentence for every mistake."""

import json

import pytest

from sbert_core.cli import main
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

ROWS = [
    ("the cat sat", "animal"),
    ("the dog ran", "animal"),
    ("where is my card", "bank"),
    ("my card is lost", "bank"),
    ("a cat was sitting", "animal"),
]


@pytest.fixture(autouse=True)
def tiny():
    write_checkpoint(Lab().workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,kind\n" + "\n".join(map(",".join, ROWS)), encoding="utf-8")
    return str(path)


def run(capsys, *words):
    status = main(["search", *words])
    return status, *capsys.readouterr()


def answer(capsys, *words):
    status, out, err = run(capsys, *words, "--json")
    assert status == 0, err
    return json.loads(out)


@pytest.mark.parametrize("mode", ["semantic", "keyword", "hybrid"])
def test_it_keeps_its_promise(capsys, file, mode):
    found = answer(capsys, file, "lost card", "--mode", mode, "--model", "tiny", "--k", "2")
    assert found["milliseconds"] > 0 and found["mode"] == mode
    assert len(found["hits"]) == 2
    for hit in found["hits"]:
        assert hit["text"] == ROWS[hit["row"]][0]
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    if mode != "semantic":
        assert found["hits"][0]["row"] == 3


def test_a_filter_and_a_file_of_hits(capsys, file, tmp_path):
    out = tmp_path / "hits.csv"
    words = [file, "cat card", "--mode", "keyword", "--where", "kind=bank", "--out", str(out)]
    found = answer(capsys, *words)
    assert {hit["row"] for hit in found["hits"]} == {2, 3}
    lines = out.read_text("utf-8-sig").splitlines()
    assert lines[0].split(",")[:4] == ["query", "rank", "row", "score"]
    assert len(lines) == 3 and all(line.endswith("bank") for line in lines[1:])


@pytest.mark.parametrize("name", ["queries.txt", "queries.csv"])
def test_many_queries_from_a_file(capsys, file, tmp_path, name):
    path = tmp_path / name
    head = "question\n" if name.endswith("csv") else ""
    path.write_text(f"{head}where is the card\nthe cat sat\n", encoding="utf-8")
    found = answer(capsys, file, "--queries", str(path), "--mode", "keyword", "--k", "1")
    assert [r["hits"][0]["row"] for r in found["results"]] == [2, 0]


def test_an_index_is_built_where_it_is_asked_for(capsys, file):
    words = [file, "cat", "--model", "tiny", "--k", "3"]
    by_index = answer(capsys, *words, "--engine", "approximate")
    assert by_index["engine"] == "approximate"
    assert [h["row"] for h in by_index["hits"]] == [
        h["row"] for h in answer(capsys, *words)["hits"]
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["  ", "--mode", "keyword"], "The query is empty"),
        ([], "Give either a QUERY or --queries FILE"),
        (["cat", "--mode", "keyword", "--k", "0"], "k=0"),
        (["cat", "--mode", "keyword", "--where", "kind"], "COLUMN=VALUE"),
        (["cat", "--mode", "keyword", "--where", "kind=fish"], "No row of this corpus has"),
        (["cat", "--mode", "keyword", "--out", "hits.doc"], ".csv or .parquet"),
        (["cat", "--mode", "keyword", "--rerank", "no-such"], "no-such"),
    ],
)
def test_a_mistake_gets_one_sentence(capsys, file, words, sentence):
    status, out, err = run(capsys, file, *words)
    assert (status, out) == (1, "")
    assert sentence in err and "Traceback" not in err


def test_for_a_person_it_prints_a_table_or_says_why_not(capsys, file):
    assert "my card is lost" in run(capsys, file, "lost", "--mode", "keyword")[1]
    assert "No row has a word" in run(capsys, file, "zebra", "--mode", "keyword")[1]
