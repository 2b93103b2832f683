"""Compile the package's C++ sources on first use, and load them.

A library is compiled for one set of sizes, given as preprocessor constants, by the system's compiler. It has a
plain C interface over pointers: without torch's headers a build takes seconds. Libraries are cached in a folder of
the user's own under a hash of everything that decides their code, and looked at before they are loaded.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

from mann_bench.core.cache import cache_folder
from mann_bench.core.errors import MannBenchError
from mann_bench.native.private import UntrustedCodeWarning, is_own, own_folder, user_name

SOURCES = Path(__file__).parent / "src"

_FLAGS = ["-std=c++17", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-shared", "-fPIC"]

_CHOICES = [["-march=native", "-fopenmp"], ["-march=native"], ["-fopenmp"], []]
"""From fastest to most widely understood; the first one that compiles is taken."""

_INSTALL = (
    "Install g++ or clang++ (Debian and Ubuntu: apt install g++; macOS: xcode-select --install), "
    "or set CXX to a C++17 compiler."
)

_ELSEWHERE = "Set MANN_BENCH_CACHE to a folder that can be written to, and whose files may be executed."


class NativeBuildError(MannBenchError):
    """There is no C++ compiler, it refused the sources, or there is no place for what it makes."""


def load(source: str, constants: Mapping[str, int | float]) -> ctypes.CDLL:
    """Return the library made from one of the sources, compiled if no earlier process has done so.

    Args:
        source: file name in ``src``.
        constants: what the source takes as compile-time constants, by preprocessor name.

    Raises:
        NativeBuildError: where it cannot be compiled or kept.
    """
    try:
        return _load(source, constants)
    except OSError as error:
        raise NativeBuildError(
            f"compiled libraries cannot be kept in {cache_directory()}: {error.strerror or error}. {_ELSEWHERE}"
        ) from error


def _load(source: str, constants: Mapping[str, int | float]) -> ctypes.CDLL:
    compiler = _compiler()
    defines = [f"-D{name}={value!r}" for name, value in sorted(constants.items())]
    commands = [[*compiler, *_FLAGS, *choice, *defines, str(SOURCES / source)] for choice in _CHOICES]
    folder = _cache()
    stems = [f"{Path(source).stem}-{_digest(compiler, command)}" for command in commands]
    kept = [path for stem in stems for path in sorted(folder.glob(f"{stem}-*.so"))]
    if found := next((library for path in kept if (library := _open(path))), None):
        return found
    if kept:
        warnings.warn(
            f"{kept[0]} is not as you left it, or others may write to it: it is compiled anew.",
            UntrustedCodeWarning,
            stacklevel=3,
        )
    return _compile_first(commands, [folder / stem for stem in stems])


def cache_directory() -> Path:
    """Return where compiled libraries are kept, `cache_folder`; raises NativeBuildError where there is none."""
    if (folder := cache_folder()) is None:
        raise NativeBuildError(f"there is no home directory to keep compiled libraries in. {_ELSEWHERE}")
    return folder


def libraries_folder() -> Path:
    """Return where the user's libraries are kept; raises NativeBuildError as `cache_directory`."""
    return cache_directory() / user_name("native")


def _cache() -> Path:
    """Return a folder that is there, the user's alone, and from which libraries can be loaded."""
    folder = own_folder(libraries_folder())
    if hasattr(os, "ST_NOEXEC") and os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise NativeBuildError(f"{folder} lies on a file system where nothing may be executed (noexec). {_ELSEWHERE}")
    return folder


def toolchain() -> str:
    """Name the compiler, and by a digest the processor that it compiles for; raises NativeBuildError without one."""
    version = _version(tuple(_compiler())).partition("\n")[0]
    return f"{version}, for processor {hashlib.sha256(_processor().encode()).hexdigest()[:12]}"


def _compiler() -> list[str]:
    for candidate in (os.environ.get("CXX", ""), "g++", "clang++", "c++"):
        command = shlex.split(candidate)
        if command and shutil.which(command[0]):
            return command
    raise NativeBuildError(f"no C++ compiler found. {_INSTALL}")


def _compile_first(commands: list[list[str]], stems: list[Path]) -> ctypes.CDLL:
    for command, stem in zip(commands, stems, strict=True):
        made = _compile(command, stem)
        if isinstance(made, ctypes.CDLL):
            return made
    raise NativeBuildError(f"{shlex.join(commands[-1])} failed:\n{made}\n{_INSTALL}")


def _compile(command: list[str], stem: Path) -> ctypes.CDLL | str:
    """Compile and keep a library, or return what the compiler or the loader complained about.

    The library appears when it is complete, under a name that begins with `stem` and ends with a digest of that and its
    bytes: none passes for another.
    So processes that compile at the same time do not meet: each publishes the same library, or one of its own.
    """
    with tempfile.TemporaryDirectory(dir=stem.parent, prefix="building-") as folder:
        unfinished = Path(folder) / "library.so"
        done = subprocess.run([*command, "-o", str(unfinished)], capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip()
        try:
            library = ctypes.CDLL(str(unfinished))
        except OSError as error:  # some compilers accept -fopenmp without having its runtime library
            return str(error)
        unfinished.chmod(0o700)
        unfinished.replace(stem.with_name(f"{stem.name}-{_content_digest(stem.name, unfinished)}.so"))
    return library


def _open(path: Path) -> ctypes.CDLL | None:
    """Load a library that was kept; None where it is not as it was or not the user's, or does not load here.

    What is cut off must not be loaded to see whether it can be: that may end the process.
    """
    try:
        stem, _, digest = path.stem.rpartition("-")
        sound = path.is_file() and is_own(path) and digest == _content_digest(stem, path)
        return ctypes.CDLL(str(path)) if sound else None
    except OSError:
        return None


def _content_digest(stem: str, path: Path) -> str:
    return hashlib.sha256(stem.encode() + b"\0" + path.read_bytes()).hexdigest()[:24]


def _digest(compiler: list[str], command: list[str]) -> str:
    parts = [*command[:-1], Path(command[-1]).name, _version(tuple(compiler)), _processor()]
    parts += [f"{file.name}\n{file.read_text(encoding='utf-8')}" for file in sorted(SOURCES.iterdir())]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@functools.cache
def _version(compiler: tuple[str, ...]) -> str:
    return subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout


@functools.cache
def _processor() -> str:
    """Return what ``-march=native`` looks at: a home directory may be shared by unlike machines."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    told = [line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))]
    return "\n".join([platform.machine(), platform.processor(), *sorted(set(told))])
