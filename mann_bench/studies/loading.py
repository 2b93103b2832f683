"""Read study files. What is wrong in one is named by its line or its key, as in ``cells[0].models[1]``."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pydantic

from mann_bench.core.errors import UsageError, located, nearest
from mann_bench.core.message_text import counted, shortened
from mann_bench.core.variants import parse_seeds
from mann_bench.registry import Registry
from mann_bench.studies.schema import Cells, Claim, ClaimMetric, Study, TuningTable

_KEYS: Mapping[str, type[pydantic.BaseModel]] = {"cells": Cells, "claims": Claim, "tuning": TuningTable}

_EXPECTED = {
    "string_type": "a text in quotes",
    "string_pattern_mismatch": "lower-case letters and digits, in words with single hyphens between",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le:,} or less",
    "list_type": "a list in brackets",
    "dict_type": "keys with values, such as {{ length = 20 }}",
    "model_type": "keys with values, below a line such as [[cells]]",
}
"""What is expected where pydantic finds such an error, in the words of TOML, by the name of the error."""

_LONGEST_INPUT = 80


def is_path(text: str) -> bool:
    """Tell whether a study is given by the path of its file, and not by its name."""
    return text.endswith(".toml")


def study_file(registry: Registry, text: str) -> Traversable:
    """Return the file of a study that is given by its name, or by a path that ends in ``.toml``.

    Raises:
        UsageError: there is no study of that name.
        PluginUnavailableError: the name belongs to a plugin that cannot be used.
    """
    return Path(text) if is_path(text) else registry.study(text).spec.path


def load_study(registry: Registry, text: str) -> Study:
    """Return a study that is given as to `study_file`. Its models, tasks and protocols are not looked up.

    Raises:
        UsageError: the file cannot be read, or is no study; the message names the line or the key, and the remedy.
        PluginUnavailableError: as of `study_file`.
    """
    file = study_file(registry, text)
    with located(str(file)):
        study = _validated(_content(file))
        parse_seeds(study.seeds)
        if text in registry.studies and study.name != text:
            raise UsageError(f"name: {study.name!r} is registered as {text!r}. Give both the same name.")
    return study


def _content(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}. Expected the path of a study file.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"is not text: {error}. Expected a study file, in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f'is not TOML: {error}. Expected lines such as seeds = "0-9"; see docs/studies.md.') from error


def _validated(content: dict[str, Any]) -> Study:
    try:
        return Study.model_validate(content)
    except pydantic.ValidationError as error:
        # A misspelt key is both unknown and missing: only the first tells what to mend.
        first = min(error.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden")
        place = (*first["loc"], *first.get("ctx", {}).get("at", ()))
        raise UsageError(f"{_key(place)}: {_words(first['type'], place, first)}") from error


def _key(place: Sequence[str | int]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")


def _words(kind: str, place: Sequence[str | int], error: Mapping[str, Any]) -> str:
    """Return what is wrong and what to do about it."""
    if kind == "fault":
        return str(error["msg"])
    if kind == "missing":
        return "it is missing. Add it; see docs/studies.md."
    if kind == "extra_forbidden":
        known = list(_KEYS.get(str(place[0]) if len(place) > 1 else "", Study).model_fields)
        return f"unknown key.{nearest(str(place[-1]), known)} Known: {', '.join(known)}."
    if kind == "enum":
        given, metrics = str(error["input"]), [metric.value for metric in ClaimMetric]
        return f"unknown metric {given!r}.{nearest(given, metrics)} Known: {', '.join(metrics)}."
    if kind == "too_short":
        has, least = error["ctx"]["actual_length"], counted(error["ctx"]["min_length"], "value")
        found = f"it has {counted(has, 'value')}" if has else "it is empty"
        return f"{found}. Give at least {least}; see docs/studies.md."
    if kind in _EXPECTED:
        tables = kind == "list_type" and str(place[0]) in _KEYS and len(place) == 1
        words = f"keys with values, below lines [[{place[0]}]]" if tables else _EXPECTED[kind]
        expected = f"it should be {words.format_map(error.get('ctx', {}))}"
    else:
        expected = str(error["msg"]).replace("Input", "it")
    return f"{expected}, not {shortened(repr(error['input']), _LONGEST_INPUT)}. Mend it; see docs/studies.md."
