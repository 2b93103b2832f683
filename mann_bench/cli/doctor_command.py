"""``mann-bench doctor``: what this machine has."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator

import click

from mann_bench.cli.columns import aligned
from mann_bench.cli.parameters import examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.plugins import Plugin
from mann_bench.registry import Registry

_PACKAGES = (
    "torch",
    "pytorch-lightning",
    "numpy",
    "wandb",
    "pluggy",
    "pydantic",
    "safetensors",
    "click",
    "rich",
    "pandas",
)


@click.command(epilog=examples("mann-bench doctor"))
@click.pass_context
def command(context: click.Context) -> int:
    """Show the versions of Python and packages, the processor, the compiler, the GPU, the W&B login and the plugins.

    The exit code is 1 if a required package is missing or a plugin is broken.
    """
    registry = registry_of(context)
    for line in aligned([*_findings(), *map(_plugin_row, registry.plugins)]):
        say(line)
    return 1 if _has_faults(registry) else 0


def _plugin_row(plugin: Plugin) -> tuple[str, str]:
    about = plugin.reason or ", ".join(plugin.brings)
    return f"plugin {plugin.name}", f"{plugin.distribution} {plugin.version}, {plugin.status}: {about}"


def _findings() -> Iterator[tuple[str, str]]:
    from mann_bench.reporting.wandb_mirror import default_mode, logged_in
    from mann_bench.results.provenance import cpu_name

    yield "interpreter", f"Python {platform.python_version()} at {sys.executable}"
    yield "system", f"{platform.system()} {platform.release()} on {platform.machine()}"
    yield "processor", f"{cpu_name()}, {os.cpu_count()} threads"
    for package in _PACKAGES:
        yield package, _version(package) or "missing"
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    yield "compiler", compiler or "none found: install g++ or clang++ (torch.compile needs one)"
    yield "GPU", _gpu()
    yield "W&B login", f"{'found' if logged_in() else 'none'}; runs are mirrored {default_mode()}"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpu() -> str:
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"torch cannot be imported: {error}"
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "none that torch sees; runs use the CPU"


def _has_faults(registry: Registry) -> bool:
    missing = [package for package in _PACKAGES if package != "pandas" and _version(package) is None]
    return bool(missing or registry.broken)
