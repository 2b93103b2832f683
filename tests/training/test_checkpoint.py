import io
import os
import zipfile
from pathlib import Path

import pytest
import torch

from mann_bench.core.events import Notice, Progress
from mann_bench.training.checkpoint import Checkpoints, UnusableCheckpointError, load

pytestmark = pytest.mark.usefixtures("short_grid")


@pytest.fixture
def run(make_run):
    return make_run(max_steps=6)


@pytest.fixture(scope="module")
def contents():
    """What the file of a checkpoint held, made once."""
    return []


@pytest.fixture
def checkpoint(run, interrupt, evaluated, tmp_path, contents):
    """The last checkpoint of a run that was interrupted at step 4."""
    path = tmp_path / "runs" / run.key / "checkpoint-4.pt"
    if contents:
        path.parent.mkdir(parents=True)
        path.write_bytes(contents[0])
    else:
        interrupt(run, evaluated(4))
        contents.append(path.read_bytes())
    return path


def changed(path, change):
    """Let `change` do what it likes to the content of a checkpoint, and write it as torch does."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def flip_a_bit(path):
    """In the largest tensor: in a header, or between two tensors, it might mean nothing."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        tensor = archive.read(max(archive.infolist(), key=lambda entry: entry.file_size))
    content[content.index(tensor) + len(tensor) // 2] ^= 1
    path.write_bytes(content)


def outgrow(path):
    with path.open("r+b") as file:
        file.truncate(2**40)  # takes no room


def compress(path):
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**entries, "bomb": bytes(2**24)}.items():
            archive.writestr(name, content)


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def a_link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def shape_the_optimizer(content):
    state = content["optimizers"][0]["state"]
    state[0]["exp_avg"] = torch.zeros(1).expand(state[0]["exp_avg"].shape)


def field(*names, value):
    def change(content):
        *path, last = names
        for name in path:
            content = content[name]
        content[last] = value

    return lambda path: changed(path, change)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "a bit flipped": flip_a_bit,
    "text": lambda path: path.write_text("no checkpoint"),
    "an old pickle": lambda path: torch.save({"weights": {}}, path, _use_new_zipfile_serialization=False),
    "code": field("extra", value={"path": Path("somewhere")}),
    "larger than it can be": outgrow,
    "a bomb": compress,
    "a pipe": a_pipe,
    "a link": a_link,
    "nothing in it": lambda path: torch.save({}, path),
    "a list": lambda path: torch.save([1, 2], path),
    "a field too many": field("more", value=1),
    "of another run": field("made_by", "run", value="0" * 64),
    "of another torch": field("made_by", "torch", value="1.0"),
    "of another suite": field("made_by", "mann-bench", value="0.0.0"),
    "of another backend": field("made_by", "backend", value="native"),
    "of another device": field("made_by", "device", value="cuda"),
    "of another distribution": field("made_by", "model of", value="theirs 1.0"),
    "other weights": field("weights", "readout.bias", value=torch.zeros(3)),
    "best weights missing": field("best_weights", value={}),
    "other measurements": field("measured", "curve", value=[("no", "curve")]),
    "a curve without scores": field("measured", "curve", value=[(0, 0, 0.0, {}, {})]),
    "no optimizer": field("optimizers", value=[]),
    "another optimizer": field("optimizers", 0, "param_groups", value=[]),
    "an optimizer without memory": lambda path: changed(path, shape_the_optimizer),
    "no random states": field("random", value={}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_checkpoint_that_is_no_good_is_passed_over(run, checkpoint, same, damage):
    damage(checkpoint)
    events = same(run)
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert [text.partition(": ")[0] for text in notices] == [f"{checkpoint} is passed over"]
    assert next(event.step for event in events if isinstance(event, Progress)) == 0


def test_the_one_before_takes_its_place(run, interrupt, evaluated, same, tmp_path):
    interrupt(run, evaluated(4), every=1e-9)
    (tmp_path / "runs" / run.key / "checkpoint-4.pt").write_bytes(b"")
    events = same(run)
    assert next(event.step for event in events if isinstance(event, Progress)) == 2


def test_what_was_passed_over_goes_when_there_is_a_better_one(run, checkpoint, interrupt, evaluated, names):
    checkpoint.rename(checkpoint.with_name("checkpoint-900.pt"))
    changed(checkpoint.with_name("checkpoint-900.pt"), lambda content: content["made_by"].update(torch="1.0"))
    interrupt(run, evaluated(2))
    assert names(run) == ["checkpoint-2.pt"]


def test_a_checkpoint_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    with pytest.raises(UnusableCheckpointError, match=r"checkpoint-3.pt is passed over: .*No such file"):
        load(tmp_path / "checkpoint-3.pt", {}, {})


def test_the_reason_says_what_was_expected(checkpoint):
    expected = torch.load(checkpoint, weights_only=True)
    with pytest.raises(UnusableCheckpointError, match="it was made with backend 'eager', not 'native'"):
        load(checkpoint, expected["made_by"] | {"backend": "native"}, expected["weights"])


def test_loading_runs_no_code(checkpoint):
    buffer = io.BytesIO()
    torch.save(os.system, buffer)
    checkpoint.write_bytes(buffer.getvalue())
    with pytest.raises(UnusableCheckpointError, match="more than tensors and plain data"):
        load(checkpoint, {}, {})


def test_files_are_found_by_their_steps_and_others_left_alone(tmp_path):
    for name in ("checkpoint-9.pt", "checkpoint-10.pt", "checkpoint-x.pt", "record.json", ".checkpoint-9.pt.a.tmp"):
        (tmp_path / name).touch()
    (tmp_path / "checkpoint-11.pt").mkdir()
    checkpoints = Checkpoints(tmp_path)
    assert [path.name for path in checkpoints.paths()] == ["checkpoint-10.pt", "checkpoint-9.pt"]
    assert checkpoints.resumes_at() == 10
    checkpoints.remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-11.pt", "checkpoint-x.pt", "record.json"]


def test_a_folder_that_is_not_there_holds_none(tmp_path):
    checkpoints = Checkpoints(tmp_path / "nowhere")
    checkpoints.remove()
    assert (checkpoints.paths(), checkpoints.resumes_at()) == ([], None)
