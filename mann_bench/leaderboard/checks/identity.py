"""Check that a record is of a run that the study asks for, and that each cell has all seeds."""

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from mann_bench.analysis.cells import Cell, cells
from mann_bench.core.errors import UsageError
from mann_bench.core.options import OptionValue
from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.core.protocol import UNIFORM, Protocol
from mann_bench.core.variants import Variant, seeds_text, variant_text
from mann_bench.leaderboard.checks.publishable import REQUIREMENT
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.rules import ModelRules, ModelSize, StudyRules
from mann_bench.results.keys import identity
from mann_bench.results.problem import RecordFault
from mann_bench.results.schema import ComponentRecord, ProtocolRecord, Record

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_identity(record: Record, rules: StudyRules) -> Iterator[Finding]:
    """Yield where a record, which must be sound, is not of a run of the study."""
    for requirement in requirements(record):
        if not REQUIREMENT.fullmatch(requirement):
            text = f"{requirement!r} is nothing that pip could install. Submit the record as it was written."
            yield Finding(RecordFault.SCHEMA, "provenance", text)
    yield from _check_task(record, rules)
    yield from _check_protocol(record, rules)
    yield from _check_model(record, rules)


def requirements(record: Record) -> list[str]:
    """Return what was installed when the run was done, as pip takes it: ``mann-bench==0.1.0``, sorted."""
    versions = {(part.distribution, part.distribution_version) for part in (record.model, record.task)}
    versions.add((OWN_DISTRIBUTION, record.provenance.mann_bench))
    # The local part of a version, as in 2.9.0+cpu, names a build that the index may not have.
    versions.add(("torch", record.provenance.torch.partition("+")[0]))
    return sorted(f"{name}=={version}" for name, version in versions)


def check_cells(records: Sequence[Record], rules: StudyRules) -> Iterator[Finding]:
    """Yield which seeds the cells of an entry lack of a look of the study, and which they have beside it."""
    for cell in cells(records):
        where = f"{cell.model} on {cell.task} under {cell.protocol}"
        yield from _check_seeds(frozenset(cell.seeds), where, rules.looks)
        yield from _check_sizes(cell, where)
        yield from _check_starts(cell, where)


def _check_seeds(have: frozenset[int], where: str, looks: Sequence[frozenset[int]]) -> Iterator[Finding]:
    """Check the seeds of a cell against those of the look that it has begun."""
    begun = next(index for index, look in enumerate(looks) if have & looks[-1] <= look)
    asked = looks[begun]
    if missing := asked - have:
        text = f"{where} lacks seeds {seeds_text(missing)} of {seeds_text(asked)}. Add them, however they ended"
        if begun and (before := looks[begun - 1]) <= have:
            text += f", or leave out {seeds_text(have & asked - before)}: the look before has {seeds_text(before)}"
        yield Finding(FaultName.MISSING_SEEDS, "runs", f"{text}.")
    if extra := have - asked:
        most = f"{'the study' if len(looks) == 1 else 'this look'} has {seeds_text(asked)}"
        yield Finding(FaultName.EXTRA_SEEDS, "runs", f"{where} has seeds {seeds_text(extra)}; {most}. Leave them out.")


def _check_sizes(cell: Cell, where: str) -> Iterator[Finding]:
    for name in ("parameters", "all_parameters", "state_bytes"):
        values = {getattr(record, name) for record in cell.records if record.curve} - {None}
        if len(values) > 1:
            text = (
                f"{where}: the seeds have {', '.join(map(str, sorted(values)))} {name}, and can only have one number."
            )
            yield Finding(RecordFault.CONTRADICTION, name, text)


def _check_starts(cell: Cell, where: str) -> Iterator[Finding]:
    """Seeds start from weights of their own, unless the model starts from the same whatever its seed."""
    seeds: dict[str, list[int]] = {}
    for record in cell.records:
        if record.initial_weights is not None and record.parameters:
            seeds.setdefault(record.initial_weights.sha256, []).append(record.seed)
    if len(seeds) > 1:
        for alike in (each for each in seeds.values() if len(each) > 1):
            text = f"{where}: seeds {seeds_text(alike)} start from the same weights. Submit the runs of these seeds."
            yield Finding(FaultName.SAME_WEIGHTS, "initial_weights", text)


def _check_task(record: Record, rules: StudyRules) -> Iterator[Finding]:
    task = rules.tasks.get(record.task.text)
    if task is None:
        yield _foreign(FaultName.WRONG_TASK, "task.text", record.task.text, rules.tasks)
        return
    yield from _check_text(FaultName.WRONG_TASK, "task", record.task, record.task.options)
    yield from _differences(FaultName.WRONG_TASK, "task", identity(record.task), identity(task.component))
    yield from _differences(
        FaultName.WRONG_TASK, "convergence", record.convergence.model_dump(), task.rule.model_dump()
    )


def _check_protocol(record: Record, rules: StudyRules) -> Iterator[Finding]:
    protocol = record.protocol
    asked = rules.protocol_of(record)
    if asked is None:
        of_cell = [at.protocol for at in rules.tuned if at[:2] == (record.model.text, record.task.text)]
        known = dict.fromkeys(of_cell) if rules.tuned else rules.protocols
        yield _foreign(FaultName.WRONG_PROTOCOL, "protocol.text", protocol.text, known)
        return
    yield from _check_text(FaultName.WRONG_PROTOCOL, "protocol", *_whole(record))
    if record.syllabus is not None:
        rule = record.syllabus.rule
        yield from _check_text(FaultName.WRONG_PROTOCOL, "syllabus.rule", rule, rule.options)
    given = {"given"}
    yield from _differences(
        FaultName.WRONG_PROTOCOL, "protocol", protocol.model_dump(exclude=given), asked.model_dump(exclude=given)
    )


