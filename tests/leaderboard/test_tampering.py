"""Entries that were tampered with, by one who knows what is checked: each is refused by the name of the fault."""

import dataclasses
import datetime
import json
import os
import random
import shutil
import time

import pytest

from mann_bench.leaderboard.faults import FaultName
from mann_bench.results.problem import RecordFault
from mann_bench.results.schema import Record

GIBIBYTE = 2**30


def scores(row, **changed):
    row["scores"].update(changed)


def test_a_sound_entry_validates(board):
    assert board.names() == []


def test_a_sound_entry_with_a_trace_validates(board):
    board.trace()
    assert board.names() == []


def test_a_replication_by_others_validates(board):
    another_entry(board)
    do_again(board, lambda seconds: seconds + 0.1 * seconds**1.5)
    assert board.names() == []


def aggregate(board):
    board.edit(lambda entry: entry["aggregates"]["convergence"][0].update(steps_median=1.0))


def tuning_of_another_study(board):
    """The rates are those of the runs, but for another study."""
    records = [Record.model_validate_json(file.read_bytes()) for file in board.files]
    rates = [0.001, 0.01, 0.1]
    trials = [
        {"rate": rate, "solved": 0, "steps": None, "error": None, "sequences": 1, "seconds": 1.0} for rate in rates
    ]
    texts = sorted({tuple(part.text for part in (r.model, r.task, r.protocol)) for r in records})
    cells = [
        {"model": model, "task": task, "protocol": protocol, "rate": 0.01, "tuned_protocol": protocol, "trials": trials}
        for model, task, protocol in texts
    ]
    tuning = {"schema_version": 1, "study": "other", "study_version": 1, "table": {"rates": rates}, "cells": cells}
    board.edit(lambda entry: entry.update(tuning=tuning))


def unsigned_curve(board):
    board.edit_record(lambda r: scores(r["curve"][1], loss_bits=0.5), sign=False)


def curve(board):
    board.edit_record(lambda r: scores(r["curve"][1], bit_errors=0.7501))


def tested_score(board):
    board.edit_record(lambda r: scores(r["generalization"][0], bit_errors=0.0))


def dropped_seed(board):
    board.drop(0)
    board.aggregate()


def extra_seed(board, smoke_runs, make_sound):
    board.add(make_sound(dataclasses.replace(smoke_runs[0], seed=7)))
    board.aggregate()


def copied_curve(board):
    """Seed 1 of a model gets the curve of seed 0, some seconds later."""
    records = [Record.model_validate_json(file.read_bytes()) for file in board.files]
    one, other = (next(i for i, r in enumerate(records) if r.seed == s and "lstm" in r.model.text) for s in (0, 1))
    fields = ("curve", "steps", "converged_first", "converged_confirmed", "best_step", "probe", "seconds")
    copied = json.loads(records[one].model_dump_json())
    for row in copied["curve"]:
        row["training_seconds"] *= 0.9
    board.edit_record(lambda r: r.update({field: copied[field] for field in fields}), other)
    board.aggregate()


def another_entry(board, **words):
    """The same runs in a second entry, of others."""
    shutil.copytree(board.folder, board.folder.with_name("copy"))
    board.folder = board.folder.with_name("copy")
    board.edit(lambda entry: entry.update({"name": "Another group", "url": "https://b.org"} | words))


def do_again(board, seconds):
    """Give every run of an entry seconds of another execution."""

    def change(record):
        for row in record["curve"]:
            row["training_seconds"] = seconds(row["training_seconds"])
        record["seconds"]["training"] = seconds(record["seconds"]["training"])

    for index in range(len(board.files)):
        board.edit_record(change, index)
    board.aggregate()


def duplicate(board):
    another_entry(board)


def duplicate_with_other_seconds(board):
    another_entry(board)
    do_again(board, lambda seconds: 1.2 * seconds)


def second_try_of_one_submitter(board):
    another_entry(board, url="https://example.org/group")
    do_again(board, lambda seconds: seconds + 0.1 * seconds**1.5)


