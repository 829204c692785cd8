"""Graded pairs: a table of encoders, what others published, and where an encoder goes wrong."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.score_bars import ScoreBar, score_bars
from sbert_core.charts.sts_scatter import sts_scatter
from sbert_core.desk_results import BenchmarkTask, LeaderboardRow, StsDetails
from sbert_core.errors import SBERTLabError
from sbert_core.lab import Lab
from sbert_core.sample import ARGUMENT, PAIRS
from sbert_core.scripts import graded_pairs_script

from . import state
from .benchmark_data import choose_encoders, choose_pairs
from .benchmark_run import csv_button, offer_measuring
from .cross_choice import MEASURED, PUBLISHED
from .script_export import offer_script
from .wording import counted, plain

_WORST = 12
_MEASURES = ("cosine", "dot", "euclidean", "manhattan")
_HEADINGS = {"cosine": "cosine", "dot": "dot", "euclidean": "Euclid", "manhattan": "Manh."}
_SIMILARITIES = {
    "cosine": "The angle between the two vectors, whatever their lengths.",
    "dot": "The dot product: angle and lengths.",
    "euclidean": "Minus the straight distance between the two vectors.",
    "manhattan": "Minus the sum of the differences in each dimension (Manhattan distance).",
}
_INTERVAL_HELP = "Of the cosine: where 95 of 100 resamples of the pairs lie."
_TRAINED_HELP = (
    "Share of these pairs that the encoder learnt from, with their grades. Where its training "
    "data is not public, nobody can count it."
)


def show_sts(lab: Lab) -> None:
    """Draw the tab: source, encoders, bars beside published figures, table, scatter."""
    st.markdown(
        "Each pair of sentences has a grade for how far both mean the same. An encoder is good if "
        "its similarities put the pairs into the same order as the grades: that is **Spearman's "
        "correlation**, here times 100. 100 is the same order, 0 is chance."
    )
    path = choose_pairs(lab)
    if path is None:
        _show_published(lab)
        return
    models = choose_encoders(lab, "benchmark_sts_models")
    rows = in_order(lab.leaderboard.rows(path, models))
    origins = {row.model: row.origin for row in rows}
    offer_measuring(lab, BenchmarkTask("sts", (str(path),)), models, origins)
    left, right = st.columns(2, gap="large")
    with left:
        _show_bars(rows, path)
    with right:
        _show_published(lab)
    if rows:
        _show_table(lab, path, rows)
        _show_disagreement(lab, path, rows)
        script = graded_pairs_script(path, [row.model for row in rows])
        offer_script("graded-pairs", script)


def in_order(rows: Sequence[LeaderboardRow]) -> list[LeaderboardRow]:
    """Put the encoders of the argument first, in its order, then the others from low to high."""
    places = {model: place for place, model in enumerate(ARGUMENT)}
    return sorted(
        rows, key=lambda row: (places.get(row.model, len(places)), row.scores.spearman_cosine)
    )


def _show_bars(rows: Sequence[LeaderboardRow], path: Path) -> None:
    """One bar for each encoder, with its interval."""
    st.markdown(f"**Spearman ×100 of the cosine** {MEASURED}")
    bars = [
        ScoreBar(
            row.model,
            row.scores.spearman_cosine,
            low=row.scores.ci95[0],
            high=row.scores.ci95[1],
            marked=row.model in ARGUMENT,
        )
        for row in rows
    ]
    st.plotly_chart(
        score_bars(bars, state.mode()), key="benchmark_bars", theme=None, config=QUIET_CONFIG
    )
    if not rows:
        return
    st.caption(
        "How to read it: longer is better. The thin line is the 95 % interval over resampled "
        "pairs; where the lines of two encoders overlap much, these pairs cannot tell them apart."
    )
    if any(row.origin == "shipped" for row in rows):
        st.caption(
            "These scores came with the bundled pairs: this project's code computed them when the "
            "sample was made. Measuring on this machine should give the same."
        )
    if path == PAIRS:
        st.caption(
            "bert-mini is a plain BERT, read by its [CLS] vector or by the mean of its token "
            "vectors; sbert-mini is the same network after siamese fine-tuning."
        )


def _show_published(lab: Lab) -> None:
    """One published table at a time, with its source."""
    tables = {table.key: table for table in lab.leaderboard.published()}
    st.markdown(f"**What others report** {PUBLISHED}")
    table = tables[
        st.selectbox(
            "Published table",
            list(tables),
            format_func=lambda key: tables[key].title,
            key="benchmark_published",
            label_visibility="collapsed",
        )
    ]
    st.dataframe(
        table.records(),
        hide_index=True,
        column_order=[table.row_name, *_latest_first(table.columns)],
        column_config={
            name: st.column_config.NumberColumn(format="%.2f", width=58) for name in table.columns
        },
        key=f"benchmark_published_{table.key}",
    )
    st.caption(f"{table.reading} Source: [{plain(table.source)}]({table.url}). All ×100.")
    st.caption(
        "Other models on other pairs: compare the order of the rows with what is measured here, "
        "not the numbers."
    )


def _latest_first(columns: Sequence[str]) -> list[str]:
    """STS Benchmark and the mean before the older data sets: they are what most people quote."""
    quoted = [name for name in ("STSb", "mean") if name in columns]
    return [*quoted, *(name for name in columns if name not in quoted)]


def _show_table(lab: Lab, path: Path, rows: Sequence[LeaderboardRow]) -> None:
    """Both correlations with four similarities, and what the encoder has seen before."""
    records = [record_of(lab, path, row) for row in rows]
    for column, kind, what, last in zip(
        st.columns(2, gap="large"),
        ("Spearman", "Pearson"),
        ("the order of the pairs", "the values themselves"),
        ("95 % interval", "trained on"),
        strict=True,
    ):
        with column:
            st.markdown(f"**{kind} ×100: {what}** {MEASURED}")
            numbers = [f"{kind} {name}" for name in _MEASURES]
            st.dataframe(
                records,
                hide_index=True,
                column_order=["encoder", *numbers, last],
                column_config={
                    name: st.column_config.NumberColumn(
                        _HEADINGS[measure], format="%.2f", help=_SIMILARITIES[measure]
                    )
                    for name, measure in zip(numbers, _MEASURES, strict=True)
                }
                | {
                    "95 % interval": st.column_config.TextColumn(help=_INTERVAL_HELP),
                    "trained on": st.column_config.TextColumn(help=_TRAINED_HELP),
                },
                key=f"benchmark_table_{kind}",
            )
    st.caption(
        "How to read it: the four columns are four ways to compare two vectors; distances count "
        "with their sign turned. For an encoder whose vectors all have length 1, cosine, dot "
        "product and Euclidean distance put the pairs into the same order."
    )
    csv_button("Download both tables (CSV)", records, f"sts-{path.stem}", "benchmark_sts_csv")
    _show_contamination(lab, path, rows)


def record_of(lab: Lab, path: Path, row: LeaderboardRow) -> dict[str, str | float]:
    """One row of the table and of the file, all x 100."""
    scores = row.scores
    low, high = scores.ci95
    record: dict[str, str | float] = {
        "encoder": row.model,
        "Spearman cosine": scores.spearman_cosine,
        "95 % interval": f"{low:.1f} to {high:.1f}".replace("-", "−"),
    }
    for kind in ("Spearman", "Pearson"):
        for name in _MEASURES:
            record[f"{kind} {name}"] = getattr(scores, f"{kind.lower()}_{name}")
    record["trained on"] = _share(lab, path, row.model)
    return record


def _share(lab: Lab, path: Path, model: str) -> str:
    """The share of the pairs that an encoder learnt from."""
    try:
        share = lab.leaderboard.contamination(path, model).pair_share
    except SBERTLabError:
        return "not known"
    return "not known" if share is None else f"{100 * share:.1f} %"


def _show_contamination(lab: Lab, path: Path, rows: Sequence[LeaderboardRow]) -> None:
    """What is known of the training data of each encoder, in words."""
    with st.expander("What have these encoders been trained on?"):
        st.markdown(
            "A score on pairs that an encoder has learnt from says how well it remembers, not how "
            "well it understands."
        )
        for row in rows:
            try:
                said = lab.leaderboard.contamination(path, row.model).sentence
            except SBERTLabError as error:
                said = str(error)
            st.markdown(f"**{plain(row.model)}**: {plain(said)}")


def _show_disagreement(lab: Lab, path: Path, rows: Sequence[LeaderboardRow]) -> None:
    """Each pair as a point, and those on which encoder and grade disagree most."""
    st.subheader("Where does an encoder disagree with the grades?")
    names = [row.model for row in rows]
    kept = state.recall("benchmark_sts_one", names[-1])
    picture, words = st.columns([6, 5], gap="large")
    with words:
        model = st.selectbox(
            "Encoder to look at",
            names,
            index=names.index(kept) if kept in names else len(names) - 1,
            key="benchmark_sts_one",
            on_change=state.keep,
            args=("benchmark_sts_one",),
        )
    details = lab.leaderboard.details(path, model)
    if details is None:
        sentences = counted(2 * lab.leaderboard.look(path).pairs, "sentence")
        words.info(
            f"This needs the cosine of every pair under {plain(model)}. Click Measure above: it "
            f"reads {sentences}."
        )
        return
    worst = details.worst(_WORST)
    with words:
        st.caption(
            "How to read it: each point is a pair. The better the encoder, the more the cloud is a "
            "narrow band that rises to the right. Its height alone says nothing: under a plain "
            "BERT every cosine is high."
        )
        st.caption(
            "The diamonds are the largest disagreements: all pairs are put in order twice, by "
            "grade and by the encoder, and these are the pairs whose two places lie farthest "
            "apart. Usual reasons: a negation, a number or a name on which all depends, or a "
            "paraphrase without a common word. The table below has them all."
        )
    with picture:
        pairs = list(zip(details.sentences1, details.sentences2, strict=True))
        st.plotly_chart(
            sts_scatter(details.gold, details.cosines, pairs, state.mode(), ringed=worst),
            key="benchmark_scatter",
            theme=None,
            config=QUIET_CONFIG,
        )
    _show_worst(details, worst)


def _show_worst(details: StsDetails, worst: Sequence[int]) -> None:
    """The pairs whose places in the two orders lie farthest apart."""
    st.markdown(f"**The {len(worst)} largest disagreements**")
    gaps = details.rank_gaps
    st.dataframe(
        [
            {
                "ranked": "too high" if gaps[i] > 0 else "too low",
                "by": 100 * abs(float(gaps[i])),
                "grade": float(details.gold[i]),
                "cosine": float(details.cosines[i]),
                "first sentence": details.sentences1[i],
                "second sentence": details.sentences2[i],
            }
            for i in worst
        ],
        hide_index=True,
        height="content",
        column_config={
            "ranked": st.column_config.TextColumn(
                width=78, help="Where the encoder puts the pair, compared with its grade."
            ),
            "by": st.column_config.NumberColumn(
                format="%.0f %%", width=60, help="Places in the order, as a share of all pairs."
            ),
            "grade": st.column_config.NumberColumn(
                format="%.1f", width=66, help="On the scale of the file."
            ),
            "cosine": st.column_config.NumberColumn(
                format="%.2f", width=66, help="The encoder's similarity, in [-1, 1]."
            ),
            "first sentence": st.column_config.TextColumn(width=330),
            "second sentence": st.column_config.TextColumn(width=330),
        },
        key="benchmark_worst",
    )
