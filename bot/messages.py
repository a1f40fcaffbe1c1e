"""What the bot says: pure functions from what happened to a message within Discord's limits.

Prompts are hostile text: they appear only inside embeds, which never notify anybody, and only through `plain`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import discord

from bot.language import Language, say, say_number
from bot.spec_words import kind_of
from engine.prompts import clean
from engine.spec import ArtSpec

PREVIEW_NAME: Final = "progress.webp"
BAR_CELLS: Final = 12
SENTENCE_LENGTH: Final = 600  # of a refusal or failure; content holds 2,000 after escaping
PROMPT_LENGTH: Final = 1000  # as long as /art takes one; an embed's description holds 4,096 after escaping
FIELD_LENGTH: Final = 1024
LINE_LENGTH: Final = 400  # of a note, and of each line about the settings
_MARKUP: Final = re.compile(r"[\\*_~|`\[\]<>@]|:(?=//)")

Action = Literal[
    "cancel",
    "again",
    "vary",
    "rework",
    "continue",
    "double",
    "quadruple",
    "film",
    "favourite",
    "share",
    "settings",
    "family",
    "delete",
    "hide",
    "publish",
    "pick",
    "edit",
]


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: what it does, and the id of the job (cancel), draft (edit) or picture (all others) it
    is for."""

    action: Action
    target: int
    number: int = 0  # which picture of a grid, 0: the whole; for `pick`, which is a menu, how many there are
    row: int | None = None  # 0 … 4; None: where there is room

    @property
    def custom_id(self) -> str:
        return f"atelier:{self.action}:{self.target}" + (f":{self.number}" if self.number else "")


@dataclass(frozen=True, slots=True)
class Payload:
    """A message without its files."""

    content: str
    embed: discord.Embed | None = None
    buttons: tuple[Button, ...] = ()
    mention: int | None = None  # the one person whom the message may notify
    language: Language = None  # that it is written in; its buttons are labelled in the same

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


def waiting(spec: ArtSpec, job_id: int, place: int, wait: float | None, language: Language = None) -> Payload:
    """The first answer: the place in the queue and how long it takes until the painting starts (None: unknown)."""
    return Payload(
        place_line(place, wait, language),
        _canvas(spec, job_id, language),
        (Button("cancel", job_id),),
        language=language,
    )


def place_line(place: int, wait: float | None, language: Language = None) -> str:
    """`You are number 2 in the queue; painting starts in about 40 s.`"""
    if place <= 0 or (place == 1 and wait is not None and wait < 1):
        return say(language, "Your picture is next: painting starts now.")
    if wait is None and place == 1:
        return say(language, "You are next in the queue; there is no estimate of the wait yet.")
    if wait is None:
        return say(language, "You are number {place} in the queue; there is no estimate of the wait yet.", place=place)
    if place == 1:
        return say(language, "You are next in the queue; painting starts in about {time}.", time=duration(wait))
    return say(
        language,
        "You are number {place} in the queue; painting starts in about {time}.",
        place=place,
        time=duration(wait),
    )


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
    language: Language = None,
) -> Payload:
    """A picture in the making; with `preview` the message carries the file `progress.webp`."""
    embed = _canvas(spec, job_id, language, progress_line(step, total, elapsed, remaining, language))
    add_lines(embed, say(language, "Note"), notes)
    if preview:
        embed.set_image(url=f"attachment://{PREVIEW_NAME}")
    return Payload(bar(step, total), embed, (Button("cancel", job_id),), language=language)


def progress_line(step: int, total: int, elapsed: float, remaining: float, language: Language = None) -> str:
    """`step 17/40 · 12 s so far · about 16 s left`."""
    parts = [
        say(language, "step {step}/{total}", step=step, total=total) if total else say(language, "getting ready"),
        say(language, "{time} so far", time=duration(elapsed)),
    ]
    if step:
        parts.append(say(language, "about {time} left", time=duration(remaining)))
    return " · ".join(parts)


def paused(spec: ArtSpec, job_id: int, step: int | None, language: Language = None) -> Payload:
    """The bot stops; the picture goes on when it is back."""
    if step:
        said = say(
            language,
            "I have to leave for a moment. Your picture is put aside at step {step} and goes on when I am back.",
            step=step,
        )
    else:
        said = say(language, "I have to leave for a moment. Your picture is put aside and goes on when I am back.")
    return Payload(said, _canvas(spec, job_id, language), (Button("cancel", job_id),), language=language)


