"""What the bot says: pure functions from what happened to a message within Discord's limits.

Prompts are hostile text: they appear only inside embeds, which never notify anybody, and only through `plain`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import discord

from bot.spec_words import kind_of, settings_lines
from engine.prompts import clean
from engine.series import pictures_of
from engine.spec import MAXIMUM_SEED, ArtSpec

PREVIEW_NAME: Final = "progress.webp"
BAR_CELLS: Final = 12
SENTENCE_LENGTH: Final = 600  # of a refusal or failure; content holds 2,000 after escaping
PROMPT_LENGTH: Final = 1000  # as long as /art takes one; an embed's description holds 4,096 after escaping
FIELD_LENGTH: Final = 1024
LINE_LENGTH: Final = 400  # of a note, and of each line about the settings
_MARKUP: Final = re.compile(r"[\\*_~|`\[\]<>@]|:(?=//)")

Action = Literal["cancel", "again", "delete", "edit"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: what it does, and the id of the job (cancel), picture (again, delete) or draft (edit)
    it is for."""

    action: Action
    target: int

    @property
    def custom_id(self) -> str:
        return f"atelier:{self.action}:{self.target}"


@dataclass(frozen=True, slots=True)
class Payload:
    """A message without its files."""

    content: str
    embed: discord.Embed | None = None
    buttons: tuple[Button, ...] = ()
    mention: int | None = None  # the one person whom the message may notify

    @property
    def allowed_mentions(self) -> discord.AllowedMentions:
        users = [] if self.mention is None else [discord.Object(self.mention)]
        return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=users)


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A person's own job as /queue shows it."""

    id: int
    prompt: str
    place: int  # 0: running, 1: next, ...
    wait: float | None  # seconds until it starts, None: unknown
    step: str | None = None  # how far a running one is, as `progress_line` writes it


def plain(text: str, limit: int = PROMPT_LENGTH) -> str:
    """Text of a stranger as one line without markdown, links or mentions, cut with … after `limit` letters."""
    line = clean(text)
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    # The client honours the backslash; a zero-width space also breaks a mention for whoever reads the raw text.
    return _MARKUP.sub(lambda match: "\\" + match[0] + ("\u200b" if match[0] in "@<" else ""), line)


def duration(seconds: float) -> str:
    """Seconds in words: `8 s`, `1 min 20 s`, `12 min`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def bar(step: int, total: int) -> str:
    """`▰▰▰▱▱▱ 42 %`."""
    share = min(1.0, max(0.0, step / total)) if total > 0 else 0.0
    full = int(share * BAR_CELLS)
    return "▰" * full + "▱" * (BAR_CELLS - full) + f" {int(share * 100)} %"


def waiting(spec: ArtSpec, job_id: int, place: int, wait: float | None) -> Payload:
    """The first answer: the place in the queue and how long it takes until the painting starts (None: unknown)."""
    return Payload(place_line(place, wait), _canvas(spec, job_id), (Button("cancel", job_id),))


def place_line(place: int, wait: float | None) -> str:
    """`You are 2nd in the queue; painting starts in about 40 s.`"""
    if place <= 0 or (place == 1 and wait is not None and wait < 1):
        return "Your picture is next: painting starts now."
    ahead = "next" if place == 1 else f"number {place}"
    if wait is None:
        return f"You are {ahead} in the queue; there is no estimate of the wait yet."
    return f"You are {ahead} in the queue; painting starts in about {duration(wait)}."


def progress(
    spec: ArtSpec,
    job_id: int,
    step: int,
    total: int,
    elapsed: float,
    remaining: float,
    *,
    preview: bool,
    notes: Sequence[str] = (),
) -> Payload:
    """A picture in the making; with `preview` the message carries the file `progress.webp`."""
    embed = _canvas(spec, job_id, progress_line(step, total, elapsed, remaining))
    _add_lines(embed, "Note", notes)
    if preview:
        embed.set_image(url=f"attachment://{PREVIEW_NAME}")
    return Payload(bar(step, total), embed, (Button("cancel", job_id),))


def progress_line(step: int, total: int, elapsed: float, remaining: float) -> str:
    """`step 17/40 · 12 s so far · about 16 s left`."""
    parts = [f"step {step}/{total}" if total else "getting ready", f"{duration(elapsed)} so far"]
    if step:
        parts.append(f"about {duration(remaining)} left")
    return " · ".join(parts)


def paused(spec: ArtSpec, job_id: int, step: int | None) -> Payload:
    """The bot stops; the picture goes on when it is back."""
    where = f" at step {step}" if step else ""
    return Payload(
        f"I have to leave for a moment. Your picture is put aside{where} and goes on when I am back.",
        _canvas(spec, job_id),
        (Button("cancel", job_id),),
    )


def done(
    spec: ArtSpec,
    *,
    picture_id: int,
    person_id: int,
    seed: int,
    width: int,
    height: int,
    iterations: int | None,
    seconds: float,
    clip_score: float | None,
    models: str,
    image_name: str | None,
    notes: Sequence[str] = (),
) -> Payload:
    """The finished picture; `image_name` is the attachment that shows it, None where none could be sent."""
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.dark_gold())
    embed.add_field(name="Seed", value=_seeds(spec, seed))
    painted_as = (spec.style, spec.quality, f"{width}×{height}", kind_of(spec))
    embed.add_field(name="Painted as", value=", ".join(part for part in painted_as if part))
    steps = f"{iterations} steps, " if iterations else ""
    embed.add_field(name="Took", value=f"{duration(seconds)} ({steps}{plain(models, 200)})")
    if clip_score is not None:
        embed.add_field(name="CLIP score" if pictures_of(spec) == 1 else "Best CLIP score", value=f"{clip_score:.1f}")
    _add_lines(embed, "Settings", settings_lines(spec))
    _add_lines(embed, "Note", notes)
    if image_name is not None:
        embed.set_image(url=f"attachment://{image_name}")
    buttons = (Button("again", picture_id), Button("delete", picture_id))
    return Payload(f"<@{person_id}>, your picture is ready.", embed, buttons, mention=person_id)


def _seeds(spec: ArtSpec, seed: int) -> str:
    """Variations have seeds that count up, from the upper left."""
    if spec.variations == 1:
        return f"`{seed}`"
    return f"`{seed}` to `{(seed + spec.variations - 1) % (MAXIMUM_SEED + 1)}`"


def _add_lines(embed: discord.Embed, name: str, lines: Sequence[str]) -> None:
    if lines:
        text = "\n".join(plain(line, LINE_LENGTH) for line in lines)
        embed.add_field(name=name, value=_cut(text, FIELD_LENGTH), inline=False)


def cancelled(spec: ArtSpec, job_id: int) -> Payload:
    return Payload("This picture was cancelled.", _canvas(spec, job_id))


def failed(spec: ArtSpec | None, job_id: int, person_id: int, sentence: str) -> Payload:
    """The end of a job without a picture; `sentence` says why and what to do."""
    embed = None if spec is None else _canvas(spec, job_id)
    said = plain(sentence, SENTENCE_LENGTH)
    return Payload(f"<@{person_id}>, your picture could not be painted. {said}", embed, mention=person_id)


def refusal(sentence: str) -> Payload:
    """An answer for the asker's eyes only."""
    return Payload(plain(sentence, SENTENCE_LENGTH) or "That is not possible.")


