"""Labels by hand: a list that is quick with the keyboard, the lasso on the map, and a table."""

import streamlit as st

from sbert_core.desk_results import FewShot
from sbert_core.errors import SBERTLabError
from sbert_core.lab import CorpusInfo, Lab, to_csv

from .classify_map import label_on_map
from .wording import counted, plain, shorten

_TEXT_CHARS = 1_500
_QUEUE = 20  # sentences chosen at once: few enough that the next ones know of these labels
_KEYS = 9
_IN_A_LINE = 6
_MOST_BUTTONS = 30


def label_by_hand(lab: Lab, info: CorpusInfo, model: str, learnt: FewShot | None) -> None:
    """Classes, then the three ways to label."""
    try:
        labels = lab.classification.labels.read(info.corpus_id)
        _add_class(lab, info)
        if not labels.classes:
            st.info("Name two or more classes, then label sentences with the keys 1 to 9.")
            return
        one, lasso, table = st.tabs(
            ["One by one", "On the map", f"Labelled so far ({len(labels.labels)})"]
        )
        with one:
            _label_one_by_one(lab, info, model, learnt)
        with lasso:
            label_on_map(lab, info, model)
        with table:
            _labelled(lab, info)
    except SBERTLabError as error:
        st.error(plain(str(error)))


def _add_class(lab: Lab, info: CorpusInfo) -> None:
    """Make a class; Enter is enough."""
    # A new box for each class: the cursor leaves it, and the keys 1 to 9 label at once.
    key = f"classify_new_class_{len(lab.classification.labels.read(info.corpus_id).classes)}"

    def add() -> None:
        try:
            for name in st.session_state[key].split(","):
                if name.strip():
                    lab.classification.labels.add_class(info.corpus_id, name)
        except SBERTLabError as error:
            st.session_state["classify_class_error"] = str(error)
        st.session_state[key] = ""  # where a name was refused, the box stays

    st.text_input(
        "Add classes",
        key=key,
        on_change=add,
        placeholder="Type a name and press Enter; several with commas",
    )
    if problem := st.session_state.pop("classify_class_error", ""):
        st.warning(plain(problem))


@st.fragment
def _label_one_by_one(lab: Lab, info: CorpusInfo, model: str, learnt: FewShot | None) -> None:
    """One sentence and a button for each class; a click or a key brings the next one."""
    store = lab.classification.labels
    labels = store.read(info.corpus_id)
    row = _next_row(lab, info, model, learnt, set(labels.labels))
    if row is None:
        st.success("Every sentence has a label or was passed over.")
        _undo(lab, info, len(labels.labels))
        return
    with st.container(border=True):
        st.caption(f"Row {row + 1:,}{_guess(learnt, row)}")
        st.markdown(f"##### {plain(shorten(lab.texts(info.corpus_id, [row])[0], _TEXT_CHARS))}")
    names = labels.classes[:_MOST_BUTTONS]
    for start in range(0, len(names), _IN_A_LINE):
        for place, box in enumerate(st.columns(_IN_A_LINE), start=start):
            if place >= len(names):
                continue
            name = names[place]
            box.button(
                f"{plain(name)} ({labels.counts[name]})",
                key=f"classify_is_{place}",
                on_click=_give,
                args=(lab, info, row, name),
                shortcut=str(place + 1) if place < _KEYS else None,
                width="stretch",
            )
    if len(labels.classes) > _MOST_BUTTONS:
        _choose_from_many(lab, info, row)
    skip, undo, done = st.columns([1, 1, 3], vertical_alignment="center")
    skip.button(
        "Skip",
        key="classify_skip",
        on_click=_skipped(info).add,
        args=(row,),
        shortcut="s",
        width="stretch",
    )
    with undo:
        _undo(lab, info, len(labels.labels))
    with done:
        if st.button(
            f"Done with {counted(len(labels.labels), 'label')}",
            key="classify_done",
            help="Brings the table and the button below up to date.",
        ):
            st.rerun()
    st.caption(
        "Sentences that teach most come first: unlike each other, and once a head has learnt, "
        "those that it is unsure of. Labels are kept as you give them."
    )


def _choose_from_many(lab: Lab, info: CorpusInfo, row: int) -> None:
    """More classes than there is room for buttons."""
    labels = lab.classification.labels.read(info.corpus_id)
    key = f"classify_many_{row}"
    st.selectbox(
        "Another class",
        labels.classes[_MOST_BUTTONS:],
        index=None,
        key=key,
        on_change=lambda: _give(lab, info, row, st.session_state[key]),
    )


