"""Is the line any good? A person judges pairs around it, and the page says what that tells."""

import streamlit as st

from sbert_core.desk_results import Duplicates
from sbert_core.lab import Lab

from .duplicates_line import set_threshold
from .wording import counted, plain, shorten

_TEXT_CHARS = 600
_VERDICTS = (("Same", "s", True), ("Not the same", "d", False))
_WANTED = (0.8, 0.9, 0.95)


def show_calibration(lab: Lab, found: Duplicates, line: float) -> None:
    """The pair to judge, and precision at each threshold from what has been judged."""
    st.caption(
        "Pairs are drawn at random from narrow bands of cosine around the line; their cosine is "
        "hidden so that it does not sway you. Trivial copies are not asked about. Judgements are "
        "kept with the corpus."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _judge(lab, found, line)
    with right:
        _precision(lab, found)


def _judge(lab: Lab, found: Duplicates, line: float) -> None:
    """One pair, and three buttons that have keys."""
    judged = len(lab.duplicates.judged(found))
    goal = lab.duplicates.to_judge
    done = min(judged, goal)
    st.progress(done / goal, text=_how_far(judged, goal))
    place = lab.duplicates.next_to_judge(found, line)
    if place is None:
        st.info("There are no more pairs around this line. Move it to judge others.")
    else:
        rows = [int(found.pairs.a[place]), int(found.pairs.b[place])]
        with st.container(border=True):
            for text in lab.texts(found.run.corpus_id, rows):
                st.markdown(plain(shorten(text, _TEXT_CHARS)))
        st.markdown("**Do these two say the same?**")
    same, other, back = st.columns(3)
    for column, (label, key, verdict) in zip((same, other), _VERDICTS, strict=True):
        column.button(
            label,
            key=f"duplicates_judge_{key}",
            shortcut=key,
            width="stretch",
            disabled=place is None,
            on_click=lab.duplicates.judge,
            args=(found, place, verdict),
        )
    back.button(
        "Undo",
        key="duplicates_undo",
        shortcut="u",
        width="stretch",
        disabled=judged == 0,
        on_click=lab.duplicates.take_back,
        args=(found,),
    )


def _how_far(judged: int, goal: int) -> str:
    """Say how many pairs have been judged, and when that is enough."""
    if judged < goal:
        return f"{judged} of {goal} pairs judged"
    return f"{counted(judged, 'pair')} judged; more make the interval narrower"


def _precision(lab: Lab, found: Duplicates) -> None:
    """Precision with its interval at each threshold, and a threshold to use."""
    estimates = lab.duplicates.precision(found)
    if not estimates:
        st.info("Judge some pairs, and here is how many above each threshold are real.")
        return
    wanted = st.segmented_control(
        "How many of the pairs should be real?",
        _WANTED,
        default=_WANTED[1],
        format_func=lambda share: f"{share:.0%}",
        required=True,
        key="duplicates_wanted",
    )
    suggestion = lab.duplicates.suggest(estimates, wanted)
    if suggestion.threshold is None:
        st.info(plain(suggestion.sentence))
    else:
        st.success(plain(suggestion.sentence))
        label = f"Move the line to {suggestion.threshold:.2f}"
        to = suggestion.threshold
        st.button(label, key="duplicates_take", on_click=set_threshold, args=(to,))
    st.dataframe(
        [
            {
                "threshold": one.threshold,
                "paraphrases": one.pairs,
                "judged": one.judged,
                "real": f"{one.precision:.0%}",
                "95% interval": f"{one.low:.0%} to {one.high:.0%}",
            }
            for one in estimates
        ],
        hide_index=True,
        height=min(390, 40 + 35 * len(estimates)),
        key="duplicates_precision",
        column_config={"threshold": st.column_config.NumberColumn(format="%.2f")},
    )
    st.caption(
        "Read a line so: of the paraphrases at or above this threshold, this share is real. Each "
        "judged pair stands for the others of its band of 0.02; the interval is Wilson’s, on the "
        "number of judgements that the unequal weights leave. A band that nobody judged counts "
        "with the judged one below it."
    )
