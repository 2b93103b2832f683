"""Clauses on what a model is before it runs: spec, class, options, weights, size."""

import random

import numpy as np
import safetensors.torch
import torch

from mann_bench.models.base import RecurrentModel, SequenceModule, draws_portably, own_training
from mann_bench.results.limits import check_details
from mann_bench.testing.clause import ConformanceError, require
from mann_bench.testing.common_clauses import check_class, check_options
from mann_bench.testing.returned import check_forward, check_step
from mann_bench.testing.subject import INPUT_SIZE, OUTPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits, state_bytes
from mann_bench.training.weights import weights_bytes, weights_of


def api(subject: ModelSubject) -> str | None:
    """The class is a `SequenceModule` or `RecurrentModel`, and complete; that it trains in its own way is told."""
    check_class(subject, SequenceModule, ())
    if own := own_training(subject.target):
        return f"its own {', '.join(own)}: not the protocol's, and tables mark its rows with ‡"
    return None


def options(subject: ModelSubject) -> None:
    """Options are keyword-only, typed and with defaults; an unknown one is an error that names the nearest."""
    check_options(
        subject, lambda **given: subject.target(INPUT_SIZE, OUTPUT_SIZE, **given), ("input_size", "output_size")
    )


def builds(subject: ModelSubject) -> None:
    """The model is built for any number of channels, has parameters to train, and returns what is asked for."""
    for input_size, output_size in ((INPUT_SIZE, OUTPUT_SIZE), (1, 5)):
        model = subject.build(0, input_size, output_size)
        sizes = model.input_size, model.output_size
        require(
            sizes == (input_size, output_size),
            f"built for {input_size} and {output_size} channels, the model has input_size and output_size {sizes}",
            "the same numbers",
            "Pass both on to super().__init__",
        )
        if isinstance(model, RecurrentModel):
            check_step(model)
        check_forward(model, steps=4, batch=2)
        trained = any(parameter.requires_grad for parameter in model.parameters())
        require(trained, "no parameter is trained", "at least one", "Make weights torch.nn.Parameter")


def seeded(subject: ModelSubject) -> None:
    """The same seed gives the same initial weights, whatever other generators hold; another seed gives others.

    Weights of a model's own `draw_weights` are the same whatever torch's generator holds, too.
    """
    first = _weights(subject, 0)
    for generator_seed in (1, 2):
        random.seed(generator_seed)
        np.random.seed(generator_seed)
        again = _weights(subject, 0)
        different = [name for name in first if name not in again or not torch.equal(first[name], again[name])]
        require(
            not different and first.keys() == again.keys(),
            f"built twice with one seed, {', '.join(different) or 'the set of weights'} differs",
            "the same weights",
            "Draw them from torch's global generator alone, not from numpy's, random's or one of the model's own",
        )
    other = _weights(subject, 1)
    require(
        any(not torch.equal(first[name], other[name]) for name in first),
        "two seeds give the same weights",
        "others for each seed",
        "Draw them from torch's global generator, and leave its seed alone",
    )
    if draws_portably(subject.build()):
        _check_portable(subject)


def _check_portable(subject: ModelSubject) -> None:
    first, again, other = (_drawn(subject, *seeds) for seeds in ((0, 0), (1, 0), (0, 1)))
    left = [name for name in first if not torch.equal(first[name], again[name])]
    require(
        not left,
        f"its draw_weights leaves {', '.join(left)} as torch's generator had it",
        "weights that follow from the seed alone",
        "State how each tensor that starts at random does, with mann_bench.nn.start",
    )
    require(
        any(not torch.equal(first[name], other[name]) for name in first),
        "its draw_weights draws the same weights for two seeds",
        "others for each seed",
        "Pass the seed on to mann_bench.nn.draw_weights",
    )


def checkpoint(subject: ModelSubject) -> None:
    """A fresh model that loads the saved weights says the same."""
    model, other = subject.trained(), subject.build(seed=1)
    other.load_state_dict(safetensors.torch.load(weights_bytes(weights_of(model))))
    inputs = bits(9, 4, INPUT_SIZE)
    with torch.no_grad():
        same = torch.equal(model(inputs), other(inputs))
    require(
        same,
        "after its weights were loaded into a fresh model, that one gives other logits",
        "the same",
        "Register every tensor that is drawn or learned as a parameter or with register_buffer",
    )


def details(subject: ModelSubject) -> None:
    """What `details` returns is what a record can hold, before training and after it."""
    for model in (subject.build(), subject.trained()):
        try:
            check_details(model.details())
        except ValueError as error:
            mend = "Return {name: value}, each value a short text on one line or a number"
            raise ConformanceError(str(error), "what a record can hold", mend) from error


def counts(subject: ModelSubject) -> str:
    """Parameters and the bytes of state a sequence are what the tensors hold."""
    model = subject.build()
    stated, counted = model.state_bytes(), state_bytes(model.initial_state(5)) / 5
    require(
        stated == counted,
        f"state_bytes() says {stated}, the tensors of initial_state hold {counted:g} bytes a sequence",
        "the same number",
        "Leave state_bytes to the suite, and give every tensor of the state a row a sequence",
    )
    if isinstance(model, RecurrentModel):
        _check_carried(model, stated)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return f"{parameters:,} parameters, {stated:,} bytes of state a sequence"


def _check_carried(model: RecurrentModel, stated: int) -> None:
    require(stated > 0, "initial_state holds nothing", "what step carries on", "Return the whole state, or use forward")
    state = model.initial_state(1)
    with torch.no_grad():
        for inputs in bits(3, 1, model.input_size):
            _, state = model.step(inputs, state)
    carried = state_bytes(state)
    require(
        carried == stated,
        f"after three steps the state has {carried} bytes, before them {stated}",
        "a state that does not grow",
        "Return a state of full size from initial_state",
    )


def _drawn(subject: ModelSubject, built_with: int, seed: int) -> dict[str, torch.Tensor]:
    model = subject.build(built_with)
    model.draw_weights(seed)
    return model.state_dict()


def _weights(subject: ModelSubject, seed: int) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in subject.build(seed).state_dict().items()}
