"""The slash commands: what people can type, and what the bot answers."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot import messages, replies
from bot.art_command import art_command
from bot.community.challenge_command import challenge_command
from bot.community.prompts_command import prompts_command
from bot.community.remix_command import remix_command
from bot.community.stats_command import stats_commands
from bot.compare_command import compare_command
from bot.estimates import wait_seconds
from bot.gallery_command import gallery_commands
from bot.help_command import help_command
from bot.language import CommandTranslator, Language, say, say_number
from bot.message_menus import message_menus
from bot.messages import OpenJob
from bot.options import MOST_CHOICES
from bot.preferences_command import preferences_command
from bot.privacy_command import privacy_command
from bot.progress import KeptProgress
from bot.reports import reports_command
from bot.settings import Settings
from bot.settings_command import settings_command
from engine.errors import InputError
from engine.spec import QUALITIES, ArtSpec
from storage.database import Database
from storage.queue import Job, JobState

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]

ESTIMATES_MEASURED: Final = 100  # the newest pictures, whose waits are compared with what was estimated

_log = logging.getLogger(__name__)


class CommandTree(app_commands.CommandTree["Atelier"]):
    """The commands, with one handler that answers whatever went wrong in any of them."""

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        await replies.explain(interaction, error)

    async def sync_if_changed(self, database: Database, application_id: int) -> bool:
        """Tell Discord the commands if they are others than last time; each telling is a full replacement there."""
        translator = CommandTranslator()
        await self.set_translator(translator)
        payload = [await command.get_translated_payload(self, translator) for command in self.get_commands(type=None)]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        key, ids_key = f"commands:{application_id}", f"command ids:{application_id}"
        self.client.help.names = frozenset(command.name for command in self.get_commands())
        ids = await database.setting(ids_key)
        if ids is not None and await database.setting(key) == digest:
            self.client.help.ids = json.loads(ids)
            return False
        synced = {command.name: command.id for command in await self.sync()}
        plain = [each.name for each in self.get_commands() if isinstance(each, app_commands.Command)]
        self.client.help.ids = {name: synced[name] for name in plain if name in synced}
        await database.set_setting(ids_key, json.dumps(self.client.help.ids))
        await database.set_setting(key, digest)
        _log.info("the commands were sent to Discord")
        return True


def add_commands(tree: CommandTree, settings: Settings) -> None:
    """Put all commands into the tree, with the choices that the settings leave."""
    allowed = QUALITIES[: QUALITIES.index(settings.largest_quality) + 1]
    everywhere = (
        app_commands.allowed_installs(guilds=True, users=True),
        app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True),
    )
    commands: tuple[app_commands.Command[Any, ..., None], ...] = (
        art_command(allowed),
        compare_command(allowed),
        preferences_command(),
        privacy_command(),
        *gallery_commands(),
        prompts_command(),
        remix_command(),
        *stats_commands(),
        help_command(),
        app_commands.Command(
            name="queue", description="What is being painted, who waits, and your place", callback=queue
        ),
        app_commands.Command(
            name="cancel",
            description="Take back a picture of yours that waits or is being painted",
            callback=app_commands.autocomplete(job=own_open_jobs)(cancel),
        ),
    )
    for command in commands:
        for decorate in everywhere:
            command = decorate(command)
        tree.add_command(command)
    for menu in message_menus():
        for decorate in everywhere:
            menu = decorate(menu)
        tree.add_command(menu)
    tree.add_command(reports_command())
    tree.add_command(settings_command())
    tree.add_command(challenge_command())


async def queue(interaction: Interaction) -> None:
    """/queue: how much is going on, and the asker's own jobs with place and wait."""
    client = interaction.client
    jobs = await client.queue.open_jobs()
    language = interaction.locale
    own = [await _open_job(client, job, language) for job in jobs if job.person_id == interaction.user.id]
    running = sum(job.state is JobState.RUNNING for job in jobs)
    payload = messages.queue_overview(running, len(jobs) - running, own, language=language)
    lines = [payload.content, await _estimates_line(client, language)]
    said = "\n".join(line for line in lines if line)
    await interaction.response.send_message(said, ephemeral=True, allowed_mentions=payload.allowed_mentions)


async def _estimates_line(client: Atelier, language: Language) -> str | None:
    """How good the estimates of the wait have been; None where nobody had to wait."""
    measured = await client.queue.estimate_error(ESTIMATES_MEASURED)
    if measured is None or measured.wait < 1:
        return None
    return say_number(
        language,
        "(Over the last picture my estimate of the wait was off by {error}, of a wait of {wait}.)",
        "(Over the last {number} pictures my estimates of the wait were off by {error} on average, of a wait of "
        "{wait}.)",
        measured.count,
        error=messages.duration(measured.error),
        wait=messages.duration(measured.wait),
    )


@app_commands.describe(job="Which of your pictures; not needed while you have only one")
async def cancel(interaction: Interaction, job: app_commands.Range[int, 1, 2**53 - 1] | None = None) -> None:
    """/cancel: takes one of the asker's own jobs back, or anybody's of this server for a moderator."""
    client = interaction.client
    target = await _only_open_job(interaction) if job is None else await client.queue.get(job)
    if target is None or not replies.may_manage(interaction, target.person_id, target.guild_id):
        raise InputError(
            say(
                interaction.locale,
                "There is no picture {number} of yours in the queue; /queue lists what you have.",
                number=job,
            )
        )
    if not await client.worker.cancel(target.id):
        raise InputError(
            say(interaction.locale, "Picture {number} has already ended; there is nothing to cancel.", number=target.id)
        )
    await replies.privately(interaction, say(interaction.locale, "Picture {number} is cancelled.", number=target.id))


async def own_open_jobs(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """The choices of /cancel: the asker's own open jobs that fit what was typed."""
    wanted = str(typed).strip().lower()
    names = [
        (job.id, messages.choice_name(job.id, _prompt(job)))
        for job in await interaction.client.queue.open_jobs(interaction.user.id)
    ]
    fitting = [(job_id, name) for job_id, name in names if wanted in name.lower()]
    return [app_commands.Choice(name=name, value=job_id) for job_id, name in fitting[:MOST_CHOICES]]


async def _only_open_job(interaction: Interaction) -> Job:
    jobs = await interaction.client.queue.open_jobs(interaction.user.id)
    if not jobs:
        raise InputError(say(interaction.locale, "You have no picture waiting or being painted."))
    if len(jobs) > 1:
        numbers = ", ".join(str(job.id) for job in jobs[:MOST_CHOICES])
        raise InputError(
            say(
                interaction.locale,
                "You have several pictures in the queue ({numbers}): say which with the option {option}.",
                numbers=numbers,
                option="job",
            )
        )
    return jobs[0]


async def _open_job(client: Atelier, job: Job, language: Language) -> OpenJob:
    if job.state is JobState.RUNNING:
        kept = KeptProgress.from_json(job.progress)
        step = None
        if kept.total:
            step = messages.progress_line(kept.step, kept.total, kept.elapsed, kept.remaining, language)
        return OpenJob(job.id, _prompt(job), 0, None, step)
    place = await client.queue.position(job.id)
    return OpenJob(job.id, _prompt(job), place, await wait_seconds(client.queue, job.id))


def _prompt(job: Job) -> str:
    try:
        return ArtSpec.from_json(job.spec).prompt
    except InputError:
        return "(a picture of another version)"
