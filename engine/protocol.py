"""What the gateway process and the painter process say to each other, and how it lies on a pipe.

A frame is the length of its header (4 bytes, big-endian), the header (a JSON object that names the kind of message,
its fields and the length of the payload), and the payload.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar, get_args

MAXIMUM_HEADER: Final = 1 << 20  # bytes; a spec of 1,000 characters and a few paths need some thousand
MAXIMUM_PAYLOAD: Final = 8 << 20  # bytes; a preview of 512 pixels needs some ten thousand
_PREFIX: Final = struct.Struct(">I")
_CUT: Final = "the stream ended within a frame"


class ProtocolError(Exception):
    """What arrived is no frame of this protocol."""


# From the gateway process. `order` numbers the paintings asked for in a painter's life: what is said about an older
# one is told apart from what is said about the current one, even if both are attempts at one job.
@dataclass(frozen=True, slots=True)
class Paint:
    order: int
    job: int  # for log lines
    spec: str  # JSON of `ArtSpec`
    folder: str
    images: dict[str, str]  # SHA-256 → file


@dataclass(frozen=True, slots=True)
class Cancel:
    order: int


@dataclass(frozen=True, slots=True)
class Suspend:
    order: int


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what is seen in a picture, as soon as nothing is being painted."""

    order: int
    image: str  # a file
    most: int  # words of each kind


@dataclass(frozen=True, slots=True)
class Quit:
    """Suspend what is running, then end. The end of the stream means the same."""


# From the painter process.
@dataclass(frozen=True, slots=True)
class Ready:
    family: str
    device: str
    describe: str  # a sentence for the log


@dataclass(frozen=True, slots=True)
class Alive:
    """Said every few seconds from a thread of its own. It shows that the process runs, not that a painting moves."""

    phase: str  # loading, idle, preparing, painting, filming


@dataclass(frozen=True, slots=True)
class Step:
    order: int
    step: int
    total: int
    loss: float
    elapsed: float  # seconds
    remaining: float  # seconds, estimated
    notes: list[str]
    payload: bytes = b""  # a WebP preview, or nothing


@dataclass(frozen=True, slots=True)
class Done:
    order: int
    image: str
    films: dict[str, str]
    extras: dict[str, str]  # "svg", "native.png", "1.png" … → file
    seed: int
    width: int
    height: int
    iterations: int
    seconds: float
    loss: float
    clip_score: float  # 100 · cosine
    notes: list[str]
    models: str


@dataclass(frozen=True, slots=True)
class Suspended:
    order: int
    step: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    order: int


@dataclass(frozen=True, slots=True)
class Described:
    order: int
    things: dict[str, float]  # words and their share of the certainty, 0 … 1, the best first
    modifiers: dict[str, float]


@dataclass(frozen=True, slots=True)
class Refused:
    """The order itself is at fault."""

    order: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Painting went wrong; order 0: loading did, and the process ends."""

    order: int
    sentence: str


Command = Paint | Cancel | Suspend | Describe | Quit
Event = Ready | Alive | Step | Done | Suspended | Cancelled | Described | Refused | Failed
Message = Command | Event
_KINDS: Final[dict[str, type[Message]]] = {kind.__name__: kind for kind in (*get_args(Command), *get_args(Event))}
_T = TypeVar("_T")


def pack(message: Message) -> bytes:
    """One frame."""
    values = dataclasses.asdict(message)
    payload: bytes = values.pop("payload", b"")
    header = json.dumps({"kind": type(message).__name__, "values": values, "payload": len(payload)}).encode()
    if len(header) > MAXIMUM_HEADER or len(payload) > MAXIMUM_PAYLOAD:
        raise ProtocolError(f"a {type(message).__name__} of {len(header)} + {len(payload)} bytes is too large to send")
    return _PREFIX.pack(len(header)) + header + payload


def read(stream: BinaryIO) -> Message | None:
    """The next message, or None at the end of the stream. Raises `ProtocolError`."""
    prefix = _exactly(stream, _PREFIX.size, begun=False)
    if not prefix:
        return None
    header = _exactly(stream, _header_length(prefix))
    kind, values, length = _parsed(header)
    return _message(kind, values, _exactly(stream, length))


async def receive(stream: asyncio.StreamReader) -> Message | None:
    """As `read`, for asyncio."""
    try:
        prefix = await stream.readexactly(_PREFIX.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ProtocolError(_CUT) from error
        return None
    try:
        header = await stream.readexactly(_header_length(prefix))
        kind, values, length = _parsed(header)
        return _message(kind, values, await stream.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise ProtocolError(_CUT) from error


def _exactly(stream: BinaryIO, count: int, *, begun: bool = True) -> bytes:
    """`count` bytes; none where the stream ends before a frame has `begun`."""
    blocks: list[bytes] = []
    missing = count
    while missing and (block := stream.read(missing)):
        blocks.append(block)
        missing -= len(block)
    if missing and (begun or blocks):
        raise ProtocolError(_CUT)
    return b"".join(blocks)


def _header_length(prefix: bytes) -> int:
    length: int = _PREFIX.unpack(prefix)[0]
    if length > MAXIMUM_HEADER:
        raise ProtocolError(f"a header of {length} bytes is too long")
    return length


def _parsed(header: bytes) -> tuple[str, dict[str, Any], int]:
    """Kind, fields and payload length of a header."""
    try:
        outer = json.loads(header)
        kind, values, length = outer["kind"], outer["values"], outer["payload"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProtocolError("the header is not the JSON object it should be") from error
    if not isinstance(kind, str) or not isinstance(values, dict) or type(length) is not int:
        raise ProtocolError("the header has fields of a wrong type")
    if not 0 <= length <= MAXIMUM_PAYLOAD:
        raise ProtocolError(f"a payload of {length} bytes cannot be")
    return kind, values, length


def _message(kind: str, values: dict[str, Any], payload: bytes) -> Message:
    if kind not in _KINDS:
        raise ProtocolError(f"unknown kind of message {kind[:40]!r}")
    fields: dict[str, Any] = {**values, "payload": payload} if payload else values
    try:
        return _KINDS[kind](**fields)
    except TypeError as error:
        raise ProtocolError(f"a {kind} with other fields than it has") from error
