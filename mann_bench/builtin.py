"""The plugin that brings what ships with the suite, through the same hooks as everyone else's."""

from pathlib import Path

from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ConvergenceRule, ExecutorSpec, ModelSpec, StudySpec, SyllabusSpec, TaskSpec
from mann_bench.hookspecs import hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)

_GRAVES = "Graves et al. 2014, https://arxiv.org/abs/1410.5401"

_STUDIES = Path(__file__).parent / "studies" / "files"

_SYLLABUSES = "Collier & Beel 2018b, https://arxiv.org/abs/1809.10789"

_RAE = "Rae et al. 2016, https://arxiv.org/abs/1610.09027"

_LSTM = "Hochreiter & Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735"


@hookimpl
def mann_bench_models() -> list[ModelSpec]:
    """Return the built-in models."""
    return [
        ModelSpec(
            name="ntm",
            version=2,
            target="mann_bench.models.ntm:NTMModel",
            summary="Neural Turing Machine with an LSTM or a feedforward controller",
            reference=f"{_GRAVES}; Collier & Beel 2018, https://arxiv.org/abs/1807.08518",
        ),
        ModelSpec(
            name="dnc",
            version=2,
            target="mann_bench.models.dnc:DNCModel",
            summary="Differentiable Neural Computer",
            reference="Graves et al. 2016, https://doi.org/10.1038/nature20101; Csordas & Schmidhuber 2019, "
            "https://arxiv.org/abs/1904.10278",
        ),
        ModelSpec(
            name="sam",
            version=1,
            target="mann_bench.models.sam:SAMModel",
            summary="Sparse Access Memory: an LSTM whose memory is read and written in a few slots a step",
            reference=_RAE,
            later_options=("index",),
        ),
        ModelSpec(
            name="sdnc",
            version=1,
            target="mann_bench.models.sdnc:SDNCModel",
            summary="sparse Differentiable Neural Computer: a few slots a step, a few links a slot",
            reference=_RAE,
            later_options=("index",),
        ),
        ModelSpec(
            name="lstm",
            version=2,
            target="mann_bench.models.lstm:LSTMModel",
            summary="stack of LSTM layers with a learned initial state",
            reference=_LSTM,
        ),
        ModelSpec(
            name="lstm_matched",
            version=2,
            target="mann_bench.models.lstm:LSTMMatchedModel",
            summary="one LSTM layer with the parameters of the default NTM",
            reference=_LSTM,
        ),
    ]


@hookimpl
def mann_bench_tasks() -> list[TaskSpec]:
    """Return the built-in tasks."""
    return [
        TaskSpec(
            name="copy",
            version=1,
            target="mann_bench.tasks.copy:Copy",
            summary="say a sequence of bit vectors back",
            reference=f"{_GRAVES}, section 4.1",
        ),
        TaskSpec(
            name="repeat_copy",
            version=1,
            target="mann_bench.tasks.repeat_copy:RepeatCopy",
            summary="say a sequence back as often as asked",
            reference=f"{_GRAVES}, section 4.2",
        ),
        TaskSpec(
            name="associative_recall",
            version=1,
            target="mann_bench.tasks.associative_recall:AssociativeRecall",
            summary="name the item that followed the one shown",
            reference=f"{_GRAVES}, section 4.3",
        ),
        TaskSpec(
            name="dynamic_ngrams",
            version=1,
            target="mann_bench.tasks.dynamic_ngrams:DynamicNGrams",
            summary="predict the bits of a source that is another one in every sequence",
            reference=f"{_GRAVES}, section 4.4",
            convergence=ConvergenceRule("regret_bits", below=1.0),
        ),
        TaskSpec(
            name="priority_sort",
            version=1,
            target="mann_bench.tasks.priority_sort:PrioritySort",
            summary="say the rows of highest priority back, the highest first",
            reference=f"{_GRAVES}, section 4.5",
            convergence=ConvergenceRule("bit_errors", below=1.0),
        ),
    ]


@hookimpl
def mann_bench_protocols() -> list[Protocol]:
    """Return the built-in protocols."""
    return [Protocol(name="collier2018", version=1)]


@hookimpl
def mann_bench_syllabuses() -> list[SyllabusSpec]:
    """Return the built-in syllabuses."""
    return [
        SyllabusSpec(
            name="uniform",
            version=1,
            target="mann_bench.syllabuses.fixed:Uniform",
            summary="every training size alike",
            reference=_SYLLABUSES,
        ),
        SyllabusSpec(
            name="target",
            version=1,
            target="mann_bench.syllabuses.fixed:Target",
            summary="the greatest training size alone",
            reference=_SYLLABUSES,
        ),
        SyllabusSpec(
            name="naive",
            version=1,
            target="mann_bench.syllabuses.pointed:Naive",
            summary="one size, which grows when it is learned",
            reference=f"Zaremba & Sutskever 2014, https://arxiv.org/abs/1410.4615; {_SYLLABUSES}",
        ),
        SyllabusSpec(
            name="look_back",
            version=1,
            target="mann_bench.syllabuses.pointed:LookBack",
            summary="naive, and a tenth of the batches from smaller sizes",
            reference=_SYLLABUSES,
        ),
        SyllabusSpec(
            name="look_back_and_forward",
            version=1,
            target="mann_bench.syllabuses.pointed:LookBackAndForward",
            summary="naive, and a fifth of the batches from all sizes",
            reference=_SYLLABUSES,
        ),
        SyllabusSpec(
            name="prediction_gain",
            version=1,
            target="mann_bench.syllabuses.prediction_gain:PredictionGain",
            summary="a bandit draws the sizes on which the loss falls fastest",
            reference=f"Graves et al. 2017, https://arxiv.org/abs/1704.03003; {_SYLLABUSES}",
        ),
        SyllabusSpec(
            name="exponential",
            version=1,
            target="mann_bench.syllabuses.exponential:Exponential",
            summary="every size up to a level, which doubles when it is learned",
            reference=_RAE,
        ),
    ]


@hookimpl
def mann_bench_studies() -> list[StudySpec]:
    """Return the built-in studies."""
    summaries = {
        "smoke": "a small NTM and a small LSTM on a short copy task, in a minute",
        "collier-beel-2018": "memory initialisations and architectures on three tasks",
        "collier-beel-2018-short": "initialisations and architectures, three tasks, five seeds, a third of the budget",
        "collier-beel-2018-settings": "memory initialisations on copy: all lengths or the greatest, judged on both",
        "graves-2014": "NTM against LSTM on the five tasks of the paper",
        "graves-2014-short": "NTM with either controller against an LSTM of its size, a fifth of the budget",
        "graves-2014-recall": "associative recall nearer to the paper's recipe: RMSProp, one sequence a step",
        "memory-init": "three memory initialisations, trained and frozen",
        "overtraining": "copy on a million sequences, long after it is solved",
        "ntm-stability": "sharpening, clipping and optimiser against NaN",
        "syllabuses": "NTM, DNC and LSTM on three tasks under six syllabuses",
        "sparse-memories": "SAM and sparse DNC beside NTM and DNC on copy, recall and sort",
        "recall-levels": "the level that SAM, NTM and DNC reach on associative recall under the exponential curriculum",
    }
    return [StudySpec(name, _STUDIES / f"{name}.toml", summary) for name, summary in summaries.items()]


@hookimpl
def mann_bench_executors() -> list[ExecutorSpec]:
    """Return the built-in executors."""
    return [
        ExecutorSpec(
            name="local",
            target="mann_bench.execution.local:LocalExecutor",
            summary="processes of this machine",
            parallel_option="jobs",
        )
    ]
