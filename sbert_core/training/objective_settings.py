"""The objectives in words, and their settings with what is allowed; imports no torch.

The Train page, the command line and `make_objective` all read this one table, so that what is
shown, what is offered and what is accepted are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sbert_core.errors import DataError

ObjectiveName = Literal[
    "nli", "sts", "triplet", "contrastive", "mnrl", "simcse", "distill", "cross"
]
OBJECTIVES: tuple[str, ...] = get_args(ObjectiveName)

CONCATENATIONS: tuple[str, ...] = ("u", "v", "|u-v|", "u*v")
DISTANCES: tuple[str, ...] = ("euclidean", "cosine")

# How much larger 1 - cosine is than the squared error between cosines, so that the two terms of
# `losses.distill_loss` weigh about the same; see there.
STRUCTURE_WEIGHT = 30.0


@dataclass(frozen=True)
class Setting:
    """One setting of an objective.

    Attributes:
        name: Its name.
        default: What it is unless said otherwise; its type is the setting's type. None means
            that another setting decides, as `meaning` says; else the value is a number.
        meaning: A sentence for a person; for a number, what larger and smaller values do.
        choices: The words allowed; empty where any word or number is. Where `default` is a tuple,
            a value is one or more of them.
        low: Smallest number allowed.
        high: Largest number allowed.
    """

    name: str
    default: bool | int | float | str | tuple[str, ...] | None
    meaning: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if isinstance(self.default, tuple):
            return f"one or more of {', '.join(self.choices)}"
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return "a word"
        whole = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{whole} from {self.low:g} to {self.high:g}"

    def checked(self, value: Any) -> Any:
        """Return a value as the setting's own type.

        Raises:
            DataError: It is not allowed.
        """
        if value is None and self.default is None:
            return None
        made: bool | int | float | str | tuple[str, ...] | None
        if isinstance(self.default, tuple):
            made = self._chosen(value)
        elif isinstance(self.default, (bool, str)):
            made = value if self._fits_word(value) else None
        else:
            made = self._number(value)
        if made is None:
            raise DataError(f"{self.name}={value!r} should be {self.allowed}.")
        return made

    def _chosen(self, value: Any) -> tuple[str, ...] | None:
        """Take some of the choices, in their own order."""
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        if not listed or not value or any(part not in self.choices for part in value):
            return None
        return tuple(choice for choice in self.choices if choice in value)

    def _fits_word(self, value: Any) -> bool:
        """Tell whether a word, or true or false, is allowed."""
        right_type = isinstance(value, type(self.default))
        return right_type and (not self.choices or value in self.choices)

    def _number(self, value: Any) -> int | float | None:
        """Take a number in its range; true and false are none."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if not self.low <= value <= self.high:  # NaN is in no range
            return None
        if isinstance(self.default, int):
            return int(value) if value == int(value) else None
        return float(value)


@dataclass(frozen=True)
class ObjectiveAbout:
    """What a person wants to know of an objective before choosing it.

    Attributes:
        title: A few words.
        explanation: Two plain sentences.
        formula: LaTeX, without dollar signs.
        source: The paper.
        data: What examples it needs.
        settings: Its settings.
    """

    title: str
    explanation: str
    formula: str
    source: str
    data: str
    settings: tuple[Setting, ...] = ()


