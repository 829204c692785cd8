"""The training desk: runs from request to encoder, on a tiny model."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import sentence_transformers
import torch

from sbert_core import training_data, training_desk
from sbert_core.encoders.card import read_card
from sbert_core.encoders.cross_encoder import CrossEncoder
from sbert_core.errors import Cancelled, DataError, ModelError, WorkspaceError
from sbert_core.lab import Lab
from sbert_core.training_request import TrainConfig, TrainData, TrainReport, TrainRequest

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

CONFIG = TrainConfig(epochs=2, batch_size=80, learning_rate=1e-3)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """One thread, and a small map that is PCA."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_data, "_WATCHED", 12)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    return str(write_checkpoint(folder, bert_tokenizer(), bert_model))


@pytest.fixture(scope="module")
def done(tmp_path_factory, base):
    """A lab with one finished run."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    request = TrainRequest(base, "sts", config=CONFIG)
    said = []
    report = lab.training.run(request, lambda *words: said.append(words))
    return lab, request, report, said


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab whose jobs stay in the queue."""
    lab = Lab(tmp_path / "workspace")
    monkeypatch.setattr(lab.jobs, "ensure_worker", lambda: None)
    return lab


def labelled_corpus(lab):
    rows = "text,topic\n" + "".join(f"the cat {n} is on mat {n % 3},{n % 3}\n" for n in range(60))
    return lab.add_corpus(lab.read(rows.encode(), name="m.csv", label_column="topic")).corpus_id


def losses(lab, request):
    return [entry.get("loss") for entry in lab.training.history(request.run_id)]


# --- before -----------------------------------------------------------------------------------


def test_an_estimate_says_how_long_and_leaves_nothing(lab, base):
    estimate = lab.training.estimate(TrainRequest(base, "sts", config=CONFIG))
    assert (estimate.examples, estimate.steps) == (224, 6)
    assert 0 < estimate.seconds < 60
    assert estimate.found
    assert lab.training.runs() == {}
    longer = replace(CONFIG, epochs=40, evaluate_every=1_000)
    assert lab.training.estimate(TrainRequest(base, "sts", config=longer)).steps == 120


def test_wider_layers_get_a_smaller_learning_rate(lab, base):
    assert lab.training.learning_rate("minilm") == 8e-5  # 2e-5 times (768 / 384) squared
    assert lab.training.learning_rate(base) == 3e-3  # as if it were 64 wide


def test_an_uploaded_file_is_kept_once_and_is_one_run(lab, base):
    content = b"sentence1,sentence2,score\na,b,1\n"
    requests = [
        TrainRequest(base, "sts", TrainData("file", str(lab.training.keep_file(name, content))))
        for name in ("a.csv", "a.csv")
    ]
    assert requests[0].run_id == requests[1].run_id
    outside = lab.training.keep_file("../../b.csv", content)
    assert lab.workspace.root in outside.parents and outside.read_bytes() == content


def test_another_file_or_another_base_of_the_same_name_is_another_run(tmp_path, base):
    path = tmp_path / "a.csv"
    model = write_checkpoint(tmp_path / "model", bert_tokenizer(), bert_model)
    request = TrainRequest(f"{model}:cls", "sts", TrainData("file", str(path)))
    path.write_text("one", encoding="utf-8")
    first = request.run_id
    assert request.run_id == first
    path.write_text("other", encoding="utf-8")
    second = request.run_id
    write_checkpoint(model, bert_tokenizer(), bert_model, seed=1)
    assert len({first, second, request.run_id}) == 3


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"base": "no-such-encoder"}, ModelError),
        ({"settings": {"margin": 1}}, DataError),
        ({"settings": {"form": "cubic"}}, DataError),
    ],
)
def test_what_would_fail_in_the_queue_is_refused_before_it(lab, base, changes, error):
    with pytest.raises(error):
        lab.training.start(replace(TrainRequest(base, "sts"), **changes))
    assert lab.jobs.jobs() == []


def test_a_teacher_belongs_to_distill_alone():
    with pytest.raises(DataError, match="needs a teacher"):
        TrainRequest("minilm", "distill")
    with pytest.raises(DataError, match="no teacher"):
        TrainRequest("minilm", "simcse", teacher="mpnet")


# --- a run --------------------------------------------------------------------------------------


def test_a_run_reports_what_happened(done):
    _, _, report, said = done
    assert (report.examples, report.steps) == (224, 6)
    assert 0 < report.best_step <= 6
    assert (report.dev.pairs, report.test.pairs) == (68, 158)
    assert report.verdict == report.test.verdict
    assert report.base_kept == (report.test.high < 0)
    assert any("450" in line for line in report.found)
    assert 1 <= len(report.moved) <= 20
    assert all(-1.001 <= cosine <= 1.001 for p in report.moved for cosine in (p.before, p.after))
    assert {(0, 6), (6, 6)} <= {words[:2] for words in said}


def test_a_report_survives_the_disk(done):
    lab, request, report, _ = done
    assert lab.training.report(request.run_id) == report
    assert TrainReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert lab.training.report("no-such-run") is None


