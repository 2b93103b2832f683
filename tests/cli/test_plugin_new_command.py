import pytest


def test_it_writes_a_plugin_and_says_what_is_next(mann_bench, tmp_path):
    code, out, err = mann_bench("plugin", "new", "acme-memory", "--kind", "both")
    assert code == 0
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert set(out.split()) == written
    assert "python -m pip install --editable './acme-memory[test]'\n  mann-bench plugin check acme-memory" in err


def test_it_writes_into_the_folder_that_is_given(mann_bench, tmp_path):
    (tmp_path / "plugins").mkdir()
    code, _, err = mann_bench("plugin", "new", "acme_memory", "--kind", "model", "--into", tmp_path / "plugins")
    assert code == 0
    assert (tmp_path / "plugins" / "acme-memory" / "pyproject.toml").is_file()
    assert f"'{tmp_path}/plugins/acme-memory[test]'" in err


def test_a_second_time_changes_nothing(mann_bench, tmp_path):
    mann_bench("plugin", "new", "acme-memory", "--kind", "model")
    mine = tmp_path / "acme-memory" / "src" / "acme_memory" / "model.py"
    mine.write_text("mine")
    code, _, err = mann_bench("plugin", "new", "acme-memory", "--kind", "both")
    assert code == 2
    assert "exists, and nothing is overwritten" in err
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["../acme", "--kind", "model"],
        ["ntm", "--kind", "model"],
        ["repeat-copy", "--kind", "task"],
        ["acme-memory"],
        ["acme-memory", "--kind", "nonsense"],
        ["acme-memory", "--kind", "model", "--into", "nowhere"],
    ],
)
def test_what_is_refused_leaves_nothing_behind(mann_bench, tmp_path, arguments):
    code, out, _ = mann_bench("plugin", "new", *arguments)
    assert (code, out) == (2, "")
    assert list(tmp_path.iterdir()) == []
