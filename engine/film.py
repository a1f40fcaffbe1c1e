"""Films of a painting being made: frames go down a pipe to ffmpeg while it paints, and none are kept in memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Final

import imageio_ffmpeg
from PIL import Image

from engine.spec import FILMS

HOLD_SECONDS: Final = 1  # how long the last frame stays
MAXIMUM_RATE: Final = 25  # frames a second; more are not seen, only paid for
MINIMUM_MP4_RATE: Final = 12  # some players stumble below; frames are repeated, which costs H.264 almost nothing
MAXIMUM_SIDE: Final = 1080  # pixels of an MP4; larger ones pass no upload limit
MAXIMUM_GIF_SIDE: Final = 360  # six seconds of the worst kind, noise, are 7 MB then; 13 MB at 480
MINIMUM_GIF_RATE: Final = 4  # so that the last frame can be held for a second
MAXIMUM_GIF_RATE: Final = Fraction(25, 2)  # GIF counts in hundredths of a second: 8 of them
PIPE_BYTES: Final = 1 << 20  # the most Linux grants without privileges
_MP4_OPTIONS: Final = ("-c:v", "libx264", "-preset", "fast", "-movflags", "+faststart")
# Said in full: a player that is left to guess shows other colours than the PNG has.
_MP4_COLOURS: Final = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
)
_PALETTE_SAMPLE: Final = "fps=4,scale=160:-1:flags=neighbor"  # true colours of some frames; all took four times as long
_HELD: Final = f"tpad=stop_mode=clone:stop_duration={HOLD_SECONDS}"
_GIF_SHRINKING: Final = ((360, 10), (280, 10), (200, 8), (140, 8), (100, 6), (64, 4))
_MP4_SHRINKING: Final = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15)


class FilmError(Exception):
    """Why there is no film; `str(error)` is a sentence."""


@dataclass(slots=True)
class Part:
    """A file of frames on disk; those after `frames` are no part of the film (they came after the checkpoint)."""

    path: Path
    frames: int


class Film:
    """Keeps a film of a painting with `steps` steps that lasts `seconds` and the held last frame.

    Frames are encoded on the way as a stream of JPEGs that a kill -9 cannot spoil; `finish` makes the MP4 and the GIF
    from it. Nothing here raises into the painting loop: whatever goes wrong with ffmpeg or the disk costs the film and
    is told in `failure`.

    formats: "mp4", "gif", "both" or "none". resume: an earlier film's `state()` in the same folder. patience: seconds
    that ffmpeg may take for a frame.
    """

    def __init__(
        self,
        folder: Path,
        steps: int,
        seconds: float,
        formats: str,
        *,
        resume: Mapping[str, Any] | None = None,
        ffmpeg: str | None = None,
        patience: float = 20.0,
    ) -> None:
        if formats not in FILMS:
            raise ValueError(f"formats must be one of {', '.join(FILMS)}, not {formats!r}")
        self.failure: str | None = None
        self._folder = folder
        self._formats = {"both": ("mp4", "gif"), "none": ()}.get(formats, (formats,))
        self._chosen = chosen_steps(steps, seconds) if self._formats else frozenset()
        self._rate = Fraction(len(self._chosen)) / Fraction(seconds).limit_denominator(100)
        self._ffmpeg = ffmpeg
        self._patience = patience
        self._size: tuple[int, int] | None = None  # of the frames as they come
        self._running: _Recording | None = None
        self._parts = _parts_of(folder, resume or {})
        self._forget_other_parts()

    def wants(self, step: int) -> bool:
        """Whether the frame of this step belongs in the film: the first, the last, and evenly spaced ones between."""
        return self.failure is None and step in self._chosen

    def add(self, image: Image.Image) -> None:
        """Send one frame to ffmpeg. All frames of a film have the size of the first."""
        if self.failure is not None or not self._formats:
            return
        try:
            self._add(image.convert("RGB"))
        except (OSError, FilmError) as error:
            self._fail(error)

    def pause(self) -> None:
        """Let ffmpeg write what it has and end, so that `state()` is all there is; `add` goes on from there."""
        running, self._running = self._running, None
        if running is None:
            return
        try:
            running.end(self._patience)
        except (OSError, FilmError) as error:
            self._fail(error)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the files and how many of their frames count. Small, and fit for JSON."""
        parts = [[part.path.name, part.frames] for part in self._parts]
        return {"parts": parts, "failure": self.failure or ""}

    def finish(self) -> dict[str, Path]:
        """Encode the films asked for and return those that came about: format → file in the folder."""
        self.pause()
        films: dict[str, Path] = {}
        if self.failure is not None or not self._parts:
            return films
        for name in self._formats:
            try:
                films[name] = self._encode(name)
            except (OSError, FilmError) as error:
                self._fail(error)
        return films

    def close(self) -> None:
        """End ffmpeg at once, whatever it is doing. Harmless when it has ended."""
        running, self._running = self._running, None
        if running is not None:
            running.kill()

    def _add(self, image: Image.Image) -> None:
        if self._size is None:
            self._size = image.size
        if image.size != self._size:
            raise FilmError(f"a frame of {image.size} pixels came after frames of {self._size}")
        if self._running is None:
            part = Part(self._folder / f"film.{len(self._parts):03d}.mjpeg", 0)
            self._running = _Recording(part.path, image.size, self._ffmpeg)
            self._parts.append(part)
        self._running.write(image.tobytes(), self._patience)
        self._parts[-1].frames += 1

    def _encode(self, name: str) -> Path:
        parts = [part for part in self._parts if part.frames and part.path.exists() and part.path.stat().st_size]
        if not parts:
            raise FilmError("its frames are gone")
        sources = [text for part in parts for text in ("-f", "mjpeg", "-framerate", str(self._rate), "-i", part.path)]
        chain = _joined([part.frames for part in parts], self._rate)
        target = self._folder / f"film.{name}"
        patience = self._patience + 1.0 * sum(part.frames for part in parts)
        with _fresh_file(target) as fresh:
            if name == "mp4":
                timed = f"{chain},fps={_at_least(MINIMUM_MP4_RATE, self._rate)},{_HELD}"
                _encode_mp4(sources, timed, fresh, ("-crf", "20"), patience, self._ffmpeg)
            else:
                rate = min(MAXIMUM_GIF_RATE, _at_least(MINIMUM_GIF_RATE, self._rate))
                timed = f"{chain},fps={rate},{_HELD},{_at_most(MAXIMUM_GIF_SIDE)}"
                _encode_gif(sources, timed, fresh, patience, self._ffmpeg)
        return target

    def _fail(self, error: Exception) -> None:
        self.close()
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self.failure = self.failure or f"There is no film of this painting: {reason}."

    def _forget_other_parts(self) -> None:
        """Unlinked rather than overwritten: an ffmpeg that outlived a killed painter may still be writing one."""
        kept = {part.path for part in self._parts}
        for path in self._folder.glob("film.*.mjpeg"):
            if path not in kept:
                path.unlink(missing_ok=True)


