"""What a study file holds, checked as far as it can be without knowing any model or task."""

import itertools
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from mann_bench.core.errors import UsageError
from mann_bench.core.variants import parse_seeds, seeds_text
from mann_bench.statistics.looks import Looks

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Texts = Annotated[list[str], Field(min_length=1)]
LookSize = Annotated[int, Field(ge=1, le=10_000)]

OwnField = Literal[
    "against", "against_protocols", "converged_on", "score", "size", "sequences", "published", "at_least", "at_most"
]
"""The fields of a claim that only some metrics take."""

_OWN: tuple[OwnField, ...] = get_args(OwnField)

ConvergedOn = Literal["mix", "target"]

FIRST_TUNING_SEED = 1_000_000
"""Seeds from here on are kept for tuning: a study has none of them, so that no rate is chosen by its own seeds."""

TuningRule = Literal["solved", "error"]

Rates = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=20)]


class ClaimMetric(StrEnum):
    """What a claim is about. Each is evaluated from records alone."""

    SPEED_RATIO = "speed_ratio"
    FASTER = "faster"
    CONVERGENCE = "convergence"
    SOLVE_RATE = "solve_rate"
    DIVERGENCE_RATE = "divergence_rate"
    GENERALIZING_RATE = "generalizing_rate"
    TEST_SCORE = "test_score"
    TRAINING_SCORE = "training_score"
    LEVEL = "level"
    LEVEL_RATIO = "level_ratio"


RATIOS = (ClaimMetric.SPEED_RATIO, ClaimMetric.LEVEL_RATIO)
"""The metrics that compare medians: of a model and others, or of a model under several protocols."""

COMPARISONS = (*RATIOS, ClaimMetric.FASTER)
"""The metrics of two sides: those, and which of two comes first."""

NEEDED: dict[ClaimMetric, tuple[tuple[OwnField, ...], ...]] = {
    **dict.fromkeys(COMPARISONS, (("against", "against_protocols"),)),
    ClaimMetric.TEST_SCORE: (("score",), ("size",)),
    ClaimMetric.TRAINING_SCORE: (("score",), ("sequences",)),
}
"""What a metric needs: exactly one of the fields of each group."""

CONVERGENCES = (ClaimMetric.SPEED_RATIO, ClaimMetric.FASTER, ClaimMetric.CONVERGENCE, ClaimMetric.SOLVE_RATE)
"""The metrics of when runs converge: on the mix of all training sizes, or on the greatest alone."""

LEVELS = (ClaimMetric.LEVEL, ClaimMetric.LEVEL_RATIO)
"""The metrics of the level reached, which protocols have whose syllabus has a curriculum point."""

RATES = (ClaimMetric.SOLVE_RATE, ClaimMetric.DIVERGENCE_RATE, ClaimMetric.GENERALIZING_RATE)
"""The metrics that are a share of runs, k/n: those of several cells may be pooled."""


class _Fault(NamedTuple):
    """What is wrong with the field at `at`."""

    at: tuple[str | int, ...]
    message: str

    def error(self) -> PydanticCustomError:
        return PydanticCustomError("fault", "{message}", {"message": self.message, "at": self.at})


