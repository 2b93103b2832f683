"""What this plugin brings: models to hold memories against, and a study that does. Imports nothing heavy."""

from pathlib import Path

from mann_bench import ModelSpec, StudySpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)
"""The lowest and the highest plugin API that this was written for."""


@hookimpl
def mann_bench_models() -> list[ModelSpec]:
    """Return the models; each has the parameters of the default NTM unless its size is given."""
    return [
        ModelSpec(
            name="gru",
            version=1,
            target="mann_bench_baselines.gru:GRUModel",
            summary="stack of GRU layers with a learned initial state",
            reference="Cho et al. 2014, https://arxiv.org/abs/1406.1078",
        ),
        ModelSpec(
            name="transformer",
            version=1,
            target="mann_bench_baselines.transformer:TransformerModel",
            summary="causal pre-norm Transformer with rotary, sinusoidal or no positions",
            reference="Vaswani et al. 2017, https://arxiv.org/abs/1706.03762",
        ),
        ModelSpec(
            name="deltanet",
            version=1,
            target="mann_bench_baselines.deltanet:DeltaNetModel",
            summary="linear Transformer whose matrix memory is written by the delta rule",
            reference="Schlag et al. 2021, https://arxiv.org/abs/2102.11174; Yang et al. 2024, "
            "https://arxiv.org/abs/2406.06484",
        ),
        ModelSpec(
            name="rnn",
            version=1,
            target="mann_bench_baselines.rnn:RNNModel",
            summary="stack of simple recurrent layers with a learned initial state",
            reference="Elman 1990, https://doi.org/10.1207/s15516709cog1402_1",
        ),
        ModelSpec(
            name="tape_rnn",
            version=1,
            target="mann_bench_baselines.tape_rnn:TapeRNNModel",
            summary="simple recurrent network that writes to tapes and moves them",
            reference="Delétang et al. 2023, https://arxiv.org/abs/2207.02098",
        ),
        ModelSpec(
            name="stack_rnn",
            version=2,
            target="mann_bench_baselines.stack_rnn:StackRNNModel",
            summary="simple recurrent network with continuous stacks",
            reference="Joulin & Mikolov 2015, https://arxiv.org/abs/1503.01007",
        ),
    ]


@hookimpl
def mann_bench_studies() -> list[StudySpec]:
    """Return the study; its task mqar comes with mann-bench-recall."""
    return [
        StudySpec(
            "first-rows",
            Path(__file__).with_name("first-rows.toml"),
            "NTM, DNC and five baselines of the NTM's size on copy, recall and MQAR, a short budget",
        )
    ]
