import pytest

from mann_bench.reporting.wandb_settings import settings_mode


@pytest.fixture(autouse=True)
def write(tmp_path, monkeypatch):
    """Return a function that writes a settings file below an empty folder, which is home and current directory."""
    for name in ("WANDB_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def settings(folder, content="[default]\nmode = offline\n"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "settings").write_text(content)

    return settings


@pytest.mark.parametrize("folder", ["wandb", ".wandb", ".config/wandb"])
def test_the_mode_is_that_of_a_settings_file(write, folder):
    write(folder)
    assert settings_mode() == "offline"


def test_the_folder_goes_before_the_user(write):
    write(".config/wandb")
    write("wandb", "[default]\nmode = disabled\n")
    assert settings_mode() == "disabled"


@pytest.mark.parametrize(("name", "folder"), [("WANDB_DIR", "there/wandb"), ("WANDB_CONFIG_DIR", "there")])
def test_the_environment_may_name_another_folder(write, monkeypatch, tmp_path, name, folder):
    write(folder)
    monkeypatch.setenv(name, str(tmp_path / "there"))
    assert settings_mode() == "offline"


@pytest.mark.parametrize("content", ["", "[default]\n", "[other]\nmode = offline\n", "nonsense", "[default\nmode"])
def test_a_file_that_names_no_mode_is_passed_over(write, content):
    write("wandb", content)
    assert settings_mode() is None


def test_without_a_file_there_is_no_mode():
    assert settings_mode() is None
