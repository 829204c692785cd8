"""The duplicates desk: pairs of rows, groups, what is kept of them, judgements, a second look."""

import numpy as np
import pytest

from sbert_core.duplicate_pairs import REAL, _product
from sbert_core.errors import DataError
from sbert_core.jobs import JobQueue
from sbert_core.lab import Lab

from .encoders.tiny_models import bert_model, bert_tokenizer, write_checkpoint

# Degrees on a circle: rows 0-3 are near each other, 4 and 5 too, 6 is alone; 2 repeats 0.
ROWS = [
    ("my card is lost", 0),
    ("I have lost my card", 10),
    ("my card is lost", 0),
    ("My card is lost!", 1),
    ("where is the parcel", 90),
    ("the parcel, where is it now", 100),
    ("good morning", 180),
]


class Judge:
    """A cross-encoder that doubts every pair with a long text."""

    asked = 0

    def predict(self, pairs, progress=None):
        self.asked += len(pairs)
        return np.array([0.1 if max(map(len, pair)) > 18 else 0.9 for pair in pairs], np.float32)


@pytest.fixture
def lab(monkeypatch):
    monkeypatch.setattr(JobQueue, "ensure_worker", lambda self: None)
    lab = Lab()
    write_checkpoint(lab.workspace.root / "models" / "tiny", bert_tokenizer(), bert_model)
    turn = np.radians([degrees for _, degrees in ROWS])
    vectors = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    monkeypatch.setattr(lab, "vectors", lambda *_: vectors)
    return lab


@pytest.fixture
def corpus(lab, tmp_path):
    path = tmp_path / "rows.csv"
    lines = [f'"{text}",{row}' for row, (text, _) in enumerate(ROWS)]
    path.write_text("text,kept\n" + "\n".join(lines), encoding="utf-8")
    return lab.open_file(path, text_column="text").corpus_id


@pytest.fixture
def found(lab, corpus):
    return lab.duplicates.find(corpus, "tiny")


def test_pairs_are_of_different_texts_and_trivial_ones_are_told(found):
    pairs = list(zip(found.pairs.a.tolist(), found.pairs.b.tolist(), strict=True))
    assert set(pairs) == {(0, 3), (0, 1), (1, 3), (4, 5)}
    trivial = dict(zip(pairs, found.kinds.tolist(), strict=True))
    assert trivial.pop((0, 3)) != REAL
    assert set(trivial.values()) == {REAL}
    assert (found.rows, found.copies) == (7, 1)


def test_rows_that_repeat_a_text_are_pairs_of_rows(found):
    rows = found.row_pairs(0.99, 100)
    listed = set(zip(rows.a.tolist(), rows.b.tolist(), strict=True))
    assert listed == {(0, 2), (0, 3), (2, 3)}
    assert rows.total == 3
    assert found.row_pairs(0.99, 1).total == 3


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12, 13])
def test_the_first_pairs_of_many_copies_are_those_of_all_pairs(limit):
    u, v = np.array([0, 4, 5]), np.array([1, 2, 6, 9])
    everything = sorted((min(i, j), max(i, j)) for i in u.tolist() for j in v.tolist())
    listed = zip(*_product(u, v, limit), strict=True)
    assert sorted((int(a), int(b)) for a, b in listed) == everything[:limit]


def test_a_search_is_kept_and_a_threshold_only_filters(lab, corpus, found, monkeypatch):
    monkeypatch.setattr(lab, "vectors", lambda *_: pytest.fail("this was computed before"))
    again = lab.duplicates.find(corpus, "tiny")
    np.testing.assert_array_equal(again.pairs.cosines, found.pairs.cosines)
    assert [part.tolist() for part in again.groups_at(0.9)] == [[0, 1, 2, 3], [4, 5]]
    assert [part.tolist() for part in again.groups_at(0.999)] == [[0, 2, 3]]
    assert lab.duplicates.stored(corpus, "tiny", floor=0.6) is None


@pytest.mark.parametrize(("keep", "stays"), [("longest", [1, 5]), ("first", [0, 4])])
def test_one_row_of_each_group_stays(lab, found, keep, stays):
    table = lab.duplicates.keep_one(found, 0.9, keep)
    assert table["row"].tolist() == [*stays, 6]
    assert table["stands_for_rows"].tolist() == [4, 2, 1]
    groups = lab.duplicates.group_table(found, 0.9, keep)
    # The user's own column "kept" is not overwritten.
    ours = groups["kept"] if groups["kept"].dtype == bool else groups["kept_2"]
    assert groups["row"][ours].tolist() == stays
    assert sorted(groups.columns) == ["duplicate_group", "kept", "kept_2", "row", "text"]


def test_bad_wishes_are_refused(lab, corpus, found):
    with pytest.raises(DataError, match="should be a cosine"):
        lab.duplicates.find(corpus, "tiny", floor=80)
    with pytest.raises(DataError, match="should be one of longest, first, central"):
        lab.duplicates.keep_one(found, 0.9, "shortest")


def test_judgements_stay_with_the_texts_and_can_be_taken_back(lab, found):
    first = lab.duplicates.next_to_judge(found, 0.9)
    assert found.kinds[first] == REAL
    lab.duplicates.judge(found, first, True)
    assert Lab().duplicates.judged(found) == [(first, True)]
    second = lab.duplicates.next_to_judge(found, 0.9)
    assert second != first
    lab.duplicates.judge(found, second, False)
    lab.duplicates.judge(found, first, False)  # thought better of it
    assert sorted(lab.duplicates.judged(found)) == sorted([(first, False), (second, False)])
    lab.duplicates.take_back(found)
    assert lab.duplicates.judged(found) == [(second, False)]
    assert lab.duplicates.precision(found)[-1].precision == 0


def test_a_second_look_reads_each_pair_once_both_ways_and_trivial_ones_never(
    lab, found, monkeypatch
):
    judge = Judge()
    monkeypatch.setattr(lab, "cross_encoder", lambda name: judge)
    assert lab.duplicates.look_again(found, 0.9, "cross-mini") == 3
    assert judge.asked == 6
    assert lab.duplicates.look_again(found, 0.9, "cross-mini") == 0
    doubted = lab.duplicates.doubted(found, "cross-mini")
    left = lab.duplicates.pair_table(found, 0.9, "cross-mini", doubted)
    assert left["kind"].tolist() == ["punctuation"]
    assert lab.duplicates.keep_one(found, 0.9, doubted=doubted)["row"].tolist() == [1, 3, 4, 5, 6]
