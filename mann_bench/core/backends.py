"""The ways in which a recurrent model can be computed. They agree in what they compute, not in how fast."""

from enum import StrEnum


class Backend(StrEnum):
    """How a model runs.

    ``eager`` is plain PyTorch; ``compiled`` is `torch.compile` of a few time steps; ``native`` is a recurrence
    in C++ over the whole sequence, for models that bring one.
    """

    EAGER = "eager"
    COMPILED = "compiled"
    NATIVE = "native"


AUTO = "auto"
"""The choice of the fastest backend that a model and this machine offer."""

BACKEND_CHOICES = (AUTO, *(backend.value for backend in Backend))
