"""What is trained and how: base, objective, settings, and what it will take."""

import re
from typing import Any

import streamlit as st

from sbert_core.errors import SBERTLabError
from sbert_core.lab import DEFAULT_ENCODER, Lab
from sbert_core.training_request import (
    Setting,
    TrainConfig,
    TrainData,
    TrainEstimate,
    TrainRequest,
)

from . import state
from .wording import counted, duration, plain

_OWN_BASE = "bert-mini"  # small and not yet fine-tuned: shows best what training does
_FEW, _MANY = 1_000, 10_000
_TRAINED_ON = "The training sentences"
_DEFAULTS = TrainConfig()


def choose_base_and_objective(lab: Lab) -> tuple[str, str]:
    """Choose an encoder and an objective, which is explained below its name."""
    st.subheader("What is trained")
    at_hand = lab.encoders_at_hand()
    base: str = _kept_choice(
        "train_base",
        "Base",
        at_hand,
        _OWN_BASE if _OWN_BASE in at_hand else DEFAULT_ENCODER,
        "The encoder to begin with. After the colon: how its token vectors are pooled into one.",
    )
    about = lab.training.objectives()
    objective: str = _kept_choice(
        "train_objective",
        "Objective",
        list(about),
        "sts",
        "What training tries to make smaller: its choice depends on what examples there are.",
        lambda name: f"{name} · {about[name].title}",
    )
    chosen = about[objective]
    with st.container(border=True):
        st.markdown(chosen.explanation)
        for formula in _lines(chosen.formula):
            st.latex(formula)
        st.caption(f"**Needs** {_lower_first(chosen.data)} **Source** {plain(chosen.source)}")
    return base, objective


def choose_settings(
    lab: Lab, base: str, objective: str, data: TrainData, examples: int
) -> TrainRequest:
    """Draw the settings and put the request together.

    Args:
        lab: The Lab.
        base: Encoder string.
        objective: Its name.
        data: What to learn from.
        examples: How many there are; 0 while unknown.

    Raises:
        DataError: Settings do not fit each other.
    """
    st.subheader("How")
    epochs, batch_size = _usual(examples)
    boxes = st.columns(4, vertical_alignment="bottom")
    with boxes[0]:
        epochs = _number(
            "epochs",
            "Epochs",
            epochs,
            1,
            1_000,
            "Passes over the examples. More fits them better, until it learns them by heart.",
        )
    with boxes[1]:
        batch_size = _number(
            "batch",
            "Batch size",
            batch_size,
            1,
            65_536,
            "Examples in a step. "
            "Larger is steadier and, for mnrl and simcse, a harder task that "
            "teaches more.",
        )
    teacher = ""
    if objective == "distill":
        with boxes[2]:
            teacher = _kept_choice(
                "train_teacher",
                "Teacher",
                lab.encoders_at_hand(),
                DEFAULT_ENCODER,
                "The encoder whose vectors are to be matched.",
            )
        if teacher == base:
            st.warning("Base and teacher are the same encoder, so there is nothing to learn.")
    with st.expander("Advanced"):
        config, watch = _advanced(lab, base, epochs, batch_size)
        settings = _own_settings(objective, lab.training.objectives()[objective].settings)
    return TrainRequest(base, objective, data, config, settings, teacher=teacher, watch=watch)


def offer_start(lab: Lab, request: TrainRequest, *, ready: bool) -> bool:
    """Say on request what it will take, and offer to start.

    Args:
        lab: The Lab.
        request: What would be done.
        ready: Whether there are examples to learn from.

    Returns:
        Whether the user has pressed Start.
    """
    name = f"train_estimate_{request.run_id}"
    start, ask, words = st.columns([2, 3, 5], vertical_alignment="center")
    pressed = start.button(
        "Start training", type="primary", width="stretch", disabled=not ready, key="train_start"
    )
    if ask.button("How long will this take?", width="stretch", disabled=not ready, key="train_ask"):
        try:
            with words, st.spinner("Timing a few steps …"):
                state.keep_value(name, lab.training.estimate(request))
        except SBERTLabError as error:
            st.error(plain(str(error).partition("\n")[0]))
    estimate: TrainEstimate | None = state.recall(name, None)
    if estimate is not None:
        words.markdown(
            f"About **{duration(estimate.seconds)}** on this machine: "
            f"{counted(estimate.steps, 'step')} over {counted(estimate.examples, 'example')}."
        )
        st.caption(plain(estimate.found[-1]))
    return pressed


