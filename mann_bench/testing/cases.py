"""From the names of models, tasks, syllabuses and plugins to the cases that are to be checked."""

import contextlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mann_bench.core.errors import UsageError, nearest
from mann_bench.core.message_text import unstopped
from mann_bench.core.requirements import missing_requirements
from mann_bench.core.specs import ExpectedFailure
from mann_bench.core.variants import Variant
from mann_bench.plugins import Status
from mann_bench.registry import Registry
from mann_bench.testing.clause import Clause, ConformanceError, DoesNotApplyError
from mann_bench.testing.model_clauses import MODEL_CLAUSES
from mann_bench.testing.subject import ModelSubject, Subject, SyllabusSubject, TaskSubject
from mann_bench.testing.syllabus_clauses import SYLLABUS_CLAUSES
from mann_bench.testing.task_clauses import TASK_CLAUSES


@dataclass(frozen=True, eq=False)
class Case:
    """One clause on one variant of a model, task or syllabus."""

    subject: Subject[Any]
    clause: Clause

    @property
    def id(self) -> str:
        """How tests name it: ``acme_memory-causal``."""
        return f"{self.subject.text}-{self.clause.name}"

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that the model or task requires and that are not installed; then nothing can be checked."""
        return missing_requirements(self.subject.spec.requires)

    @property
    def expected_failure(self) -> ExpectedFailure | None:
        """The declaration, where the plugin says that this clause is not met."""
        declared = (f for f in self.subject.spec.expected_failures if f.clause == self.clause.name)
        return next(declared, None)

    def check(self) -> str | None:
        """Check the clause; return what is to be reported, if anything.

        Raises:
            ConformanceError: it is not met, or the model or task raised; expected failures raise as well.
            DoesNotApplyError: it has nothing to check here.
        """
        try:
            with _isolated():
                return self.clause.check(self.subject)
        except (ConformanceError, DoesNotApplyError):
            raise
        except (Exception, SystemExit) as error:
            raise ConformanceError(
                f"{type(error).__name__} was raised: {unstopped(error)}",
                self.clause.asks.rstrip("."),
                "See the traceback, or the first clause that fails",
            ) from error


def find_cases(names: Iterable[str], registry: Registry | None = None) -> list[Case]:
    """Return a case for every clause and everything that is named.

    Args:
        names: models, tasks or syllabuses, with options or without, or entry points of plugins, for all they bring.
        registry: what exists; by default all that is installed.

    Raises:
        UsageError: an unknown name or option.
        PluginUnavailableError: a plugin that is asked for cannot be loaded.
    """
    registry = registry or Registry.discover()
    subjects = {(each.kind, each.text): each for name in names for each in _subjects(registry, name)}
    cases = []
    for subject in subjects.values():
        if not missing_requirements(subject.spec.requires):
            _ = subject.component  # an unknown option is found here, before anything is checked
        asked = {"model": MODEL_CLAUSES, "task": TASK_CLAUSES, "syllabus": SYLLABUS_CLAUSES}[subject.kind]
        cases += [Case(subject, clause) for clause in asked]
    return cases


def _subjects(registry: Registry, text: str) -> list[Subject[Any]]:
    name = Variant.parse(text).name
    found: list[Subject[Any]] = []
    if name in registry.models:
        found.append(ModelSubject(registry, text, registry.model(name).spec))
    if name in registry.tasks:
        found.append(TaskSubject(registry, text, registry.task(name).spec))
    if name in registry.syllabuses:
        found.append(SyllabusSubject(registry, text, registry.syllabus(name).spec))
    loaded = (plugin for plugin in registry.plugins if plugin.status is Status.LOADED)
    brought = [each for plugin in loaded if plugin.name == text for each in plugin.brings]
    if not found and brought:
        kinds = (registry.models, registry.tasks, registry.syllabuses)
        known = [each for each in brought if any(each in registered for registered in kinds)]
        found = [subject for each in known for subject in _subjects(registry, each)]
        if not found:
            raise UsageError(f"plugin {text!r} brings no models, tasks or syllabuses, only {', '.join(brought)}.")
    if not found:
        with contextlib.suppress(UsageError):
            registry.model(name)  # tells which plugin is to blame, where that one was not loaded
        names = {*registry.models, *registry.tasks, *registry.syllabuses, *(plugin.name for plugin in registry.plugins)}
        raise UsageError(
            f"{name!r} is no model, task, syllabus or plugin.{nearest(name, names)} See mann-bench list and "
            "mann-bench plugins."
        )
    return found


@contextlib.contextmanager
def _isolated() -> Iterator[None]:
    """Let a clause run as a worker of the suite does, in one thread, and leave global generators as they were."""
    python, numpy, threads = random.getstate(), np.random.get_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_num_threads(threads)
