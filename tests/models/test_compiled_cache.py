import os
import time
import warnings
from pathlib import Path

import pytest

from mann_bench.models.compiled_cache import check_own_cache, is_sealed, seal_own_cache, use_own_cache
from mann_bench.models.ntm import NTMModel
from mann_bench.native.private import UntrustedCodeWarning, folder_of_process, user_name

MODEL = NTMModel(3, 2, controller_size=4, memory_slots=4, slot_width=3)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An own cache, where torch was not told of another one."""
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "")
    return tmp_path / "cache"


@pytest.fixture
def compiled(cache):
    """A file of compiled code that was sealed."""
    use_own_cache(MODEL, 2)
    file = Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]) / "ab" / "code.so"
    file.parent.mkdir()
    file.write_bytes(b"code")
    file.chmod(0o755)
    seal_own_cache()
    return file


def test_torch_compiles_into_a_folder_of_the_user_for_the_model(cache):
    use_own_cache(MODEL, 2)
    folder = Path(os.environ["TORCHINDUCTOR_CACHE_DIR"])
    assert folder.parent == cache / user_name("compiled")
    assert [each.stat().st_mode & 0o777 for each in (folder, folder.parent)] == [0o700, 0o700]
    use_own_cache(MODEL, 3)
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parent == folder.parent
    assert os.environ["TORCHINDUCTOR_CACHE_DIR"] != str(folder)


def test_the_folder_that_torch_takes_by_itself_is_not_used(cache, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/tmp/torchinductor_somebody")
    use_own_cache(MODEL, 2)
    assert cache in Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parents


def test_a_folder_that_the_user_chose_for_torch_holds_that_of_the_user(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "chosen"))
    use_own_cache(MODEL, 2)
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parent == tmp_path / "chosen" / user_name("compiled")


def test_a_folder_is_sealed_where_an_earlier_process_told_what_it_compiled(cache):
    use_own_cache(MODEL, 2)
    assert not is_sealed()
    (Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]) / "code.so").write_bytes(b"code")
    seal_own_cache()
    assert is_sealed()


def test_vector_instructions_that_are_trusted_are_not_tried_out(monkeypatch):
    with warnings.catch_warnings(action="ignore"):  # those of inductor's own imports
        from torch._inductor import cpu_vec_isa

        from mann_bench.models.step_graphs import trust_vector_code
    tried = []
    monkeypatch.setattr(cpu_vec_isa.VecISA, "check_build", lambda _, code: tried.append(code) or True)
    cpu_vec_isa.valid_vec_isa_list.cache_clear()
    trust_vector_code()
    assert cpu_vec_isa.VecISA._avx_code not in tried


def test_what_is_as_it_was_left_stays(compiled):
    use_own_cache(MODEL, 2)
    check_own_cache(MODEL, 2)
    assert compiled.read_bytes() == b"code"


@pytest.mark.parametrize("content", [b"", b"cod", b"c0de"])
def test_what_was_changed_or_cut_off_is_removed_with_a_notice(compiled, content):
    compiled.write_bytes(content)
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        check_own_cache(MODEL, 2)
    assert not compiled.exists()


def test_what_others_may_write_to_is_removed_with_a_notice(compiled):
    compiled.chmod(0o777)
    with pytest.warns(UntrustedCodeWarning, match="others may write to it"):
        use_own_cache(MODEL, 2)
    assert not compiled.exists()


def test_what_was_never_sealed_is_removed_when_nobody_can_be_at_it_any_more(compiled):
    new, old = compiled.with_name("new.so"), compiled.with_name("old.so")
    for file in (new, old):
        file.write_bytes(b"code")
    os.utime(old, (time.time() - 7_200,) * 2)
    with pytest.warns(UntrustedCodeWarning, match="old.so is not as you left it"):
        check_own_cache(MODEL, 2)
    assert (new.exists(), old.exists()) == (True, False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"ab/code.so": "0"}'])
def test_digests_that_say_nothing_or_otherwise_save_no_old_file(compiled, content):
    next(compiled.parents[1].glob("digests.json")).write_text(content)
    os.utime(compiled, (0, 0))
    with pytest.warns(UntrustedCodeWarning, match="is not as you left it"):
        check_own_cache(MODEL, 2)


def test_in_a_folder_that_others_may_write_to_nothing_is_used(compiled):
    folder = compiled.parents[2]
    folder.chmod(0o777)
    with pytest.warns(UntrustedCodeWarning, match="for this process alone"):
        use_own_cache(MODEL, 2)
    assert folder not in Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parents


def test_without_a_place_for_it_a_folder_of_the_process_is_used(cache, monkeypatch):
    cache.write_text("a file")
    use_own_cache(MODEL, 2)
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parent == folder_of_process(user_name("compiled"))