def _usual(examples: int) -> tuple[int, int]:
    """Epochs and batch size that suit so many examples: few of them need more passes."""
    if examples < _FEW:
        return 10, 16
    return (4, 32) if examples < _MANY else (1, 32)


def _advanced(lab: Lab, base: str, epochs: int, batch_size: int) -> tuple[TrainConfig, str]:
    """Settings that few need."""
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    with first:
        learning_rate = _learning_rate(lab, base)
        evaluate_every = _number(
            "evaluate",
            "Steps between evaluations",
            0,
            0,
            1_000_000,
            "Each one measures the dev pairs and draws the small map; 0 for ten in the run.",
        )
    with second:
        warmup = _warmup()
        patience = _number(
            "patience",
            "Patience",
            0,
            0,
            1_000,
            "Evaluations without a new best after which training stops; 0 never stops early.",
        )
    with third:
        weight_decay = _weight_decay()
        seed = _number(
            "seed",
            "Seed",
            _DEFAULTS.seed,
            0,
            2**31 - 1,
            "Decides what is held back, "
            "the order and the dropout; another one shows how much is chance.",
        )
    with fourth:
        max_steps = st.number_input(
            "Steps at most",
            1,
            None,
            state.recall("train_max_steps", None),
            placeholder="all epochs",
            key="train_max_steps",
            on_change=state.keep,
            args=("train_max_steps",),
            help="Stops earlier than the epochs say.",
        )
        watch = _watched(lab)
    config = TrainConfig(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=weight_decay,
        max_steps=max_steps,
        evaluate_every=evaluate_every,
        patience=patience,
        seed=seed,
    )
    return config, watch


def _learning_rate(lab: Lab, base: str) -> float:
    """The peak of the rate; what suits depends on the base."""
    rate, key = lab.training.learning_rate(base), f"train_rate_{base}"
    return st.number_input(
        "Learning rate",
        min_value=1e-7,
        max_value=0.1,
        value=state.recall(key, rate),
        step=rate / 4,
        format="%.1e",
        key=key,
        on_change=state.keep,
        args=(key,),
        help=f"Peak. Larger learns faster and forgets faster; {rate:g} suits {plain(base)}.",
    )


def _warmup() -> float:
    """The share of steps in which the rate rises."""
    return st.slider(
        "Warm-up",
        0.0,
        0.5,
        state.recall("train_warmup", _DEFAULTS.warmup),
        0.05,
        key="train_warmup",
        on_change=state.keep,
        args=("train_warmup",),
        help="Share of the steps in which the rate rises to its peak.",
    )


def _weight_decay() -> float:
    """How hard weights are pulled towards zero."""
    return st.number_input(
        "Weight decay",
        0.0,
        1.0,
        state.recall("train_decay", _DEFAULTS.weight_decay),
        0.01,
        key="train_decay",
        on_change=state.keep,
        args=("train_decay",),
        help="Pull of weight matrices towards zero. Larger keeps the weights smaller.",
    )


def _watched(lab: Lab) -> str:
    """Choose the sentences of the small map: the id of a corpus, or ""."""
    corpora = {info.corpus_id: info for info in lab.corpora()}
    current = corpora.get(state.corpus_id() or "")
    if current is None:
        return ""
    name = f"train_watch_{current.corpus_id}"
    kept = state.recall(name, current.corpus_id if current.label_column else "")
    chosen: str = st.selectbox(
        "The small map shows",
        [current.corpus_id, ""],
        index=0 if kept else 1,
        format_func=lambda corpus_id: current.name if corpus_id else _TRAINED_ON,
        key=name,
        on_change=state.keep,
        args=(name,),
        help="Up to 300 sentences whose map is redrawn at each evaluation, coloured by the label "
        "column if there is one. They are looked at, not learnt.",
    )
    return chosen


