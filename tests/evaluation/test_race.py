"""The race: its arithmetic by hand, its sentences, and clocks that are turned by hand."""

import itertools

import numpy as np
import pytest

from sbert_core.errors import Cancelled, DataError
from sbert_core.evaluation.race import (
    PUBLISHED_CROSS_S,
    PUBLISHED_SENTENCES,
    Lap,
    RaceResult,
    closest_pair,
    in_words,
    pair_count,
    race_sentences,
    random_pairs,
    time_all_pairs,
    time_bi_encoder,
    time_sample,
)


class Clock:
    """Time that passes only when somebody says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def judge_of(clock, seconds_a_pair, seen):
    def judge(pairs, progress):
        clock.now += seconds_a_pair * len(pairs)
        seen.extend(pairs)
        return np.zeros(len(pairs), np.float32)

    return judge


def result(*laps, pairs=1234, seconds=1.0):
    return RaceResult("minilm", "cross-mini", "fp32", "a machine", pairs, seconds, laps)


def lap(sentences, cross_seconds, measured=False):
    return Lap(sentences, 2.0, 0.5, "a", "b", 0.9, cross_seconds, measured)


def test_pairs_of_the_paper():
    assert pair_count(10_000) == 49_995_000
    assert [pair_count(n) for n in (2, 3, 100)] == [1, 3, 4_950]
    # About 65 hours for these pairs are 213 pairs a second.
    assert pair_count(PUBLISHED_SENTENCES) / PUBLISHED_CROSS_S == pytest.approx(213.7, abs=0.1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.00123, "1.23 ms"),
        (0.12, "120 ms"),
        (4.2, "4.20 s"),
        (60.4, "60.4 s"),
        (120, "2 min"),
        (125, "2 min 5 s"),
        (49_995_000 / 1234, "11 hours 15 min"),
        (65 * 3600, "65 hours 0 min"),
        (40 * 86_400, "40.0 days"),
        (3e9, "95.1 years"),
    ],
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words


def test_the_arithmetic_is_shown():
    race = result(lap(100, 4.0, measured=True), lap(10_000, 49_995_000 / 1234))
    assert race.arithmetic(race.laps[1]) == (
        "10,000 sentences: n(n−1)/2 = 49,995,000 pairs / 1,234 pairs per second = "
        "11 hours 15 min, extrapolated"
    )
    assert race.arithmetic(race.laps[0]) == (
        "100 sentences: n(n−1)/2 = 4,950 pairs, all of them read: 4.00 s, measured"
    )
    assert race.laps[0].bi_seconds == 2.5
    assert race.laps[0].ratio == pytest.approx(1.6)


def test_a_result_survives_json():
    race = result(lap(100, 4.0, measured=True))
    assert RaceResult.from_dict(race.to_dict()) == race


# --- sentences ---------------------------------------------------------------------------------


def test_a_large_corpus_is_taken_as_it_is():
    taken = race_sentences(["a", "b", "a", " ", "c", "d"], 3)
    assert taken.texts == ["a", "b", "c"]
    assert taken.note == ""


def test_a_small_corpus_comes_again_with_numbers_and_says_so():
    taken = race_sentences(["a", "b", "a 2"], 8)
    assert len(set(taken.texts)) == 8
    assert taken.texts[:3] == ["a", "b", "a 2"]
    assert all(taken.texts[i].startswith(["a", "b", "a 2"][taken.origin[i]]) for i in range(8))
    assert "3 distinct sentences" in taken.note


@pytest.mark.parametrize("texts", [[], ["a"], ["a", "a", ""]])
def test_without_two_sentences_there_is_no_race(texts):
    with pytest.raises(DataError, match="at least two different sentences"):
        race_sentences(texts, 100)


# --- the bi-encoder ----------------------------------------------------------------------------


def test_the_closest_pair_is_that_of_the_whole_matrix():
    vectors = np.random.default_rng(0).normal(size=(700, 5)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    i, j, cosine = closest_pair(3 * vectors)
    assert {i, j} == set(np.unravel_index(cosines.argmax(), cosines.shape))
    assert i < j
    assert cosine == pytest.approx(cosines.max(), abs=1e-5)


def test_a_sentence_and_its_repetition_are_no_pair():
    vectors = np.array([[1, 0], [0, 1], [1, 0.01], [0.7, 0.7]], np.float32)
    assert closest_pair(vectors)[:2] == (0, 2)
    assert closest_pair(vectors, np.array([0, 1, 0, 2], np.int32))[:2] == (2, 3)
    with pytest.raises(DataError, match="no pair"):
        closest_pair(vectors[:2], np.zeros(2, np.int32))


def test_zero_vectors_and_opposite_ones_have_a_cosine():
    assert closest_pair(np.zeros((2, 3), np.float32)) == (0, 1, 0.0)
    assert closest_pair(np.array([[1.0], [-1.0]]))[2] == -1.0


def test_reading_and_comparing_are_timed_apart():
    clock = Clock()

    class Slow:
        def encode(self, texts, progress):
            clock.now += 3.0
            return np.eye(len(texts), dtype=np.float32)

    read, compared, (i, j, _) = time_bi_encoder(Slow(), race_sentences("abc", 3), clock=clock)
    assert (read, compared) == (3.0, 0.0)
    assert i < j


def test_cancel_stops_the_comparison():
    def stop(done, total, message=""):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        closest_pair(np.eye(3, dtype=np.float32), progress=stop)


# --- the cross-encoder -------------------------------------------------------------------------


def test_random_pairs_are_of_different_sentences_and_reach_all():
    pairs = random_pairs(600, "abcd")
    assert all(first != second for first, second in pairs)
    assert len(set(pairs)) == 12
    assert random_pairs(5, "abcd", seed=1) != random_pairs(5, "abcd", seed=2)


@pytest.mark.parametrize("seconds_a_pair", [1e-5, 1e-3, 0.05])
def test_a_sample_keeps_its_time_box_and_finds_the_speed(seconds_a_pair):
    clock, seen = Clock(), []
    pairs, seconds = time_sample(judge_of(clock, seconds_a_pair, seen), "abcd", 2.0, clock=clock)
    assert pairs / seconds == pytest.approx(1 / seconds_a_pair)
    assert 2.0 <= seconds < 3.0
    assert len(seen) == pairs + 64  # the warm-up does not count


def test_all_pairs_are_read_once_each():
    clock, seen = Clock(), []
    texts = [str(number) for number in range(90)]
    seconds = time_all_pairs(judge_of(clock, 0.01, seen), texts, clock=clock)
    assert seconds == pytest.approx(40.05)
    assert sorted(seen) == sorted(itertools.combinations(texts, 2))