def test_before_and_after_are_those_of_base_and_model(done):
    lab, request, report, _ = done
    data = training_data.assemble(request, lab.workspace)
    for model, score in (
        (request.base, report.test.before),
        (str(lab.training._model(request.run_id)), report.test.after),
    ):
        vectors = lab.encoder(model).encode([*data.test.sentences1, *data.test.sentences2])
        u, v = np.split(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 2)
        ranks = [np.argsort(np.argsort((u * v).sum(axis=1))), data.test.scores]
        # bfloat16, where the base was measured in it, swaps a few neighbours.
        assert 100 * np.corrcoef(ranks[0], _ranked(ranks[1]))[0, 1] == pytest.approx(score, abs=2)


def _ranked(values):
    from scipy.stats import rankdata

    return rankdata(values)


def test_an_equal_request_is_answered_at_once(done, monkeypatch):
    lab, request, report, _ = done

    def fail(*_):
        raise AssertionError("it trained again")

    monkeypatch.setattr(training_desk, "assemble", fail)
    assert lab.training.run(TrainRequest.from_dict(request.to_dict())) == report


def test_the_history_and_the_small_maps_can_be_watched(done):
    lab, request, report, _ = done
    history = lab.training.history(request.run_id)
    assert [entry["step"] for entry in history] == [0, 1, 2, 3, 4, 5, 6]
    assert history[0]["dev_spearman"] == pytest.approx(report.dev.before, abs=1e-6)
    best = max(history[1:], key=lambda entry: entry["dev_spearman"])
    assert best["step"] == report.best_step
    assert {"random_pair_cosine", "effective_rank", "alignment", "uniformity"} <= set(history[3])
    frames = lab.training.frames(request.run_id)
    assert list(frames) == [0, 1, 2, 3, 4, 5, 6]
    assert {(frame.shape, frame.dtype.name) for frame in frames.values()} == {((12, 2), "float32")}
    texts, labels = lab.training.watched(request.run_id)
    assert (len(texts), labels) == (12, [])


def test_half_a_line_of_history_is_passed_over(done, tmp_path):
    lab, *_ = done
    path = lab.training.folder / "half" / "history.jsonl"
    path.parent.mkdir()
    path.write_text('{"step": 0.0}\n{"step": 1', encoding="utf-8")
    assert lab.training.history("half") == [{"step": 0.0}]
    assert lab.training.history("none") == []
    assert lab.training.watched("none") == ([], [])
    assert lab.training.frames("none") == {}


def test_only_what_is_needed_is_kept(done):
    lab, request, *_ = done
    kept = {path.name for path in (lab.training.folder / request.run_id).iterdir()}
    assert kept == {"before.npz", "frames", "history.jsonl", "model", "report.json", "request.json"}
    assert lab.training.runs() == {request.run_id: request}


def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(done, lab):
    whole, request, report, _ = done

    def stop(step, total, message=""):
        if step == 4:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        lab.training.run(request, stop)
    assert lab.training.report(request.run_id) is None
    with pytest.raises(WorkspaceError, match="not ended"):
        lab.training.zipped(request.run_id, "x")
    resumed = lab.training.run(request)
    assert replace(resumed, seconds=0) == replace(report, seconds=0)
    assert losses(lab, request) == losses(whole, request)
    for step, frame in whole.training.frames(request.run_id).items():
        np.testing.assert_array_equal(lab.training.frames(request.run_id)[step], frame)


def test_a_queued_run_is_the_same_run(lab, base):
    request = TrainRequest(base, "sts", config=CONFIG, settings={"form": "cosent"})
    job = lab.training.start(request)
    assert (job.spec.kind, job.status) == ("train", "queued")
    assert lab.training.job(request).job_id == job.job_id
    assert lab.training.runs() == {request.run_id: request}
    lab.run_job(lab.jobs.job(job.job_id).spec, lambda *_: None)  # as the worker reads it
    assert lab.training.report(request.run_id).steps == 6
    lab.training.delete(request.run_id)
    assert lab.training.runs() == {}
    assert lab.training.report(request.run_id) is None


def test_settings_that_are_lists_find_their_job_again(lab, base):
    request = TrainRequest(base, "nli", settings={"parts": ("u", "v")}, dev="dev.csv")
    job = lab.training.start(request)
    assert lab.training.job(request).job_id == job.job_id
    again = TrainRequest.from_dict(lab.jobs.job(job.job_id).spec.parameters)
    assert again.run_id == request.run_id


# --- what comes of it -------------------------------------------------------------------------


def test_an_adopted_encoder_is_one_like_all_others(done):
    lab, request, *_ = done
    name = lab.training.adopt(request.run_id, " my-sbert ")
    assert name == "my-sbert"
    assert lab.encoder(name).encode(["the cat"]).shape == (1, 32)
    (info,) = [info for info in lab.models() if info.id == name]
    assert info.available and info.kind == "sentence encoder"
    assert name in lab.encoders_at_hand()
    assert Lab(lab.workspace.root).encoder(name).key == lab.encoder(name).key
    with pytest.raises(ModelError, match="already"):
        lab.training.adopt(request.run_id, name)
    lab.training.delete("no-such-run")
    assert lab.similarity("the cat", "the cat", [name])[0].cosine == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", ["", " ", "minilm", "a/b", "../up", ".hidden", "a:cls", "x" * 61])