def _own_settings(objective: str, settings: tuple[Setting, ...]) -> dict[str, Any]:
    """Draw the objective's own settings; only what differs from the default is returned."""
    if not settings:
        return {}
    st.markdown(f"**Of {objective}**")
    boxes = st.columns(min(4, max(2, len(settings))), vertical_alignment="bottom")
    values = {}
    for place, setting in enumerate(settings):
        with boxes[place % len(boxes)]:
            values[setting.name] = _own_setting(objective, setting)
    if objective == "mnrl":
        st.caption(
            "With a cached batch, a laptop can train with a batch of 512: set the batch size to "
            "512 and the cached batch to 32. The result is that of the whole batch."
        )
    return {s.name: values[s.name] for s in settings if values[s.name] != _as_json(s.default)}


def _own_setting(objective: str, setting: Setting) -> Any:
    """One setting, by the type of its default."""
    name = f"train_{objective}_{setting.name}"
    label = setting.name.replace("_", " ").capitalize()
    default = state.recall(name, _as_json(setting.default))
    manner: dict[str, Any] = {
        "key": name,
        "on_change": state.keep,
        "args": (name,),
        "help": _markdown(setting.meaning),
    }
    if isinstance(setting.default, tuple):
        chosen = st.multiselect(label, setting.choices, default=default, **manner)
        return sorted(chosen, key=setting.choices.index)
    if isinstance(setting.default, bool):
        return st.toggle(label, default, **manner)
    if setting.choices:
        return st.selectbox(label, setting.choices, index=setting.choices.index(default), **manner)
    if isinstance(setting.default, str):
        return st.text_input(label, default, placeholder="found by itself", **manner)
    low, high = setting.low, setting.high
    if isinstance(setting.default, int):
        return st.number_input(label, int(low), int(high), default, **manner)
    manner |= {"format": "%g", "step": (setting.default or 1.0) / 10, "placeholder": "as usual"}
    return st.number_input(label, low, high, default, **manner)


def _as_json(default: Any) -> Any:
    """A default as JSON would give it back, so that a request equals the stored one."""
    return list(default) if isinstance(default, tuple) else default


def _markdown(meaning: str) -> str:
    """A meaning whose signs, such as those of u*v, are not taken for emphasis."""
    return meaning.replace("*", r"\*").replace("|", r"\|")


def _number(name: str, label: str, default: int, low: int, high: int, meaning: str) -> int:
    """A whole number that outlives a page change; another default is another choice."""
    key = f"train_{name}_{default}"
    chosen: int = st.number_input(
        label,
        low,
        high,
        state.recall(key, default),
        key=key,
        on_change=state.keep,
        args=(key,),
        help=meaning,
    )
    return chosen


def _kept_choice(
    name: str, label: str, options: list[str], default: str, meaning: str, shown: Any = str
) -> str:
    """A choice that outlives a page change."""
    kept = state.recall(name, default)
    chosen: str = st.selectbox(
        label,
        options,
        index=options.index(kept) if kept in options else 0,
        format_func=shown,
        key=name,
        on_change=state.keep,
        args=(name,),
        help=meaning,
    )
    return chosen


def _lines(formula: str) -> list[str]:
    """Break a formula where it says "or", or goes on with another part: it has half a page."""
    return re.split(r",?\s*\\quad\s*(?:\\text\{or\}\\quad)?\s*|\s(?=\+ \\frac)", formula)


def _lower_first(sentence: str) -> str:
    """A sentence that goes on from a word before it."""
    return sentence[:1].lower() + sentence[1:]
