"""The seven steps of the lesson: what each shows, asks and reveals, all from what is in the box."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from sbert_core.charts.layout import QUIET_CONFIG
from sbert_core.charts.linked_maps import LinkedMaps, linked_maps_figure
from sbert_core.charts.strips import percentile_strip
from sbert_core.charts.token_heatmap import AxisWord, token_heatmap
from sbert_core.desk_results import Comparison
from sbert_core.lab import CorpusInfo, Lab
from sbert_core.sample import ARGUMENT, PAIR, find, install, shipped_pair, shipped_sts

from . import state
from .colouring import colouring_of
from .shipped_bars import show_shipped_bars

_CLS, _MEAN, _TUNED, _TEACHER = ARGUMENT
_PAIRS_ON_A_MAP = 10_000
_HALF_A_STEP = 330  # pixels
_ALL_PAIRS = _PAIRS_ON_A_MAP * (_PAIRS_ON_A_MAP - 1) // 2

_NAMES = {
    _CLS: "BERT, [CLS] vector",
    _MEAN: "BERT, mean of all tokens",
    f"{_MEAN}:max": "BERT, maximum of all tokens",
    _TUNED: "the same BERT, fine-tuned as siamese network",
    _TEACHER: "all-MiniLM-L6-v2, three times the size",
}


@dataclass(frozen=True)
class LessonStep:
    """One step.

    Attributes:
        title: What it is about.
        setting: Draws what the question is asked about.
        question: What to predict.
        answers: What can be predicted.
        right: Which of them comes true.
        because: The reason, in a sentence or two.
        reveal: Draws the evidence.
        moral: What to keep of it.
        page: The page that does the same with the user's own sentences.
        page_label: What the link to it says.
    """

    title: str
    setting: Callable[[Lab], None]
    question: str
    answers: tuple[str, ...]
    right: int
    because: str
    reveal: Callable[[Lab], None]
    moral: str
    page: str
    page_label: str


# --- 1: a high cosine ---------------------------------------------------------------------------


def _two_sentences(lab: Lab) -> None:
    """The pair, and its cosine under a plain BERT."""
    st.markdown(
        "BERT gives every token of a sentence a vector. To compare sentences one vector is needed, "
        "and BERT sets one apart: that of **[CLS]**, the token put before every sentence. How "
        "similar two sentences are is then the cosine of their vectors, in [-1, 1]."
    )
    _quote_pair()
    cosine = next(s["cosine"] for s in shipped_pair()["scores"] if s["model"] == _CLS)
    st.markdown(
        f"A plain BERT (`bert-mini`, in the box) gives these two a cosine of **{cosine:.2f}**."
    )


def _random_pairs(lab: Lab) -> None:
    """Where the pair falls among random pairs, before and after fine-tuning."""
    sample = _sample(lab)
    scores = {score["model"]: score["cosine"] for score in shipped_pair()["scores"]}
    for model in (_CLS, _TUNED):
        found = lab.random_pairs(sample.corpus_id, model)
        chart = percentile_strip(
            found.cosines, scores[model], state.mode(), title=_NAMES[model], x_range=(-0.3, 1.0)
        )
        st.plotly_chart(chart, key=f"lesson_random_{model}", theme=None, config=QUIET_CONFIG)
    st.caption(
        "How to read it: the hill is the cosine of random pairs of the sample, which mean "
        "different things; the line is our pair. What lies left of the line scores lower."
    )


# --- 2: pooling -------------------------------------------------------------------------------


def _three_poolings(lab: Lab) -> None:
    """What the encoders are judged by, and the candidates."""
    st.markdown(
        "Instead of [CLS] one can take all token vectors and *pool* them: their mean, or in each "
        "dimension their maximum. To judge, take 450 sentence pairs that were graded from 0 "
        "(different) to 5 (the same), and ask whether the cosine puts them in the same order: "
        "Spearman's rank correlation, times 100."
    )


# --- 3: what the cosine is made of ------------------------------------------------------------


def _sum_of_parts(lab: Lab) -> None:
    """The cosine under mean pooling is a sum over pairs of words."""
    st.markdown(
        "Under mean pooling the cosine is a sum: every word of one sentence with every word of the "
        "other adds a little. BERT also puts **[CLS]** and **[SEP]** around each sentence, which "
        "mean nothing. There are four of them among the tokens of our pair:"
    )
    _quote_pair()


def _word_pairs(lab: Lab) -> None:
    """The heat maps of the pair, before and after."""
    sides = zip(st.columns(2), (_MEAN, _TUNED), ("Plain BERT", "Fine-tuned"), strict=True)
    for column, model, name in sides:
        with column, st.spinner("Taking the cosine apart …"):
            found = lab.explanation.explain(*PAIR, model, "tokens")
            special = found.special_share or 0.0
            st.markdown(
                f"**{name}**: of the cosine {found.cosine:.2f}, **{special:.2f}** comes from "
                f"pairs with a special token, {special / found.cosine:.0%} of it."
            )
            rows, columns = (
                [
                    AxisWord(word.text, "added" if word.special else "word")
                    for word in side.sentence.words
                ]
                for side in (found.a, found.b)
            )
            assert found.contributions is not None, "the method is tokens"
            chart = token_heatmap(
                found.contributions, rows, columns, state.mode(), width=_HALF_A_STEP
            )
            st.plotly_chart(chart, key=f"lesson_words_{model}", theme=None, config=QUIET_CONFIG)
    st.caption(
        "How to read it: a cell is what a word on the left and a word at the top add to the "
        "cosine; all cells sum to it. Blue adds, orange takes away."
    )


# --- 4: fine-tuning ---------------------------------------------------------------------------


def _siamese(lab: Lab) -> None:
    """What is done in fine-tuning."""
    tuned, plain = _score(_TUNED), _score(_MEAN)
    assert tuned > plain
    st.markdown(
        "BERT learnt to guess missing words. Nobody ever told it that the *cosine of two vectors* "
        "should say whether sentences mean the same. Sentence-BERT does: the same network reads "
        "both sentences (hence *siamese*), and its weights move until the cosine agrees with "
        f"examples. Plain BERT with mean pooling reached {plain:.0f} on the graded pairs. These "
        "pairs are not among the examples."
    )


# --- 5: the map -------------------------------------------------------------------------------


def _two_maps(lab: Lab, *, named: bool = False) -> None:
    """The sample's map under two encoders, without or with their names."""
    found = _comparison(lab)
    models = (_CLS, _TUNED)
    places = [found.models.index(model) for model in models]
    about = [found.encoders[place] for place in places]
    sample = _sample(lab)
    titles = ["plain BERT, [CLS] vector", "the same BERT, fine-tuned"]
    right = [f"{e.knn_label_accuracy:.0%} in a neighbourhood of their own topic" for e in about]
    chart = linked_maps_figure(
        LinkedMaps(
            titles=titles if named else ["Map A", "Map B"],
            subtitles=right if named else ["", ""],
            coordinates=[found.maps[place] for place in places],
            texts=lab.texts(sample.corpus_id),
            colouring=colouring_of(
                lab.table(sample.corpus_id)[found.label_column].tolist(), "topic"
            ),
        ),
        state.mode(),
    )
    st.plotly_chart(chart, key=f"lesson_maps_{named}", theme=None, config=QUIET_CONFIG)


