"""The hooks by which Lightning runs code of a model beside its training step."""

from pytorch_lightning.core.hooks import DataHooks, ModelHooks

from mann_bench.models.base import SequenceModule, is_own

BATCH_HOOKS = frozenset(
    {
        "on_after_batch_transfer",
        "on_before_batch_transfer",
        "predict_dataloader",
        "test_dataloader",
        "train_dataloader",
        "transfer_batch_to_device",
        "val_dataloader",
    }
)
"""Hooks that decide which batches a model gets."""

_OF_THE_MODULE = frozenset(
    {
        "backward",
        "configure_callbacks",
        "configure_gradient_clipping",
        "lr_scheduler_step",
        "optimizer_step",
        "optimizer_zero_grad",
        "predict_step",
        "test_step",
        "validation_step",
    }
)
"""Hooks that Lightning declares in LightningModule itself, without those that `TrainingMethod` names."""


def hook_names() -> list[str]:
    """Return the names of all hooks in which a model could train, evaluate or exchange batches, sorted.

    Those of checkpoints are left out: in them a model saves and restores what else it has to keep.
    """
    declared = {name for kind in (ModelHooks, DataHooks) for name in vars(kind) if not name.startswith("_")}
    return sorted(declared | _OF_THE_MODULE)


def own_hooks(model: SequenceModule | type[SequenceModule]) -> list[str]:
    """Return the hooks that a model, or its class, has of its own, sorted."""
    return [name for name in hook_names() if is_own(model, name)]
