"""The lesson's frame: one step at a time, a prediction before each answer, and an address for each.

What the steps say and draw is in `ui.lesson_steps`.
"""

import streamlit as st

from sbert_core.lab import Lab

from . import state
from .lesson_steps import STEPS, LessonStep
from .wording import counted

_ANSWERS = "lesson_answers"


def show_lesson(lab: Lab) -> None:
    """Draw the step that the address names, and the way to its neighbours."""
    number = _step()
    step = STEPS[number - 1]
    st.progress(number / len(STEPS), f"Step {number} of {len(STEPS)}")
    st.header(step.title)
    step.setting(lab)
    predicted = _predict(number, step)
    if predicted is not None:
        _verdict(step, predicted)
        step.reveal(lab)
        st.markdown(f"**{step.moral}**")
        st.page_link(step.page, label=step.page_label, icon=":material/arrow_outward:")
    _walk(number, answered=predicted is not None)


def _step() -> int:
    """Read the step from the address, else the one that was left; write it back."""
    asked = st.query_params.get("step", str(state.recall("lesson_step", 1)))
    number = int(asked) if asked.isascii() and asked.isdigit() else 1
    number = min(max(number, 1), len(STEPS))
    st.query_params["step"] = str(number)
    state.keep_value("lesson_step", number)
    return number


def _predict(number: int, step: LessonStep) -> int | None:
    """Ask; return the answer that was given, or None as long as there is none."""
    answers: dict[int, int] = state.recall(_ANSWERS, {})
    given = answers.get(number)
    st.subheader(step.question)
    chosen = st.radio(
        step.question,
        range(len(step.answers)),
        index=given,
        format_func=step.answers.__getitem__,
        label_visibility="collapsed",
        disabled=given is not None,
        key=f"lesson_{number}",
    )
    if given is not None:
        return given
    if st.button(
        "That is my prediction", type="primary", disabled=chosen is None, key=f"lesson_say_{number}"
    ):
        state.keep_value(_ANSWERS, {**answers, number: chosen})
        st.rerun()
    return None


def _verdict(step: LessonStep, predicted: int) -> None:
    """Say whether the prediction came true."""
    if predicted == step.right:
        st.success(f"You predicted it. {step.because}", icon=":material/check:")
    else:
        right = step.answers[step.right]
        st.info(f"It is: {right}. {step.because}", icon=":material/lightbulb:")


def _walk(number: int, *, answered: bool) -> None:
    """Buttons to the step before and the one after; the last step counts up."""
    st.divider()
    back, _, onward = st.columns([1, 2, 1])
    if number > 1 and back.button("Back", width="stretch", icon=":material/arrow_back:"):
        _go(number - 1)
    if number < len(STEPS):
        label = "Next step" if answered else "Skip this step"
        if onward.button(
            label,
            width="stretch",
            type="primary" if answered else "secondary",
            icon=":material/arrow_forward:",
            icon_position="right",
        ):
            _go(number + 1)
    elif answered:
        _sum_up()
        if onward.button("Begin again", width="stretch", icon=":material/replay:"):
            state.keep_value(_ANSWERS, {})
            _go(1)


def _go(number: int) -> None:
    """Turn to another step."""
    st.query_params["step"] = str(number)
    st.rerun()


def _sum_up() -> None:
    """Count the predictions that came true, and say where to go on."""
    answers: dict[int, int] = state.recall(_ANSWERS, {})
    right = sum(STEPS[number - 1].right == given for number, given in answers.items())
    st.markdown(
        f"You predicted **{right} of {counted(len(STEPS), 'answer')}**. All of it was measured on "
        "the sentences in the box; now see whether it holds for yours."
    )
    corpus, train = st.columns(2)
    corpus.page_link(
        "pages/1_Corpus.py", label="Open a file of your own", icon=":material/upload_file:"
    )
    train.page_link(
        "pages/8_Train.py", label="Fine-tune an encoder", icon=":material/model_training:"
    )