def chosen_steps(steps: int, seconds: float) -> frozenset[int]:
    """Evenly spaced steps from 0 to `steps`, both included, at most `MAXIMUM_RATE` for each second."""
    frames = max(2, min(steps + 1, round(seconds * MAXIMUM_RATE)))
    return frozenset(round(index * steps / (frames - 1)) for index in range(frames))


def shrink_film(source: Path, target: Path, limit_bytes: int, *, patience: float = 120.0) -> bool:
    """Encode an MP4 or GIF anew (the kind is the target's suffix) so that it has `limit_bytes` at most.

    Tries less and less until it fits; False where nothing fits or ffmpeg failed, and then there is no target.
    Blocks for seconds: not for the event loop.
    """
    try:
        seconds = _duration(source, patience)
        attempts = _GIF_SHRINKING if target.suffix == ".gif" else _MP4_SHRINKING
        for attempt in attempts:
            with _fresh_file(target, limit_bytes) as fresh:
                _shrink_once(source, fresh, attempt, seconds, limit_bytes, patience)
            if target.exists():
                return True
    except (OSError, FilmError):
        target.unlink(missing_ok=True)
    return False


def _shrink_once(
    source: Path, fresh: Path, attempt: float | tuple[int, int], seconds: float, limit_bytes: int, patience: float
) -> None:
    sources: list[str | Path] = ["-i", source]
    if isinstance(attempt, tuple):
        side, rate = attempt
        _encode_gif(sources, f"[0:v]fps={rate},{_at_most(side)}", fresh, patience, None)
        return
    rate = max(1000, int(limit_bytes * 8 * 0.9 / seconds))
    limits = ("-b:v", str(rate), "-maxrate", str(rate), "-bufsize", str(rate))
    chain = f"[0:v]scale=trunc(iw*{attempt}/2)*2:trunc(ih*{attempt}/2)*2"
    _encode_mp4(sources, chain, fresh, limits, patience, None)


