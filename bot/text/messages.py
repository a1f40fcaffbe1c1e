"""The bot's messages about jobs: pure functions that return payloads within Discord's limits.

Prompts are untrusted text: they appear only in embeds, which never notify anybody, and only escaped by `plain`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord
from babel.units import format_unit

from bot.text.buttons import Action, Button, Menu, Path
from bot.text.language import N_, _, babel_locale, ngettext
from bot.text.spec_words import kind_of
from engine.spec.artspec import ArtSpec
from engine.spec.prompts import clean

PREVIEW_NAME: Final = "progress.webp"
BAR_CELLS: Final = 12
SENTENCE_LENGTH: Final = 600  # characters of a refusal or failure; content has 2,000, after escaping
PROMPT_LENGTH: Final = 1000  # as in /art; an embed's description has 4,096 characters, after escaping
FIELD_LENGTH: Final = 1024  # Discord's limit for a field of an embed
LINE_LENGTH: Final = 400  # of a note, and of each line of spec options
_MARKUP: Final = re.compile(r"[\\*_~|`\[\]<>@]|:(?=//)")

CANCEL: Final = Action(Path("cancel:{job}"), N_("Cancel"))  # under the message of a waiting or running job


@dataclass(frozen=True, slots=True)
class Payload:
    """The content, embed and components of a message, without its files."""

    content: str
    embed: discord.Embed | None = None
    items: tuple[Button | Menu, ...] = ()
    mention: int | None = None  # id of the one person whom the message may notify

    @property
    def allowed_mentions(self) -> discord.AllowedMentions:
        users = [] if self.mention is None else [discord.Object(self.mention)]
        return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=users)


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job as /queue shows it to its owner."""

    id: int
    prompt: str
    place: int  # 0: running, 1: next …
    wait: float | None  # seconds until it starts; None: no estimate
    step: str | None = None  # progress of a running job, from `progress_line`


def plain(text: str, limit: int = PROMPT_LENGTH) -> str:
    """Untrusted text as one line without Markdown, links or mentions, cut to `limit` characters before escaping."""
    line = clean(text)
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    # Discord honours the backslash; the zero-width space also breaks mentions where the raw text is read.
    return _MARKUP.sub(lambda match: "\\" + match[0] + ("\u200b" if match[0] in "@<" else ""), line)


