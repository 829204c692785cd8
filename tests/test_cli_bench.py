"""`bench`: promised fields, and sentences where the reference cannot follow."""

import argparse
import json
import sys

import pytest
import torch

from sbert_core import cli_bench, race_desk
from sbert_core.cli_bench import add_bench
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.errors import DataError

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    base = write_checkpoint(folder / "tiny", bert_tokenizer(), bert_model)
    CrossEncoder.start(base, 1).save(folder / "judge")
    return folder


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "\n".join(f"the cat sat on {n} mats" for n in range(30)))
    return path


def run(*words):
    """Run the command as `cli.main` would, down to JSON and back."""
    parser = argparse.ArgumentParser()
    add_bench(parser.add_subparsers(dest="command", required=True))
    options = parser.parse_args(["bench", *map(str, words)])
    return json.loads(json.dumps(options.run(options)))


def test_encode_has_the_promised_fields(models, file):
    found = run("encode", file, "--model", models / "tiny", "--rounds", 1)
    assert found["sentences"] == 30
    assert found["ours"] > 0
    assert found["reference"] is None
    assert {"ratio", "cosine_fidelity_mean", "cosine_fidelity_min"} <= found.keys()


def test_encode_against_the_reference_compares_vectors(models, file):
    words = ("--model", models / "tiny", "--rounds", 1, "--against", "sentence-transformers")
    found = run("encode", file, *words)
    assert found["reference"] > 0
    assert found["ratio"] == pytest.approx(found["ours"] / found["reference"], abs=0.05, rel=0.05)
    assert found["cosine_fidelity_min"] == pytest.approx(1, abs=1e-3)


def test_a_pooling_that_the_reference_would_not_use_is_refused(models, file):
    model = f"{models / 'tiny'}:cls"
    with pytest.raises(DataError, match="by mean, not by cls"):
        run("encode", file, "--model", model, "--against", "sentence-transformers")


def test_without_the_reference_there_is_a_sentence(models, file, monkeypatch, tmp_path):
    words = ("encode", file, "--model", models / "tiny", "--against", "sentence-transformers")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(DataError, match="pip install sentence-transformers"):
        run(*words)
    monkeypatch.setattr(cli_bench, "_COMPARISON", tmp_path / "encode.py")
    with pytest.raises(DataError, match="benchmarks/"):
        run(*words)


def test_cross_shows_its_arithmetic_beside_the_paper(models, file, monkeypatch):
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.05)
    monkeypatch.setattr(race_desk, "WHOLE_S", 0.0)
    found = run(
        *("cross", file, "--model", models / "tiny", "--cross", models / "judge"),
        *("--sizes", "5,50"),
    )
    assert [size["pairs"] for size in found["sizes"]] == [10, 1225]
    last = found["sizes"][1]
    assert last["cross_seconds"] == pytest.approx(1225 / found["pairs_per_second"])
    assert last["arithmetic"].startswith("50 sentences: n(n−1)/2 = 1,225 pairs / ")
    assert found["published"]["cross_seconds"] == 65 * 3600
    assert "30 distinct sentences" in found["note"]


def test_cross_reads_the_bundled_sample_when_no_file_is_named(models, monkeypatch):
    monkeypatch.setattr(race_desk, "SAMPLE_S", 0.05)
    words = ("--model", models / "tiny", "--cross", models / "judge", "--sizes", "4")
    found = run("cross", *words)
    assert found["note"] == "" or "busy" in found["note"]
    assert found["sizes"][0]["sentences"] == 4


def test_speed_has_paths_cells_and_peaks(models, file, monkeypatch):
    monkeypatch.setattr(race_desk.RaceDesk.speed_of, "__defaults__", (lambda *_: None, 0.3))
    found = run("speed", file, "--model", models / "tiny")
    assert found["paths"][0]["precision"] == "fp32"
    assert found["paths"][0]["share_of_peak"] > 0
    assert found["peaks"]["fp32"] > 0
    assert found["cells"]


@pytest.mark.parametrize("sizes", ["1", "a,b", "", "100,"])
def test_sizes_that_are_none_are_bad_usage(sizes, capsys):
    with pytest.raises(SystemExit) as stopped:
        run("cross", "--sizes", sizes)
    assert stopped.value.code == 2
    assert "100,1000" in capsys.readouterr().err