def foreign_key(board):
    board.edit_record(lambda r: r.update(seed=7))


def protocol(board):
    board.edit_record(lambda r: r["protocol"]["fields"].update(grace=60), rekey=True)


def unknown_protocol(board):
    board.edit_record(lambda r: r["protocol"].update(text="collier2018"), rekey=True)


def task_layout(board):
    board.edit_record(lambda r: r["task"]["options"].update(layout="collier2018"), rekey=True)


def convergence_rule(board):
    board.edit_record(lambda r: r["convergence"].update(below=1.0), rekey=True)


def model_version(board):
    board.edit_record(lambda r: r["model"].update(version=r["model"]["version"] + 1), rekey=True)


def no_model_version(board):
    board.edit_record(lambda r: r["model"].update(version=0), rekey=True)


def options_of_an_earlier_version(board):
    board.edit_record(lambda r: r["model"].update(version=1, options=r["model"]["options"] | _one_other(r)), rekey=True)


def _one_other(record):
    name, value = next((name, value) for name, value in record["model"]["options"].items() if isinstance(value, int))
    return {name: value + 1}


def one_seed_of_an_earlier_version(board):
    board.edit_record(lambda r: r["model"].update(version=1), rekey=True)
    board.aggregate()


def model_options(board):
    board.edit_record(lambda r: r["model"]["options"].update(surprise=1), rekey=True)


def entry_schema(board):
    board.edit(lambda entry: entry.update(schema_version=2, news=[]))


def record_schema(board):
    board.edit_record(lambda r: r.update(schema_version=2, news=[]))


def unknown_field(board):
    board.edit(lambda entry: entry.update(html="<b>"))


def script_name(board):
    board.edit(lambda entry: entry.update(name="<script>alert(1)</script>"))


def script_in_a_record(board):
    board.edit_record(lambda r: r["details"].update({"<img src=x onerror=alert(1)>": "1"}))


def space_that_is_none(board):
    board.edit_record(lambda r: r["model"]["given"].update({"memory\u00a0slots": "1"}))


def more_trained_than_there_are(board):
    board.edit_record(lambda r: r.update(all_parameters=1))


def bidi_name(board):
    board.edit(lambda entry: entry.update(name="group \u202eexe.ylper"))


def control_note(board):
    board.edit(lambda entry: entry.update(note="\u001b[2Jgone"))


def long_note(board):
    board.edit(lambda entry: entry.update(note="x" * 2_001))


def script_url(board):
    board.edit(lambda entry: entry.update(url="javascript:alert(1)"))


def url_with_a_user(board):
    board.edit(lambda entry: entry.update(url="https://github.com@evil.example/"))


def weights(board, url):
    board.edit(lambda entry: entry["runs"][0].update(weights_url=url))


def weights_traversal(board):
    weights(board, "https://example.org/%2e%2e/..%2fpasswd")


def weights_path(board):
    weights(board, "/etc/passwd")


def weights_file(board):
    weights(board, "file:///etc/passwd")


def weights_digest(board):
    board.edit(lambda entry: entry["runs"][0].update(weights_sha256="0" * 64))


def key_traversal(board):
    board.edit(lambda entry: entry["runs"][0].update(key="../../../etc/passwd"))


def link(board):
    (board.folder / "records" / f"{'0' * 64}.json").symlink_to("/etc/passwd")


def program(board):
    (board.folder / "setup.py").write_text("print('hello')")


def record_that_is_not_named(board):
    shutil.copy(board.files[0], board.files[0].with_name(f"{'0' * 64}.json"))


def pipe(board):
    os.mkfifo(board.folder / "records" / f"{'0' * 64}.json")


def executable(board):
    board.files[0].chmod(0o755)


def nulls(board):
    board.files[0].write_bytes(b'{"schema_version":1,"error":"')
    os.truncate(board.files[0], GIBIBYTE)


def truncated(board):
    board.file.write_text(board.file.read_text()[:-20])


