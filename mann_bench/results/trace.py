"""What a run's memory does during one test sequence, small enough to be published: one JSON file."""

import base64
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Array = np.ndarray[Any, np.dtype[Any]]

_LEVELS = 255

Count = Annotated[int, Field(ge=0)]
GateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Part(BaseModel):
    """Known fields only, frozen, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Picture(_Part):
    """Values over time steps, 8 bits each, on a scale that holds 0."""

    shape: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(description="rows, time steps")
    minimum: float = Field(le=0, description="value of the byte 0")
    maximum: float = Field(ge=0, description="value of the byte 255; those between lie evenly")
    data: str = Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$", description="a byte a value, row after row, in base64")

    @classmethod
    def of(cls, values: Array) -> "Picture":
        """Return a picture of values [rows, T], which must be finite."""
        minimum, maximum = min(0.0, float(values.min())), max(0.0, float(values.max()))
        levels = np.rint((values - minimum) / (maximum - minimum or 1.0) * _LEVELS).astype(np.uint8)
        data = base64.b64encode(levels.tobytes()).decode()
        return cls(shape=values.shape, minimum=minimum, maximum=maximum, data=data)

    def values(self) -> Array:
        """Return the values, [rows, T], to half of a 255th of the scale."""
        levels = np.frombuffer(base64.b64decode(self.data), np.uint8).reshape(self.shape)
        values: Array = self.minimum + levels * ((self.maximum - self.minimum) / _LEVELS)
        return values


class MemoryTrace(_Part):
    """What the memory does. Rows of weightings and norms are slots, those of gates are heads."""

    slots: list[Count] = Field(min_length=1, description="number of the slot of each row")
    write_weightings: list[Picture] = Field(description="where each write head is")
    read_weightings: list[Picture] = Field(description="where each read head is")
    memory_norm: Picture = Field(description="Euclidean norm of each slot")
    gates: dict[GateName, Picture] = Field(description="what the heads are told, by name; read heads first")


class Placed(NamedTuple):
    """A picture and where it stands in the file."""

    place: str
    picture: Picture


class RunTrace(_Part):
    """One test sequence, as a run's kept weights do it."""

    schema_version: Literal[1] = Field(description="version of this schema")
    key: str = Field(pattern=r"^[0-9a-f]{64}$", description="run key")
    size: dict[str, int] = Field(description="size of the sequence, by name; it is the first of its size")
    inputs: Picture = Field(description="input channels")
    targets: Picture = Field(description="target bits")
    mask: Picture = Field(description="one row: above 0 where the task scores the outputs")
    outputs: Picture = Field(description="probability that a bit is one")
    memory: MemoryTrace | None = Field(description="null where the model tells of none")

    @property
    def steps(self) -> int:
        """Time steps of the sequence."""
        return self.inputs.shape[1]

    def pictures(self) -> Iterator[Placed]:
        """Yield all pictures."""
        for name in ("inputs", "targets", "mask", "outputs"):
            yield Placed(name, getattr(self, name))
        if self.memory is None:
            return
        for name in ("write_weightings", "read_weightings"):
            for head, picture in enumerate(getattr(self.memory, name)):
                yield Placed(f"memory.{name}[{head}]", picture)
        yield Placed("memory.memory_norm", self.memory.memory_norm)
        for name, picture in self.memory.gates.items():
            yield Placed(f"memory.gates.{name}", picture)
