"""What this plugin brings to mann-bench; the executor itself is loaded on first use."""

from mann_bench import ExecutorSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)


@hookimpl
def mann_bench_executors() -> list[ExecutorSpec]:
    """Return the one executor."""
    return [
        ExecutorSpec(
            name="ray",
            target="mann_bench_ray.executor:RayExecutor",
            summary="a Ray cluster, or a Ray on this machine",
            parallel_option="parallel",
        )
    ]