def _give(lab: Lab, info: CorpusInfo, row: int, name: str) -> None:
    """Label a row; the class may be gone by now, removed in another tab."""
    try:
        lab.classification.labels.put(info.corpus_id, [row], name)
    except SBERTLabError as error:
        st.session_state["classify_class_error"] = str(error)


def _undo(lab: Lab, info: CorpusInfo, given: int) -> None:
    """Take the last label back."""

    def undo() -> None:
        lab.classification.labels.take_back(info.corpus_id)
        st.session_state.pop(_queue_key(info), None)

    st.button(
        "Undo",
        key="classify_undo",
        on_click=undo,
        shortcut="u",
        width="stretch",
        disabled=given == 0,
    )


def _guess(learnt: FewShot | None, row: int) -> str:
    """What the head thinks of a row."""
    if learnt is None:
        return ""
    name = learnt.classes[learnt.labels[row]]
    return f" · the head says {plain(name)} ({learnt.scores[row]:.2f})"


def _next_row(
    lab: Lab, info: CorpusInfo, model: str, learnt: FewShot | None, labelled: set[int]
) -> int | None:
    """Take the next row of the queue; a new queue is chosen when it is empty or a head learnt."""
    key = _queue_key(info)
    made_by = f"{model}/{learnt.run.run_id if learnt else ''}"
    queue = st.session_state.get(key, {"by": "", "rows": []})
    passed = labelled | _skipped(info)
    rows = [row for row in queue["rows"] if row not in passed]
    if not rows or queue["by"] != made_by:
        wanted = _QUEUE + len(_skipped(info))
        chosen = lab.classification.next_to_label(info.corpus_id, model, wanted, learnt)
        rows = [row for row in chosen if row not in passed]
        st.session_state[key] = {"by": made_by, "rows": rows}
    return rows[0] if rows else None


def _queue_key(info: CorpusInfo) -> str:
    """Where the rows to label next are kept."""
    return f"classify_queue_{info.corpus_id}"


def _skipped(info: CorpusInfo) -> set[int]:
    """Rows that were passed over in this session."""
    rows: set[int] = st.session_state.setdefault(f"classify_skipped_{info.corpus_id}", set())
    return rows


def _labelled(lab: Lab, info: CorpusInfo) -> None:
    """All labels given so far, to change, remove or export."""
    store = lab.classification.labels
    labels = store.read(info.corpus_id)
    rows = list(labels.labels)[::-1]
    if not rows:
        st.caption("No sentence has a label yet.")
    else:
        texts = lab.texts(info.corpus_id, rows)
        event = st.dataframe(
            [
                {"row": row + 1, "class": labels.labels[row], "sentence": text}
                for row, text in zip(rows, texts, strict=True)
            ],
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            height=min(380, 35 * (len(rows) + 1) + 3),
            key=f"classify_labelled_{len(rows)}",
        )
        picked = [rows[place] for place in event["selection"]["rows"]]
        change, put, remove, export = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        name = change.selectbox("Change ticked ones to", labels.classes, key="classify_change_to")
        if put.button("Change", disabled=not picked, width="stretch", key="classify_change"):
            store.put(info.corpus_id, picked, name)
            st.rerun()
        if remove.button("Remove", disabled=not picked, width="stretch", key="classify_remove"):
            store.take_back(info.corpus_id, picked)
            st.rerun()
        export.download_button(
            "Export",
            lambda: to_csv(lab.classification.hand_table(info.corpus_id)),
            file_name="labels-by-hand.csv",
            mime="text/csv",
            on_click="ignore",
            width="stretch",
            key="classify_export_hand",
        )
    _remove_class(lab, info)


def _remove_class(lab: Lab, info: CorpusInfo) -> None:
    """Remove a class with its labels, after a second click."""
    labels = lab.classification.labels.read(info.corpus_id)
    with st.popover("Remove a class"):
        name = st.selectbox("Class", labels.classes, key="classify_remove_which")
        st.caption(f"Its {counted(labels.counts[name], 'label')} will be gone, too.")
        if st.button("Remove this class", key="classify_remove_class"):
            lab.classification.labels.remove_class(info.corpus_id, name)
            st.rerun()