def missing_record(board):
    board.files[0].unlink()


def other_spelling(board):
    board.file.write_text(board.file.read_text().replace('"name"', '"name": "Two names",\n "name"', 1))


def not_finite(board):
    board.edit_record(lambda r: scores(r["curve"][1], bit_errors="NaN"))


def infinite_entry(board):
    board.edit(lambda entry: entry["aggregates"]["convergence"][0].update(steps_median=float("nan")))


def accuracy(board):
    board.edit_record(lambda r: scores(r["generalization"][0], sequence_accuracy=1.2))


def negative_seconds(board):
    board.edit_record(lambda r: r["seconds"].update(evaluation=-1.0))


def seconds_that_fall(board):
    board.edit_record(lambda r: r["curve"][1].update(training_seconds=9e9))


def steps(board):
    board.edit_record(lambda r: r.update(steps=10**15))


def too_few_steps(board):
    board.edit_record(lambda r: r.update(steps=r["steps"] - 20, curve=r["curve"][:-1], best_step=r["best_step"] - 20))


def converged_first(board):
    board.edit_record(lambda r: r.update(converged_confirmed=20))


def best_step(board):
    board.edit_record(lambda r: r.update(best_step=20))


def curve_cadence(board):
    board.edit_record(lambda r: r["curve"].pop(1))


def probe_cadence(board):
    board.edit_record(lambda r: r["probe"][0].update(step=149))


def sequences(board):
    board.edit_record(lambda r: r["curve"][1].update(sequences=1))


def tested_sequences(board):
    board.edit_record(lambda r: r["generalization"][0].update(sequences=2))


def tested_sizes(board):
    board.edit_record(lambda r: r["generalization"].pop())


def score_names(board):
    board.edit_record(lambda r: scores(r["curve"][1], elegance=1.0))


def outcome(board):
    board.edit_record(lambda r: r.update(outcome="not_converged"))


def parameters(board):
    board.edit_record(lambda r: r.update(parameters=1))
    board.aggregate()


def frozen_parameters(board):
    board.edit_record(lambda r: r.update(all_parameters=r["parameters"] + 1))


def state_of_one_seed(board):
    board.edit_record(lambda r: r.update(state_bytes=1))
    board.aggregate()


def fewer_bits_lost_than_wrong(board):
    board.edit_record(lambda r: scores(r["curve"][1], loss_bits=0.5))


def fewer_bits_lost_than_wrong_at_a_tested_size(board):
    board.edit_record(lambda r: scores(r["generalization"][0], loss_bits=0.9))


def fewer_bits_lost_than_wrong_at_the_target(board):
    impossible = {"loss_bits": 1.0, "bit_errors": 2.0, "bit_error_rate": 0.5, "sequence_accuracy": 0.0}
    board.edit_record(lambda r: r["curve"][1].update(target_scores=impossible))


def weights_of_another_run(board):
    one, other = (json.loads(file.read_text())["weights_sha256"] for file in board.files[:2])
    assert one != other
    board.edit_record(lambda r: r.update(weights_sha256=other))
    board.edit(lambda entry: entry["runs"][0].update(weights_sha256=other))


def one_start_of_two_seeds(board):
    """Of all seeds of a model, two start from the same weights."""
    for index, file in enumerate(board.files):
        record = json.loads(file.read_text())
        if record["model"]["name"] == "lstm":
            start = {"sha256": f"{max(1, record['seed']):064x}", "portable": True}
            board.edit_record(lambda r, start=start: r.update(initial_weights=start), index)


def dated(board, date):
    board.edit_record(lambda r: r["provenance"].update(date=date))


def run_before_the_project(board):
    dated(board, "2020-01-01T00:00:00+00:00")


def run_that_is_to_come(board):
    dated(board, (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)).isoformat(timespec="seconds"))


def run_on_no_day(board):
    dated(board, "2026-13-32T00:00:00+00:00")


