"""The global settings of torch and numpy that change how everybody in a process computes.

Nothing is imported for it: what is not imported yet has the settings that it starts with.
"""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mann_bench.core.errors import MannBenchError
from mann_bench.core.options import OptionValue, option_text


class _Setting(NamedTuple):
    """A global setting of a package: what it starts with and runs have, how it is read and how it is set."""

    start: OptionValue
    read: Callable[[Any], OptionValue]
    put: Callable[[Any, Any], object]


def _part(package: Any, path: str) -> Any:
    return functools.reduce(getattr, path.split("."), package)


def _attribute(path: str, start: OptionValue) -> _Setting:
    """Return the setting that an attribute of a package is, such as ``backends.cudnn.benchmark``."""
    owner, _, name = path.rpartition(".")
    return _Setting(
        start,
        lambda package: _part(package, path),
        lambda package, value: setattr(_part(package, owner), name, value),
    )


_PRECISIONS = ("backends", "backends.cudnn", "backends.mkldnn", "backends.mkldnn.conv", "backends.mkldnn.rnn")
_OF_PRODUCTS = ("backends.cuda.matmul", "backends.mkldnn.matmul")
_OF_CUDNN = ("backends.cudnn.conv", "backends.cudnn.rnn")
"""Parts of torch 2.9 and later that have an `fp32_precision` of their own, beside the older settings."""


def _set_precisions(torch: Any, parts: tuple[str, ...], value: str) -> None:
    with contextlib.suppress(AttributeError):  # an older torch has none
        for part in parts:
            if _part(torch, part).fp32_precision != value:
                _part(torch, part).fp32_precision = value


def _precisions(torch: Any) -> str:
    """Return which parts have another precision than the full one: ``none`` are all."""
    with contextlib.suppress(AttributeError):
        found = {part: _part(torch, part).fp32_precision for part in _PRECISIONS}
        lower = [f"{part}={value}" for part, value in found.items() if value not in ("none", "ieee")]
        return " ".join(lower) or "none"
    return "none"


def _legacy(parts: tuple[str, ...], fresh: str, old: _Setting) -> _Setting:
    """Return a setting that torch refuses to tell where it was set for its parts alone."""

    def read(torch: Any) -> OptionValue:
        try:
            return old.read(torch)
        except RuntimeError:
            return "mixed"

    def put(torch: Any, value: Any) -> None:
        _set_precisions(torch, parts, fresh)
        old.put(torch, value)

    return _Setting(old.start, read, put)


def _attention(kind: str) -> _Setting:
    return _Setting(
        True,
        lambda torch: getattr(torch.backends.cuda, f"{kind}_sdp_enabled")(),
        lambda torch, value: getattr(torch.backends.cuda, f"enable_{kind}_sdp")(value),
    )


def _autocast(device: str) -> _Setting:
    return _Setting(
        False,
        lambda torch: torch.is_autocast_enabled(device),
        lambda torch, value: torch.set_autocast_enabled(device, value),
    )


