"""What this plugin brings: the memories of recent recurrent models, and a study of them. Imports nothing heavy."""

from pathlib import Path

from mann_bench import ExpectedFailure, ModelSpec, StudySpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)
"""The lowest and the highest plugin API that this was written for."""


@hookimpl
def mann_bench_models() -> list[ModelSpec]:
    """Return the models; each has the parameters of the default NTM unless its width is given."""
    return [
        ModelSpec(
            name="gated_deltanet",
            version=1,
            target="mann_bench_modern.gated_deltanet:GatedDeltaNetModel",
            summary="linear Transformer whose memory forgets and is written by the delta rule, once or more a step",
            reference="Yang et al. 2024, https://arxiv.org/abs/2412.06464; Siems et al. 2025, "
            "https://arxiv.org/abs/2502.10297",
        ),
        ModelSpec(
            name="mlstm",
            version=1,
            target="mann_bench_modern.mlstm:MLSTMModel",
            summary="xLSTM with matrix cells and exponential gates",
            reference="Beck et al. 2024, https://arxiv.org/abs/2405.04517",
        ),
        ModelSpec(
            name="slstm",
            version=1,
            target="mann_bench_modern.slstm:SLSTMModel",
            summary="xLSTM with cells that see each other and exponential gates",
            reference="Beck et al. 2024, https://arxiv.org/abs/2405.04517",
        ),
        ModelSpec(
            name="mamba2",
            version=1,
            target="mann_bench_modern.mamba2:Mamba2Model",
            summary="selective state space model whose transition is a number a head",
            reference="Dao & Gu 2024, https://arxiv.org/abs/2405.21060",
        ),
        ModelSpec(
            name="rwkv7",
            version=1,
            target="mann_bench_modern.rwkv7:RWKV7Model",
            summary="linear recurrence whose memory decays by channel, takes a key out and writes another",
            reference="Peng et al. 2025, https://arxiv.org/abs/2503.14456",
        ),
        ModelSpec(
            name="titans",
            version=1,
            target="mann_bench_modern.titans:TitansModel",
            summary="memory that is a network, trained while it reads, with momentum and forgetting",
            reference="Behrouz et al. 2025, https://arxiv.org/abs/2501.00663",
        ),
        ModelSpec(
            name="ttt_linear",
            version=1,
            target="mann_bench_modern.ttt_linear:TTTLinearModel",
            summary="linear model as hidden state, trained while it reads",
            reference="Sun et al. 2024, https://arxiv.org/abs/2407.04620",
        ),
        ModelSpec(
            name="kv_memory",
            version=1,
            target="mann_bench_modern.kv_memory:KVMemoryModel",
            summary="slots that are found by product keys and written by the delta rule",
            reference="Lample et al. 2019, https://arxiv.org/abs/1907.05242; Zhao & Jones 2026, "
            "https://arxiv.org/abs/2601.00671",
        ),
        ModelSpec(
            name="lrua",
            version=1,
            target="mann_bench_modern.lrua:LRUAModel",
            summary="LSTM with a memory that is written where it was read last or is used least",
            reference="Santoro et al. 2016, https://arxiv.org/abs/1605.06065",
            expected_failures=(
                ExpectedFailure("feedback", "usage tells which slots are used least, and nothing else of it is read"),
            ),
        ),
    ]


@hookimpl
def mann_bench_studies() -> list[StudySpec]:
    """Return the study; some of its models and tasks come with the plugins baselines, formal and recall."""
    return [
        StudySpec(
            "modern-rows",
            Path(__file__).with_name("modern-rows.toml"),
            "twenty memories and baselines of the NTM's size on recall and regular tasks, learning rates tuned",
        )
    ]
