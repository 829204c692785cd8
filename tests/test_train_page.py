"""The Train page without a browser: choosing, refusing, watching, and what came of a run."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core import training_data
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab
from sbert_core.training_request import TrainConfig, TrainRequest
from sbert_core.training_run import write_json

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint
from .page_checks import healthy, words

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/8_Train.py"
CONFIG = TrainConfig(batch_size=64, learning_rate=1e-3, max_steps=2, evaluate_every=2)
ROWS = "the cat sat,a cat was sitting,4\nthe dog ran,my card is lost,1\n" * 40


@pytest.fixture
def lab(monkeypatch):
    """The workspace of the app, with a tiny encoder; no worker is started."""
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    monkeypatch.setattr(training_data, "_WATCHED", 12)
    lab = Lab()
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    return lab


@pytest.fixture
def app(monkeypatch, lab):
    """The Train page, with the bundled sample on the table."""
    monkeypatch.chdir(ROOT)
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return healthy(healthy(at.run()).switch_page(PAGE).run())


def button(at, label):
    return next(button for button in at.button if button.label == label)


def open_run(at, run_id):
    at.query_params["run"] = run_id
    return healthy(at.run())


def upload(at, name, content):
    at.segmented_control(key="train_source").set_value("file").run()
    return at.file_uploader[0].set_value((name, content, "text/csv")).run()


def test_it_opens_on_the_bundled_pairs_with_sane_settings(app):
    assert "450 examples found" in words(app)
    assert app.selectbox(key="train_objective").value == "sts"
    assert not button(app, "Start training").disabled
    values = {box.label: box.value for box in app.number_input}
    assert values["Epochs"] == 10
    assert values["Batch size"] == 16
    assert values["Learning rate"] == Lab().training.learning_rate(
        app.selectbox(key="train_base").value
    )


def test_every_objective_explains_itself_and_offers_its_settings(app):
    for name, about in Lab().training.objectives().items():
        app.selectbox(key="train_objective").set_value(name).run()
        assert not app.exception
        assert about.explanation in words(app)
        assert app.latex
        keys = {
            str(box.key)
            for kind in ("number_input", "selectbox", "multiselect", "toggle", "text_input")
            for box in app.get(kind)
        }
        assert {f"train_{name}_{setting.name}" for setting in about.settings} <= keys


def test_data_that_cannot_serve_says_so_and_points_to_what_can(app):
    app.selectbox(key="train_objective").set_value("triplet").run()
    assert "triplet needs triplets" in app.error[0].value
    assert "anchor\tpositive\tnegative" in app.code[0].value
    assert "take the corpus on the table or put in a file" in words(app)
    assert button(app, "Start training").disabled
    app.segmented_control(key="train_source").set_value("corpus").run()
    assert "Built" in words(healthy(app))
    app.selectbox(key="train_objective").set_value("sts").run()
    assert "single sentences" in app.error[0].value
    assert "take the bundled graded pairs" in words(app)


def test_without_a_corpus_it_trains_all_the_same(app):
    lab = Lab()
    for info in lab.corpora():
        lab.delete_corpus(info.corpus_id)
    healthy(app.run())
    assert not button(app, "Start training").disabled
    app.segmented_control(key="train_source").set_value("corpus").run()
    assert "no corpus on the table" in words(healthy(app))
    assert button(app, "Start training").disabled


def test_a_refused_file_is_kept_until_an_objective_or_a_column_fits(app):
    upload(app, "mine.csv", b"text\nthe cat sat\nthe dog ran\n" + b"where is my card\n" * 20)
    assert len(app.error) == 1 and not app.exception
    app.selectbox(key="train_objective").set_value("simcse").run()
    assert "examples found" in words(healthy(app))
    app.switch_page("pages/1_Corpus.py").run()
    app.switch_page(PAGE).run()
    assert "Put in before: mine.csv" in words(healthy(app))
    assert "examples found" in words(app)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(50), b"sentence1,score\na,b\n"])
def test_a_file_that_is_none_ends_in_one_sentence(app, data):
    upload(app, "x.csv", data)
    assert not app.exception
    assert len(app.error) == 1
    assert "x.csv" in app.error[0].value
    assert button(app, "Start training").disabled


def test_columns_are_guessed_and_can_be_chosen(app):
    upload(app, "mine.csv", f"one,two,how\n{ROWS}".encode())
    boxes = {box.label: box for box in app.selectbox}
    assert [boxes[name].value for name in ("First sentence", "Second sentence", "Score")] == [
        "one",
        "two",
        "how",
    ]
    assert "80 examples found" in words(healthy(app))
    boxes["First sentence"].set_value("two").run()
    boxes["Second sentence"].set_value("one").run()
    assert "from two, one, how" in words(healthy(app))
    boxes["Score"].set_value("(none)").run()
    assert "needs scored pairs" in app.error[0].value


def test_start_queues_exactly_what_was_chosen_and_the_address_keeps_it(app):
    app.selectbox(key="train_base").set_value("tiny").run()
    app.selectbox(key="train_objective").set_value("contrastive").run()
    app.toggle(key="train_contrastive_online").set_value(True).run()
    next(box for box in app.number_input if box.label == "Epochs").set_value(3).run()
    button(app, "Start training").click().run()
    healthy(app)
    ((run_id, request),) = Lab().training.runs().items()
    assert (request.base, request.objective) == ("tiny", "contrastive")
    assert (request.config.epochs, dict(request.settings)) == (3, {"online": True})
    assert request.watch == Lab().corpora()[0].corpus_id  # it has labels to colour by
    assert app.query_params["run"] == run_id
    assert Lab().training.job(request).active
    button(app, "Cancel").click().run()
    assert "This run was cancelled" in words(healthy(app))
    button(app, "Start it again").click().run()
    assert Lab().training.job(request).active


def test_the_estimate_is_there_when_it_is_asked_for(app):
    app.selectbox(key="train_base").set_value("tiny").run()
    assert "on this machine" not in words(app)
    button(app, "How long will this take?").click().run()
    assert "140 steps over 224 examples" in words(healthy(app))
    assert "Split into 224 for training" in words(app)


def test_a_run_that_goes_on_shows_how_far_it_is(app, lab):
    request = TrainRequest("tiny", "sts", config=CONFIG)
    job = lab.training.start(request)
    lab.jobs.store.write(
        replace(
            job, status="running", done=1, total=2, message="training, loss 0.12", seconds_left=75.0
        )
    )
    folder = lab.training.folder / request.run_id
    lines = [
        '{"step": 0.0, "dev_spearman": 40.0}',
        '{"step": 1.0, "loss": 0.1234, "dev_spearman": 52.5, "sentences_per_second": 321.0}',
    ]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    open_run(app, request.run_id)
    assert {metric.label: metric.value for metric in app.metric} == {
        "Loss": "0.1234",
        "Dev Spearman ×100": "52.5",
        "Sentences a second": "321",
        "Time left": "75 s",
    }
    assert app.metric[1].delta == "+12.5 since the start"
    lab.jobs.store.write(replace(job, status="failed", error="The loss is no longer a number."))
    app.run()
    assert "no longer a number" in app.error[0].value
    assert button(app, "Go on after 1 step")


@pytest.fixture
def finished(lab):
    """The id of a real run of two steps, and its folder."""
    request = TrainRequest("tiny", "sts", config=CONFIG)
    lab.training.run(request)
    return request.run_id, lab.training.folder / request.run_id


def test_a_finished_run_gives_its_verdict_and_becomes_an_encoder(app, lab, finished):
    run_id, _ = finished
    open_run(app, run_id)
    report = lab.training.report(run_id)
    assert report.verdict.split(":")[0] in words(app)
    assert "158 pairs that training never saw" in words(app)
    tables = [table.value for table in app.dataframe]
    assert list(tables[0]["after"]) == [report.dev.after, report.test.after]
    assert list(tables[1]["first sentence"]) == [pair.a for pair in report.moved]
    assert app.select_slider[0].value == 2
    app.text_input(key=f"train_name_{run_id}").set_value("no/name").run()
    button(app, "Make it available").click().run()
    assert "cannot be an encoder" in app.error[0].value
    app.text_input(key=f"train_name_{run_id}").set_value("mine").run()
    button(app, "Make it available").click().run()
    healthy(app)
    picker = next(box for box in app.sidebar.selectbox if box.label == "Encoder")
    assert picker.value == "mine"
    assert "mine is chosen now" in words(app)


def test_the_slider_stays_where_it_was_put_until_it_is_put_at_the_end(app, lab, finished):
    import numpy as np

    run_id, folder = finished
    open_run(app, run_id)
    app.select_slider[0].set_value(0).run()
    frame = np.load(folder / "frames" / "00000002.npy")
    np.save(folder / "frames" / "00000004.npy", frame)
    app.run()
    assert app.select_slider[0].value == 0
    app.select_slider[0].set_value(4).run()
    np.save(folder / "frames" / "00000006.npy", frame)
    app.run()
    assert app.select_slider[0].value == 6


def test_a_run_that_hurt_keeps_the_base_in_plain_words(app, lab, finished):
    run_id, folder = finished
    report = lab.training.report(run_id)
    worse = replace(report.test, before=50.0, after=46.9, low=-5.2, high=-1.1)
    write_json(folder / "report.json", replace(report, test=worse, base_kept=True).to_dict())
    open_run(app, run_id)
    assert "Training hurt: −3.1, interval −5.2 to −1.1" in words(app).replace("\\", "")
    assert "tiny is better than what came of it" in words(app)


def test_a_run_can_be_deleted_and_an_unknown_one_is_no_error(app, lab, finished):
    run_id, folder = finished
    open_run(app, run_id)
    button(app, "Delete this run").click().run()
    healthy(app)
    assert not folder.exists()
    assert "examples found" in words(app)
    open_run(app, "no-such-run")
    assert "examples found" in words(app)
