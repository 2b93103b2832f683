import pytest

from mann_bench.core.errors import UsageError
from mann_bench.plugins import Plugin, Status
from mann_bench.registry import Registry
from mann_bench.scaffold.names import LONGEST_NAME, Names, PluginKind, check_free


@pytest.fixture(scope="module")
def registry():
    return Registry.discover(third_party=False)


@pytest.mark.parametrize(
    ("kind", "model", "task"),
    [
        (PluginKind.MODEL, "acme_memory", None),
        (PluginKind.TASK, None, "acme_memory"),
        (PluginKind.BOTH, "acme_memory", "acme_memory_task"),
    ],
)
@pytest.mark.parametrize("name", ["acme-memory", "acme_memory"])
def test_names_are_derived(name, kind, model, task):
    assert Names.of(name, kind) == Names("acme-memory", "acme_memory", model, task)


def test_classes_are_named_after_model_and_task():
    names = Names.of("acme-memory-2", PluginKind.BOTH)
    assert (names.model_class, names.task_class) == ("AcmeMemory2", "AcmeMemory2Task")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "../acme",
        "acme/memory",
        "/acme",
        "acme.",
        "a--b",
        "acme-",
        "2acme",
        "Acme",
        "a b",
        "é",
        "acme\n",
        "a;b",
    ],
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(UsageError, match="no name for a plugin: expected lower case"):
        Names.of(name, PluginKind.MODEL)


def test_a_name_has_a_longest_length():
    assert Names.of("a" * LONGEST_NAME, PluginKind.MODEL).model
    with pytest.raises(UsageError, match=f"at most {LONGEST_NAME} characters"):
        Names.of("a" * (LONGEST_NAME + 1), PluginKind.MODEL)


@pytest.mark.parametrize("name", ["Acme Memory", "../acme-memory", "2-acme_Memory.", "acme--memory"])
def test_the_nearest_name_is_suggested(name):
    with pytest.raises(UsageError, match=r"Did you mean 'acme-memory'\?"):
        Names.of(name, PluginKind.MODEL)


@pytest.mark.parametrize("name", ["class", "lambda", "async"])
def test_a_keyword_is_refused(name):
    with pytest.raises(UsageError, match=rf"is a keyword of Python and cannot be imported. Try 'my-{name}'"):
        Names.of(name, PluginKind.MODEL)


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("ntm", PluginKind.MODEL, "model 'ntm' exists, from mann-bench. Try 'my-ntm'"),
        ("repeat-copy", PluginKind.TASK, "task 'repeat_copy' exists, from mann-bench. Try 'my-repeat-copy'"),
        ("builtin", PluginKind.MODEL, "plugin 'builtin' is installed"),
        ("torch", PluginKind.MODEL, "a package 'torch' is installed"),
        ("mann-bench", PluginKind.TASK, "a package 'mann_bench' is installed"),
        ("json", PluginKind.MODEL, "a package 'json' is installed"),
        ("recurrent-model", PluginKind.MODEL, "class RecurrentModel would hide mann_bench.RecurrentModel"),
        ("sequence", PluginKind.BOTH, "class SequenceTask would hide mann_bench.SequenceTask"),
    ],
)
def test_a_name_that_is_taken_is_refused(registry, name, kind, reason):
    with pytest.raises(UsageError, match=f"cannot be had: .*{reason}"):
        check_free(Names.of(name, kind), registry)


@pytest.mark.parametrize(("name", "kind"), [("acme-memory", PluginKind.BOTH), ("repeat-copy", PluginKind.MODEL)])
def test_a_name_that_is_free_can_be_had(registry, name, kind):
    check_free(Names.of(name, kind), registry)


def test_the_name_of_a_broken_plugin_is_taken():
    broken = Plugin("acme-memory", "acme-memory", "1.0", Status.BROKEN, "it raised")
    with pytest.raises(UsageError, match="plugin 'acme-memory' is installed"):
        check_free(Names.of("acme-memory", PluginKind.MODEL), Registry(plugins=[broken]))