def run_in_no_zone(board):
    dated(board, "2026-11-24T00:00:00")


def entry_before_its_runs(board):
    board.edit(lambda entry: entry.update(date="2026-11-23"))
    dated(board, "2026-11-26T00:00:00+00:00")


def entry_on_no_day(board):
    board.edit(lambda entry: entry.update(date="2026-02-31"))


def no_seconds_of_training(board):
    board.edit_record(lambda r: r.update(curve=[x | {"training_seconds": 0.0} for x in r["curve"]]))


def no_seconds_of_evaluation(board):
    board.edit_record(lambda r: r["seconds"].update(evaluation=0.0))


def diagnose(board, **diagnostics):
    index = next(i for i, file in enumerate(board.files) if json.loads(file.read_text())["model"]["name"] == "ntm")
    board.edit_record(lambda r: r["curve"][1].update(diagnostics=diagnostics), index)


def gate_above_one(board):
    diagnose(board, interpolation_gate=1.2)


def more_slots_than_there_are(board):
    diagnose(board, slots_written=9.0)


def more_visited_slots_than_there_are(board):
    diagnose(board, slots_visited=9.0)


def more_entropy_than_there_can_be(board):
    diagnose(board, read_entropy=3.2)


def gradient_below_zero(board):
    diagnose(board, gradient_norm=-1.0)


def endless_gradient(board):
    diagnose(board, gradient_norm="Infinity")


def given_that_is_not_run(board):
    board.edit_record(lambda r: r["model"].update(given=dict.fromkeys(r["model"]["given"], "77")))


def given_that_is_left_out(board):
    board.edit_record(lambda r: r["model"].update(given={}))


def text_that_is_not_canonical(board):
    board.edit_record(lambda r: r["model"].update(text=r["model"]["text"].replace(":", ": ")))


def task_that_was_not_typed(board):
    board.edit_record(lambda r: r["task"].update(given={}))


def protocol_that_was_not_typed(board):
    board.edit_record(lambda r: r["protocol"]["given"].update(max_steps="401"))


def disguise(board, change):
    """One seed of a model gets the losses of another, changed."""
    records = [json.loads(file.read_text()) for file in board.files]
    one, other = (
        next(i for i, r in enumerate(records) if r["seed"] == s and r["model"]["name"] == "lstm") for s in (6, 5)
    )
    losses = change([row["scores"]["loss_bits"] for row in records[one]["curve"]])

    def put(record):
        for row, loss in zip(record["curve"], losses, strict=False):
            scores(row, loss_bits=loss)

    board.edit_record(put, other)


def curve_scaled(board):
    disguise(board, lambda losses: [1.1 * loss for loss in losses])


def curve_moved_in_value(board):
    disguise(board, lambda losses: [loss + 0.07 for loss in losses])


def curve_shifted_in_time(board):
    disguise(board, lambda losses: [losses[0] + 0.1, *losses])


def curve_with_a_little_noise(board):
    noise = random.Random(0)
    disguise(board, lambda losses: [loss + 1e-4 * noise.random() for loss in losses])


def model_that_knows_the_task(board):
    board.edit_record(lambda r: scores(r["curve"][0], loss_bits=1.4))


def name_in_two_alphabets(board):
    board.edit(lambda entry: entry.update(name="m\u0430nn-bench"))


def name_in_letters_that_look_latin(board):
    board.edit(lambda entry: entry.update(name="\u0441\u043e\u0440"))


def name_with_a_blank_letter(board):
    board.edit(lambda entry: entry.update(name="A \u3164group"))


def name_in_wide_letters(board):
    board.edit(lambda entry: entry.update(name="\uff2e\uff34\uff2d"))


def machine_in_two_alphabets(board):
    board.edit_record(lambda r: r["provenance"].update(device_name="\u0410MD EPYC"))


