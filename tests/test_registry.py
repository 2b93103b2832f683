"""Plugins are found through fake dist-info folders on sys.path."""

import pytest

from mann_bench import hookspecs
from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.plugins import KINDS, Status
from mann_bench.registry import Registry


def bringing(model="extra", task=None):
    hooks = [_hook("models", f"ModelSpec({model!r}, 1, 'a:B', 'one line')")] if model else []
    hooks += [_hook("tasks", f"TaskSpec({task!r}, 1, 'a:B', 'one line')")] if task else []
    return "from mann_bench import ModelSpec, TaskSpec, hookimpl\n" + "\n".join(hooks)


STUDY = """
from pathlib import Path
from mann_bench import StudySpec
@hookimpl
def mann_bench_studies():
    return [StudySpec({!r}, Path(__file__).with_name("study.toml"), "one line")]
"""


def _hook(kind, spec):
    return f"@hookimpl\ndef mann_bench_{kind}():\n    return [{spec}]\n"


def row(registry, name):
    return next(plugin for plugin in registry.plugins if plugin.name == name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.plural)
def test_every_kind_has_a_hook_and_a_place_in_the_registry(kind):
    assert hasattr(hookspecs, f"mann_bench_{kind.plural}")
    registry = Registry.discover(third_party=False)
    name = next(iter(registry.all_of(kind)))
    assert registry.find(kind, name) == getattr(registry, kind.singular)(name)


def test_builtins_come_in_through_an_entry_point():
    registry = Registry.discover()
    assert row(registry, "builtin").distribution == "mann-bench"
    assert {"ntm", "lstm"} <= set(registry.models)
    assert {"copy", "repeat_copy", "associative_recall"} <= set(registry.tasks)
    assert "collier2018" in registry.protocols
    assert "collier-beel-2018" in registry.studies


def test_a_third_party_brings_a_model_and_a_task(install):
    install("acme-memory", bringing("acme", "acme_task"))
    registry = Registry.discover()
    assert registry.model("acme").plugin.distribution == "acme-memory"
    assert registry.task("acme_task").plugin.version == "1.2"


def test_a_third_party_brings_a_study(install, tmp_path):
    install("acme-memory", bringing(None) + STUDY.format("acme-study"))
    entry = Registry.discover().study("acme-study")
    assert (entry.plugin.distribution, entry.plugin.brings) == ("acme-memory", ("acme-study",))
    assert entry.spec.path == tmp_path / "study.toml"


def test_a_third_party_brings_an_executor(install):
    spec = "__import__('mann_bench').ExecutorSpec('acme_queue', 'a:B', 'one line')"
    install("acme-queue", bringing(None) + _hook("executors", spec))
    assert Registry.discover().executor("acme_queue").plugin.distribution == "acme-queue"


def test_an_unknown_study_gets_the_nearest_match():
    with pytest.raises(UsageError, match=r"unknown study 'smok'. Did you mean 'smoke'\?"):
        Registry.discover().study("smok")


def test_two_claims_to_a_study_are_an_error(install):
    install("acme-one", bringing(None) + STUDY.format("smoke"))
    with pytest.raises(PluginUnavailableError, match="study 'smoke' is claimed by two distributions"):
        Registry.discover().study("smoke")