def add_lines(embed: discord.Embed, name: str, lines: Sequence[str]) -> None:
    """A field with these lines, as strangers wrote them; none for no lines."""
    if lines:
        text = "\n".join(plain(line, LINE_LENGTH) for line in lines)
        embed.add_field(name=name, value=_cut(text, FIELD_LENGTH), inline=False)


def cancelled(spec: ArtSpec, job_id: int, language: Language = None) -> Payload:
    return Payload(say(language, "This picture was cancelled."), _canvas(spec, job_id, language), language=language)


def failed(spec: ArtSpec | None, job_id: int, person_id: int, sentence: str, language: Language = None) -> Payload:
    """The end of a job without a picture; `sentence` says why and what to do."""
    embed = None if spec is None else _canvas(spec, job_id, language)
    said = say(language, "<@{person}>, your picture could not be painted.", person=person_id)
    return Payload(f"{said} {plain(sentence, SENTENCE_LENGTH)}", embed, mention=person_id, language=language)


def refusal(sentence: str) -> Payload:
    """An answer for the asker's eyes only."""
    return Payload(plain(sentence, SENTENCE_LENGTH) or "That is not possible.")


def by_direct_message(payload: Payload) -> Payload:
    """The same message for where it must be sent anew, because the answer in the channel can't be changed any more."""
    because = say(payload.language, "I can't change my answer in the channel any more, so I send it here.")
    return dataclasses.replace(payload, content=f"{payload.content} ({because})")


def queue_overview(
    running: int, waiting_jobs: int, own: Sequence[OpenJob], *, most: int = 10, language: Language = None
) -> Payload:
    """What is running and waiting; of the prompts only the reader's own."""
    if not running and not waiting_jobs:
        return Payload(say(language, "Nothing is being painted and nobody waits. Start a picture with /art."))
    painted = say_number(language, "{number} picture is being painted", "{number} pictures are being painted", running)
    waits = say_number(language, "{number} picture is waiting", "{number} pictures are waiting", waiting_jobs)
    lines = [f"{painted}, {waits}."]
    if not own:
        lines.append(say(language, "None of them is yours. Start one with /art."))
    for job in own[:most]:
        being_painted = job.step or say(language, "being painted")
        state = being_painted if job.place <= 0 else place_line(job.place, job.wait, language)
        lines.append(f"• {job.id}: “{plain(job.prompt, 60)}” – {state}")
    if len(own) > most:
        lines.append(say(language, "… and {number} more of yours.", number=len(own) - most))
    return Payload(_cut("\n".join(lines), 2000))


def choice_name(job_id: int, prompt: str) -> str:
    """A job in the list of /cancel: at most 100 characters, which Discord shows as they are."""
    return _cut(f"{job_id}: {clean(prompt)}", 100)


def option_name(name: str, description: str) -> str:
    """A proposal with what it is about: at most 100 characters."""
    return _cut(f"{name}: {description}", 100)


def too_many_of_yours(open_jobs: int, language: Language = None) -> str:
    return say_number(
        language,
        "You have {number} picture waiting or being painted, which is as many as one person may have: "
        "wait for one to end, or take one back with /cancel.",
        "You have {number} pictures waiting or being painted, which is as many as one person may have: "
        "wait for one to end, or take one back with /cancel.",
        open_jobs,
    )


def too_many_in_all(open_jobs: int, language: Language = None) -> str:
    return say_number(
        language,
        "The queue is full with {number} picture: please try again in a few minutes.",
        "The queue is full with {number} pictures: please try again in a few minutes.",
        open_jobs,
    )


def quality_too_large(asked: str, largest: str, language: Language = None) -> str:
    return say(
        language,
        "The quality {asked} is more than this bot paints: choose {largest} or less.",
        asked=asked,
        largest=largest,
    )


def too_much_work(language: Language = None) -> str:
    return say(
        language,
        "This is more work than I take on for one wish: choose a smaller size, fewer iterations or fewer pictures.",
    )


def _canvas(spec: ArtSpec, job_id: int, language: Language, detail: str | None = None) -> discord.Embed:
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.blurple())
    seed = None if spec.seed is None else say(language, "seed {seed}", seed=spec.seed)
    shape = spec.aspect if spec.width is None else f"{spec.width}×{spec.height}"
    settings = ", ".join(part for part in (spec.style, spec.quality, shape, kind_of(spec), seed) if part)
    job = say(language, "job {number}", number=job_id)
    embed.set_footer(text=" · ".join(part for part in (detail, settings, job) if part))
    return embed


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