_TORCH: Mapping[str, _Setting] = {
    "default_dtype": _Setting(
        "float32",
        lambda torch: str(torch.get_default_dtype()).removeprefix("torch."),
        lambda torch, value: torch.set_default_dtype(getattr(torch, value)),
    ),
    "default_device": _Setting(
        "cpu",
        lambda torch: str(torch.get_default_device()),
        lambda torch, value: torch.set_default_device(None if value == "cpu" else value),
    ),
    "inference_mode": _Setting(False, lambda torch: torch.is_inference_mode_enabled(), lambda torch, value: None),
    "fp32_precision": _Setting("none", _precisions, lambda torch, value: _set_precisions(torch, _PRECISIONS, "none")),
    "float32_matmul_precision": _legacy(
        _OF_PRODUCTS,
        "none",
        _Setting(
            "highest",
            lambda torch: torch.get_float32_matmul_precision(),
            lambda torch, value: torch.set_float32_matmul_precision(value),
        ),
    ),
    "grad": _Setting(
        True,
        lambda torch: torch.is_grad_enabled(),
        lambda torch, value: torch.set_grad_enabled(value),
    ),
    "deterministic": _Setting(
        0,
        lambda torch: torch.get_deterministic_debug_mode(),
        lambda torch, value: torch.set_deterministic_debug_mode(value),
    ),
    "anomaly_detection": _Setting(
        False,
        lambda torch: torch.is_anomaly_enabled(),
        lambda torch, value: torch.autograd.set_detect_anomaly(value),
    ),
    # Whoever may divide the least normal number gets a number that is not normal, unless such count as 0.
    "flush_denormal": _Setting(
        False,
        lambda _: sys.float_info.min / 2 == 0,
        lambda torch, value: torch.set_flush_denormal(value),
    ),
    "autocast_cpu": _autocast("cpu"),
    "autocast_cuda": _autocast("cuda"),
    "mkldnn": _attribute("backends.mkldnn.enabled", True),
    "cudnn": _attribute("backends.cudnn.enabled", True),
    "cudnn_benchmark": _attribute("backends.cudnn.benchmark", False),
    "cudnn_deterministic": _attribute("backends.cudnn.deterministic", False),
    "cudnn_tf32": _legacy(_OF_CUDNN, "tf32", _attribute("backends.cudnn.allow_tf32", True)),
    "cuda_fp16_reduction": _attribute("backends.cuda.matmul.allow_fp16_reduced_precision_reduction", True),
    "cuda_bf16_reduction": _attribute("backends.cuda.matmul.allow_bf16_reduced_precision_reduction", True),
    **{f"{kind}_attention": _attention(kind) for kind in ("flash", "mem_efficient", "math")},
}


def _floating(kind: str, start: str) -> _Setting:
    return _Setting(start, lambda numpy: numpy.geterr()[kind], lambda numpy, value: numpy.seterr(**{kind: value}))


_NUMPY: Mapping[str, _Setting] = {
    f"numpy_{kind}": _floating(kind, start)
    for kind, start in {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}.items()
}

_PACKAGES = {"torch": _TORCH, "numpy": _NUMPY}

RUN_SETTINGS: Mapping[str, OptionValue] = {
    name: setting.start for settings in _PACKAGES.values() for name, setting in settings.items()
}
"""The settings that every run begins with."""


def settings() -> dict[str, OptionValue]:
    """Return the global settings of torch and numpy by name, with ``threads`` where torch is imported."""
    found = dict(RUN_SETTINGS)
    for package, name, setting in _settings():
        with contextlib.suppress(AttributeError):  # another version of the package does not have it
            found[name] = setting.read(package)
    torch = sys.modules.get("torch")
    return {**found, "threads": torch.get_num_threads()} if torch else found


def settings_text() -> str:
    """Return the global settings of torch and numpy as a record states them: ``default_dtype=float32, ...``."""
    return ", ".join(f"{name}={option_text(value)}" for name, value in settings().items() if name != "threads")


def put(wanted: Mapping[str, OptionValue]) -> list[str]:
    """Set the settings that are not as wanted; return in words which ones were not.

    Raises:
        MannBenchError: one of them cannot be set.
    """
    now = settings()
    changed = [name for name, value in wanted.items() if name in now and now[name] != value]
    if not changed:
        return []
    for package, name, setting in _settings():
        if name in changed:
            setting.put(package, wanted[name])
    if "threads" in changed:
        sys.modules["torch"].set_num_threads(wanted["threads"])
    after = settings()
    for name in changed:
        if after[name] != wanted[name]:
            raise MannBenchError(
                f"the global setting {name} of torch is {after[name]!r} and cannot be set to {wanted[name]!r}. Leave "
                "the context that set it, such as torch.device or torch.inference_mode; where a plugin entered it as "
                "it was imported, switch that off."
            )
    return [f"{name} from {wanted[name]} to {now[name]}" for name in changed]


@contextlib.contextmanager
def run_settings(threads: int) -> Iterator[None]:
    """Give a run the settings that every run begins with, and the caller his own ones back."""
    before = settings()
    put({**RUN_SETTINGS, "threads": threads})
    try:
        yield
    finally:
        put(before)


def _settings() -> Iterator[tuple[Any, str, _Setting]]:
    for name, known in _PACKAGES.items():
        if package := sys.modules.get(name):
            yield from ((package, setting, how) for setting, how in known.items())
