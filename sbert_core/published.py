"""Figures that others have published, to stand beside what is measured here and never to mix.

All are Spearman correlations times 100 as printed in the source. A table says where it comes from
and what a reader must know before comparing: another data set, another backbone, another metric.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PAPER = "Reimers & Gurevych 2019, Sentence-BERT, EMNLP (arXiv 1908.10084)"
PAPER_URL = "https://arxiv.org/abs/1908.10084"
RESULTS = "embeddings-benchmark/results, commit f4cc6c8 (read 2026-08-20)"
RESULTS_URL = "https://github.com/embeddings-benchmark/results"


@dataclass(frozen=True)
class PublishedTable:
    """One published table.

    Attributes:
        key: Short name.
        title: What it shows, in a few words.
        source: Where it was published: authors, year, table.
        url: Where to read it.
        row_name: What the rows are, such as "model".
        columns: Names of the numbers in a row.
        rows: Name of a row to its numbers, Spearman x 100, one for each column; None where the
            source has none.
        reading: One sentence on how to read it, and on what to beware of.
    """

    key: str
    title: str
    source: str
    url: str
    row_name: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float | None, ...]]
    reading: str

    def records(self) -> list[dict[str, str | float | None]]:
        """Give the rows as records, for a table on a page or a file."""
        return [
            {self.row_name: name, **dict(zip(self.columns, values, strict=True))}
            for name, values in self.rows.items()
        ]


_STS_SETS = ("STS12", "STS13", "STS14", "STS15", "STS16", "STSb", "SICK-R", "mean")

TABLE_1 = PublishedTable(
    key="table1",
    title="Encoders that never saw graded pairs, on seven STS data sets",
    source=f"{PAPER}, table 1",
    url=PAPER_URL,
    row_name="model",
    columns=_STS_SETS,
    rows={
        "BERT, [CLS] vector": (20.16, 30.01, 20.09, 36.88, 38.08, 16.50, 42.63, 29.19),
        "BERT, mean of token vectors": (38.78, 57.98, 57.98, 63.15, 61.06, 46.35, 58.40, 54.81),
        "GloVe, mean of word vectors": (55.14, 70.66, 59.73, 68.25, 63.66, 58.02, 53.76, 61.32),
        "InferSent-GloVe": (52.86, 66.75, 62.15, 72.77, 66.87, 68.03, 65.65, 65.01),
        "Universal Sentence Encoder": (64.49, 67.80, 64.61, 76.83, 73.18, 74.92, 76.69, 71.22),
        "SRoBERTa-NLI-base": (71.54, 72.49, 70.80, 78.74, 73.69, 77.77, 74.46, 74.21),
        "SBERT-NLI-base": (70.97, 76.53, 73.19, 79.09, 74.30, 77.03, 72.91, 74.89),
        "SBERT-NLI-large": (72.27, 78.46, 74.90, 80.99, 76.25, 79.23, 73.75, 76.55),
        "SRoBERTa-NLI-large": (74.53, 77.00, 73.18, 81.85, 76.82, 79.10, 74.29, 76.68),
    },
    reading=(
        "Look at the first two rows and at SBERT-NLI-base: one backbone, read by its [CLS] vector, "
        "by the mean of its token vectors, and after siamese fine-tuning; plain BERT is below the "
        "mean of GloVe word vectors."
    ),
)

TABLE_2 = PublishedTable(
    key="table2",
    title="Trained on STS Benchmark: cross-encoder against siamese encoder",
    source=f"{PAPER}, table 2 (means of ten seeds)",
    url=PAPER_URL,
    row_name="model",
    columns=("base", "large"),
    rows={
        "BERT-STSb, cross-encoder": (84.30, 85.64),
        "SBERT-STSb": (84.67, 84.45),
        "SRoBERTa-STSb": (84.92, 85.02),
        "SRoBERTa-NLI-STSb": (84.79, 86.15),
        "SBERT-NLI-STSb": (85.35, 86.10),
        "BERT-NLI-STSb, cross-encoder": (88.33, 88.77),
    },
    reading=(
        "On the STS Benchmark test set: after NLI and STS Benchmark the cross-encoder is about "
        "three points better than the siamese encoder, and has to read every pair anew."
    ),
)

POOLING = PublishedTable(
    key="pooling",
    title="Which pooling",
    source=f"{PAPER}, table 6 (BERT-base, STS Benchmark development set, ten seeds)",
    url=PAPER_URL,
    row_name="pooling",
    columns=("trained on NLI", "trained on STSb"),
    rows={"CLS": (79.80, 86.62), "MAX": (79.07, 69.92), "MEAN": (80.78, 87.44)},
    reading=(
        "After fine-tuning the pooling matters little, unless it is the maximum and the training "
        "regresses on cosines; without fine-tuning it is [CLS] that fails."
    ),
)

CONCATENATION = PublishedTable(
    key="concatenation",
    title="What the NLI classifier is shown of u and v",
    source=f"{PAPER}, table 6 (BERT-base, mean pooling, STS Benchmark development set)",
    url=PAPER_URL,
    row_name="concatenation",
    columns=("trained on NLI",),
    rows={
        "(u, v)": (66.04,),
        "(|u − v|)": (69.78,),
        "(u ∗ v)": (70.54,),
        "(u, v, u ∗ v)": (77.44,),
        "(|u − v|, u ∗ v)": (78.37,),
        "(u, v, |u − v|, u ∗ v)": (80.44,),
        "(u, v, |u − v|)": (80.78,),
    },
    reading=(
        "The element-wise difference |u − v| is what makes training on NLI move similar "
        "sentences together: adding it to (u, v) is worth nearly fifteen points."
    ),
)

RELEASED = PublishedTable(
    key="released",
    title="The paper's checkpoints as released, on the STS Benchmark test set",
    source="Scores in the history of sentence-transformers (commits 482b25b5 and 8d0ad23d)",
    url="https://github.com/huggingface/sentence-transformers",
    row_name="checkpoint",
    columns=("STSb test",),
    rows={
        "bert-base-nli-cls-token": (76.30,),
        "distilbert-base-nli-mean-tokens": (76.97,),
        "bert-base-nli-mean-tokens": (77.12,),
        "bert-base-nli-max-tokens": (77.21,),
        "roberta-base-nli-mean-tokens": (77.49,),
        "bert-large-nli-mean-tokens": (79.19,),
        "distilbert-base-nli-stsb-mean-tokens": (84.38,),
        "bert-base-nli-stsb-mean-tokens": (85.14,),
        "roberta-large-nli-stsb-mean-tokens": (86.31,),
    },
    reading=(
        "Those with “stsb” in their name were trained on the training part of this data set, so "
        "their score is not comparable with those that were not."
    ),
)

MTEB = PublishedTable(
    key="mteb",
    title="Encoders of today, on the STS Benchmark test set",
    source=RESULTS,
    url=RESULTS_URL,
    row_name="encoder",
    columns=("STSb test",),
    rows={
        "LaBSE": (72.25,),
        "potion-base-8M": (75.41,),
        "all-MiniLM-L6-v2": (82.03,),
        "all-mpnet-base-v2": (83.42,),
        "paraphrase-multilingual-MiniLM-L12-v2": (84.42,),
    },
    reading=(
        "all-MiniLM-L6-v2 is the encoder called minilm here: measured on the same 1,379 pairs it "
        "should come to the same number."
    ),
)

TABLES = (TABLE_1, TABLE_2, POOLING, CONCATENATION, RELEASED, MTEB)
