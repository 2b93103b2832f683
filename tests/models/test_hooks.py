import inspect

import pytorch_lightning as pl
from pytorch_lightning.core.hooks import CheckpointHooks

from mann_bench.core.protocol import TrainingMethod
from mann_bench.models.base import SequenceModule
from mann_bench.models.hooks import BATCH_HOOKS, hook_names, own_hooks

HELPERS = {
    "all_gather", "clip_gradients", "forward", "freeze", "load_from_checkpoint", "log", "log_dict", "lr_schedulers",
    "print", "to_onnx", "to_tensorrt", "to_torchscript", "toggle_optimizer", "toggled_optimizer", "unfreeze",
    "untoggle_optimizer",
}  # fmt: skip
"""What models call of Lightning, instead of Lightning calling it of them."""


class Hooked(SequenceModule):
    def forward(self, inputs):
        return inputs

    def on_train_batch_start(self, batch, batch_idx):
        pass

    def validation_step(self, batch, batch_idx):
        pass


def test_hooks_of_its_own_are_those_of_the_class_and_of_the_model(monkeypatch):
    model = Hooked(1, 1)
    assert own_hooks(Hooked) == own_hooks(model) == ["on_train_batch_start", "validation_step"]
    model.on_fit_end = lambda: None
    assert own_hooks(model) == ["on_fit_end", "on_train_batch_start", "validation_step"]


def test_every_method_of_lightning_is_a_hook_or_trains_or_saves_or_is_called_by_models():
    declared = {name for name, _ in inspect.getmembers(pl.LightningModule, inspect.isroutine) if name[0] != "_"}
    of_others = {name for kind in pl.LightningModule.__mro__[1:] for name in vars(kind)} - set(hook_names())
    known = {*hook_names(), *TrainingMethod.__args__, *HELPERS}
    assert declared - of_others <= known
    assert vars(CheckpointHooks).keys().isdisjoint(hook_names())


def test_hooks_that_decide_on_batches_are_hooks():
    assert set(hook_names()) >= BATCH_HOOKS
