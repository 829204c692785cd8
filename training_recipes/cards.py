"""The cards of the shipped models: what they are, from what, how good, under which terms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sbert_core.training.pretrain import PretrainResult

from .sources import PRETRAINING, SENTENCES
from .steps import measure, measure_cross

_FIELDS: dict[str, Any] = {"license": "cc-by-sa-4.0", "language": "en"}

_TEXT_LICENCES = """\
| text | licence |
|---|---|
| openstax (textbooks at their last CC BY revision) | CC BY 4.0 |
| wikipedia (wiki-split, SQuAD dev pages, biology articles) | CC BY-SA 4.0 / 3.0 |
| news_travel (OneStopEnglish, parts of GUM) | CC BY-SA 4.0, CC BY, CC BY-SA 3.0 |
| medquad | CC BY 4.0 |
| usgov | public domain, CC0 |
| masc_speeches | public domain; MASC: free for any use |
| dialogue (DSTC8 schema-guided, Synthetic-Persona-Chat) | CC BY-SA 4.0, CC BY 4.0 |
| questions (OpenTriviaQA, GSM8K, NLU benchmark, cooking titles, well-formed queries) | \
CC BY-SA 4.0, MIT, CC0, CC BY-SA 3.0, CC BY-SA 4.0 |
| tatoeba | CC BY 2.0 FR |
| snli (sentences of its dev and test part, without labels) | CC BY-SA 4.0 |
| storybooks | CC BY 3.0 / 4.0 |
| recipes | public domain |
| ud_ewt | CC BY-SA 4.0 |
| wordnet | WordNet licence, CC BY 4.0 |
| factbook, arxiv (titles and abstracts) | public domain / CC0 |
| techdocs | CC BY 4.0 |
| standardebooks, gutenberg (fiction, public domain in the USA) | CC0, public domain |
"""

_NLI_PAIRS = """\
NLI: the dev and test parts of SNLI (CC BY-SA 4.0) and the training part of the counterfactually
revised NLI data (Kaushik et al. 2020, Apache-2.0), 27,996 pairs."""

_STS_PAIRS = """\
STS: stsb-train (scores CC BY-SA 4.0) without its MSRpar and MSRvid rows, whose texts are under
non-commercial terms: 3,741 pairs. Pairs that occur in stsb-dev or stsb-test were left out. stsb-dev
chose the best step; stsb-test chose nothing."""

_USE = """\
```python
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("{name}")  # the folder
vectors = model.encode(["Where is my parcel?", "My package has not arrived."])
```"""


def bert_mini(made: PretrainResult, data: Path) -> tuple[Mapping[str, Any], str]:
    """Card of the plain BERT."""
    body = f"""# bert-mini

A small BERT (4 layers of 256 dimensions, 4 heads, 16,000 WordPiece tokens, lower-cased, at most
128 tokens), trained from scratch by SBERT Lab on masked-language modelling alone, with whole
words masked and no next-sentence prediction. It is the vanilla BERT of the comparison: good at
guessing a missing word, poor at saying whether two sentences mean the same.

- read {made.tokens:,} tokens in {made.steps:,} steps ({made.seconds / 60:.0f} minutes on two CPU
  cores that had other work, too)
- held-out text: loss {made.loss:.2f} nats per masked token, perplexity {made.perplexity:.1f},
  {100 * made.masked_accuracy:.1f} % of the masked tokens guessed

{_sts_table([("[CLS] vector", f"{made.out}:cls"), ("mean pooling", f"{made.out}:mean")], data)}

Text it read, at most {max(PRETRAINING.values())} times the small sources:

