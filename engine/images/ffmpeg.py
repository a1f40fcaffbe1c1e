"""ffmpeg: recording raw frames, encoding MP4 and GIF, shrinking films to an upload limit."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import imageio_ffmpeg

from engine.errors import AtelierError, Message
from engine.images.files import replacing

PIPE_BYTES: Final = 1 << 20  # the largest pipe that Linux grants without privileges
_MP4_OPTIONS: Final = ("-c:v", "libx264", "-preset", "fast", "-movflags", "+faststart")
# All tags are set: a player that has to guess shows other colours than the PNG has.
_MP4_COLOURS: Final = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
)
_PALETTE_SAMPLE: Final = "fps=4,scale=160:-1:flags=neighbor"  # all frames took four times as long
# Longer side in pixels and frames a second; scales.
_GIF_ATTEMPTS: Final = ((360, 10), (280, 10), (200, 8), (140, 8), (100, 6), (64, 4))
_MP4_ATTEMPTS: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15)


class FilmError(AtelierError):
    """The reason why there is no film, as text to follow a colon."""


def shrink_film(source: Path, target: Path, limit_bytes: int, *, patience: float = 120.0) -> bool:
    """Re-encode an MP4 or GIF (by the target's suffix) to at most `limit_bytes`, smaller and smaller until it fits.

    False if nothing fits or ffmpeg fails; then there is no target. Blocks for seconds: not for the event loop.
    """
    try:
        seconds = _duration(source, patience)
        attempts = _GIF_ATTEMPTS if target.suffix == ".gif" else _MP4_ATTEMPTS
        for attempt in attempts:
            with replacing(target, limit_bytes) as temporary:
                _shrink_once(source, temporary, attempt, seconds, limit_bytes, patience)
            if target.exists():
                return True
    except (OSError, FilmError):
        target.unlink(missing_ok=True)
    return False


def _shrink_once(
    source: Path, target: Path, attempt: float | tuple[int, int], seconds: float, limit_bytes: int, patience: float
) -> None:
    sources: list[str | Path] = ["-i", source]
    if isinstance(attempt, tuple):
        side, rate = attempt
        encode_gif(sources, f"[0:v]fps={rate},{at_most(side)}", target, patience, None)
        return
    rate = max(1000, int(limit_bytes * 8 * 0.9 / seconds))
    limits = ("-b:v", str(rate), "-maxrate", str(rate), "-bufsize", str(rate))
    chain = f"[0:v]scale=trunc(iw*{attempt}/2)*2:trunc(ih*{attempt}/2)*2"
    encode_mp4(sources, chain, target, limits, patience, None)


def encode_mp4(
    sources: Sequence[str | Path], chain: str, target: Path, quality: Sequence[str], patience: float, ffmpeg: str | None
) -> None:
    """Encode what the filters `chain` make of the inputs `sources`. Raises `FilmError`."""
    filters = ("-filter_complex", f"{chain},{_MP4_COLOURS}[film]", "-map", "[film]")
    _run([*sources, *filters, *_MP4_OPTIONS, *quality, "-f", "mp4", target], patience, ffmpeg)


def encode_gif(sources: Sequence[str | Path], chain: str, target: Path, patience: float, ffmpeg: str | None) -> None:
    """As `encode_mp4`, in two passes: in one, ffmpeg would keep every frame in memory until it has the palette."""
    palette = target.with_suffix(".palette.png")
    count = list(sources).count("-i")
    try:
        palette_filters = (
            "-filter_complex",
            f"{chain},{_PALETTE_SAMPLE},palettegen=stats_mode=full[palette]",
            "-map",
            "[palette]",
        )
        _run([*sources, *palette_filters, "-frames:v", "1", "-update", "1", palette], patience, ffmpeg)
        mapped = f"{chain}[frames];[frames][{count}:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle[film]"
        filters = ("-filter_complex", mapped, "-map", "[film]")
        _run([*sources, "-i", palette, *filters, "-loop", "0", "-f", "gif", target], patience, ffmpeg)
    finally:
        palette.unlink(missing_ok=True)


def at_most(side: int) -> str:
    """A filter that scales down so that no side is longer than `side` pixels."""
    return f"scale=w='min(iw,{side})':h='min(ih,{side})':force_original_aspect_ratio=decrease:flags=lanczos"


class FrameWriter:
    """An ffmpeg process that encodes raw RGB frames to a file of JPEGs as they are written."""

    def __init__(self, path: Path, size: tuple[int, int], scaled_to: tuple[int, int], ffmpeg: str | None) -> None:
        frames = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-i", "pipe:0")
        scaled = ("-vf", f"scale={scaled_to[0]}:{scaled_to[1]}:flags=lanczos,format=yuvj444p")
        kept = ("-c:v", "mjpeg", "-q:v", "2", "-threads", "1", "-flush_packets", "1", "-f", "mjpeg", path)
        self._process = _launch([*frames, *scaled, *kept], ffmpeg, fed=True)
        self._errors = _StandardError(self._process.stderr)
        assert self._process.stdin is not None
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)
        with contextlib.suppress(OSError, AttributeError):  # a whole frame fits, if the system allows
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def write(self, frame: bytes, patience: float) -> None:
        """Send a frame. Raises `FilmError` if ffmpeg has ended, or reads nothing for `patience` seconds."""
        rest = memoryview(frame)
        poll = select.poll()
        poll.register(self._pipe, select.POLLOUT)
        deadline = time.monotonic() + patience
        while rest:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise FilmError("ffmpeg took no frame for {seconds} seconds", seconds=f"{patience:g}")
            try:
                rest = rest[os.write(self._pipe, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise FilmError("ffmpeg ended early ({reason})", reason=self._errors.last_line()) from error

    def end(self, patience: float) -> None:
        """Close the pipe and wait until ffmpeg has written everything. Raises `FilmError`."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _await(self._process, self._errors, patience)

    def kill(self) -> None:
        assert self._process.stdin is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._errors.text()


def _executable(ffmpeg: str | None) -> str:
    try:
        return ffmpeg or str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FilmError("ffmpeg was not found; installing imageio-ffmpeg brings one") from error


def _launch(arguments: Sequence[str | Path], ffmpeg: str | None, *, fed: bool) -> subprocess.Popen[bytes]:
    """Start ffmpeg in a session of its own: on Ctrl-C in a terminal the painter ends it itself."""
    command = [_executable(ffmpeg), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise FilmError("ffmpeg did not start ({reason})", reason=str(error.strerror)) from error


class _StandardError:
    """The last lines of a process's standard error, read in a thread so that the process never blocks."""

    KEPT: Final = 2000  # bytes, from the end

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self._stream = stream
        self._tail = b""
        self._thread = threading.Thread(target=self._read, name="ffmpeg-stderr", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while block := self._stream.read1(4096):  # type: ignore[attr-defined]  # a buffered reader
                self._tail = (self._tail + block)[-self.KEPT :]

    def text(self) -> str:
        self._thread.join(1.0)
        return self._tail.decode("utf-8", "replace").strip()

    def last_line(self) -> str | Message:
        lines = self.text().splitlines()
        return lines[-1].strip(" .")[:200] if lines else Message("it gave no reason")


def _run(arguments: Sequence[str | Path], patience: float, ffmpeg: str | None) -> None:
    """Run ffmpeg to its end. Raises `FilmError` if it fails, or takes longer than `patience` seconds."""
    process = _launch(arguments, ffmpeg, fed=False)
    errors = _StandardError(process.stderr)
    try:
        _await(process, errors, patience)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], errors: _StandardError, patience: float) -> None:
    try:
        status = process.wait(patience)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise FilmError("ffmpeg did not end within {seconds} seconds", seconds=f"{patience:g}") from error
    if status != 0:
        raise FilmError("ffmpeg failed ({reason})", reason=errors.last_line())


def _duration(source: Path, patience: float) -> float:
    """The length of a film in seconds. Raises `FilmError`."""
    command = [_executable(None), "-hide_banner", "-nostdin", "-i", str(source)]
    try:
        output = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired as error:
        raise FilmError("ffmpeg did not answer") from error
    match = re.search(rb"Duration: (\d+):(\d+):(\d+\.\d+)", output.stderr)
    if match is None:
        raise FilmError("this is no film")
    hours, minutes, seconds = (float(number) for number in match.groups())
    return max(0.1, hours * 3600 + minutes * 60 + seconds)