def _unnamed_maps(lab: Lab) -> None:
    """Two maps of the same sentences."""
    st.markdown(
        "Here are 720 short messages as two encoders see them. Each point is a message, its colour "
        "is its topic, and messages with similar vectors lie together. Neither encoder was told "
        "the topics."
    )
    _two_maps(lab)


# --- 6: the cross-encoder ---------------------------------------------------------------------


def _reads_both(lab: Lab) -> None:
    """What a cross-encoder is."""
    st.markdown(
        "There is another way: let BERT read **both sentences at once**, with all words of one "
        "beside all words of the other, and ask it for a score. Such a *cross-encoder* makes no "
        "vectors; every pair is a new reading. It judges single pairs best, as a rule. Now take "
        f"{_PAIRS_ON_A_MAP:,} sentences and look for the two that are most alike."
    )


def _arithmetic(lab: Lab) -> None:
    """The passes, and what the paper measured."""
    published = lab.race.PUBLISHED
    st.markdown(
        f"{_PAIRS_ON_A_MAP:,} × {_PAIRS_ON_A_MAP - 1:,} / 2 = **{_ALL_PAIRS:,} readings**. The "
        f"siamese encoder reads {_PAIRS_ON_A_MAP:,} sentences once each; the rest is one product "
        f"of two matrices. *Published:* about {published.cross_seconds / 3600:.0f} hours against "
        f"about {published.bi_seconds:.0f} seconds (Reimers & Gurevych 2019, section 1, on a "
        "graphics card)."
    )


# --- 7: both ----------------------------------------------------------------------------------


def _a_search(lab: Lab) -> None:
    """The task that needs both."""
    st.markdown(
        "Last step. You have 100,000 questions with answers. A visitor types a question and should "
        "see the best answer within a tenth of a second. You own a siamese encoder (fast, good) "
        "and a cross-encoder (slow, better)."
    )


def _retrieve_and_rerank(lab: Lab) -> None:
    """How the two work together."""
    st.markdown(
        "1. **Before** anyone asks, the siamese encoder turns all questions into vectors, once.\n"
        "2. The visitor's question becomes one vector; a matrix product finds the nearest 50.\n"
        "3. The cross-encoder reads 50 pairs, not 100,000, and puts the best on top.\n\n"
        "How much step 3 gains, and what it costs in milliseconds, is measured on the Benchmark "
        "page. The cross-encoder in the box, `cross-mini`, is small and saw few examples: it puts "
        "a plain BERT's candidates in a better order, but not those of `sbert-mini` or `minilm`. "
        "To see step 3 gain over these, take a larger one, such as "
        "`ms-marco-minilm-l6`, which is fetched when there is a network."
    )


# --- shared -----------------------------------------------------------------------------------


def _quote_pair() -> None:
    """The pair of the lesson."""
    st.markdown(f"> {PAIR[0]}\n>\n> {PAIR[1]}")


