"""Each task against the definitions in plain Python."""

import random

import numpy as np
import plain
import pytest

GROUPS = ["S3", "S4", "A5", "S5"]


def test_short_sequences_are_answered_as_a_plain_program_does(name, task, draw):
    for length in range(1, 61):
        for symbols, answers in zip(*draw(task, length, 60), strict=True):
            assert answers == plain.ANSWERS[name](symbols), symbols


def test_long_sequences_are_answered_as_a_plain_program_does(name, task, draw):
    for length in (64, 65, 499, 500):
        for symbols, answers in zip(*draw(task, length, 40), strict=True):
            assert answers == plain.ANSWERS[name](symbols), symbols


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 9, 14])
def test_symbols_are_as_frequent_at_each_place_as_those_of_a_plain_program(name, task, draw, length):
    count, rng = 4_000, random.Random(0)
    ours, _ = draw(task, length, count)
    theirs = [plain.DRAWS[name](rng, length) for _ in range(count)]
    assert np.shape(ours) == np.shape(theirs)
    for symbol in range(task.input_size):
        seen, expected = ((np.array(each) == symbol).mean(0) for each in (ours, theirs))
        error = np.sqrt(expected * (1 - expected) / count)
        assert (np.abs(seen - expected) <= 8 * error).all(), symbol


@pytest.mark.parametrize("length", [5, 7, 9, 12])
@pytest.mark.parametrize("name", ["modular_arithmetic_brackets", "solve_equation"], indirect=True)
def test_expressions_have_the_shapes_of_those_of_a_plain_program(name, task, draw, length):
    rng, kinds = random.Random(0), np.array([0] * 5 + [*range(1, task.input_size - 4)])
    ours = {tuple(kinds[symbols]) for symbols in draw(task, length, 20_000)[0]}
    theirs = {tuple(kinds[plain.DRAWS[name](rng, length)]) for _ in range(20_000)}
    rare = len(ours ^ theirs) / len(ours | theirs)
    assert rare < 0.02


def test_numbers_are_drawn_uniformly_from_all_but_zero(load, draw):
    symbols, _ = draw(load("compute_sqrt"), 4, 30_000)
    numbers = np.array(symbols) @ [8, 4, 2, 1]
    assert np.bincount(numbers) / 30_000 == pytest.approx([0.0] + [1 / 15] * 15, abs=0.01)


def test_the_digits_of_two_numbers_are_independent(load, draw):
    symbols, _ = draw(load("binary_addition"), 5, 90_000)
    pairs = [s for s in symbols if s[2] == 2]
    numbers = np.array([[s[0] + 2 * s[1], s[3] + 2 * s[4]] for s in pairs])
    table = np.zeros((4, 4))
    np.add.at(table, tuple(numbers.T), 1 / len(pairs))
    assert table[1:, 1:] == pytest.approx(np.full((3, 3), 1 / 9), abs=0.01)


@pytest.mark.parametrize("group", GROUPS)
def test_products_are_those_of_a_plain_program(load, draw, group):
    task = load("word_problem", group=group)
    for length in (*range(1, 61), 500):
        for symbols, answers in zip(*draw(task, length, 30 if length < 500 else 3), strict=True):
            assert answers == plain.running_products(symbols, group)


@pytest.mark.parametrize(
    ("name", "length", "symbols", "answers"),
    [
        ("even_pairs", 1, {(0,), (1,)}, {(0,)}),
        ("parity_check", 1, {(0,), (1,)}, {(0,), (1,)}),
        ("modular_arithmetic", 2, {(n,) for n in range(5)}, {(n,) for n in range(5)}),
        ("missing_duplicate_string", 1, {(1,)}, {(1,)}),
        ("missing_duplicate_string", 3, {(2, 0, 3), (0, 2, 3), (2, 1, 3), (1, 2, 3)}, {(0,), (1,)}),
        ("solve_equation", 1, {(0,)}, {(0,)}),
        ("solve_equation", 2, {(0, 0)}, {(0,)}),
        ("stack_manipulation", 1, {(0,), (1,)}, {(0, 2), (1, 2)}),
        ("binary_addition", 1, {(0,)}, {(0, 2)}),
        ("binary_addition", 2, {(0, 0), (1, 0), (0, 1)}, {(0, 2, 0), (1, 2, 0), (0, 1, 2)}),
        ("binary_multiplication", 1, {(0,)}, {(2,)}),
        ("binary_multiplication", 2, {(0, 0), (1, 0), (0, 1)}, {(0, 2)}),
        ("compute_sqrt", 1, {(1,)}, {(1,)}),
    ],
)
def test_short_lengths_have_the_sequences_of_the_specification(load, draw, name, length, symbols, answers):
    drawn = draw(load(name), length, 200)
    assert [set(map(tuple, part)) for part in drawn] == [symbols, answers]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_closed_and_has_inverses(load, group):
    table = load("word_problem", group=group).table
    order = {"S3": 6, "S4": 24, "A5": 60, "S5": 120}[group]
    everything = [*range(order)]
    assert table[0].tolist() == table[:, 0].tolist() == everything
    assert all(sorted(line) == everything for line in [*table.tolist(), *table.T.tolist()])