{_TEXT_LICENCES}
The weights are under CC BY-SA 4.0. Repeat with `python -m training_recipes bert-mini`.
"""
    return {**_FIELDS, "pipeline_tag": "fill-mask"}, body


def sbert_mini_nli(inferred: Path, scored: Path, data: Path) -> tuple[Mapping[str, Any], str]:
    """Card of the encoder made by the paper's recipe."""
    rows = [("after NLI alone", str(inferred)), ("after NLI, then STS", str(scored))]
    body = f"""# sbert-mini-nli

bert-mini, fine-tuned as a siamese network by the recipe of Reimers & Gurevych 2019 (Sentence-BERT,
arXiv 1908.10084): softmax over (u, v, |u - v|) on natural-language inference, then mean squared
error of the cosine on graded pairs. Mean pooling.

{_sts_table(rows, data)}

{_NLI_PAIRS}

{_STS_PAIRS}

{_USE.format(name="sbert-mini-nli")}

The weights are under CC BY-SA 4.0. Repeat with `python -m training_recipes sbert-mini-nli`.
"""
    return _sentence_fields(), body


def sbert_mini(distilled: Path, scored: Path, data: Path) -> tuple[Mapping[str, Any], str]:
    """Card of the best small encoder."""
    rows = [("after distillation", str(distilled)), ("after graded pairs (shipped)", str(scored))]
    body = f"""# sbert-mini

bert-mini, made into a sentence encoder in two steps: it learnt to match the vectors of
all-MiniLM-L6-v2 (Apache-2.0) on unlabelled sentences, then to give graded pairs a cosine equal to
their grade (mean squared error). The first row has seen no STS score. Mean pooling.

{_sts_table(rows, data)}

Sentences of the first step, 614,827: at most {sum(SENTENCES.values()):,} drawn from the text below,
and those of the NLI and STS data, without their labels. None of them occurs in stsb-dev or
stsb-test.

{_NLI_PAIRS} They were read without labels here.

{_STS_PAIRS}

{_TEXT_LICENCES}
{_USE.format(name="sbert-mini")}

The weights are under CC BY-SA 4.0. Repeat with `python -m training_recipes sbert-mini`.
"""
    return _sentence_fields(), body


def cross_mini(
    judged: Path, scored: Path, graded: int, data: Path
) -> tuple[Mapping[str, Any], str]:
    """Card of the cross-encoder."""
    rows = [("after the teacher's grades", judged), ("after graded pairs (shipped)", scored)]
    lines = ["| STS Benchmark, Spearman x 100 of the score | dev | test |", "|---|---|---|"]
    for name, folder in rows:
        scores = measure_cross(folder, data)
        lines.append(f"| {name} | {scores['dev']:.2f} | {scores['test']:.2f} |")
    table = "\n".join(lines)
    body = f"""# cross-mini

bert-mini, made into a cross-encoder: it reads both sentences of a pair at once and gives a score
in [0, 1]. It learnt from {graded:,} pairs that all-MiniLM-L6-v2 (Apache-2.0) graded by its cosine,
then from graded pairs, by cross-entropy to the grade. The first row has seen no STS score.

{table}

Sentences of the first step: as those of sbert-mini, drawn from the text below and from the NLI and
STS data without their labels. None of them occurs in stsb-dev or stsb-test.

{_NLI_PAIRS} They were read without labels here.

{_STS_PAIRS}

{_TEXT_LICENCES}
```python
from sentence_transformers import CrossEncoder
model = CrossEncoder("cross-mini")  # the folder
scores = model.predict([("Where is my parcel?", "My package has not arrived.")])
```

The weights are under CC BY-SA 4.0. Repeat with `python -m training_recipes cross-mini`.
"""
    return {
        **_FIELDS,
        "library_name": "sentence-transformers",
        "pipeline_tag": "text-ranking",
        "base_model": "bert-mini",
    }, body


def _sentence_fields() -> dict[str, Any]:
    """Front matter of a sentence encoder."""
    return {
        **_FIELDS,
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        "base_model": "bert-mini",
    }


def _sts_table(rows: list[tuple[str, str]], data: Path) -> str:
    """Measure and lay out Spearman x 100 of cosine."""
    lines = ["| STS Benchmark, Spearman x 100 of cosine | dev | test |", "|---|---|---|"]
    for name, model in rows:
        scores = measure(model, data)
        dev, test = (f"{scores[part].spearman_cosine:.2f}" for part in ("dev", "test"))
        lines.append(f"| {name} | {dev} | {test} |")
    return "\n".join(lines)