def by_direct_message(payload: Payload) -> Payload:
    """The same message for where it must be sent anew, because the answer in the channel can't be changed any more."""
    return Payload(
        f"{payload.content} (I can't change my answer in the channel any more, so I send it here.)",
        payload.embed,
        payload.buttons,
        payload.mention,
    )


def queue_overview(running: int, waiting_jobs: int, own: Sequence[OpenJob], *, most: int = 10) -> Payload:
    """What is running and waiting; of the prompts only the reader's own."""
    if not running and not waiting_jobs:
        return Payload("Nothing is being painted and nobody waits. Start a picture with /art.")
    lines = [f"{_count(running)} being painted, {_count(waiting_jobs)} waiting."]
    if not own:
        lines.append("None of them is yours. Start one with /art.")
    for job in own[:most]:
        state = (job.step or "being painted") if job.place <= 0 else place_line(job.place, job.wait)
        lines.append(f"• {job.id}: “{plain(job.prompt, 60)}” – {state}")
    if len(own) > most:
        lines.append(f"… and {len(own) - most} more of yours.")
    return Payload(_cut("\n".join(lines), 2000))


def choice_name(job_id: int, prompt: str) -> str:
    """A job in the list of /cancel: at most 100 characters, which Discord shows as they are."""
    return _cut(f"{job_id}: {clean(prompt)}", 100)


def option_name(name: str, description: str) -> str:
    """A proposal with what it is about: at most 100 characters."""
    return _cut(f"{name}: {description}", 100)


def too_many_of_yours(open_jobs: int) -> str:
    pictures = "1 picture" if open_jobs == 1 else f"{open_jobs} pictures"
    return (
        f"You have {pictures} waiting or being painted, which is as many as one person may have: "
        "wait for one to end, or take one back with /cancel."
    )


def too_many_in_all(open_jobs: int) -> str:
    return f"The queue is full with {open_jobs} pictures: please try again in a few minutes."


def quality_too_large(asked: str, largest: str) -> str:
    return f"The quality {asked} is more than this bot paints: choose {largest} or less."


def too_much_work() -> str:
    return "This is more work than I take on for one wish: choose a smaller size, fewer iterations or fewer pictures."


def _canvas(spec: ArtSpec, job_id: int, detail: str | None = None) -> discord.Embed:
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.blurple())
    seed = None if spec.seed is None else f"seed {spec.seed}"
    shape = spec.aspect if spec.width is None else f"{spec.width}×{spec.height}"
    settings = ", ".join(part for part in (spec.style, spec.quality, shape, kind_of(spec), seed) if part)
    embed.set_footer(text=" · ".join(part for part in (detail, settings, f"job {job_id}") if part))
    return embed


def _count(pictures: int) -> str:
    return "1 picture is" if pictures == 1 else f"{pictures or 'no'} pictures are"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
