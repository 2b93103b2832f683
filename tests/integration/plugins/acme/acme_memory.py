"""What the plugin brings; imports nothing heavy."""

from mann_bench import ModelSpec, TaskSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)


@hookimpl
def mann_bench_models():
    return [ModelSpec("acme_trace", 1, "acme_parts:DecayingTrace", "leaky average of its inputs")]


@hookimpl
def mann_bench_tasks():
    return [TaskSpec("acme_parity", 1, "acme_parts:Parity", "parity of the bits so far")]