def checked_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Complete an objective's settings by their defaults.

    Args:
        name: One of `OBJECTIVES`.
        settings: Values by name; what is not named keeps its default.

    Returns:
        A value for every setting of the objective, of the setting's own type.

    Raises:
        DataError: The objective or a setting is unknown, or a value is not allowed.
    """
    if name not in ABOUT:
        raise DataError(f"There is no objective {name!r}; choose one of {', '.join(OBJECTIVES)}.")
    known = {setting.name: setting for setting in ABOUT[name].settings}
    for given in settings:
        if given not in known:
            has = f"its settings are {', '.join(known)}" if known else "it has no settings"
            raise DataError(f"The objective {name} has no setting {given!r}; {has}.")
    return {
        setting.name: setting.checked(settings.get(setting.name, setting.default))
        for setting in known.values()
    }


_SCALE = Setting(
    "scale",
    20.0,
    "How sharply similarities are told apart (one over the temperature). Larger looks harder at "
    "the worst mistakes, smaller treats all of them alike.",
    low=0.1,
    high=1_000.0,
)

ABOUT: dict[str, ObjectiveAbout] = {
    "nli": ObjectiveAbout(
        title="Does one sentence follow from the other?",
        explanation="Learns to tell from the two sentence vectors which label the pair has, such "
        "as entailment, neutral or contradiction. This is how the Sentence-BERT paper made its "
        "first models: vectors that can answer the question also say what a sentence means.",
        formula=r"L = -\frac{1}{B} \sum_i \log \mathrm{softmax}\left("
        r"W\,(u_i;\, v_i;\, |u_i - v_i|) + b\right)_{y_i}",
        source="Reimers & Gurevych 2019, section 3, arXiv 1908.10084",
        data="Pairs of sentences, each pair with one of at least two labels.",
        settings=(
            Setting(
                "parts",
                ("u", "v", "|u-v|"),
                "What of the two vectors the classifier sees. The difference |u-v| matters most; "
                "the product u*v can be added.",
                choices=CONCATENATIONS,
            ),
        ),
    ),
    "sts": ObjectiveAbout(
        title="How similar are two sentences?",
        explanation="Learns from pairs that people have scored: the cosine of the two vectors "
        "should agree with the score. It is the most direct way to good similarities, if there "
        "are scores.",
        formula=r"L = \frac{1}{B} \sum_i \left(\cos(u_i, v_i) - y_i\right)^2"
        r"\quad\text{or}\quad L = \log\Big(1 + \sum_{y_i < y_j} e^{s\,(\cos_i - \cos_j)}\Big)",
        source="Reimers & Gurevych 2019, section 3, arXiv 1908.10084; CoSENT: Su 2022, "
        "https://kexue.fm/archives/8847",
        data="Pairs of sentences, each with a score that is larger the more similar they are.",
        settings=(
            Setting(
                "form",
                "mse",
                "mse asks for the score itself, as in the paper; cosent only for the right order "
                "of the pairs, and usually ends higher.",
                choices=("mse", "cosent"),
            ),
            _SCALE,
        ),
    ),
    "triplet": ObjectiveAbout(
        title="This one is nearer than that one",
        explanation="Learns from triples: the anchor should be nearer to the positive than to the "
        "negative, by a margin. It fits where similar can be told from different but not scored.",
        formula=r"L = \frac{1}{B} \sum_i \max\left(d(a_i, p_i) - d(a_i, n_i) + \epsilon,\, 0"
        r"\right)",
        source="Reimers & Gurevych 2019, section 3, arXiv 1908.10084",
        data="Triples: a sentence, one that is similar to it, and one that is not.",
        settings=(
            Setting(
                "distance",
                "euclidean",
                "How distance is measured: euclidean, as in the paper, or cosine, which looks at "
                "directions only.",
                choices=DISTANCES,
            ),
            Setting(
                "margin",
                None,
                "How much farther the negative should be: 1 for euclidean and 0.5 for cosine "
                "unless set. Larger pushes harder.",
                low=0.0,
                high=100.0,
            ),
        ),
    ),
    "contrastive": ObjectiveAbout(
        title="Similar or not?",
        explanation="Learns from pairs that are marked as similar or not: similar ones are pulled "
        "together, others pushed apart up to a margin. It fits duplicates, and other yes-or-no "
        "judgements.",
        formula=r"L = \frac{1}{2B} \sum_i \left[ y_i\, d_i^2 + (1 - y_i) \max(m - d_i,\, 0)^2"
        r"\right], \quad d_i = 1 - \cos(u_i, v_i)",
        source="Hadsell, Chopra & LeCun 2006, doi 10.1109/CVPR.2006.100",
        data="Pairs of sentences, each pair marked as similar or not.",
        settings=(
            Setting(
                "margin",
                0.5,
                "Cosine distance beyond which pairs that are not similar are left alone. Larger "
                "pushes farther.",
                low=0.0,
                high=2.0,
            ),
            Setting(
                "online",
                False,
                "Learn only from the hard pairs of each batch: similar ones that are far apart and "
                "others that are close.",
            ),
            Setting(
                "positive",
                "",
                "The label that means similar; empty finds it among names such as 1, yes, "
                "duplicate or entailment. All other labels mean not similar.",
            ),
        ),
    ),
    "mnrl": ObjectiveAbout(
        title="Find the partner among all others",
        explanation="Learns from pairs that belong together: each sentence should find its "
        "partner among the partners of all other pairs in the batch. Nothing needs to be marked "
        "as different, and a larger batch is a harder task that teaches more.",
        formula=r"L = -\frac{1}{B} \sum_i \log \frac{e^{s \cos(a_i, p_i)}}"
        r"{\sum_j e^{s \cos(a_i, p_j)} + \sum_j e^{s \cos(a_i, n_j)}}",
        source="Henderson et al. 2017, section 4.4, arXiv 1705.00652; large batches: Gao et al. "
        "2021, arXiv 2101.06983",
        data="Pairs of sentences that belong together, or triples that add one that does not.",
        settings=(
            _SCALE,
            Setting(
                "cached_batch",
                0,
                "Sentences that go through the encoder at a time, so that a large batch fits into "
                "little memory with the same result, for one more pass through the encoder; 0 "
                "takes the whole batch at once.",
                low=0,
                high=65_536,
            ),
            Setting(
                "skip_repeats",
                True,
                "Leave out candidates that are the same text as the sentence or its partner, "
                "which would be wrong answers that are right.",
            ),
        ),
    ),
    "simcse": ObjectiveAbout(
        title="Sentences alone, no labels",
        explanation="Embeds each sentence twice under different dropout, and each should find "
        "itself among all others in the batch. It needs nothing but sentences, and spreads the "
        "vectors out.",
        formula=r"L = -\frac{1}{B} \sum_i \log \frac{e^{\cos(z_i, z'_i) / \tau}}"
        r"{\sum_j e^{\cos(z_i, z'_j) / \tau}}",
        source="Gao, Yao & Chen 2021, arXiv 2104.08821",
        data="Sentences; the base must have dropout.",
        settings=(
            Setting(
                "temperature",
                0.05,
                "How sharply similarities are told apart. Smaller looks harder at the nearest "
                "other sentences.",
                low=0.001,
                high=10.0,
            ),
        ),
    ),
    "distill": ObjectiveAbout(
        title="Learn from a larger encoder",
        explanation="Learns to give the vectors that a better, larger encoder gives, and to find "
        "the same sentences similar. It needs nothing but sentences and the teacher.",
        formula=r"L = \frac{1}{B} \sum_i \left(1 - \cos(P s_i, t_i)\right) + \frac{\lambda}"
        r"{B(B-1)} \sum_{i \ne j} \left(\cos(s_i, s_j) - \cos(t_i, t_j)\right)^2",
        source="Reimers & Gurevych 2020, arXiv 2004.09813; Tung & Mori 2019, arXiv 1907.09682",
        data="Sentences, and an encoder to learn from.",
        settings=(
            Setting(
                "structure_weight",
                STRUCTURE_WEIGHT,
                "How much the similarities between sentences count beside the vectors themselves. "
                f"At {STRUCTURE_WEIGHT:g} both count about the same; 0 leaves them out.",
                low=0.0,
                high=10_000.0,
            ),
        ),
    ),
    "cross": ObjectiveAbout(
        title="Read both sentences at once",
        explanation="Trains a cross-encoder, which reads both sentences of a pair together and "
        "judges them. It is more exact than comparing two vectors, and far slower, since nothing "
        "can be computed beforehand.",
        formula=r"L = -\frac{1}{B} \sum_i \left[y_i \log \sigma(x_i) + (1 - y_i) \log(1 - "
        r"\sigma(x_i))\right] \quad\text{or}\quad L = -\frac{1}{B} \sum_i \log "
        r"\mathrm{softmax}(x_i)_{y_i}",
        source="Devlin et al. 2019, section 4, arXiv 1810.04805",
        data="Pairs of sentences, each with a score, or each with one of at least two labels.",
    ),
}