def name_like_that_of_another(board):
    """Two groups submit a model each, under names that can be told apart by case alone."""
    second = board.folder.with_name("copy")
    shutil.copytree(board.folder, second)
    for folder, model, words in (
        (board.folder, "ntm", {}),
        (second, "lstm", {"name": "A GROUP", "url": "https://b.org"}),
    ):
        board.folder = folder
        names = [json.loads(file.read_text())["model"]["name"] for file in board.files]
        for index in reversed(range(len(names))):
            if names[index] != model:
                board.drop(index)
        board.edit(lambda entry, words=words: entry.update(words))
        board.aggregate()


def private(board):
    board.edit_record(lambda r: r.update(details={"cache": "/home/somebody/cache/x"}))


def study_version(board):
    board.edit(lambda entry: entry["study"].update(version=entry["study"]["version"] + 1))


def folder(board):
    board.folder.rename(board.folder.with_name("better-00000000"))


def badge(board):
    board.edit(lambda entry: entry.update(badge="spot-checked"))


def package(board):
    board.edit_record(lambda r: r["model"].update(distribution_version="1 --index-url=https://evil.example"))


def trace_of_a_higher_seed(board):
    records = [Record.model_validate_json(file.read_bytes()) for file in board.files]
    board.trace(record=next(record for record in records if record.seed == 1))


def second_trace_of_a_cell(board):
    board.trace()
    trace_of_a_higher_seed(board)


def trace_of_no_run(board):
    board.trace(lambda t: t.update(key="0" * 64), name="0" * 64)


def trace_under_another_name(board):
    board.trace(lambda t: t.update(key="0" * 64))


def trace_of_another_size(board):
    board.trace(lambda t: t["size"].update(length=1))


def trace_that_is_huge(board):
    os.truncate(board.trace(), GIBIBYTE)


def trace_link(board):
    file = board.trace()
    file.unlink()
    file.symlink_to("/etc/passwd")


def trace_program(board):
    board.trace().with_name("draw.js").write_text("alert(1)")


def trace_schema(board):
    board.trace(lambda t: t.update(schema_version=2))


def trace_script(board):
    board.trace(lambda t: t["outputs"].update(data="</script><script>alert(1)</script>"))


def trace_gate_name(board):
    board.trace(lambda t: t["memory"]["gates"].update({"<b>": t["memory"]["memory_norm"]}))


def trace_not_finite(board):
    board.trace(lambda t: t["inputs"].update(maximum=float("inf")))


def trace_other_spelling(board):
    file = board.trace()
    file.write_text(file.read_text().replace(",", ", "))


def trace_enormous_shape(board):
    board.trace(lambda t: t["memory"]["memory_norm"].update(shape=[10**9, 5]))


def trace_lacks_bytes(board):
    board.trace(lambda t: t["outputs"].update(data=t["outputs"]["data"][:-4]))


def trace_of_other_steps(board):
    board.trace(lambda t: t.update(inputs=t["inputs"] | {"shape": [5, 4]}))


def trace_of_fewer_targets(board):
    board.trace(lambda t: t.update(targets=t["mask"]))


def trace_slots(board):
    board.trace(lambda t: t["memory"].update(slots=[7, 0]))


def trace_slot_twice(board):
    board.trace(lambda t: t["memory"].update(slots=[7, 0, 7]))


def trace_of_impossible_outputs(board):
    board.trace(lambda t: t["outputs"].update(maximum=2.0))


