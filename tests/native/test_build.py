import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mann_bench.core.errors import MannBenchError
from mann_bench.native import build
from mann_bench.native.private import UntrustedCodeWarning

TINY = 'extern "C" int answer() { return ANSWER; }'


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source of one function, with a cache of its own."""
    sources = tmp_path / "src"
    sources.mkdir()
    (sources / "tiny.cpp").write_text(TINY)
    monkeypatch.setattr(build, "SOURCES", sources)
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))
    return sources / "tiny.cpp"


def libraries():
    return sorted(build.libraries_folder().glob("*.so"))


def test_a_source_is_compiled_with_its_constants(source):
    assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42
    assert build.load("tiny.cpp", {"ANSWER": 43}).answer() == 43


def test_what_is_compiled_is_kept(source, monkeypatch):
    build.load("tiny.cpp", {"ANSWER": 42})
    monkeypatch.setattr(build, "_compile", None)
    assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42
    assert len(libraries()) == 1


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_library_that_was_cut_off_is_compiled_anew(source, share):
    build.load("tiny.cpp", {"ANSWER": 42})
    (library,) = libraries()
    content = library.read_bytes()
    library.unlink()  # this process has it in memory, and a file that shrinks there ends it
    library.write_bytes(content[: int(share * len(content))])
    library.chmod(0o700)
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42
    assert [path.read_bytes() for path in libraries()] == [content]


def test_a_library_with_another_content_is_not_loaded(source):
    build.load("tiny.cpp", {"ANSWER": 43})
    (other,) = libraries()
    build.load("tiny.cpp", {"ANSWER": 42})
    (library,) = set(libraries()) - {other}
    other.replace(library)
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42


def test_a_library_does_not_pass_for_another_under_its_name(source):
    build.load("tiny.cpp", {"ANSWER": 42})
    (asked,) = libraries()
    build.load("tiny.cpp", {"ANSWER": 43})
    (other,) = set(libraries()) - {asked}
    asked.unlink()
    digest = other.stem.rpartition("-")[2]
    other.rename(asked.with_stem(f"{asked.stem.rpartition('-')[0]}-{digest}"))
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_library_that_others_may_write_to_is_compiled_anew(source, mode):
    build.load("tiny.cpp", {"ANSWER": 42})
    (library,) = libraries()
    library.chmod(mode)
    with pytest.warns(UntrustedCodeWarning, match="others may write to it: it is compiled anew"):
        assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42
    assert library.stat().st_mode & 0o777 == 0o700
    build.load("tiny.cpp", {"ANSWER": 42})


def test_a_library_of_somebody_else_is_not_loaded(source, monkeypatch):
    build.load("tiny.cpp", {"ANSWER": 42})
    folder = build.libraries_folder()
    monkeypatch.setattr(os, "geteuid", lambda: 4_321)
    folder.rename(build.libraries_folder())
    with pytest.warns(UntrustedCodeWarning, match="is not yours, or others may write to it"):
        assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42


def test_a_link_to_a_library_is_not_followed(source, tmp_path):
    build.load("tiny.cpp", {"ANSWER": 42})
    (library,) = libraries()
    library.rename(tmp_path / "elsewhere.so")
    library.symlink_to(tmp_path / "elsewhere.so")
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        build.load("tiny.cpp", {"ANSWER": 42})
    assert not library.is_symlink()


def test_a_folder_that_others_may_write_to_is_left_alone(source):
    build.load("tiny.cpp", {"ANSWER": 42})
    folder = build.libraries_folder()
    folder.chmod(0o777)
    before = libraries()
    with pytest.warns(UntrustedCodeWarning, match="for this process alone"):
        assert build.load("tiny.cpp", {"ANSWER": 43}).answer() == 43
    assert libraries() == before


def test_whatever_the_umask_the_cache_is_the_users_alone(source):
    before = os.umask(0)
    try:
        build.load("tiny.cpp", {"ANSWER": 42})
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in [build.libraries_folder(), *libraries()]] == [0o700, 0o700]
    build.load("tiny.cpp", {"ANSWER": 42})


def test_a_changed_source_is_compiled_anew(source):
    build.load("tiny.cpp", {"ANSWER": 42})
    source.write_text(TINY.replace("ANSWER", "ANSWER + 1"))
    assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 43


def test_a_flag_that_the_compiler_refuses_is_done_without(source, monkeypatch):
    monkeypatch.setattr(build, "_CHOICES", [["-march=of-another-world"], []])
    assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42


def test_a_flag_whose_result_does_not_load_is_done_without(source, monkeypatch):
    source.write_text(TINY.replace("return", "extern int missing(); return USE_MISSING ? missing() :"))
    monkeypatch.setattr(build, "_CHOICES", [["-DUSE_MISSING=1"], ["-DUSE_MISSING=0"]])
    assert build.load("tiny.cpp", {"ANSWER": 42}).answer() == 42


def test_a_compiler_of_ones_own_comes_first(source, monkeypatch):
    monkeypatch.setenv("CXX", "c++ -DANSWER=7")
    assert build.load("tiny.cpp", {}).answer() == 7


def test_without_a_compiler_the_error_says_what_to_install(source, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(build.NativeBuildError, match=r"no C\+\+ compiler found.*g\+\+"):
        build.load("tiny.cpp", {"ANSWER": 42})


def test_a_source_that_does_not_compile_shows_the_compilers_complaint(source):
    source.write_text("nonsense")
    with pytest.raises(build.NativeBuildError, match="nonsense"):
        build.load("tiny.cpp", {"ANSWER": 42})
    assert libraries() == []


def test_the_error_is_one_that_a_user_can_act_on():
    assert issubclass(build.NativeBuildError, MannBenchError)


def test_processes_that_compile_at_the_same_time_do_not_meet(source):
    code = "import sys; from pathlib import Path; from mann_bench.native import build\n"
    code += f"build.SOURCES = Path({str(source.parent)!r}); print(build.load('tiny.cpp', {{'ANSWER': 42}}).answer())"
    root = Path(build.__file__).parents[2]
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [process.communicate()[0].strip() for process in processes] == ["42"] * 4
    assert len(list(build.libraries_folder().iterdir())) == 1


def test_the_cache_is_the_users_unless_told(monkeypatch, tmp_path):
    monkeypatch.delenv("MANN_BENCH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert build.cache_directory() == tmp_path / "mann-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build.cache_directory() == tmp_path / ".cache" / "mann-bench"


def no_home(path):
    raise RuntimeError("Could not determine home directory.")


def test_without_a_home_directory_the_error_says_what_to_set(source, monkeypatch):
    monkeypatch.delenv("MANN_BENCH_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(build.NativeBuildError, match="no home directory to keep compiled libraries in"):
        build.load("tiny.cpp", {"ANSWER": 42})


@pytest.mark.skipif(not hasattr(os, "ST_NOEXEC"), reason="this system does not tell")
def test_a_cache_where_nothing_may_be_executed_is_named_and_no_compiler_is_blamed(source, monkeypatch):
    told = os.statvfs(source)
    flags = SimpleNamespace(f_flag=told.f_flag | os.ST_NOEXEC)
    monkeypatch.setattr(os, "statvfs", lambda path: flags)
    with pytest.raises(build.NativeBuildError, match=r"cache/native\S* lies on a file system .*noexec") as caught:
        build.load("tiny.cpp", {"ANSWER": 42})
    assert "Install" not in str(caught.value)


def test_a_cache_that_cannot_be_written_to_is_an_error_that_says_what_to_do(source, monkeypatch, tmp_path):
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "taken" / "below"))
    with pytest.raises(build.NativeBuildError, match="Set MANN_BENCH_CACHE to a folder that can be written to"):
        build.load("tiny.cpp", {"ANSWER": 42})
