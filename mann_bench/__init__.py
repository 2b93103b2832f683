"""A benchmark suite for memory-augmented neural networks. Names are resolved when they are first used."""

import importlib
from typing import TYPE_CHECKING, Any

from mann_bench.core.collector import uncollected
from mann_bench.version import __version__

if TYPE_CHECKING:
    from mann_bench.api import Results as Results
    from mann_bench.api import load as load
    from mann_bench.api import run as run
    from mann_bench.core.errors import MannBenchError as MannBenchError
    from mann_bench.core.events import Busy as Busy
    from mann_bench.core.events import Evaluated as Evaluated
    from mann_bench.core.events import Event as Event
    from mann_bench.core.events import Finished as Finished
    from mann_bench.core.events import Notice as Notice
    from mann_bench.core.events import Observer as Observer
    from mann_bench.core.events import Probed as Probed
    from mann_bench.core.events import Progress as Progress
    from mann_bench.core.events import Started as Started
    from mann_bench.core.jobs import Job as Job
    from mann_bench.core.options import OptionValue as OptionValue
    from mann_bench.core.protocol import Protocol as Protocol
    from mann_bench.core.runs import Outcome as Outcome
    from mann_bench.core.sizes import Size as Size
    from mann_bench.core.specs import ConvergenceRule as ConvergenceRule
    from mann_bench.core.specs import ExecutorSpec as ExecutorSpec
    from mann_bench.core.specs import ExpectedFailure as ExpectedFailure
    from mann_bench.core.specs import ModelSpec as ModelSpec
    from mann_bench.core.specs import StudySpec as StudySpec
    from mann_bench.core.specs import SyllabusSpec as SyllabusSpec
    from mann_bench.core.specs import TaskSpec as TaskSpec
    from mann_bench.execution.executor import Executor as Executor
    from mann_bench.execution.remote import Follower as Follower
    from mann_bench.execution.worker import execute_job as execute_job
    from mann_bench.hookspecs import PLUGIN_API as PLUGIN_API
    from mann_bench.hookspecs import hookimpl as hookimpl
    from mann_bench.models.base import Observation as Observation
    from mann_bench.models.base import RecurrentModel as RecurrentModel
    from mann_bench.models.base import SequenceModule as SequenceModule
    from mann_bench.models.matching import match_ntm as match_ntm
    from mann_bench.nn.checks import require_one_of as require_one_of
    from mann_bench.nn.checks import require_positive as require_positive
    from mann_bench.results.schema import Record as Record
    from mann_bench.syllabuses.base import Syllabus as Syllabus
    from mann_bench.syllabuses.base import TrainedBatch as TrainedBatch
    from mann_bench.tasks.base import Batch as Batch
    from mann_bench.tasks.base import SequenceTask as SequenceTask
    from mann_bench.tasks.bit_vectors import BitVectorTask as BitVectorTask
    from mann_bench.tasks.labels import LabelTask as LabelTask

_PUBLIC = {
    "Batch": "mann_bench.tasks.base",
    "BitVectorTask": "mann_bench.tasks.bit_vectors",
    "Busy": "mann_bench.core.events",
    "ConvergenceRule": "mann_bench.core.specs",
    "Evaluated": "mann_bench.core.events",
    "Event": "mann_bench.core.events",
    "Executor": "mann_bench.execution.executor",
    "ExecutorSpec": "mann_bench.core.specs",
    "ExpectedFailure": "mann_bench.core.specs",
    "Finished": "mann_bench.core.events",
    "Follower": "mann_bench.execution.remote",
    "Job": "mann_bench.core.jobs",
    "LabelTask": "mann_bench.tasks.labels",
    "MannBenchError": "mann_bench.core.errors",
    "ModelSpec": "mann_bench.core.specs",
    "Notice": "mann_bench.core.events",
    "Observation": "mann_bench.models.base",
    "Observer": "mann_bench.core.events",
    "OptionValue": "mann_bench.core.options",
    "Outcome": "mann_bench.core.runs",
    "PLUGIN_API": "mann_bench.hookspecs",
    "Probed": "mann_bench.core.events",
    "Progress": "mann_bench.core.events",
    "Protocol": "mann_bench.core.protocol",
    "Record": "mann_bench.results.schema",
    "RecurrentModel": "mann_bench.models.base",
    "Results": "mann_bench.api",
    "SequenceModule": "mann_bench.models.base",
    "SequenceTask": "mann_bench.tasks.base",
    "Size": "mann_bench.core.sizes",
    "Started": "mann_bench.core.events",
    "StudySpec": "mann_bench.core.specs",
    "Syllabus": "mann_bench.syllabuses.base",
    "SyllabusSpec": "mann_bench.core.specs",
    "TaskSpec": "mann_bench.core.specs",
    "TrainedBatch": "mann_bench.syllabuses.base",
    "execute_job": "mann_bench.execution.worker",
    "hookimpl": "mann_bench.hookspecs",
    "load": "mann_bench.api",
    "match_ntm": "mann_bench.models.matching",
    "require_one_of": "mann_bench.nn.checks",
    "require_positive": "mann_bench.nn.checks",
    "run": "mann_bench.api",
}

__all__ = ["__version__", *sorted(_PUBLIC)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mann_bench' has no attribute {name!r}")
    with uncollected():  # torch and Lightning are imported a quarter faster
        return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