TAMPERED = {
    aggregate: FaultName.AGGREGATES,
    tuning_of_another_study: FaultName.WRONG_TUNING,
    unsigned_curve: FaultName.DIGEST,
    curve: RecordFault.CONTRADICTION,
    tested_score: RecordFault.CONTRADICTION,
    dropped_seed: FaultName.MISSING_SEEDS,
    extra_seed: FaultName.EXTRA_SEEDS,
    copied_curve: FaultName.COPIED_CURVE,
    duplicate: FaultName.DUPLICATE,
    duplicate_with_other_seconds: FaultName.DUPLICATE,
    second_try_of_one_submitter: FaultName.DUPLICATE,
    foreign_key: RecordFault.FOREIGN_KEY,
    protocol: FaultName.WRONG_PROTOCOL,
    unknown_protocol: FaultName.WRONG_PROTOCOL,
    task_layout: FaultName.WRONG_TASK,
    convergence_rule: FaultName.WRONG_TASK,
    model_version: FaultName.WRONG_MODEL,
    no_model_version: FaultName.WRONG_MODEL,
    options_of_an_earlier_version: FaultName.WRONG_MODEL,
    one_seed_of_an_earlier_version: FaultName.MISSING_SEEDS,
    model_options: FaultName.WRONG_MODEL,
    entry_schema: RecordFault.FUTURE_SCHEMA,
    record_schema: RecordFault.FUTURE_SCHEMA,
    unknown_field: RecordFault.SCHEMA,
    script_name: FaultName.MARKUP,
    script_in_a_record: FaultName.MARKUP,
    space_that_is_none: RecordFault.CONTROL_CHARACTER,
    more_trained_than_there_are: RecordFault.CONTRADICTION,
    bidi_name: RecordFault.CONTROL_CHARACTER,
    control_note: RecordFault.CONTROL_CHARACTER,
    long_note: RecordFault.TOO_LONG,
    script_url: FaultName.UNSAFE_URL,
    url_with_a_user: FaultName.UNSAFE_URL,
    weights_traversal: FaultName.UNSAFE_PATH,
    weights_path: FaultName.UNSAFE_PATH,
    weights_file: FaultName.UNSAFE_PATH,
    weights_digest: FaultName.DIGEST,
    key_traversal: RecordFault.SCHEMA,
    link: FaultName.LINK,
    program: FaultName.UNKNOWN_FILE,
    record_that_is_not_named: FaultName.UNKNOWN_FILE,
    pipe: FaultName.UNKNOWN_FILE,
    executable: FaultName.EXECUTABLE,
    nulls: FaultName.TOO_LARGE,
    truncated: RecordFault.NOT_JSON,
    missing_record: FaultName.UNREADABLE,
    other_spelling: FaultName.NOT_CANONICAL,
    not_finite: RecordFault.NOT_FINITE,
    infinite_entry: RecordFault.NOT_FINITE,
    accuracy: RecordFault.OUT_OF_RANGE,
    negative_seconds: RecordFault.OUT_OF_RANGE,
    seconds_that_fall: RecordFault.CONTRADICTION,
    steps: RecordFault.BUDGET,
    too_few_steps: RecordFault.BUDGET,
    converged_first: RecordFault.CONVERGENCE,
    best_step: RecordFault.CONVERGENCE,
    curve_cadence: RecordFault.CADENCE,
    probe_cadence: RecordFault.CADENCE,
    sequences: RecordFault.COUNT,
    tested_sequences: RecordFault.COUNT,
    tested_sizes: RecordFault.GRID,
    score_names: RecordFault.GRID,
    outcome: RecordFault.OUTCOME,
    parameters: FaultName.WRONG_SIZE,
    frozen_parameters: FaultName.WRONG_SIZE,
    state_of_one_seed: RecordFault.CONTRADICTION,
    fewer_bits_lost_than_wrong: RecordFault.CONTRADICTION,
    fewer_bits_lost_than_wrong_at_a_tested_size: RecordFault.CONTRADICTION,
    fewer_bits_lost_than_wrong_at_the_target: RecordFault.CONTRADICTION,
    weights_of_another_run: FaultName.SAME_WEIGHTS,
    one_start_of_two_seeds: FaultName.SAME_WEIGHTS,
    run_before_the_project: FaultName.IMPOSSIBLE_DATE,
    run_that_is_to_come: FaultName.IMPOSSIBLE_DATE,
    run_on_no_day: FaultName.IMPOSSIBLE_DATE,
    run_in_no_zone: FaultName.IMPOSSIBLE_DATE,
    entry_before_its_runs: FaultName.IMPOSSIBLE_DATE,
    entry_on_no_day: FaultName.IMPOSSIBLE_DATE,
    no_seconds_of_training: RecordFault.OUT_OF_RANGE,
    no_seconds_of_evaluation: RecordFault.OUT_OF_RANGE,
    gate_above_one: RecordFault.OUT_OF_RANGE,
    more_slots_than_there_are: RecordFault.OUT_OF_RANGE,
    more_visited_slots_than_there_are: RecordFault.OUT_OF_RANGE,
    more_entropy_than_there_can_be: RecordFault.OUT_OF_RANGE,
    gradient_below_zero: RecordFault.OUT_OF_RANGE,
    endless_gradient: RecordFault.NOT_FINITE,
    given_that_is_not_run: FaultName.WRONG_MODEL,
    given_that_is_left_out: FaultName.WRONG_MODEL,
    text_that_is_not_canonical: FaultName.WRONG_MODEL,
    task_that_was_not_typed: FaultName.WRONG_TASK,
    protocol_that_was_not_typed: FaultName.WRONG_PROTOCOL,
    curve_scaled: FaultName.COPIED_CURVE,
    curve_moved_in_value: FaultName.COPIED_CURVE,
    curve_shifted_in_time: FaultName.COPIED_CURVE,
    curve_with_a_little_noise: FaultName.COPIED_CURVE,
    model_that_knows_the_task: FaultName.TRAINED_BEFORE,
    name_in_two_alphabets: FaultName.LOOK_ALIKE,
    name_in_letters_that_look_latin: FaultName.LOOK_ALIKE,
    name_with_a_blank_letter: FaultName.LOOK_ALIKE,
    name_in_wide_letters: FaultName.LOOK_ALIKE,
    machine_in_two_alphabets: FaultName.LOOK_ALIKE,
    name_like_that_of_another: FaultName.LOOK_ALIKE,
    private: FaultName.PRIVATE,
    study_version: FaultName.WRONG_STUDY,
    folder: FaultName.WRONG_FOLDER,
    badge: FaultName.BADGE,
    package: RecordFault.SCHEMA,
    trace_of_a_higher_seed: FaultName.WRONG_TRACE,
    second_trace_of_a_cell: FaultName.WRONG_TRACE,
    trace_of_no_run: FaultName.UNKNOWN_FILE,
    trace_under_another_name: FaultName.WRONG_TRACE,
    trace_of_another_size: FaultName.WRONG_TRACE,
    trace_that_is_huge: FaultName.TOO_LARGE,
    trace_link: FaultName.LINK,
    trace_program: FaultName.UNKNOWN_FILE,
    trace_schema: RecordFault.FUTURE_SCHEMA,
    trace_script: RecordFault.SCHEMA,
    trace_gate_name: RecordFault.SCHEMA,
    trace_not_finite: RecordFault.NOT_FINITE,
    trace_other_spelling: FaultName.NOT_CANONICAL,
    trace_enormous_shape: FaultName.TRACE_SHAPE,
    trace_lacks_bytes: FaultName.TRACE_SHAPE,
    trace_of_other_steps: FaultName.TRACE_SHAPE,
    trace_of_fewer_targets: FaultName.TRACE_SHAPE,
    trace_slots: FaultName.TRACE_SHAPE,
    trace_slot_twice: FaultName.TRACE_SHAPE,
    trace_of_impossible_outputs: RecordFault.OUT_OF_RANGE,
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_it_is_refused_by_the_name_of_the_fault(board, tamper, smoke_runs, make_sound):
    tamper(board, *((smoke_runs, make_sound) if tamper is extra_seed else ()))
    assert board.names() == [TAMPERED[tamper].value]


def test_every_fault_has_an_entry_that_has_it():
    assert {*FaultName, *RecordFault} == set(TAMPERED.values())


def test_a_gibibyte_is_refused_in_milliseconds(board):
    nulls(board)
    started = time.perf_counter()
    assert board.names() == ["too-large"]
    assert time.perf_counter() - started < 0.1
