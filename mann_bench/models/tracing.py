"""What is done to a step before Dynamo traces it, and the error where that shows that the step is not enough."""

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor


class WholeStepError(RuntimeError):
    """A step cannot be repeated over time by calls of its compiled code alone."""


def contiguous_copy(tensor: Tensor) -> Tensor:
    """Return a tensor of its own, also where inference made it, with the strides of a new one."""
    return tensor.clone(memory_format=torch.contiguous_format)


def own_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function or method whose code object is its own.

    Dynamo keeps what it compiled, and counts how often it did, by code object: the variants of a model would share
    one, and after eight compilations the next variant would run eagerly.
    """
    if isinstance(function, MethodType):
        return MethodType(own_copy(function.__func__), function.__self__)
    if not isinstance(function, FunctionType):
        return function
    code = function.__code__.replace()
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
