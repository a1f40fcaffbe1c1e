"""The messages between the gateway process and the painter process, and their framing on a pipe.

A frame is the length of its header (4 bytes, big-endian), the header (a JSON object that has the kind of message,
its fields and the length of the payload), and the payload.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, get_args

from engine import errors

MAXIMUM_HEADER: Final = 1 << 20  # bytes; a spec and a few paths need some thousand
MAXIMUM_PAYLOAD: Final = 8 << 20  # bytes; a preview of 512 pixels needs some tens of thousands
_PREFIX: Final = struct.Struct(">I")
_TRUNCATED: Final = "the stream ended within a frame"


class ProtocolError(Exception):
    """Received data is no frame of this protocol."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished painting: its files and figures."""

    image: Path  # PNG
    films: dict[str, Path]  # "mp4" and "gif" → file, those that were asked for and succeeded
    extras: dict[str, Path]  # suffix → file, next to the PNG: "svg", "native.png", and "1.png" … of a grid
    seed: int  # the one used
    width: int  # pixels
    height: int  # pixels
    iterations: int
    seconds: float  # of work, including that before an interruption and the encoding of the film
    iterations_per_second: float  # while painting, without loading and encoding
    loss: float
    clip_score: float  # 100 · cosine of picture and prompt; of a grid the best
    notes: tuple[errors.Message, ...]  # messages to the user
    models: str  # that painted it, for the PNG

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Finished:
        """The inverse of what `pack` does. Raises `TypeError`, `KeyError` or `ValueError` for invalid data."""
        films, extras = ({name: Path(path) for name, path in data[each].items()} for each in ("films", "extras"))
        notes = tuple(errors.Message.from_data(note) for note in data["notes"])
        return cls(**data | {"image": Path(data["image"]), "films": films, "extras": extras, "notes": notes})


# Commands, from the gateway process. `order` counts the orders of a painter's life, so that late events of an older
# one can be told from those of the current one, even if both are attempts at the same job.
@dataclass(frozen=True, slots=True)
class Paint:
    """Paint a spec."""

    order: int
    job: int  # for log lines
    spec: str  # JSON of `ArtSpec`
    folder: str  # for its files
    images: dict[str, str]  # SHA-256 → file


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop painting; no checkpoint."""

    order: int


@dataclass(frozen=True, slots=True)
class Suspend:
    """Save a checkpoint and stop painting."""

    order: int


@dataclass(frozen=True, slots=True)
class Describe:
    """Describe a picture, as soon as nothing is being painted."""

    order: int
    image: str  # a file
    most: int  # things


@dataclass(frozen=True, slots=True)
class Quit:
    """Suspend the current painting and exit. The end of the stream means the same."""


# Events, from the painter process.
@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded or will be when needed; orders are accepted."""

    family: str
    device: str
    describe: str  # a sentence for the log


@dataclass(frozen=True, slots=True)
class Alive:
    """A heartbeat, sent from its own thread: it shows that the process runs, not that the painting advances."""

    phase: str  # loading, idle, preparing, painting, filming, looking


@dataclass(frozen=True, slots=True)
class Step:
    """Progress."""

    order: int
    step: int
    total: int
    loss: float
    elapsed: float  # seconds
    remaining: float  # seconds, estimated
    notes: list[errors.Message]  # messages to the user
    payload: bytes = b""  # a WebP preview, or empty


@dataclass(frozen=True, slots=True)
class Done:
    """The painting is finished."""

    order: int
    finished: Finished


@dataclass(frozen=True, slots=True)
class Suspended:
    """The painting is interrupted; its checkpoint is saved."""

    order: int
    step: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The painting is cancelled."""

    order: int


@dataclass(frozen=True, slots=True)
class Described:
    """The description of a picture, as `Description` of `engine.models.describe` has it."""

    order: int
    things: list[str]
    sure: bool
    colours: list[str]
    style: list[str]
    prompt: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The order is invalid; the user can correct it."""

    order: int
    sentence: errors.Message


@dataclass(frozen=True, slots=True)
class Failed:
    """The painting failed; order 0: loading the models failed, and the process exits."""

    order: int
    sentence: errors.Message


