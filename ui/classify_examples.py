"""Few-shot: where the examples come from, learning, and what came of it."""

import streamlit as st

from sbert_core.desk_results import FewShot, FewShotConfig
from sbert_core.jobs import Job
from sbert_core.lab import CorpusInfo, Lab

from . import state
from .classify_gain import show_curve, show_tuning
from .classify_hand import label_by_hand
from .classify_result import show_counts, show_exports, show_rows
from .script_export import offer_script
from .wording import counted, duration, plain

_SOURCES = {"hand": "Labels given by hand", "column": "A column of the file"}


def classify_from_examples(lab: Lab, info: CorpusInfo, model: str) -> None:
    """Label, learn, look."""
    st.markdown(
        "Show a few examples of each class, and a small classifier (the head) learns from their "
        "vectors to sort all the others. Eight examples a class often go a long way."
    )
    source = _source(info)
    if source == "hand":
        config = _settings(info, FewShotConfig("hand", shots=0))
        learnt = lab.classification.latest_few_shot(info.corpus_id, model, config)
        label_by_hand(lab, info, model, learnt)
    else:
        config = _column_settings(info)
        learnt = None
    found = _learn(lab, info, model, config)
    if found is not None:
        _show(lab, info, model, config, found)


def _source(info: CorpusInfo) -> str:
    """By hand, or from a column."""
    default = "column" if info.label_column else "hand"
    name = f"classify_source_{info.corpus_id}"
    chosen = st.radio(
        "Where the examples come from",
        list(_SOURCES),
        index=list(_SOURCES).index(state.recall(name, default)),
        format_func=_SOURCES.__getitem__,
        key=name,
        on_change=state.keep,
        args=(name,),
        horizontal=True,
        label_visibility="collapsed",
    )
    return str(chosen)


def _column_settings(info: CorpusInfo) -> FewShotConfig:
    """Which column, and how many examples of each class."""
    column_box, shots_box, more_box = st.columns([3, 2, 2], vertical_alignment="bottom")
    others = [c for c in info.columns if c not in (info.text_column, info.label_column)]
    columns = [*([info.label_column] if info.label_column else []), *others] or [info.text_column]
    column = column_box.selectbox("Column with labels", columns, key="classify_column")
    shots = shots_box.number_input(
        "Examples of each class",
        min_value=1,
        max_value=1_000,
        value=state.recall("classify_shots", 8),
        key="classify_shots",
        on_change=state.keep,
        args=("classify_shots",),
        help="They are drawn by chance; the other rows are the test, so their labels count for "
        "nothing while learning.",
    )
    with more_box:
        return _settings(info, FewShotConfig("column", column, int(shots)))


def _settings(info: CorpusInfo, config: FewShotConfig) -> FewShotConfig:
    """Settings that few need."""
    with st.popover("More", icon=":material/tune:"):
        spread = st.toggle(
            "Let the unlabelled sentences take part",
            value=state.recall("classify_spread", True),
            key="classify_spread",
            on_change=state.keep,
            args=("classify_spread",),
            help="Sentences that lie together mostly belong together: guesses are spread over "
            "neighbours before the head learns. Mostly a few points better.",
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            state.recall("classify_seed", 42),
            key="classify_seed",
            on_change=state.keep,
            args=("classify_seed",),
            help="Which examples are drawn: another seed shows how much is luck.",
        )
    return FewShotConfig(config.source, config.column, config.shots, spread, int(seed))


def _learn(lab: Lab, info: CorpusInfo, model: str, config: FewShotConfig) -> FewShot | None:
    """The button, and the result that belongs to these settings, or an older one."""
    desk = lab.classification
    found = desk.stored_few_shot(info.corpus_id, model, config)
    if found is not None:
        return found
    job = desk.job("few_shot", info.corpus_id, model, config)
    if job is not None and job.active:
        st.caption("The sorted sentences appear here as soon as the head has learnt.")
        return None
    counts = _ready(lab, info, config)
    older = desk.latest_few_shot(info.corpus_id, model, config)
    words, button = st.columns([3, 1], vertical_alignment="center")
    if counts is not None:
        seconds = desk.estimate("few_shot", info.corpus_id, model, config)
        words.caption(f"{counts} About {duration(seconds)}.{_ended(job)}")
    pressed = button.button(
        "Learn again" if older else "Learn and sort",
        type="primary",
        width="stretch",
        disabled=counts is None,
        key="classify_learn",
    )
    if pressed:
        desk.start("few_shot", info.corpus_id, model, config)
        st.rerun()
    if older is not None and config.source == "hand":
        st.caption(":material/history: Below is what was learnt before these labels.")
        return older
    return None


def _ended(job: Job | None) -> str:
    """Say that the last try was cancelled."""
    return " The last try was cancelled." if job is not None and job.status == "cancelled" else ""


def _ready(lab: Lab, info: CorpusInfo, config: FewShotConfig) -> str | None:
    """Say what would be learnt from, or what is missing."""
    if config.source == "hand":
        labels = lab.classification.labels.read(info.corpus_id)
        if not labels.classes:
            return None  # the page asks for classes already
        used = [name for name, count in labels.counts.items() if count]
        if len(used) < 2:
            st.info("Label at least one sentence of two classes, and the head can learn.")
            return None
        return f"{counted(len(labels.labels), 'example')} of {len(used)} classes."
    examples = lab.classification.examples(info.corpus_id, config)
    classes = len(set(examples.labels))
    return f"{counted(len(examples.rows), 'example')} of {classes} classes."


def _show(lab: Lab, info: CorpusInfo, model: str, config: FewShotConfig, found: FewShot) -> None:
    """How good it is, what went where, and what would make it better."""
    st.divider()
    _figures(found)
    counts, curve = st.columns(2, gap="large")
    with counts:
        st.markdown("**What went where**")
        show_counts(found)
    with curve:
        show_curve(lab, info, model, config)
    show_rows(lab, info, found)
    show_exports(lab, info, found)
    show_tuning(lab, info, model, config)
    offer_script("classify-from-examples", lab.classification.as_script(found))


def _figures(found: FewShot) -> None:
    """Accuracy with its interval where it can be known."""
    scores = found.held_out
    known = 1 + 2 * (scores is not None) + (found.cross_validated is not None)
    cards = iter(st.columns(4)[:known])
    if scores is not None:
        next(cards).metric(
            "Accuracy",
            f"{scores.accuracy:.1%}",
            help=f"Of {scores.rows:,} labelled sentences that were no examples, so many got their "
            f"own class. By chance of the sample it may be {scores.low:.1%} to {scores.high:.1%}.",
        )
        next(cards).metric(
            "Macro F1",
            f"{scores.macro_f1:.1%}",
            help="The same, but every class counts alike, however few sentences it has.",
        )
    if found.cross_validated is not None:
        next(cards).metric(
            "Cross-validated",
            f"{found.cross_validated:.1%}",
            help="Accuracy on examples that were held back in turn. With few examples it is "
            "rough, and mostly too low, for each try learns from fewer.",
        )
    next(cards).metric("Examples", f"{len(found.examples):,}")
    notes = [found.note] if found.note else []
    if scores is not None and scores.unseen:
        names = ", ".join(plain(name) for name in scores.unseen[:5])
        notes.append(f"No example was seen of {names}: sentences of these classes count as wrong.")
    if found.spread_rows:
        notes.append(f"{counted(found.spread_rows, 'unlabelled sentence')} took part.")
    if notes:
        st.caption(" ".join(plain(note) for note in notes))
