"""Speed: operations counted by hand, a clock turned by hand, and a time box that holds."""

import os

import pytest

from sbert_core.evaluation import speed
from sbert_core.evaluation.speed import (
    PathSpeed,
    SpeedCell,
    SpeedResult,
    busy_note,
    flops_of,
    flops_per_token,
    machine_in_words,
    matrix_peak,
    time_grid,
)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def grid(seconds_a_token, seconds, **more):
    clock, runs = Clock(), []

    def forward(batch, length):
        clock.now += seconds_a_token * batch * length
        runs.append((batch, length))

    cells, left = time_grid(
        forward, "fp32", lambda rate, length: rate / 1e6, seconds=seconds, clock=clock, **more
    )
    return cells, left, runs, clock.now


def test_operations_of_a_token():
    # MiniLM: 6 layers of 384, 20 tokens: 24 * 6 * 147,456 + 4 * 6 * 20 * 384.
    assert flops_per_token(6, 384, 20) == 21_233_664 + 184_320
    assert flops_per_token(0, 384, 20) == 0
    assert flops_of(6, 384, [20, 20]) == 40 * flops_per_token(6, 384, 20)


def test_operations_are_those_of_the_products_of_one_layer():
    tokens, width = 7, 16
    projections = 4 * 2 * tokens * width * width
    feed_forward = 2 * 2 * tokens * width * 4 * width
    attention = 2 * 2 * tokens * tokens * width
    assert tokens * flops_per_token(1, width, tokens) == projections + feed_forward + attention


def test_every_shape_is_timed_where_there_is_time():
    cells, left, runs, _ = grid(1e-5, 1000, lengths=(8, 16), batches=(1, 4))
    assert {(cell.length, cell.batch) for cell in cells} == {(8, 1), (8, 4), (16, 1), (16, 4)}
    assert left == 0
    for cell in cells:
        assert cell.sentences_per_second == pytest.approx(1e5 / cell.length)
        assert cell.share == pytest.approx(0.1)
    assert runs[0] == (1, 8)


def test_the_time_box_leaves_out_the_largest():
    cells, left, _, spent = grid(0.001, 3.0, lengths=(8, 128), batches=(1, 8, 32))
    assert left >= 1
    assert max(cell.length * cell.batch for cell in cells) < 32 * 128
    assert spent < 4
    assert len(cells) + left == 6


def test_shapes_beyond_the_memory_are_none():
    cells, left, _, _ = grid(1e-9, 10, lengths=(128,), batches=(64, 128))
    assert [cell.batch for cell in cells] == [64]
    assert left == 0


def test_the_peak_of_this_machine_is_a_number():
    assert matrix_peak("fp32", seconds=0.01) > 0.1
    assert "thread" in machine_in_words()


def test_a_busy_machine_is_said_to_be_busy(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(speed.os, "getloadavg", lambda: (7.0, 0, 0), raising=False)
    assert "load 7.0 on 2 cores" in busy_note()
    monkeypatch.setattr(speed.os, "getloadavg", lambda: (1.2, 0, 0), raising=False)
    assert busy_note() == ""


def test_a_result_survives_json_and_knows_its_operations():
    found = SpeedResult(
        "minilm",
        "machine",
        6,
        384,
        20.0,
        {"fp32": 80.0},
        (PathSpeed("torch", "fp32", 100, 0.5, 0.4),),
        (SpeedCell("fp32", 8, 1, 55.0, None),),
    )
    assert SpeedResult.from_dict(found.to_dict()) == found
    assert found.paths[0].sentences_per_second == 200
    assert found.flops_per_token == 21_417_984