def _score(model: str) -> float:
    """Spearman times 100 on the bundled graded pairs, as shipped."""
    return next(float(s["spearman_cosine"]) for s in shipped_sts() if s["model"] == model)


def _bars(lab: Lab, models: tuple[str, ...]) -> None:
    """Scores on the bundled graded pairs, with intervals."""
    show_shipped_bars(models, _NAMES, key="lesson_bars")
    st.caption(
        "How to read it: 100 is the order of the grades itself, 0 is chance. The thin line is the "
        "range in which the score would fall for other pairs of this kind, 95 times of 100."
    )


def _sample(lab: Lab) -> CorpusInfo:
    """The bundled sample; a user may have deleted it, so it is brought back."""
    return find(lab) or install(lab)


def _comparison(lab: Lab) -> Comparison:
    """The comparison that comes with the sample."""
    found = lab.comparison.stored(_sample(lab).corpus_id, ARGUMENT)
    return found or lab.comparison.compare(_sample(lab).corpus_id, ARGUMENT)


STEPS: tuple[LessonStep, ...] = (
    LessonStep(
        title="A cosine of 0.96 — is that much?",
        setting=_two_sentences,
        question="What does that say about the two sentences?",
        answers=(
            "They mean nearly the same: it is close to 1",
            "Nothing yet: it depends on what other pairs score",
            "They differ: the same meaning would give exactly 1",
        ),
        right=1,
        because="Under a plain BERT two random sentences score 0.94 on average: all its vectors "
        "point in nearly one direction.",
        reveal=_random_pairs,
        moral="Never read a cosine alone. Ask what random pairs score under the same encoder.",
        page="pages/4_Sentence_pair.py",
        page_label="Try it with two sentences of your own",
    ),
    LessonStep(
        title="One vector out of many",
        setting=_three_poolings,
        question="Which pooling of the plain BERT will rank the graded pairs best?",
        answers=("The [CLS] vector", "The mean of all tokens", "The maximum of all tokens"),
        right=1,
        because="Nothing in its training ever asked [CLS] to sum up a sentence.",
        reveal=partial(_bars, models=(_CLS, f"{_MEAN}:max", _MEAN)),
        moral="Pooling matters, but no pooling makes a plain BERT a good judge of meaning.",
        page="pages/9_Benchmark.py",
        page_label="See every encoder with every pooling",
    ),
    LessonStep(
        title="What is in a cosine?",
        setting=_sum_of_parts,
        question="How much of the plain BERT's cosine comes from [CLS] and [SEP]?",
        answers=("Almost nothing", "About a tenth", "About a third"),
        right=2,
        because="They are in every sentence and look alike everywhere, so they make any two "
        "sentences similar.",
        reveal=_word_pairs,
        moral="Part of a plain BERT's similarity is about nothing at all; fine-tuning takes most "
        "of it away.",
        page="pages/4_Sentence_pair.py",
        page_label="Take a pair of your own apart",
    ),
    LessonStep(
        title="Teach it what the cosine is for",
        setting=_siamese,
        question="What will the same network score after siamese fine-tuning?",
        answers=("About 45: a little better", "About 55", "Nearly 70"),
        right=2,
        because="Same layers, same size, same speed: only its weights have moved.",
        reveal=partial(_bars, models=ARGUMENT),
        moral="[CLS] < mean < fine-tuned. This is the argument of Sentence-BERT.",
        page="pages/8_Train.py",
        page_label="Fine-tune one yourself, in a minute",
    ),
    LessonStep(
        title="The same sentences, seen twice",
        setting=_unnamed_maps,
        question="Which map is that of the fine-tuned encoder?",
        answers=("Map A", "Map B"),
        right=1,
        because="There the topics fall apart into islands; on map A every topic is everywhere.",
        reveal=partial(_two_maps, named=True),
        moral="Groups, search and duplicates are only as good as the neighbourhoods they are "
        "built on.",
        page="pages/3_Compare_encoders.py",
        page_label="Compare encoders on a corpus",
    ),
    LessonStep(
        title="Why not let BERT read both?",
        setting=_reads_both,
        question=f"How many times must a cross-encoder read, for {_PAIRS_ON_A_MAP:,} sentences?",
        answers=("10,000 times", "100,000 times", "50 million times"),
        right=2,
        because="Every pair has to be read together.",
        reveal=_arithmetic,
        moral="A cross-encoder judges well and cannot be asked about everything.",
        page="pages/9_Benchmark.py",
        page_label="Race both on this machine",
    ),
    LessonStep(
        title="Fast and good",
        setting=_a_search,
        question="What do you build?",
        answers=(
            "The cross-encoder alone: quality first",
            "The siamese encoder finds 50 candidates, the cross-encoder orders them",
            "The siamese encoder alone, and nothing else will do",
        ),
        right=1,
        because="Retrieve and re-rank: each does what it is good at.",
        reveal=_retrieve_and_rerank,
        moral="The siamese encoder makes meaning searchable; the cross-encoder has the last word.",
        page="pages/5_Search.py",
        page_label="Search a corpus",
    ),
)