def _encode_mp4(
    sources: Sequence[str | Path], chain: str, target: Path, quality: Sequence[str], patience: float, ffmpeg: str | None
) -> None:
    filters = ("-filter_complex", f"{chain},{_MP4_COLOURS}[film]", "-map", "[film]")
    _run([*sources, *filters, *_MP4_OPTIONS, *quality, "-f", "mp4", target], patience, ffmpeg)


def _encode_gif(sources: Sequence[str | Path], chain: str, target: Path, patience: float, ffmpeg: str | None) -> None:
    """Two passes: in one, ffmpeg would hold every frame in memory until it knows the palette."""
    palette = target.with_suffix(".palette.png")
    count = list(sources).count("-i")
    try:
        chosen = (
            "-filter_complex",
            f"{chain},{_PALETTE_SAMPLE},palettegen=stats_mode=full[palette]",
            "-map",
            "[palette]",
        )
        _run([*sources, *chosen, "-frames:v", "1", "-update", "1", palette], patience, ffmpeg)
        painted = f"{chain}[frames];[frames][{count}:v]paletteuse=dither=sierra2_4a:diff_mode=rectangle[film]"
        filters = ("-filter_complex", painted, "-map", "[film]")
        _run([*sources, "-i", palette, *filters, "-loop", "0", "-f", "gif", target], patience, ffmpeg)
    finally:
        palette.unlink(missing_ok=True)


def _joined(frames: Sequence[int], rate: Fraction) -> str:
    """Filters that play the first `frames[i]` frames of each input one after the other."""
    count = len(frames)
    trims = "".join(f"[{i}:v]trim=end_frame={frames[i]},setpts=PTS-STARTPTS[part{i}];" for i in range(count))
    inputs = "".join(f"[part{i}]" for i in range(count))
    timed = f"setpts=N/({rate})/TB,fps={rate}"
    return f"{trims}{inputs}concat=n={count},{timed}"


