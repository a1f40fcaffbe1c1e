from __future__ import annotations

import asyncio
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Message as Sentence
from engine.service import protocol
from engine.service.protocol import (
    Alive,
    Cancel,
    Describe,
    Described,
    Done,
    Failed,
    Finished,
    Message,
    Paint,
    ProtocolError,
    Quit,
    Refused,
    Step,
    pack,
    read,
    receive,
)

NOTE = Sentence("{mended} {count}.", mended=Sentence("“{word}” was read as “{{}}”", word="{bläh}"), count=2)
MESSAGES: list[Message] = [
    Paint(3, 12, '{"version":1,"prompt":"霧 | \\ud800"}', "/data/jobs/12", {"ab" * 32: "/data/files/x.png"}),
    Cancel(3),
    Describe(4, "/data/files/x.png", 8),
    Described(4, ["an apple", "霧"], False, ["red", "green"], [], "a red apple"),
    Quit(),
    Alive("painting"),
    Step(3, 5, 40, 0.75, 1.5, 12.25, [NOTE], b"RIFF\0\0WEBP"),
    Refused(3, NOTE),
    Failed(0, Sentence("There are no {models}.")),
    Step(3, 6, 40, 0.5, 1.75, 11.0, []),
    Done(
        3,
        Finished(
            Path("/a.png"),
            {"mp4": Path("/a.mp4")},
            {"svg": Path("/a.svg"), "native.png": Path("/b.png")},
            *(7, 64, 32, 40, 9.5, 4.2, 0.5, 25.0),
            (Sentence("a note"), NOTE),
            "mini",
        ),
    ),
]


def stream_of(data: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return stream


async def received(data: bytes) -> list[Message]:
    stream, messages = stream_of(data), list[Message]()
    while (message := await receive(stream)) is not None:
        messages.append(message)
    return messages


def have_read(data: bytes) -> list[Message]:
    stream, messages = io.BytesIO(data), list[Message]()
    while (message := read(stream)) is not None:
        messages.append(message)
    return messages


async def test_messages_arrive_as_they_were_sent() -> None:
    data = b"".join(pack(message) for message in MESSAGES)
    assert have_read(data) == MESSAGES
    assert await received(data) == MESSAGES


def test_a_stream_that_gives_single_bytes_is_read_all_the_same() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(1, size or 0))

    assert read(Trickle(pack(MESSAGES[6]))) == MESSAGES[6]


@pytest.mark.parametrize("message", MESSAGES)
async def test_a_frame_that_ends_early_is_an_error(message: Message) -> None:
    whole = pack(message)
    for end in range(1, len(whole)):
        with pytest.raises(ProtocolError, match="ended within"):
            read(io.BytesIO(whole[:end]))
    with pytest.raises(ProtocolError, match="ended within"):
        await receive(stream_of(whole[:-1]))


def framed(header: object, payload: bytes = b"") -> bytes:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(data)) + data + payload


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        struct.pack(">I", protocol.MAXIMUM_HEADER + 1),
        framed(b"not JSON"),
        framed(b"[" * 100_000),
        framed([]),
        framed({"kind": "Quit"}),
        framed({"kind": "Quit", "values": {}, "payload": -1}),
        framed({"kind": "Quit", "values": {}, "payload": protocol.MAXIMUM_PAYLOAD + 1}),
        framed({"kind": "Quit", "values": {}, "payload": True}),
        framed({"kind": "Quit", "values": {"now": 1}, "payload": 0}),
        framed({"kind": "Quit", "values": {}, "payload": 3}, b"abc"),
        framed({"kind": "Cancel", "values": {}, "payload": 0}),
        framed({"kind": "Refused", "values": {"order": 1, "sentence": 5}, "payload": 0}),
        framed({"kind": "Refused", "values": {"order": 1, "sentence": ["{a}", {"a": []}, []]}, "payload": 0}),
        framed({"kind": "__class__", "values": {}, "payload": 0}),
        framed({"kind": ["Quit"], "values": {}, "payload": 0}),
    ],
)
async def test_what_is_no_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(io.BytesIO(data))
    with pytest.raises(ProtocolError):
        await receive(stream_of(data))


def test_nothing_too_large_is_sent() -> None:
    with pytest.raises(ProtocolError, match="too large"):
        pack(Step(1, 1, 1, 0, 0, 0, [], bytes(protocol.MAXIMUM_PAYLOAD + 1)))


@given(st.binary(max_size=300))
def test_any_bytes_give_messages_or_an_error(data: bytes) -> None:
    try:
        messages = have_read(data)
    except ProtocolError:
        return
    assert all(type(message).__name__ in protocol._KINDS for message in messages)


@given(st.sampled_from(MESSAGES), st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_frames_give_messages_or_an_error(message: Message, data: st.DataObject) -> None:
    frame = bytearray(pack(message))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    loop = asyncio.new_event_loop()
    try:
        outcomes = [
            outcome(lambda: have_read(bytes(frame))),
            outcome(lambda: loop.run_until_complete(received(bytes(frame)))),
        ]
    finally:
        loop.close()
    assert outcomes[0] == outcomes[1]


def outcome(way: Callable[[], list[Message]]) -> str:
    try:
        return repr(way())
    except ProtocolError:
        return "error"