BROKEN = {
    "raises": ("raise RuntimeError('no CUDA today')", "RuntimeError: no CUDA today"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "imports nothing": ("import surely_not_there", "ModuleNotFoundError: No module named 'surely_not_there'"),
    "misspells a hook": (bringing(None) + _hook("modles", "1"), "mann_bench_modles"),
    "returns rubbish": (bringing(None) + _hook("models", "'ntm2'"), "must return ModelSpec objects"),
    "has a bad name": (bringing("Not A Name"), "is no valid name"),
    "has a bad version": ("from mann_bench import *\n" + _hook("models", "ModelSpec('m', 'two', 'a:B', '')"), "'two'"),
    "has a bad target": ("from mann_bench import *\n" + _hook("models", "ModelSpec('m', 1, 'a.B', '')"), "'a.B'"),
    "has long reasons": ("raise RuntimeError('x' * 10**6)", "RuntimeError: xxx"),
    "has a bad study": (bringing(None) + STUDY.format("a_study"), "lower case, digits and hyphens"),
    "twice": (bringing(None) + _hook("tasks", "*[TaskSpec('t', 1, 'a:B', '')] * 2"), "task 't' twice"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_plugin_is_a_row_with_its_reason_and_stops_nothing(install, source, reason):
    install("acme-broken", source)
    install("acme-sound", bringing("sound"))
    registry = Registry.discover()
    assert row(registry, "acme-broken").status is Status.BROKEN
    assert reason in row(registry, "acme-broken").reason
    assert {"sound", "ntm"} <= set(registry.models)


def test_a_plugin_that_fails_late_leaves_nothing_behind(install):
    install("acme-broken", bringing("half") + _hook("tasks", "None"))
    registry = Registry.discover()
    assert "half" not in registry.models


def test_naming_a_broken_plugin_says_why(install):
    install("acme-broken", "raise RuntimeError('no CUDA today')")
    with pytest.raises(PluginUnavailableError, match=r"'acme-broken'.*no CUDA today"):
        Registry.discover().model("acme-broken")


def test_an_unknown_name_mentions_plugins_that_may_have_brought_it(install):
    install("acme-broken", "raise RuntimeError('no CUDA today')")
    with pytest.raises(UsageError, match=r"not loaded: 'acme-broken' \(broken\)"):
        Registry.discover().model("acme_net")


def test_an_unknown_name_gets_the_nearest_match():
    with pytest.raises(UsageError, match=r"unknown task 'repeat-copy'. Did you mean 'repeat_copy'\? Known: "):
        Registry.discover().task("repeat-copy")


def test_two_claims_to_one_name_are_an_error_that_names_both(install):
    install("acme-one", bringing("twin"))
    install("acme-two", bringing("twin"))
    registry = Registry.discover()
    with pytest.raises(PluginUnavailableError, match="'acme-one' and 'acme-two'"):
        registry.model("twin")
    assert row(registry, "acme-two").status is Status.BROKEN
    assert registry.model("ntm")


def test_a_contested_plugin_is_rolled_back_whole(install):
    install("acme-one", bringing("twin"))
    install("acme-two", bringing("twin", "only_here"))
    with pytest.raises(PluginUnavailableError, match="only_here"):
        Registry.discover().task("only_here")


def test_a_claim_to_a_builtin_name_is_loud_and_can_be_switched_off(install):
    install("acme-usurper", bringing("ntm"))
    with pytest.raises(PluginUnavailableError, match="'mann-bench' and 'acme-usurper'"):
        Registry.discover().model("ntm")
    assert Registry.discover(third_party=False).model("ntm").plugin.distribution == "mann-bench"


def test_third_parties_can_be_switched_off(install):
    install("acme-memory", "raise RuntimeError('must not be imported')")
    registry = Registry.discover(third_party=False)
    assert row(registry, "acme-memory").status is Status.OFF
    with pytest.raises(PluginUnavailableError, match="switched off by --no-plugins"):
        registry.model("acme-memory")


@pytest.mark.parametrize(("value", "loaded"), [("", set()), ("acme-b", {"b"}), ("acme-a, acme-b", {"a", "b"})])
def test_the_variable_narrows_third_parties(install, monkeypatch, value, loaded):
    install("acme-a", bringing("a"))
    install("acme-b", bringing("b"))
    monkeypatch.setenv("MANN_BENCH_PLUGINS", value)
    registry = Registry.discover()
    assert set(registry.models) - set(Registry.discover(third_party=False).models) == loaded
    assert "copy" in registry.tasks


def test_one_distribution_may_have_two_plugins(install, tmp_path):
    install("acme-memory", bringing("acme"))
    (tmp_path / "second.py").write_text(bringing("acme_second"))
    points = tmp_path / "acme_memory-1.2.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "more = second\n")
    assert {"acme", "acme_second"} <= set(Registry.discover().models)


def test_a_leftover_folder_without_metadata_stops_nothing(install, tmp_path):
    install("acme-memory", bringing("acme"))
    (tmp_path / "acme_memory-1.2.dist-info" / "METADATA").unlink()
    assert {"ntm", "acme"} <= set(Registry.discover().models)


@pytest.mark.parametrize("declared", ["", "MANN_BENCH_PLUGIN_API = (1, 1)", "MANN_BENCH_PLUGIN_API = (1, 9)"])
def test_a_plugin_of_this_api_is_loaded(install, declared):
    install("acme-memory", f"{bringing('acme')}\n{declared}")
    assert Registry.discover().model("acme").plugin.status is Status.LOADED


@pytest.mark.parametrize(("declared", "api"), [("", 1), ("MANN_BENCH_PLUGIN_API = (1, 9)", 9)])
def test_the_highest_api_of_a_plugin_is_known(install, declared, api):
    install("acme-memory", f"{bringing('acme')}\n{declared}")
    assert row(Registry.discover(), "acme-memory").api == api


def test_a_plugin_of_an_api_to_come_asks_for_a_newer_suite(install):
    install("acme-memory", bringing("acme") + "MANN_BENCH_PLUGIN_API = (2, 3)")
    registry = Registry.discover()
    assert row(registry, "acme-memory").reason == (
        "it is written for plugin API 2 to 3, and this mann-bench has 1; upgrade mann-bench"
    )
    assert "acme" not in registry.models


@pytest.mark.parametrize("declared", ["", "MANN_BENCH_PLUGIN_API = (1, 1)"])
def test_a_plugin_of_an_api_that_is_gone_is_to_be_upgraded(install, monkeypatch, declared):
    install("acme-memory", f"{bringing('acme')}\n{declared}")
    monkeypatch.setattr(hookspecs, "PLUGIN_API", 2)
    assert row(Registry.discover(), "acme-memory").reason == (
        "it is written for plugin API 1 to 1, and this mann-bench has 2; upgrade acme-memory"
    )


@pytest.mark.parametrize("declared", ["1", "None", "(2, 1)", "(0, 1)", "('1', '2')", "(1,)", "(1, 2, 3)"])
def test_a_malformed_api_is_a_row_that_shows_a_right_one(install, declared):
    install("acme-memory", bringing("acme") + f"MANN_BENCH_PLUGIN_API = {declared}")
    reason = row(Registry.discover(), "acme-memory").reason
    assert reason.startswith(f"MANN_BENCH_PLUGIN_API is {declared}; expected ")
    assert reason.endswith("such as (1, 1)")


def test_hooks_of_another_api_are_not_called(install):
    hook = "@hookimpl\ndef mann_bench_models():\n    raise SystemExit('called')\n"
    install("acme-memory", bringing(None) + hook + "MANN_BENCH_PLUGIN_API = (2, 2)")
    assert "called" not in row(Registry.discover(), "acme-memory").reason