def _at_least(minimum: int, rate: Fraction) -> Fraction:
    """A whole multiple of the rate, so that every frame is repeated equally often."""
    return rate * max(1, -(-minimum // rate))


def _at_most(side: int) -> str:
    return f"scale=w='min(iw,{side})':h='min(ih,{side})':force_original_aspect_ratio=decrease:flags=lanczos"


def _parts_of(folder: Path, state: Mapping[str, Any]) -> list[Part]:
    """The parts a state names, by bare file name: a state from a file leads to no other folder."""
    return [Part(folder / Path(name).name, int(frames)) for name, frames in state.get("parts", ())]


def _executable(ffmpeg: str | None) -> str:
    try:
        return ffmpeg or str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FilmError("ffmpeg was not found; installing imageio-ffmpeg brings one") from error


def _launch(arguments: Sequence[str | Path], ffmpeg: str | None, *, fed: bool) -> subprocess.Popen[bytes]:
    """Start ffmpeg in a session of its own: Ctrl-C in a terminal is for the painter, who ends it in good order."""
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
        raise FilmError(f"ffmpeg did not start ({error.strerror})") from error


class _Complaints:
    """The last words of a process: its standard error is always read, so that it never blocks, but not all is kept."""

    KEPT: Final = 2000  # bytes

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self._stream = stream
        self._tail = b""
        self._thread = threading.Thread(target=self._read, name="ffmpeg-complaints", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while block := self._stream.read1(4096):  # type: ignore[attr-defined]  # a buffered reader
                self._tail = (self._tail + block)[-self.KEPT :]

    def text(self) -> str:
        self._thread.join(1.0)
        return self._tail.decode("utf-8", "replace").strip()

    def last_line(self) -> str:
        lines = self.text().splitlines()
        return lines[-1].strip(" .")[:200] if lines else "it gave no reason"


class _Recording:
    """An ffmpeg that turns raw frames into a file of JPEGs while the painting goes on."""

    def __init__(self, path: Path, size: tuple[int, int], ffmpeg: str | None) -> None:
        width, height = _even_size(*size)
        frames = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-i", "pipe:0")
        scaled = ("-vf", f"scale={width}:{height}:flags=lanczos,format=yuvj444p")
        kept = ("-c:v", "mjpeg", "-q:v", "2", "-threads", "1", "-flush_packets", "1", "-f", "mjpeg", path)
        self._process = _launch([*frames, *scaled, *kept], ffmpeg, fed=True)
        self._complaints = _Complaints(self._process.stderr)
        assert self._process.stdin is not None
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)
        with contextlib.suppress(OSError, AttributeError):  # a frame at once, where the system has and grants it
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def write(self, frame: bytes, patience: float) -> None:
        """Raises `FilmError` when ffmpeg ended, or takes nothing for `patience` seconds."""
        rest = memoryview(frame)
        poll = select.poll()
        poll.register(self._pipe, select.POLLOUT)
        deadline = time.monotonic() + patience
        while rest:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise FilmError(f"ffmpeg took no frame for {patience:g} seconds")
            try:
                rest = rest[os.write(self._pipe, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise FilmError(f"ffmpeg ended early ({self._complaints.last_line()})") from error

    def end(self, patience: float) -> None:
        """Close the pipe and wait until everything is written."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _await(self._process, self._complaints, patience)

    def kill(self) -> None:
        assert self._process.stdin is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._complaints.text()


def _run(arguments: Sequence[str | Path], patience: float, ffmpeg: str | None) -> None:
    """Run ffmpeg to its end. Raises `FilmError` when it fails, or takes longer than `patience` seconds."""
    process = _launch(arguments, ffmpeg, fed=False)
    complaints = _Complaints(process.stderr)
    try:
        _await(process, complaints, patience)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], complaints: _Complaints, patience: float) -> None:
    try:
        status = process.wait(patience)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise FilmError(f"ffmpeg did not end within {patience:g} seconds") from error
    if status != 0:
        raise FilmError(f"ffmpeg failed ({complaints.last_line()})")


def _duration(source: Path, patience: float) -> float:
    """Length of a film in seconds, as ffmpeg tells it."""
    command = [_executable(None), "-hide_banner", "-nostdin", "-i", str(source)]
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired as error:
        raise FilmError("ffmpeg did not answer") from error
    found = re.search(rb"Duration: (\d+):(\d+):(\d+\.\d+)", said.stderr)
    if found is None:
        raise FilmError("this is no film")
    hours, minutes, seconds = (float(number) for number in found.groups())
    return max(0.1, hours * 3600 + minutes * 60 + seconds)


def _even_size(width: int, height: int) -> tuple[int, int]:
    """The size of a film: H.264 in yuv420p wants even sides, and upload limits want them moderate."""
    scale = min(1.0, MAXIMUM_SIDE / max(width, height))
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


class _fresh_file:
    """A file beside its target that takes the target's name at the end, whole and on disk, or never.

    With `limit_bytes`, one that came out larger is dropped without a word.
    """

    def __init__(self, target: Path, limit_bytes: int | None = None) -> None:
        self._target = target
        self._limit = limit_bytes
        # The process number: an ffmpeg that outlived a killed painter may still be writing another.
        self._fresh = target.with_name(f"{target.stem}.{os.getpid()}.part{target.suffix}")

    def __enter__(self) -> Path:
        return self._fresh

    def __exit__(self, kind: object, *rest: object) -> None:
        try:
            if kind is None and (self._limit is None or self._fresh.stat().st_size <= self._limit):
                with self._fresh.open("rb") as file:
                    os.fsync(file.fileno())
                self._fresh.replace(self._target)
        finally:
            self._fresh.unlink(missing_ok=True)
