"""What this plugin brings to mann-bench; the tasks themselves are loaded on first use."""

from mann_bench import ConvergenceRule, TaskSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)

# As for bit vectors: where fewer than 0.1 tokens a sequence are wrong, more than 90 % of the sequences have no error.
_RULE = ConvergenceRule("token_errors", below=0.1)


@hookimpl
def mann_bench_tasks() -> list[TaskSpec]:
    """Return the two tasks."""
    return [
        TaskSpec(
            name="mqar",
            version=1,
            target="mann_bench_recall.mqar:MultiQueryAssociativeRecall",
            summary="name the value of each key that is shown again",
            reference="Arora et al. 2023, https://arxiv.org/abs/2312.04927",
            convergence=_RULE,
        ),
        TaskSpec(
            name="selective_copying",
            version=1,
            target="mann_bench_recall.selective_copying:SelectiveCopying",
            summary="say the tokens back that stood among noise",
            reference="Gu & Dao 2023, https://arxiv.org/abs/2312.00752, section 4.1; "
            "Jing et al. 2019, https://doi.org/10.1162/neco_a_01174",
            convergence=_RULE,
        ),
    ]
