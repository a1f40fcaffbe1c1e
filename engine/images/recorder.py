"""Recording a painting as a film: frames are piped to ffmpeg during the painting; none are kept in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from PIL import Image

from engine.errors import Message
from engine.images.ffmpeg import FilmError, FrameWriter, at_most, encode_gif, encode_mp4
from engine.images.files import replacing
from engine.spec.artspec import FILMS

HOLD_SECONDS: Final = 1  # of the last frame
MAXIMUM_RATE: Final = 25  # frames a second; more could hardly be seen
MINIMUM_MP4_RATE: Final = 12  # some players stutter below; repeated frames cost H.264 almost nothing
MAXIMUM_SIDE: Final = 1080  # pixels of an MP4; a larger one exceeds any upload limit
MAXIMUM_GIF_SIDE: Final = 360  # six seconds of noise, the worst case, are then 7 MB; 13 MB at 480
MINIMUM_GIF_RATE: Final = 4  # so that the last frame can be held for a second
MAXIMUM_GIF_RATE: Final = Fraction(25, 2)  # GIF has delays in hundredths of a second: 8 of them
_HELD: Final = f"tpad=stop_mode=clone:stop_duration={HOLD_SECONDS}"


@dataclass(slots=True)
class Part:
    """A file of frames; any beyond the first `frames` were written after the checkpoint and do not count."""

    path: Path
    frames: int


class Film:
    """The recording of a painting of `steps` steps, for a film of `seconds` plus the held last frame.

    Frames are encoded during the painting as a stream of JPEGs, which survives a kill -9; `finish` makes the MP4 and
    the GIF from it. Errors of ffmpeg and the disk are not raised: they cost the film only, and `failure` says why.

    formats: "mp4", "gif", "both" or "none". resume: the `state()` of an earlier film in the same folder. patience:
    seconds that ffmpeg may take for a frame.
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
        self.failure: Message | None = None
        self._folder = folder
        self._formats = {"both": ("mp4", "gif"), "none": ()}.get(formats, (formats,))
        self._chosen = chosen_steps(steps, seconds) if self._formats else frozenset()
        self._rate = Fraction(len(self._chosen)) / Fraction(seconds).limit_denominator(100)
        self._ffmpeg = ffmpeg
        self._patience = patience
        self._size: tuple[int, int] | None = None  # of the frames as added
        self._running: FrameWriter | None = None
        self._parts = _parts_of(folder, resume or {})
        self._delete_other_parts()

    def wants(self, step: int) -> bool:
        """Whether the film has a frame of this step: of the first, the last, and evenly spaced ones between."""
        return self.failure is None and step in self._chosen

    def add(self, image: Image.Image) -> None:
        """Add a frame. All frames of a film must have the size of the first."""
        if self.failure is not None or not self._formats:
            return
        try:
            self._add(image.convert("RGB"))
        except (OSError, FilmError) as error:
            self._fail(error)

    def pause(self) -> None:
        """Let ffmpeg write all frames and end, so that `state()` is complete; `add` continues in a new part."""
        running, self._running = self._running, None
        if running is None:
            return
        try:
            running.end(self._patience)
        except (OSError, FilmError) as error:
            self._fail(error)

    def state(self) -> dict[str, Any]:
        """The state for a checkpoint, as JSON: the files and how many of their frames count."""
        parts = [[part.path.name, part.frames] for part in self._parts]
        return {"parts": parts, "failure": str(self.failure or "")}

    def finish(self) -> dict[str, Path]:
        """Encode the films and return those that succeeded: format → file in the folder."""
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
        """Kill ffmpeg if it is running."""
        running, self._running = self._running, None
        if running is not None:
            running.kill()

    def _add(self, image: Image.Image) -> None:
        if self._size is None:
            self._size = image.size
        if image.size != self._size:
            raise FilmError(
                "a frame of {size} pixels came after frames of {first}", size=str(image.size), first=str(self._size)
            )
        if self._running is None:
            part = Part(self._folder / f"film.{len(self._parts):03d}.mjpeg", 0)
            self._running = FrameWriter(part.path, image.size, _even_size(*image.size), self._ffmpeg)
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
        with replacing(target) as temporary:
            if name == "mp4":
                timed = f"{chain},fps={_at_least(MINIMUM_MP4_RATE, self._rate)},{_HELD}"
                encode_mp4(sources, timed, temporary, ("-crf", "20"), patience, self._ffmpeg)
            else:
                rate = min(MAXIMUM_GIF_RATE, _at_least(MINIMUM_GIF_RATE, self._rate))
                timed = f"{chain},fps={rate},{_HELD},{at_most(MAXIMUM_GIF_SIDE)}"
                encode_gif(sources, timed, temporary, patience, self._ffmpeg)
        return target

    def _fail(self, error: OSError | FilmError) -> None:
        self.close()
        reason = error.message if isinstance(error, FilmError) else error.strerror or str(error)
        self.failure = self.failure or Message("There is no film of this painting: {reason}.", reason=reason)

    def _delete_other_parts(self) -> None:
        """Delete rather than overwrite: an ffmpeg that outlived a killed painter may still be writing one."""
        kept = {part.path for part in self._parts}
        for path in self._folder.glob("film.*.mjpeg"):
            if path not in kept:
                path.unlink(missing_ok=True)


def chosen_steps(steps: int, seconds: float) -> frozenset[int]:
    """Evenly spaced steps from 0 to `steps`, both included, at most `MAXIMUM_RATE` a second."""
    frames = max(2, min(steps + 1, round(seconds * MAXIMUM_RATE)))
    return frozenset(round(index * steps / (frames - 1)) for index in range(frames))


def _joined(frames: Sequence[int], rate: Fraction) -> str:
    """Filters that play the first `frames[i]` frames of each input one after the other."""
    count = len(frames)
    trims = "".join(f"[{i}:v]trim=end_frame={frames[i]},setpts=PTS-STARTPTS[part{i}];" for i in range(count))
    inputs = "".join(f"[part{i}]" for i in range(count))
    timed = f"setpts=N/({rate})/TB,fps={rate}"
    return f"{trims}{inputs}concat=n={count},{timed}"


def _at_least(minimum: int, rate: Fraction) -> Fraction:
    """The least multiple of the rate that is at least `minimum`, so that every frame is repeated equally often."""
    return rate * max(1, -(-minimum // rate))


def _parts_of(folder: Path, state: Mapping[str, Any]) -> list[Part]:
    """The parts in a state, by bare file name, so that a damaged state cannot point to another folder."""
    return [Part(folder / Path(name).name, int(frames)) for name, frames in state.get("parts", ())]


def _even_size(width: int, height: int) -> tuple[int, int]:
    """The size of a film: scaled down to `MAXIMUM_SIDE`, with the even sides that yuv420p needs."""
    scale = min(1.0, MAXIMUM_SIDE / max(width, height))
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)