def _whole(record: Record) -> tuple[ProtocolRecord, dict[str, OptionValue]]:
    """Return the protocol with its syllabus given by its canonical text, and all its fields.

    Records leave out fields that are younger than the first ones where they have their defaults.
    """
    protocol = record.protocol
    defaults: dict[str, OptionValue] = dataclasses.asdict(Protocol())
    given = dict(protocol.given)
    with contextlib.suppress(UsageError):  # what is no variant means no syllabus
        if "syllabus" in given and _means_syllabus(Variant.parse(given["syllabus"]), record):
            given["syllabus"] = record.syllabus.rule.text if record.syllabus else UNIFORM
    return protocol.model_copy(update={"given": given}), defaults | protocol.fields


def _means_syllabus(typed: Variant, record: Record) -> bool:
    if record.syllabus is None:
        return typed.name == UNIFORM
    return typed.means(record.syllabus.rule.text, record.syllabus.rule.options)


def _check_model(record: Record, rules: StudyRules) -> Iterator[Finding]:
    """A model that is not installed here, as of a plugin, is checked for what its text says alone.

    A record of an earlier version of a model stays one of the study. Only the options that both versions have are
    compared: an earlier one need not have had all.
    """
    model = record.model
    yield from _check_text(FaultName.WRONG_MODEL, "model", model, model.options)
    if model.text not in rules.models:
        return
    asked = rules.models[model.text]
    if isinstance(asked, str):
        yield Finding(FaultName.WRONG_MODEL, "model.text", asked)
        return
    have = {name: value for name, value in identity(model).items() if name != "name"}
    expected = {"version": asked.version, "distribution": asked.distribution, "options": asked.options}
    if 1 <= model.version < asked.version:
        expected["version"] = model.version
        expected["options"] = model.options | {n: v for n, v in asked.options.items() if n in model.options}
    different = list(_differences(FaultName.WRONG_MODEL, "model", have, expected))
    yield from different
    if not different and model.version == asked.version and record.curve:
        yield from _check_size(record, asked.sizes.get(record.task.text))
        yield from _check_own(record, asked)


def _check_size(record: Record, size: ModelSize | None) -> Iterator[Finding]:
    """The parameters are counted from the model as it is installed here; None where it cannot be built so."""
    for name, counted in size._asdict().items() if size else ():
        if (stated := getattr(record, name)) is not None and stated != counted:
            text = f"{stated:,}, but {record.model.text} has {counted:,} for this task. Run it anew with this version."
            yield Finding(FaultName.WRONG_SIZE, name, text)


def _check_own(record: Record, asked: ModelRules) -> Iterator[Finding]:
    """The methods and hooks that the class has of its own must be told; a model may have more than its class."""
    for name in ("own_training", "own_hooks"):
        if untold := getattr(asked, name) - set(getattr(record, name)):
            text = f"the record does not tell that {record.model.text} has its own {', '.join(sorted(untold))}."
            yield Finding(FaultName.WRONG_MODEL, name, f"{text} Run it anew with this version.")


def _check_text(
    name: FaultName, place: str, part: ComponentRecord | ProtocolRecord, options: Mapping[str, OptionValue]
) -> Iterator[Finding]:
    """The text must be the canonical one of options that the record has, and what was typed must mean the same."""
    try:
        variant = Variant.parse(part.text)
        typed = Variant(part.name, part.given).means(part.text, options)
    except UsageError as error:
        yield Finding(name, f"{place}.text", f"{error} Run it anew.")
        return
    shown = {option: options[option] for option in variant.given if option in options}
    if variant.name != part.name or not _NAME.fullmatch(part.name) or variant_text(part.name, shown) != part.text:
        text = f"{part.text!r} is not the text of {part.name!r} with the options of the record. Run it anew."
        yield Finding(name, f"{place}.text", text)
    elif not typed:
        text = f"{dict(part.given)!r} does not mean {part.text!r}. Submit the record as it was written."
        yield Finding(name, f"{place}.given", text)


def _foreign(name: FaultName, place: str, given: str, known: Mapping[str, object]) -> Finding:
    listed = "; ".join(known) or "its cell was not tuned"
    return Finding(name, place, f"{given!r} is none of the study's: {listed}. Leave the run out.")


def _differences(
    name: FaultName, place: str, have: Mapping[str, object], asked: Mapping[str, object]
) -> Iterator[Finding]:
    for field, value in asked.items():
        # As JSON tells them apart: 1, 1.0 and true are different options.
        if repr(have[field]) != repr(value) and not _same_mapping(have[field], value):
            text = f"{have[field]!r}, but the study has {value!r} with the versions installed here. Run it anew."
            yield Finding(name, f"{place}.{field}", text)


def _same_mapping(one: object, other: object) -> bool:
    """Tell whether two mappings hold the same, in whatever order."""
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return False
    return sorted(map(repr, one.items())) == sorted(map(repr, other.items()))