class _Part(BaseModel):
    """Known fields only, of the very type that is asked for, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Cells(_Part):
    """Every model on every task, under every protocol of the study."""

    models: Texts = Field(description="model variants")
    tasks: Texts = Field(description="task variants")


class Claim(_Part):
    """A statement that records confirm or refute: a metric of some cells, and what still counts as reproduced."""

    name: Name = Field(description="unique in the study; lower case, digits, hyphens")
    statement: str = Field(description="what is claimed, for people")
    source: str | None = Field(default=None, description="who claims it, and where")
    metric: ClaimMetric = Field(strict=False, description="what is measured")
    model: str | None = Field(default=None, description="model variant that the claim is about")
    models: Texts | None = Field(
        default=None, description="of rates, in place of model: variants whose runs are pooled"
    )
    against: Texts | None = Field(default=None, description="of comparisons: the variants that it is compared with")
    against_protocols: Texts | None = Field(
        default=None, description="of comparisons, in place of against: protocols under which the same model ran"
    )
    converged_on: ConvergedOn | None = Field(
        default=None, description="the training sizes that convergence is judged on: the mix of all, or the greatest"
    )
    tasks: Texts = Field(description="task variants; only comparisons and rates take more than one")
    protocol: str | None = Field(default=None, description="one of the study's; needed where it has several")
    protocols: Texts | None = Field(default=None, description="of rates, in place of protocol: several, pooled")
    score: str | None = Field(default=None, description="of test_score and training_score: name of the score")
    size: dict[str, int] | None = Field(default=None, description="of test_score: a size of the task's test grid")
    sequences: int | None = Field(default=None, ge=1, description="of training_score: training sequences")
    published: float | None = Field(default=None, description="the figure of the source")
    at_least: float | None = Field(default=None, description="lower end of what counts as reproduced")
    at_most: float | None = Field(default=None, description="upper end of it; one of the two may be left out")

    @property
    def on_target(self) -> bool:
        """Whether convergence is judged on the greatest training size alone."""
        return self.converged_on == "target"

    @model_validator(mode="after")
    def _consistent(self) -> "Claim":
        if fault := self._pool_fault() or self._field_fault() or self._tolerance_fault():
            raise fault.error()
        return self

    def _pool_fault(self) -> _Fault | None:
        if self.model is None and self.models is None:
            return _Fault(("model",), "it is missing. Add it; see docs/studies.md.")
        for one, several in (("model", "models"), ("protocol", "protocols")):
            if getattr(self, several) is None:
                continue
            if self.metric not in RATES:
                return _Fault((several,), f"metric {self.metric.value!r} pools no runs. Give one {one}, as {one}.")
            if getattr(self, one) is not None:
                return _Fault((several,), f"the claim has a {one}, too. Remove one of the two keys.")
        return None

    def _field_fault(self) -> _Fault | None:
        groups, given = NEEDED.get(self.metric, ()), {name for name in _OWN if getattr(self, name) is not None}
        taken = {*itertools.chain(*groups), *(("converged_on",) if self.metric in CONVERGENCES else ())}
        taken |= set() if self.metric is ClaimMetric.FASTER else {"published", "at_least", "at_most"}
        for name in _OWN:
            if name in given - taken:
                return _Fault((name,), f"metric {self.metric.value!r} does not use it. Remove it.")
        for group in groups:
            match [name for name in group if name in given]:
                case []:
                    one = ", or ".join(["it", *group[1:]])
                    return _Fault(group[:1], f"metric {self.metric.value!r} needs {one}. Add it.")
                case [first, second]:
                    return _Fault((second,), f"the claim has {first}, too. Remove one of the two keys.")
        if len(self.tasks) > 1 and self.metric not in (*COMPARISONS, *RATES):
            return _Fault(("tasks",), f"metric {self.metric.value!r} takes one task. Make a claim for each.")
        if self.metric is ClaimMetric.FASTER:
            for name in groups[0]:
                if len(getattr(self, name) or ()) > 1:
                    return _Fault((name,), "metric 'faster' compares with one variant. Make a claim for each.")
        return None

    def _tolerance_fault(self) -> _Fault | None:
        low, high = self.at_least, self.at_most
        if self.metric is ClaimMetric.FASTER:
            return None
        if low is None and high is None:
            return _Fault(("at_least",), "a claim needs at_least, at_most or both: what counts as reproduced.")
        if low is not None and high is not None and low > high:
            return _Fault(("at_least",), f"{low:g} is above at_most, {high:g}. Exchange them.")
        if self.published is not None and not self.tolerates(self.published, self.published):
            return _Fault(("published",), f"{self.published:g} lies outside at_least and at_most. Widen them.")
        for name in ("at_least", "at_most"):
            bound = getattr(self, name)
            if self.metric in RATES and bound is not None and not 0 <= bound <= 1:
                return _Fault((name,), f"{bound:g} is no share of the runs. Give a number from 0 to 1.")
        return None

    def tolerates(self, low: float, high: float) -> bool:
        """Tell whether all from `low` to `high` counts as reproduced."""
        above = self.at_least is None or low >= self.at_least
        return above and (self.at_most is None or high <= self.at_most)

    def excludes(self, low: float, high: float) -> bool:
        """Tell whether nothing from `low` to `high` counts as reproduced."""
        below = self.at_least is not None and high < self.at_least
        return below or (self.at_most is not None and low > self.at_most)


class TuningTable(_Part):
    """How the learning rate of each model on each task is tuned."""

    rates: Rates = Field(default=[3e-4, 1e-3, 3e-3], description="learning rates to choose from, rising")
    seeds: str = Field(
        default=f"{FIRST_TUNING_SEED}-{FIRST_TUNING_SEED + 2}",
        description=f"seeds of the tuning runs, all from {FIRST_TUNING_SEED} on",
    )
    rule: TuningRule = Field(default="solved", description="how a rate is chosen")

    def words(self) -> str:
        """Return it for people: ``rates 0.0003, 0.001, 0.003, seeds 1000000-1000002, rule solved``."""
        return f"rates {', '.join(f'{rate:g}' for rate in self.rates)}, seeds {self.seeds}, rule {self.rule}"

    @model_validator(mode="after")
    def _consistent(self) -> "TuningTable":
        for index, (one, other) in enumerate(itertools.pairwise(self.rates), start=1):
            if other <= one:
                raise _Fault(("rates", index), f"{other:g} is not above {one:g}, the rate before. Raise it.").error()
        try:
            least = parse_seeds(self.seeds)[0]
        except UsageError as error:
            raise _Fault(("seeds",), str(error)).error() from error
        if least < FIRST_TUNING_SEED:
            text = f"seed {least} is one of those that studies compare. Tuning has seeds from {FIRST_TUNING_SEED} on."
            raise _Fault(("seeds",), text).error()
        return self


class Study(_Part):
    """A named matrix of runs plus the claims that it is to confirm or refute."""

    name: Name = Field(description="name of the study; lower case, digits, hyphens")
    version: int = Field(ge=1, description="raised whenever cells, seeds, protocols or claims change")
    summary: str = Field(description="one line")
    reference: str | None = Field(default=None, description="the paper, with a link")
    seeds: str = Field(description="numbers and ranges, as in 0-9 or 3,5")
    looks: list[LookSize] | None = Field(
        default=None, min_length=1, description="seeds of a cell at each look; at the first, those of the study"
    )
    protocols: Texts = Field(description="protocol variants")
    cells: Annotated[list[Cells], Field(min_length=1)] = Field(description="blocks of models and tasks")
    claims: list[Claim] = Field(default=[], description="what the runs are to confirm or refute")
    tuning: TuningTable | None = Field(default=None, description="how learning rates are tuned, by mann-bench tune")

    def cell_count(self) -> int:
        """Return the number of cells: every model on every task of a block, under every protocol."""
        return sum(len(block.models) * len(block.tasks) for block in self.cells) * len(self.protocols)

    def run_count(self) -> int:
        """Return the number of runs; raises UsageError where the seeds cannot be read."""
        return self.cell_count() * len(parse_seeds(self.seeds))

    def all_looks(self) -> Looks:
        """Return the looks; a study that names none has one, at all of its seeds."""
        return Looks(tuple(self.looks or [len(parse_seeds(self.seeds))]))

    def seeds_of_looks(self) -> list[frozenset[int]]:
        """Return the seeds of a cell at each look, without a gap where there are several looks."""
        return [frozenset(range(size)) for size in self.looks or []] or [frozenset(parse_seeds(self.seeds))]

    @model_validator(mode="after")
    def _looks_grow_from_the_seeds(self) -> "Study":
        for index, (one, other) in enumerate(itertools.pairwise(self.looks or []), start=1):
            if other <= one:
                raise _Fault(("looks", index), f"{other} is not above {one}, the look before. Raise it.").error()
        if self.looks and parse_seeds(self.seeds) != list(range(self.looks[0])):
            seeds = seeds_text(range(self.looks[0]))
            text = f"{self.looks[0]} seeds are {seeds}, but seeds is {self.seeds!r}. Give both the same."
            raise _Fault(("looks", 0), text).error()
        return self

    @model_validator(mode="after")
    def _leaves_the_seeds_of_tuning(self) -> "Study":
        if (most := parse_seeds(self.seeds)[-1]) >= FIRST_TUNING_SEED:
            text = f"seed {most} is kept for tuning, as all from {FIRST_TUNING_SEED} on are. Give lower ones."
            raise _Fault(("seeds",), text).error()
        return self

    @model_validator(mode="after")
    def _claims_have_names_of_their_own(self) -> "Study":
        names = [claim.name for claim in self.claims]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise _Fault(("claims", index, "name"), f"{name!r} is taken by another claim. Rename it.").error()
        return self
