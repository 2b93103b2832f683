"""The built-in models meet what is asked of every model, and what is asked of ours besides."""

import pytest
import torch

from mann_bench.registry import Registry
from mann_bench.testing import Case, find_cases

_SMALL = "controller_size=8,memory_slots=6,slot_width=4"

VARIANTS = [
    f"ntm:{_SMALL}",
    f"ntm:{_SMALL},memory_init=learned",
    f"ntm:{_SMALL},memory_init=random",
    f"ntm:{_SMALL},read_heads=2,write_heads=2",
    f"ntm:{_SMALL},controller=feedforward",
    f"ntm:{_SMALL},controller_layers=2",
    f"ntm:{_SMALL},sharpening=power",
    f"ntm:{_SMALL},addressing=content",
    f"dnc:{_SMALL}",
    f"dnc:{_SMALL},read_heads=2",
    f"dnc:{_SMALL},masked=true,deallocation=true,sharpened=true",
    f"sam:{_SMALL}",
    f"sam:{_SMALL},read_heads=2,neighbours=2,memory_init=learned",
    f"sam:{_SMALL},read_heads=1,neighbours=6,memory_init=random,clip=none",
    "sam:controller_size=8,memory_slots=200,slot_width=4,memory_init=random,index=approximate",
    f"sdnc:{_SMALL}",
    f"sdnc:{_SMALL},read_heads=2,neighbours=2,links=2,memory_init=learned",
    f"sdnc:{_SMALL},read_heads=1,memory_init=random,clip=none",
    # So many slots are read that their ages matter within a few steps.
    "sdnc:controller_size=8,memory_slots=128,slot_width=4,read_heads=8,neighbours=8,memory_init=random,index=approximate",
    "lstm:layers=2,units=5",
    "lstm_matched",
]


@pytest.fixture(params=VARIANTS)
def model(request):
    """A model of 3 input and 2 output channels."""
    return find_cases([request.param], Registry.discover(third_party=False))[0].subject.build()


@pytest.mark.mann_bench(*VARIANTS)
def test_the_model_conforms(mann_bench_case: Case):
    mann_bench_case.check()


def test_logits_depend_on_every_earlier_input(model, draw):
    inputs = draw(6, 4).requires_grad_()
    model(inputs)[-1].square().sum().backward()
    assert (inputs.grad.abs().sum((1, 2)) > 0).all()


def test_logits_do_not_depend_on_training_mode(model, draw):
    inputs = draw(7, 4)
    assert torch.equal(model.train()(inputs), model.eval()(inputs))
