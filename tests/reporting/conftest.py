import json
import struct
import types
import zlib

import pytest

_BLOCK, _HEADER, _FULL, _LAST = 2**15, struct.Struct("<IHB"), 1, 4


def _payloads(log):
    """Yield what a transaction log of W&B holds: blocks of 32 KiB of checksummed pieces, as in LevelDB."""
    assert log.startswith(b":W&B")
    place, whole = 7, b""
    while place < len(log):
        left = _BLOCK - place % _BLOCK
        if left < _HEADER.size:
            place += left
            continue
        checksum, length, kind = _HEADER.unpack_from(log, place)
        piece = log[place + _HEADER.size : place + _HEADER.size + length]
        assert checksum == zlib.crc32(bytes([kind]) + piece)
        place, whole = place + _HEADER.size + length, whole + piece
        if kind in (_FULL, _LAST):
            yield whole
            whole = b""


@pytest.fixture(scope="session")
def log_of():
    """Return a function that makes a log with one entry of each kind that it is given."""
    from wandb.proto.wandb_internal_pb2 import Record

    def piece(kind):
        entry = Record()
        getattr(entry, kind).SetInParent()
        payload = entry.SerializeToString()
        return _HEADER.pack(zlib.crc32(bytes([_FULL]) + payload), len(payload), _FULL) + payload

    return lambda *kinds: b":W&B\0\0\0" + b"".join(map(piece, kinds))


def _value(items):
    """Put items, each of a path or a key and a value in JSON, into one dictionary."""
    found = {}
    for item in items:
        *path, last = item.nested_key or [item.key]
        inner = found
        for name in path:
            inner = inner.setdefault(name, {})
        inner[last] = json.loads(item.value_json)
    return found


def _read_run(folder):
    from wandb.proto.wandb_internal_pb2 import Record

    (log,) = folder.glob("run-*.wandb")
    entries = [Record.FromString(payload) for payload in _payloads(log.read_bytes())]
    by_kind = {kind: [getattr(e, kind) for e in entries if e.HasField(kind)] for kind in ("run", "history", "exit")}
    config = [item for row in by_kind["run"][:1] for item in row.config.update]
    config += [item for e in entries if e.HasField("config") for item in e.config.update]
    summary = [item for e in entries if e.HasField("summary") for item in e.summary.update]
    tables = {path.name.partition("_")[0]: json.loads(path.read_text()) for path in folder.glob("files/media/table/*")}
    return types.SimpleNamespace(
        run=by_kind["run"][0],
        tags=by_kind["run"][-1].tags,
        history=[_value(row.item) for row in by_kind["history"]],
        exits=[row.exit_code for row in by_kind["exit"]],
        config=_value(config),
        summary=_value(summary),
        tables={name: [dict(zip(t["columns"], row, strict=True)) for row in t["data"]] for name, t in tables.items()},
    )


@pytest.fixture(scope="session")
def read_wandb():
    """Return a function that reads W&B's offline runs below a folder back from disk, by id."""

    def read(folder):
        found = [_read_run(log.parent) for log in sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))]
        assert len({each.run.run_id for each in found}) == len(found)
        return {each.run.run_id: each for each in found}

    return read
