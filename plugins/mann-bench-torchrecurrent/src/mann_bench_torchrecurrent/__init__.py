"""What this plugin brings: the recurrent cells of torchrecurrent as models. Imports nothing heavy."""

from mann_bench import ModelSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)
"""The lowest and the highest plugin API that this was written for."""

_JOZEFOWICZ = "https://proceedings.mlr.press/v37/jozefowicz15.pdf"

_CELLS = {
    "antisymmetric_rnn": ("AntisymmetricRNN", "antisymmetric recurrent network", "https://arxiv.org/abs/1902.09689"),
    "gated_antisymmetric_rnn": (
        "GatedAntisymmetricRNN",
        "antisymmetric recurrent network with a gate",
        "https://arxiv.org/abs/1902.09689",
    ),
    "atr": ("ATR", "addition-subtraction twin-gated recurrent network", "https://arxiv.org/abs/1810.12546"),
    "br": ("BR", "bistable recurrent network", "https://doi.org/10.1371/journal.pone.0252676"),
    "nbr": ("NBR", "neuromodulated bistable recurrent network", "https://doi.org/10.1371/journal.pone.0252676"),
    "cfn": ("CFN", "chaos-free network", "https://arxiv.org/abs/1612.06212"),
    "cornn": ("coRNN", "coupled oscillatory recurrent network", "https://arxiv.org/abs/2010.00951"),
    "dsgu": ("DSGU", "deep simple gated unit", "https://arxiv.org/abs/1604.02910"),
    "fast_rnn": ("FastRNN", "recurrent network with two scalar gates", "https://arxiv.org/abs/1901.02358"),
    "fast_grnn": ("FastGRNN", "gated recurrent network with shared matrices", "https://arxiv.org/abs/1901.02358"),
    "indrnn": ("IndRNN", "recurrent network of units that see themselves alone", "https://arxiv.org/abs/1803.04831"),
    "intersection_rnn": ("IntersectionRNN", "intersection recurrent network", "https://arxiv.org/abs/1611.09913"),
    "janet": ("JANET", "LSTM with a forget gate alone", "https://arxiv.org/abs/1804.04849"),
    "lem": ("LEM", "long expressive memory", "https://arxiv.org/abs/2110.04744"),
    "light_ru": ("LightRU", "light recurrent unit", "https://www.mdpi.com/2079-9292/13/16/3204"),
    "ligru": ("LiGRU", "light gated recurrent unit", "https://arxiv.org/abs/1803.10225"),
    "mclstm": (
        "MCLSTM",
        "memory-controller LSTM",
        "https://www.intel.com/content/dam/www/public/us/en/ai/documents/Sequence-Modeling-NIPS-2017.pdf",
    ),
    "mgu": ("MGU", "minimal gated unit", "https://arxiv.org/abs/1603.09420"),
    "minimal_rnn": ("MinimalRNN", "minimal recurrent network", "https://arxiv.org/abs/1711.06788"),
    "miru1": ("MiRU1", "minion gated unit, first kind", "https://doi.org/10.1016/j.neucom.2026.132847"),
    "miru2": ("MiRU2", "minion gated unit, second kind", "https://doi.org/10.1016/j.neucom.2026.132847"),
    "multiplicative_lstm": ("MultiplicativeLSTM", "multiplicative LSTM", "https://arxiv.org/abs/1609.07959"),
    "mut1": ("MUT1", "mutated gated unit, first kind", _JOZEFOWICZ),
    "mut2": ("MUT2", "mutated gated unit, second kind", _JOZEFOWICZ),
    "mut3": ("MUT3", "mutated gated unit, third kind", _JOZEFOWICZ),
    "nas": ("NAS", "cell found by architecture search", "https://arxiv.org/abs/1611.01578"),
    "original_lstm": (
        "OriginalLSTM",
        "LSTM without a forget gate",
        "https://ieeexplore.ieee.org/abstract/document/6795963",
    ),
    "peephole_lstm": (
        "PeepholeLSTM",
        "LSTM whose gates see the cell",
        "https://www.jmlr.org/papers/volume3/gers02a/gers02a.pdf",
    ),
    "ran": ("RAN", "recurrent additive network", "https://arxiv.org/abs/1705.07393"),
    "res_lstm": ("ResLSTM", "residual LSTM", "https://arxiv.org/abs/1701.03360"),
    "scrn": ("SCRN", "structurally constrained recurrent network", "https://arxiv.org/abs/1412.7753"),
    "sgrn": ("SGRN", "simple gated recurrent network", "https://doi.org/10.1049/gtd2.12056"),
    "sgu": ("SGU", "simple gated unit", "https://arxiv.org/abs/1604.02910"),
    "star": ("STAR", "stackable recurrent network", "https://arxiv.org/abs/1911.11033"),
    "tgru": ("TGRU", "strongly typed GRU", "https://arxiv.org/abs/1602.02218"),
    "tlstm": ("TLSTM", "strongly typed LSTM", "https://arxiv.org/abs/1602.02218"),
    "trnn": ("TRNN", "strongly typed recurrent network", "https://arxiv.org/abs/1602.02218"),
    "ugrnn": ("UGRNN", "recurrent network with an update gate", "https://arxiv.org/abs/1611.09913"),
    "unicornn": (
        "UnICORNN",
        "undamped, independent, controlled oscillatory recurrent network",
        "https://arxiv.org/abs/2103.05487",
    ),
    "wmclstm": ("WMCLSTM", "LSTM with working memory connections", "https://arxiv.org/abs/2109.00020"),
}
"""By the name of a model: its cell in torchrecurrent, what that is, and its paper. Left out is tauGRU: it needs its own
past states, and the state that its layer returns lacks them, so that a sequence cannot go on from it."""


@hookimpl
def mann_bench_models() -> list[ModelSpec]:
    """Return the models; each has the parameters of the default NTM unless its size is given."""
    return [
        ModelSpec(
            name=name,
            version=1,
            target=f"mann_bench_torchrecurrent.models:{cell}",
            summary=summary,
            reference=f"torchrecurrent 0.2.5; {link}",
        )
        for name, (cell, summary, link) in _CELLS.items()
    ]
