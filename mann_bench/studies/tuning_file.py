"""The file that tuning leaves: the learning rate of each cell of a study, what it was chosen from, what that cost."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from mann_bench.analysis.tuned import RATE, Tuned, TunedCells
from mann_bench.core.errors import UsageError
from mann_bench.core.field_types import MOST
from mann_bench.core.runs import CellName
from mann_bench.core.variants import Variant, parse_seeds
from mann_bench.results.parsing import parsed
from mann_bench.results.problem import UnsoundError
from mann_bench.results.reading import UnreadableFileError, read_plain
from mann_bench.studies.schema import Name, TuningRule, TuningTable

LARGEST_TUNING = 2 * 2**20
"""Bytes of a file that are read: thousands of cells."""

_Count = Annotated[int, Field(ge=0, le=MOST)]
_Measure = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    """Known fields only, frozen, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Trial(_Part):
    """What the runs of a cell gave at one learning rate, on the validation stream alone."""

    rate: float = Field(gt=0, description="learning rate")
    solved: _Count = Field(description="seeds that met the rule of the task")
    steps: _Measure | None = Field(description="median training steps until then; null where half did not")
    error: _Measure | None = Field(
        description="median score of the task's rule at the last evaluation; null where half have none"
    )
    sequences: _Count = Field(description="training sequences of all seeds")
    seconds: _Measure = Field(description="seconds of training of all seeds")


_ORDERS: Mapping[TuningRule, Callable[[Trial], tuple[float, ...]]] = {
    "solved": lambda trial: (-trial.solved, _or_worst(trial.steps), _or_worst(trial.error)),
    "error": lambda trial: (_or_worst(trial.error),),
}

RULES: Mapping[TuningRule, str] = {
    "solved": "the rate with the most seeds that solve the task; then the fewest median steps until then; then the "
    "lowest median of the final validation error; then the nearest to the middle of the rates; then the lower one",
    "error": "the rate with the lowest median of the final validation error; then the nearest to the middle of the "
    "rates; then the lower one",
}
"""How a rate is chosen, for people."""


def best(rule: TuningRule, trials: Sequence[Trial]) -> float:
    """Return the rate that a rule chooses; `trials` are in the order of their rates."""
    middle = (len(trials) - 1) / 2
    order = _ORDERS[rule]
    return trials[min(range(len(trials)), key=lambda at: (*order(trials[at]), abs(at - middle), at))].rate


def _or_worst(value: float | None) -> float:
    return math.inf if value is None else value


class TunedCell(_Part):
    """A cell of the study and its learning rate."""

    model: str = Field(description="canonical text of the model")
    task: str = Field(description="canonical text of the task")
    protocol: str = Field(description="canonical text of the study's protocol")
    rate: float = Field(gt=0, description="learning rate that was chosen")
    tuned_protocol: str = Field(description="canonical text of that protocol with this rate")
    trials: list[Trial] = Field(description="one for each rate")

    @property
    def name(self) -> CellName:
        """The cell as the study names it."""
        return CellName(self.model, self.task, self.protocol)

    @property
    def runs_under(self) -> CellName:
        """What its runs at the tuned rate state."""
        return self.name._replace(protocol=self.tuned_protocol)


class Tuning(_Part):
    """What tuning a study gave. A file of it states what was measured, and that the rule chooses from it as it did."""

    schema_version: Literal[1] = Field(description="version of this schema")
    study: Name = Field(description="name of the study")
    study_version: int = Field(ge=1, description="its version")
    table: TuningTable = Field(description="rates, seeds and rule, as in the study file")
    cells: list[TunedCell] = Field(min_length=1, description="every cell of the study")

    @model_validator(mode="after")
    def _follows_its_rule(self) -> "Tuning":
        names = [cell.name for cell in self.cells]
        if len(set(names)) < len(names):
            raise _error("a cell stands there twice")
        seeds = len(parse_seeds(self.table.seeds))
        for cell in self.cells:
            if [trial.rate for trial in cell.trials] != self.table.rates:
                raise _error(f"{cell.name} was not tried at the rates of the table")
            if any(trial.solved > seeds for trial in cell.trials):
                raise _error(f"{cell.name} has more seeds solved than the table has")
            if cell.rate != (chosen := best(self.table.rule, cell.trials)):
                raise _error(f"{cell.name} has rate {cell.rate:g}, but its rule chooses {chosen:g}")
            if not _states(cell.tuned_protocol, cell.rate):
                raise _error(f"{cell.name}: tuned_protocol {cell.tuned_protocol!r} is not that of rate {cell.rate:g}")
        return self

    def by_name(self) -> dict[CellName, TunedCell]:
        """Return the cells by how the study names them: model, task and protocol."""
        return {cell.name: cell for cell in self.cells}

    def tuned_cells(self) -> TunedCells:
        """Return the cells by what their runs state, and how each was tuned."""
        seeds = len(parse_seeds(self.table.seeds))
        return {
            cell.runs_under: Tuned(
                rate=cell.rate,
                rates=len(cell.trials),
                runs=len(cell.trials) * seeds,
                sequences=sum(trial.sequences for trial in cell.trials),
                seconds=math.fsum(trial.seconds for trial in cell.trials),
            )
            for cell in self.cells
        }


def tuning_content(tuning: Tuning) -> bytes:
    """Return the file of a tuning, byte for byte."""
    return f"{tuning.model_dump_json(indent=1)}\n".encode()


def load_tuning(file: Path) -> Tuning:
    """Read the file of a tuning; raises UsageError where it cannot be read, or is none that tuning leaves."""
    try:
        return parsed(Tuning, read_plain(file, LARGEST_TUNING))
    except UnsoundError as error:
        problem = error.problems[0]
        place = f"{problem.place}: " if problem.place else ""
        raise UsageError(f"{file}: {place}{problem.text.rstrip('.')}. Expected a file of mann-bench tune.") from error
    except (OSError, UnreadableFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{file}: {reason}. Expected a file of mann-bench tune.") from error


def _states(text: str, rate: float) -> bool:
    """Tell whether a protocol is one of this rate; a text need not state that of its preset."""
    try:
        stated = Variant.parse(text).given.get(RATE)
        return stated is None or float(stated) == rate
    except (UsageError, ValueError):
        return False


def _error(text: str) -> PydanticCustomError:
    return PydanticCustomError("tuning", "{text}", {"text": text})