def test_names_that_cannot_be_are_refused(done, name):
    lab, request, *_ = done
    with pytest.raises(ModelError):
        lab.training.adopt(request.run_id, name)


def test_a_zip_loads_in_the_reference(done, tmp_path):
    lab, request, *_ = done
    packed = zipfile.ZipFile(io.BytesIO(lab.training.zipped(request.run_id, "mine")))
    packed.extractall(tmp_path)
    assert {name.split("/")[0] for name in packed.namelist()} == {"mine"}
    theirs = sentence_transformers.SentenceTransformer(str(tmp_path / "mine"), device="cpu")
    ours = lab.encoder(str(lab.training._model(request.run_id)))
    texts = ["the cat sat", "where is my card"]
    u, v = theirs.encode(texts, show_progress_bar=False), ours.encode(texts)
    cosines = (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    assert cosines.min() > 0.999


def test_the_card_says_what_it_is_made_of(done, base):
    lab, request, report, _ = done
    folder = lab.training._model(request.run_id)
    assert read_card(folder) == {
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "base_model": "tiny-bert",
    }
    text = (folder / "README.md").read_text(encoding="utf-8")
    for said in (
        "objective: sts; its settings: form mse, scale 20.0",
        "the bundled graded pairs: 224 examples",
        "learning rate: 0.001",
        "seed: 42",
        f"| test (chose nothing) | 158 | {report.test.before:.2f} | {report.test.after:.2f} |",
        report.verdict,
        "licence of the base is not known",
        "terms of the data",
        "SentenceTransformer(",
    ):
        assert said in text
    assert str(lab.workspace.root) not in text and base not in text


def test_an_export_replaces_a_model_and_nothing_else(done, tmp_path, monkeypatch):
    lab, request, *_ = done
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "a" / "model"
    for _ in range(2):
        lab.training.export(request.run_id, out)
        assert (out / "modules.json").is_file()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name, inside in (("file", None), ("other", "notes.txt"), ("project", "config.json")):
        folder = tmp_path / name
        if inside:
            folder.mkdir()
            (folder / inside).write_text("{}", encoding="utf-8")
        with pytest.raises(ModelError, match=name):
            lab.training.export(request.run_id, folder)
        assert folder.exists()
    (out / "pretraining").mkdir()  # what hours of pretraining go on from
    with pytest.raises(ModelError, match="other files"):
        lab.training.export(request.run_id, out)


def test_a_cross_encoder_is_exported_and_not_adopted(lab, base, tmp_path):
    request = TrainRequest(base, "cross", config=replace(CONFIG, max_steps=3))
    report = lab.training.run(request)
    assert report.steps == 3
    assert lab.training.frames(request.run_id) == {}
    with pytest.raises(ModelError, match="no vectors"):
        lab.training.adopt(request.run_id, "mine")
    lab.training.export(request.run_id, tmp_path / "cross")
    scores = CrossEncoder.load(tmp_path / "cross").predict([("the cat", "the dog")])
    assert scores.shape == (1,) and 0 < scores[0] < 1
    card = read_card(tmp_path / "cross")
    assert card["pipeline_tag"] == "text-ranking"


# --- from corpora and other objectives ----------------------------------------------------------


@pytest.mark.parametrize("objective", ["mnrl", "triplet", "contrastive", "simcse"])
def test_a_labelled_corpus_teaches(lab, base, objective):
    data = TrainData("corpus", labelled_corpus(lab))
    report = lab.training.run(
        TrainRequest(base, objective, data, replace(CONFIG, max_steps=1, epochs=1))
    )
    assert report.steps == 1
    assert report.examples > 0


@pytest.mark.parametrize("objective", ["sts", "nli", "cross"])
def test_labels_of_single_sentences_are_no_scores(lab, objective):
    data = TrainData("corpus", labelled_corpus(lab))
    with pytest.raises(DataError, match="cannot learn from labels of single sentences"):
        lab.training.examples(data, objective)


def test_a_corpus_without_labels_has_no_pairs(lab):
    rows = "\n".join(f"the cat {n} is on mat {n % 3}" for n in range(60))
    data = TrainData("corpus", lab.add_corpus(lab.read(rows.encode(), name="m.txt")).corpus_id)
    with pytest.raises(DataError, match="no label column"):
        lab.training.examples(data, "mnrl")
    assert len(lab.training.examples(data, "simcse")) == 60


def test_a_student_learns_from_its_teacher(lab, base, tmp_path):
    teacher = write_checkpoint(tmp_path / "teacher", bert_tokenizer(), bert_model, seed=9)
    data = TrainData("corpus", labelled_corpus(lab))
    config = TrainConfig(epochs=8, batch_size=20, learning_rate=2e-3)
    request = TrainRequest(base, "distill", data, config, teacher=str(teacher))
    lab.training.run(request)
    found = losses(lab, request)
    assert found[-1] < 0.7 * found[1]
