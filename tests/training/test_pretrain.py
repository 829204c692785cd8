"""Pretraining on a toy corpus: it learns, it goes on, and what it leaves behind can be loaded."""

import json
import random
import shutil
from dataclasses import asdict, replace

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from sbert_core.encoders.catalog import resolve
from sbert_core.errors import Cancelled, DataError, FileError
from sbert_core.protocols import no_progress
from sbert_core.training.pretrain import WORK_FOLDER, PretrainConfig, Pretraining, pretrain

TINY = PretrainConfig(
    minutes=1.0,
    vocabulary_size=90,
    hidden_size=32,
    layers=1,
    heads=2,
    max_length=16,
    batch_tokens=1_024,
    learning_rate=5e-3,
    warmup_steps=5,
    save_minutes=0.25,
    seed=1,
)


def toy_lines(count=400, seed=0):
    """Sentences in which each animal has its own verb and place, so that gaps can be guessed."""
    rng = random.Random(seed)
    animals = [("cat", "sleeps", "sofa"), ("dog", "barks", "garden"), ("fish", "swims", "pond")]
    for _ in range(count):
        animal, verb, place = rng.choice(animals)
        yield f"the {rng.choice(['old', 'big', 'wet'])} {animal} {verb} in the {place} ."


class Ticking:
    """A clock on which every look takes the same time; nobody waits for it."""

    def __init__(self, tick=0.5):
        self.now, self.tick = 0.0, tick

    def __call__(self):
        self.now += self.tick
        return self.now


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "toy.txt"
    path.write_text("\n".join(toy_lines()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory):
    """A first run, with what it reported."""
    out = tmp_path_factory.mktemp("model") / "toy-bert"
    reports = []
    result = pretrain([text], out, TINY, lambda *report: reports.append(report), Ticking())
    return result, reports


def beside(trained, folder):
    """A folder with the same vocabulary: learning it anew numbers tokens in another order.

    The tokenizers library does so (its issue 1794); the seed cannot decide it.
    """
    (folder / WORK_FOLDER).mkdir(parents=True)
    shutil.copy(trained[0].out / WORK_FOLDER / "tokenizer.json", folder / WORK_FOLDER)
    return folder


def checkpoint(out):
    return torch.load(out / WORK_FOLDER / "checkpoint.pt", weights_only=True)


def test_held_out_loss_falls_and_gaps_are_guessed(trained):
    result, _ = trained
    history = json.loads((result.out / "pretraining.json").read_text())["history"]
    assert history[0]["loss"] > 3.5  # near ln(90) = 4.5 before anything is learnt
    assert result.loss < history[0]["loss"] - 1.5
    assert result.loss == history[-1]["loss"]
    assert result.perplexity == pytest.approx(2.718281828**result.loss)
    assert 0.3 < result.masked_accuracy <= 1


def test_the_clock_decides_how_long_and_progress_tells_it(trained):
    result, reports = trained
    # Two looks at the clock a step, of half a second: a minute holds 60 steps, less the first look.
    assert 55 <= result.steps <= 60
    told = [report for report in reports if report[2].startswith("loss ")]
    assert len(told) == result.steps
    assert {report[1] for report in told} == {60}
    assert [report[0] for report in told] == sorted(report[0] for report in told)
    assert result.seconds == pytest.approx(60, abs=1.5)
    assert result.tokens > 400 * 9  # more than one pass


def test_transformers_loads_the_result(trained):
    result, _ = trained
    tokenizer = AutoTokenizer.from_pretrained(result.out)
    model = AutoModelForMaskedLM.from_pretrained(result.out, dtype=torch.float32).eval()
    assert AutoModel.from_pretrained(result.out).config.hidden_size == 32
    assert model.config.hidden_dropout_prob == 0.1  # for whoever fine-tunes
    assert tokenizer.model_max_length == 16
    inputs = tokenizer("the big dog [MASK] in the garden .", return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits
    place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
    best = tokenizer.convert_ids_to_tokens(logits[0, place].topk(3).indices.tolist())
    assert "barks" in best


def test_the_file_holds_float16_in_safetensors_only(trained):
    from safetensors.torch import load_file

    result, _ = trained
    tensors = load_file(result.out / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert not list(result.out.glob("*.bin"))


def test_the_catalog_takes_it_for_a_language_model(trained):
    result, _ = trained
    found = resolve(str(result.out))
    assert found.info.kind == "language model"
    assert (found.dims, found.info.layers, found.max_length) == (32, 1, 16)


def test_the_same_seed_gives_the_same_run(trained, text, tmp_path):
    first, _ = trained
    again = pretrain([text], beside(trained, tmp_path / "again"), TINY, clock=Ticking())
    assert replace(again, out=first.out) == first
    other = replace(TINY, seed=2)
    different = pretrain([text], beside(trained, tmp_path / "other"), other, clock=Ticking())
    assert replace(different, out=first.out) != first


def test_a_second_run_goes_on_from_before_the_fall_with_the_config_it_began_with(text, tmp_path):
    short = replace(TINY, minutes=0.5)
    first = pretrain([text], tmp_path, short, clock=Ticking())
    kept = checkpoint(tmp_path)["state"]
    assert 0 < kept["step"] < first.steps
    assert kept["seconds"] == pytest.approx(0.7 * 30, abs=1.5)
    other = replace(TINY, minutes=0.25, hidden_size=64, seed=9, learning_rate=1e-5)
    second = pretrain([text], tmp_path, other, clock=Ticking())
    assert kept["step"] + 10 <= second.steps <= kept["step"] + 15
    assert second.tokens > kept["tokens"]
    assert second.seconds == pytest.approx(kept["seconds"] + 15, abs=1.5)
    described = json.loads((tmp_path / "pretraining.json").read_text())
    assert described["config"] == asdict(replace(short, minutes=0.25))
    assert AutoModel.from_pretrained(tmp_path).config.hidden_size == 32


def test_a_run_that_goes_on_skips_no_batch_and_repeats_none(trained, text, tmp_path):
    """Steps after a checkpoint are the steps that an unbroken run would have made."""
    seen = {}

    def steps(name, folder, cuts):
        for minutes in cuts:
            config = replace(TINY, minutes=minutes, cooldown=0.0)
            run = Pretraining.prepare([text], folder, config, no_progress)
            plain = run._step

            def recorded(ids, fall, plain=plain):
                seen.setdefault(name, []).append(ids.tolist())
                plain(ids, fall)

            run._step = recorded
            result = run.run(no_progress, Ticking())
        return result

    whole = steps("whole", beside(trained, tmp_path / "whole"), [0.4])
    steps("parts", beside(trained, tmp_path / "parts"), [0.2, 0.2])
    shared = min(map(len, seen.values()))
    assert shared > 18
    assert seen["parts"][:shared] == seen["whole"][:shared]
    state = checkpoint(tmp_path / "parts")["state"]
    # Nothing of a run without a fall is lost.
    assert state["step"] == len(seen["parts"])
    assert whole.steps == len(seen["whole"])


def test_cancelling_keeps_the_last_checkpoint_and_the_next_run_goes_on(text, tmp_path):
    def stop(done, total, message=""):
        if done >= 29 and message.startswith("loss"):
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pretrain([text], tmp_path, TINY, stop, Ticking())
    kept = checkpoint(tmp_path)["state"]
    assert kept["seconds"] == pytest.approx(15, abs=1.5)  # save_minutes is a quarter
    assert not (tmp_path / "config.json").exists()
    result = pretrain([text], tmp_path, replace(TINY, minutes=0.1), clock=Ticking())
    assert kept["step"] < result.steps < kept["step"] + 10
    assert resolve(str(tmp_path)).dims == 32


def test_cancelling_while_the_text_is_prepared_leaves_no_half_store(text, tmp_path):
    def stop(done, total, message=""):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pretrain([text], tmp_path, TINY, stop, Ticking())
    assert not (tmp_path / WORK_FOLDER / "done.json").exists()
    assert pretrain([text], tmp_path, replace(TINY, minutes=0.05), clock=Ticking()).steps > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minutes": 0}, "minutes=0 should be above 0"),
        ({"minutes": float("nan")}, "minutes=nan should be above 0"),
        ({"heads": 0}, "heads=0 should be above 0"),
        ({"layers": 0}, "layers=0 should be above 0"),
        ({"hidden_size": 0}, "hidden_size=0 should be above 0"),
        ({"learning_rate": -1e-3}, "learning_rate=-0.001 should be above 0"),
        ({"warmup_steps": 0}, "warmup_steps=0 should be above 0"),
        ({"hidden_size": 30, "heads": 4}, "heads=4 should divide hidden_size=30"),
        ({"vocabulary_size": 5}, "between 6 and 65,535"),
        ({"vocabulary_size": 2**16}, "between 6 and 65,535"),
        ({"max_length": 7}, "max_length should be at least 8"),
        ({"batch_tokens": 100}, "batch_tokens no less than it"),
        ({"cooldown": 1.1}, "cooldown=1.1 should be between 0 and 1"),
        ({"cooldown": -0.1}, "cooldown=-0.1 should be between 0 and 1"),
    ],
)
def test_a_setting_out_of_range_is_named(change, sentence):
    with pytest.raises(DataError, match=sentence):
        PretrainConfig(**change)


@pytest.mark.parametrize("content", ["", "\n \n\n", "one two\n" * 100])
def test_files_that_hold_nothing_are_refused_and_do_not_spoil_the_next_run(text, tmp_path, content):
    empty = tmp_path / "empty.txt"
    empty.write_text(content)
    out = tmp_path / "model"
    with pytest.raises(FileError, match="at least 20"):
        pretrain([empty], out, replace(TINY, hidden_size=64), clock=Ticking())
    result = pretrain([text], out, replace(TINY, minutes=0.05), clock=Ticking())
    vocabulary = AutoTokenizer.from_pretrained(result.out).get_vocab()
    assert "barks" in vocabulary
    assert resolve(str(out)).dims == 32


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"gone\.txt cannot be read"):
        pretrain([tmp_path / "gone.txt"], tmp_path / "model", TINY, clock=Ticking())


def test_nothing_is_written_to_the_terminal(text, tmp_path, capfd):
    pretrain([text], tmp_path, replace(TINY, minutes=0.05), clock=Ticking())
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
