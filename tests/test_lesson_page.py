"""The lesson: each step has an address, asks before it answers, and its answers are what ships."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sbert_core.sample import ARGUMENT, shipped_pair, shipped_sts
from ui.lesson_steps import STEPS

APP = str(Path(__file__).resolve().parent.parent / "app.py")
PAGE = "pages/10_Why_SBERT.py"
CLS, MEAN, TUNED, TEACHER = ARGUMENT


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("SBERT_LAB_HOME", str(tmp_path / "home"))

    def opened(**query):
        app = AppTest.from_file(APP, default_timeout=60).run().switch_page(PAGE)
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return opened


def scores():
    return {entry["model"]: entry["spearman_cosine"] for entry in shipped_sts()}


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_every_step_has_an_address_and_asks_first(page, number):
    app = page(step=str(number))
    assert not app.exception
    assert app.header[0].value == STEPS[number - 1].title
    assert app.radio[0].value is None
    assert not app.success and not app.info


@pytest.mark.parametrize("asked", ["0", "99", "-1", "one", "", "²"])
def test_a_silly_address_opens_a_step(page, asked):
    app = page(step=asked)
    assert not app.exception
    assert app.header[0].value in {STEPS[0].title, STEPS[-1].title}


@pytest.mark.parametrize("number", [1, 2, 4, 5, 6, 7])
def test_a_right_prediction_is_praised_and_a_wrong_one_put_right(page, number):
    step = STEPS[number - 1]
    for answer in range(len(step.answers)):
        app = page(step=str(number))
        app.radio[0].set_value(answer).run()
        app.button(key=f"lesson_say_{number}").click().run()
        assert not app.exception
        if answer == step.right:
            assert app.success[0].value.startswith("You predicted it.")
        else:
            assert step.answers[step.right] in app.info[0].value


def test_what_the_steps_say_is_what_was_measured():
    cosine = {score["model"]: score for score in shipped_pair()["scores"]}
    assert f"{cosine[CLS]['cosine']:.2f}" in STEPS[0].title
    assert f"{cosine[CLS]['random_mean']:.2f}" in STEPS[0].because
    measured = scores()
    poolings = [measured[CLS], measured[MEAN], measured[f"{MEAN}:max"]]
    assert STEPS[1].right == poolings.index(max(poolings))
    assert 65 < measured[TUNED] < 70 and STEPS[3].answers[STEPS[3].right] == "Nearly 70"
    assert measured[CLS] < measured[MEAN] < measured[TUNED] < measured[TEACHER]


def test_a_third_of_the_plain_cosine_is_about_nothing(tmp_path):
    from sbert_core.lab import Lab
    from sbert_core.sample import PAIR

    found = Lab(tmp_path).explanation.explain(*PAIR, MEAN, "tokens")
    assert found.special_share is not None
    assert 0.28 < found.special_share / found.cosine < 0.38
