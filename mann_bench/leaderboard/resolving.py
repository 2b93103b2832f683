"""Look up what a study asks of an entry: the one part of validating that loads tasks and models."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping

import torch

from mann_bench.core.errors import MannBenchError, UsageError
from mann_bench.core.runs import Component
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import checked_task, resolve_component, resolve_protocol
from mann_bench.leaderboard.rules import ModelRules, ModelSize, StudyRules, TaskRules
from mann_bench.models.base import own_training
from mann_bench.models.building import load_class
from mann_bench.models.hooks import own_hooks
from mann_bench.registry import Registry
from mann_bench.results.schema import ComponentRecord, GridRow, ProtocolRecord, RuleRecord
from mann_bench.studies.loading import load_study
from mann_bench.tasks.base import SequenceTask

_SEQUENCES = 16


def study_rules(registry: Registry, study: str, models: Iterable[str]) -> StudyRules:
    """Return what a study asks.

    Args:
        registry: answers which models, tasks and protocols there are.
        study: a name, or the path of a file that ends in ``.toml``.
        models: canonical texts of model variants that records name; they are built without memory, to be counted.

    Raises:
        UsageError: there is no such study, or what it names does not exist.
        PluginUnavailableError: a name of the study belongs to a plugin that cannot be used.
    """
    return rules_resolver(registry)(study, models)


def rules_resolver(registry: Registry, file: str | None = None) -> Callable[[str, Iterable[str]], StudyRules]:
    """Return what resolves the studies of entries, each study once: by name, or all as the study in `file`.

    What ships with the suite is what it ships, whatever plugin claims the same name.
    """
    registry = registry.with_own_names()
    without_models = functools.cache(functools.partial(_study, registry))

    def resolve(study: str, models: Iterable[str]) -> StudyRules:
        rules = without_models(file or study)
        return dataclasses.replace(rules, models=_models(registry, models, rules.tasks))

    return resolve


def _study(registry: Registry, study: str) -> StudyRules:
    """Return what a study asks of every entry; of models nothing is looked up."""
    loaded = load_study(registry, study)
    tasks = [_task(registry, text) for text in dict.fromkeys(text for block in loaded.cells for text in block.tasks)]
    protocols = [ProtocolRecord.of(*resolve_protocol(registry, text)[:3]) for text in loaded.protocols]
    return StudyRules(
        loaded.name,
        loaded.version,
        loaded.seeds_of_looks(),
        {task.component.text: task for task in tasks},
        {protocol.text: protocol for protocol in protocols},
        models={},
        tuning=loaded.tuning,
    )


def _task(registry: Registry, text: str) -> TaskRules:
    component = resolve_component(registry, "task", text)
    task, rule = checked_task(component), registry.task(component.name).spec.convergence
    batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[0], 1)
    return TaskRules(
        ComponentRecord.of(component),
        RuleRecord(metric=rule.metric, below=rule.below),
        [GridRow.of(point) for point in task.grid()],
        task.training_range(),
        frozenset(task.scores(task.oracle(batch.inputs), batch)),
        _scored_alike(task),
    )


def _scored_alike(task: SequenceTask) -> bool:
    """Tell whether a few sequences of the last test size are scored on the same number of steps."""
    batch = task.evaluation_batch(Stream.VALIDATION, task.test_sizes()[-1], _SEQUENCES)
    counts = (task.score_mask(batch) * batch.mask).sum(0)
    return bool((counts == counts[0]).all())


def _models(registry: Registry, texts: Iterable[str], tasks: Iterable[str]) -> dict[str, ModelRules | str]:
    """Return the variants of models that are installed; of the others nothing is known here."""
    built = [checked_task(resolve_component(registry, "task", text)) for text in tasks]
    channels = {text: (task.input_size, task.output_size) for text, task in zip(tasks, built, strict=True)}
    return {text: _model(registry, text, channels) for text in texts if text.partition(":")[0] in registry.models}


def _model(registry: Registry, text: str, channels: Mapping[str, tuple[int, int]]) -> ModelRules | str:
    try:
        component = resolve_component(registry, "model", text)
    except UsageError:
        return f"{text.partition(':')[0]!r} as installed here has no variant {text!r}. Run it anew with this version."
    except MannBenchError as error:
        return str(error)
    counted = {of_task: _size(component, *each) for of_task, each in channels.items()}
    sizes = {of_task: size for of_task, size in counted.items() if size is not None}
    target = load_class(component)
    methods, hooks = frozenset(own_training(target)), frozenset(own_hooks(target))
    return ModelRules(component.version, component.distribution, component.options, sizes, methods, hooks)


def _size(component: Component, input_size: int, output_size: int) -> ModelSize | None:
    """Count the parameters of a model without memory or random numbers; None where it cannot be built so."""
    try:
        with torch.device("meta"):
            model = load_class(component)(input_size, output_size, **component.options)
        counts = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    except Exception:
        return None
    return ModelSize(sum(count for count, trained in counts if trained), sum(count for count, _ in counts))
