"""What this plugin brings to mann-bench; the executor itself is loaded on first use."""

from mann_bench import ExecutorSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)


@hookimpl
def mann_bench_executors() -> list[ExecutorSpec]:
    """Return the one executor."""
    return [
        ExecutorSpec(
            name="slurm",
            target="mann_bench_slurm.executor:SlurmExecutor",
            summary="job arrays of a SLURM cluster, by submitit",
            parallel_option="array_parallelism",
        )
    ]