Command = Paint | Cancel | Suspend | Describe | Quit
Event = Ready | Alive | Step | Done | Suspended | Cancelled | Described | Refused | Failed
Message = Command | Event
_KINDS: Final[dict[str, type[Message]]] = {kind.__name__: kind for kind in (*get_args(Command), *get_args(Event))}


def pack(message: Message) -> bytes:
    """The frame of a message. Raises `ProtocolError` if it is too large."""
    values = {each.name: getattr(message, each.name) for each in dataclasses.fields(message)}
    payload: bytes = values.pop("payload", b"")
    fields = {"kind": type(message).__name__, "values": values, "payload": len(payload)}
    header = json.dumps(fields, default=_json_default).encode()
    if len(header) > MAXIMUM_HEADER or len(payload) > MAXIMUM_PAYLOAD:
        raise ProtocolError(f"a {type(message).__name__} of {len(header)} + {len(payload)} bytes is too large to send")
    return _PREFIX.pack(len(header)) + header + payload


def _json_default(value: errors.Message | Path | Finished) -> Any:
    """A value as JSON has it."""
    match value:
        case errors.Message():
            return value.to_data()
        case Finished():
            return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        case _:
            return str(value)


def read(stream: BinaryIO) -> Message | None:
    """The next message of a stream, or None at its end. Raises `ProtocolError`."""
    prefix = _read_exactly(stream, _PREFIX.size, started=False)
    if not prefix:
        return None
    header = _read_exactly(stream, _header_length(prefix))
    kind, values, length = _parse_header(header)
    return _unpack(kind, values, _read_exactly(stream, length))


async def receive(stream: asyncio.StreamReader) -> Message | None:
    """As `read`, for asyncio."""
    try:
        prefix = await stream.readexactly(_PREFIX.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ProtocolError(_TRUNCATED) from error
        return None
    try:
        header = await stream.readexactly(_header_length(prefix))
        kind, values, length = _parse_header(header)
        return _unpack(kind, values, await stream.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise ProtocolError(_TRUNCATED) from error


def _read_exactly(stream: BinaryIO, count: int, *, started: bool = True) -> bytes:
    """`count` bytes, or none if the stream ends before a frame has `started`. Raises `ProtocolError`."""
    blocks: list[bytes] = []
    missing = count
    while missing and (block := stream.read(missing)):
        blocks.append(block)
        missing -= len(block)
    if missing and (started or blocks):
        raise ProtocolError(_TRUNCATED)
    return b"".join(blocks)


def _header_length(prefix: bytes) -> int:
    length: int = _PREFIX.unpack(prefix)[0]
    if length > MAXIMUM_HEADER:
        raise ProtocolError(f"a header of {length} bytes is too long")
    return length


def _parse_header(header: bytes) -> tuple[str, dict[str, Any], int]:
    """Kind, fields and payload length of a header."""
    try:
        fields = json.loads(header)
        kind, values, length = fields["kind"], fields["values"], fields["payload"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProtocolError("the header is not the JSON object it should be") from error
    if not isinstance(kind, str) or not isinstance(values, dict) or type(length) is not int:
        raise ProtocolError("the header has fields of a wrong type")
    if not 0 <= length <= MAXIMUM_PAYLOAD:
        raise ProtocolError(f"a payload of {length} bytes cannot be")
    return kind, values, length


def _unpack(kind: str, values: dict[str, Any], payload: bytes) -> Message:
    if kind not in _KINDS:
        raise ProtocolError(f"unknown kind of message {kind[:40]!r}")
    fields: dict[str, Any] = {**values, "payload": payload} if payload else dict(values)
    try:
        if "sentence" in fields:
            fields["sentence"] = errors.Message.from_data(fields["sentence"])
        if "notes" in fields:
            fields["notes"] = [errors.Message.from_data(note) for note in fields["notes"]]
        if "finished" in fields:
            fields["finished"] = Finished.from_data(fields["finished"])
        return _KINDS[kind](**fields)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ProtocolError(f"a {kind} with other fields than it has") from error