def duration(seconds: float) -> str:
    """Seconds as text in the current language: `8 sec`, `1 min 20 sec`, `12 min`, `2 hr 5 min`; `2 Std. 5 Min.`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        parts = [(hours, "hour"), (minutes_left, "minute")]
    else:
        parts = [(minutes, "minute"), (rest if minutes < 10 else 0, "second")]
    nonzero = [(number, unit) for number, unit in parts if number] or [(0, "second")]
    return " ".join(format_unit(number, f"duration-{unit}", "short", locale=babel_locale()) for number, unit in nonzero)


def bar(step: int, total: int) -> str:
    """A progress bar: `▰▰▰▱▱▱ 42 %`."""
    share = min(1.0, max(0.0, step / total)) if total > 0 else 0.0
    full = int(share * BAR_CELLS)
    return "▰" * full + "▱" * (BAR_CELLS - full) + f" {int(share * 100)} %"


def waiting(spec: ArtSpec, job_id: int, place: int, wait: float | None) -> Payload:
    """A waiting job: its place in the queue, and the wait in seconds (None: no estimate)."""
    return Payload(place_line(place, wait), _job_embed(spec, job_id), (CANCEL.button(job=job_id),))


def place_line(place: int, wait: float | None) -> str:
    """The place in the queue: `You are number 2 in the queue; painting starts in about 40 sec.`"""
    if place <= 0 or (place == 1 and wait is not None and wait < 1):
        return _("Your picture is next: painting starts now.")
    if wait is None and place == 1:
        return _("You are next in the queue; there is no estimate of the wait yet.")
    if wait is None:
        return _("You are number {place} in the queue; there is no estimate of the wait yet.", place=place)
    if place == 1:
        return _("You are next in the queue; painting starts in about {time}.", time=duration(wait))
    return _("You are number {place} in the queue; painting starts in about {time}.", place=place, time=duration(wait))


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
    """A running job; with `preview` the embed shows the attachment `progress.webp`."""
    embed = _job_embed(spec, job_id, progress_line(step, total, elapsed, remaining))
    add_lines(embed, _("Note"), notes)
    if preview:
        embed.set_image(url=f"attachment://{PREVIEW_NAME}")
    return Payload(bar(step, total), embed, (CANCEL.button(job=job_id),))


def progress_line(step: int, total: int, elapsed: float, remaining: float) -> str:
    """Progress in one line: `step 17/40 · 12 sec so far · about 16 sec left`."""
    parts = [
        _("step {step}/{total}", step=step, total=total) if total else _("getting ready"),
        _("{time} so far", time=duration(elapsed)),
    ]
    if step:
        parts.append(_("about {time} left", time=duration(remaining)))
    return " · ".join(parts)


def paused(spec: ArtSpec, job_id: int, step: int | None) -> Payload:
    """A job suspended by a stop of the bot, to be resumed at its next start."""
    if step:
        text = _(
            "I have to leave for a moment. Your picture is put aside at step {step} and goes on when I am back.",
            step=step,
        )
    else:
        text = _("I have to leave for a moment. Your picture is put aside and goes on when I am back.")
    return Payload(text, _job_embed(spec, job_id), (CANCEL.button(job=job_id),))


def add_lines(embed: discord.Embed, name: str, lines: Sequence[str]) -> None:
    """Add a field with these lines, escaped; nothing if there are none."""
    if lines:
        value = "\n".join(plain(line, LINE_LENGTH) for line in lines)
        embed.add_field(name=name, value=_cut(value, FIELD_LENGTH), inline=False)


def cancelled(spec: ArtSpec, job_id: int) -> Payload:
    return Payload(_("This picture was cancelled."), _job_embed(spec, job_id))


def failed(spec: ArtSpec | None, job_id: int, person_id: int, sentence: str) -> Payload:
    """A failed job; `sentence` says why, and what to do."""
    embed = None if spec is None else _job_embed(spec, job_id)
    text = _("<@{person}>, your picture could not be painted.", person=person_id)
    return Payload(f"{text} {plain(sentence, SENTENCE_LENGTH)}", embed, mention=person_id)


def refusal(sentence: str) -> Payload:
    """A private answer that refuses a request."""
    return Payload(plain(sentence, SENTENCE_LENGTH) or "That is not possible.")


def by_direct_message(payload: Payload) -> Payload:
    """The payload as a direct message, with the reason: the reply in the channel can no longer be edited."""
    reason = _("I can't change my answer in the channel any more, so I send it here.")
    return dataclasses.replace(payload, content=f"{payload.content} ({reason})")


def queue_overview(running: int, waiting_jobs: int, own: Sequence[OpenJob], *, most: int = 10) -> Payload:
    """The numbers of running and waiting jobs, and the reader's own jobs, `most` at most, with their prompts."""
    if not running and not waiting_jobs:
        return Payload(_("Nothing is being painted and nobody waits. Start a picture with /art."))
    running_text = ngettext("{number} picture is being painted", "{number} pictures are being painted", running)
    waiting_text = ngettext("{number} picture is waiting", "{number} pictures are waiting", waiting_jobs)
    lines = [f"{running_text}, {waiting_text}."]
    if not own:
        lines.append(_("None of them is yours. Start one with /art."))
    for job in own[:most]:
        state = place_line(job.place, job.wait) if job.place > 0 else job.step or _("being painted")
        lines.append(f"• {job.id}: “{plain(job.prompt, 60)}” – {state}")
    if len(own) > most:
        lines.append(_("… and {number} more of yours.", number=len(own) - most))
    return Payload(_cut("\n".join(lines), 2000))


def choice_name(job_id: int, prompt: str) -> str:
    """The name of an autocomplete choice for a job or picture: at most 100 characters, shown without Markdown."""
    return _cut(f"{job_id}: {clean(prompt)}", 100)


def option_name(name: str, description: str) -> str:
    """The name of an autocomplete choice with a description: at most 100 characters."""
    return _cut(f"{name}: {description}", 100)


def too_many_of_yours(open_jobs: int) -> str:
    return ngettext(
        "You have {number} picture waiting or being painted, which is as many as one person may have: "
        "wait for one to end, or take one back with /cancel.",
        "You have {number} pictures waiting or being painted, which is as many as one person may have: "
        "wait for one to end, or take one back with /cancel.",
        open_jobs,
    )


def too_many_in_all(open_jobs: int) -> str:
    return ngettext(
        "The queue is full with {number} picture: please try again in a few minutes.",
        "The queue is full with {number} pictures: please try again in a few minutes.",
        open_jobs,
    )


def _job_embed(spec: ArtSpec, job_id: int, detail: str | None = None) -> discord.Embed:
    """A job's embed: the prompt, and in the footer `detail`, the main options and the job's id."""
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.blurple())
    seed = None if spec.seed is None else _("seed {seed}", seed=spec.seed)
    shape = spec.aspect if spec.width is None else f"{spec.width}×{spec.height}"
    options = ", ".join(part for part in (spec.style, spec.quality, shape, kind_of(spec), seed) if part)
    job = _("job {number}", number=job_id)
    embed.set_footer(text=" · ".join(part for part in (detail, options, job) if part))
    return embed


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
