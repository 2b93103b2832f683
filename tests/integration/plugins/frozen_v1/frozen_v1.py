"""What the plugin brings; imports nothing heavy."""

from mann_bench import ConvergenceRule, ModelSpec, TaskSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)


@hookimpl
def mann_bench_models():
    return [
        ModelSpec(
            name="frozen_v1_memory",
            version=1,
            target="frozen_v1_parts:Shelf",
            summary="keeps its last inputs",
            reference="none",
        )
    ]


@hookimpl
def mann_bench_tasks():
    return [
        TaskSpec(
            name="frozen_v1_task",
            version=1,
            target="frozen_v1_parts:Echo",
            summary="the bit of some steps before",
            reference="none",
            convergence=ConvergenceRule("bit_errors", below=0.5),
        )
    ]
