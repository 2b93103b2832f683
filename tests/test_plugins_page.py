"""docs/plugins.md says what is so; `make afternoon` runs it."""

import re

import afternoon

import mann_bench
from mann_bench.core.variants import Variant
from mann_bench.scaffold.names import Names, PluginKind
from mann_bench.scaffold.project import render

PAGE = afternoon.PAGE.read_text(encoding="utf-8")


def test_steps_are_commands_and_files_in_their_order():
    page = '```sh\none\ntwo\n```\n\n```python\nnot a step\n```\n\n```python title="a/b.py"\ntext\n```\n'
    assert list(afternoon.steps(page)) == [("one", None), ("two", None), ("text\n", "a/b.py")]


def test_every_command_has_an_expectation():
    commands = [step.text for step in afternoon.steps(PAGE) if not step.file]
    assert len(commands) == 7
    for command in commands:
        assert sum(f"{command} ".startswith(f"{start} ") for start in afternoon._EXPECTED) == 1


def test_the_transcript_is_that_of_the_page():
    written = re.findall(r"^\$ (.*)$", afternoon.TRANSCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
    assert written == [step.text for step in afternoon.steps(PAGE) if not step.file]


def test_a_transcript_tells_neither_times_nor_folders(tmp_path):
    text = "WARNING: Location 'file:///packages/x' is ignored: it is no directory.\n"
    text += f"ntm, seed 0: step 5/9, 2 s left\n\x1b[1mdone\x1b[0m in 1.25 s, 3 ms a step, 12 MiB, {tmp_path}/runs  \n"
    assert afternoon.normalised(text, tmp_path) == "done in N s, N ms a step, N MiB, ~/runs\n"


def test_every_file_of_the_table_is_generated():
    listed = set(re.findall(r"^\| `([\w./]+)` \|", PAGE, re.MULTILINE))
    generated = {path.as_posix() for path in render(Names.of("acme-memory", PluginKind.BOTH))}
    assert listed == generated - {"README.md", ".gitignore"}


def test_the_api_is_that_of_the_suite():
    assert f"MANN_BENCH_PLUGIN_API = ({mann_bench.PLUGIN_API}, {mann_bench.PLUGIN_API})" in PAGE
    assert f"is the version of the suite, now {mann_bench.PLUGIN_API}." in PAGE


def test_the_class_of_the_page_has_the_option_that_it_names():
    names = {}
    (code,) = [step.text for step in afternoon.steps(PAGE) if step.file]
    exec(compile(code, "plugins.md", "exec"), names)
    (text,) = re.findall(r"known\s+to\s+the\s+command\s+line\s+as\s+`([^`]+)`", PAGE)
    model = names["AcmeMemory"](3, 2, **{key: int(value) for key, value in Variant.parse(text).given.items()})
    assert model.width == 16
