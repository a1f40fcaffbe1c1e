"""/queue and /cancel: the jobs in the queue, and cancelling them."""

from __future__ import annotations

from typing import Final

from discord import app_commands

from bot.bot import Atelier, Interaction
from bot.jobs.estimates import wait_seconds
from bot.jobs.progress import SavedProgress
from bot.text import messages
from bot.text.language import N_, _, ngettext
from bot.text.messages import CANCEL, OpenJob
from bot.ui import replies
from bot.ui.choices import MOST_CHOICES
from bot.ui.items import StatefulItem
from bot.ui.tree import everywhere
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from storage.queue import Job, JobState

ESTIMATES_MEASURED: Final = 100  # newest jobs whose waits are compared with their estimates


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(queue))
    bot.tree.add_command(everywhere(cancel))


class CancelButton(StatefulItem, path=CANCEL.path):
    """Cancels a waiting or running job."""

    job: int

    async def pressed(self, interaction: Interaction) -> None:
        client = interaction.client
        job = await client.queue.get(self.job)
        if job is None:
            raise InputError("This picture is no longer known; there is nothing to cancel.")
        if not replies.may_manage(interaction, job.person_id, job.guild_id):
            raise InputError("Only the one who asked for this picture, or a moderator, may cancel.")
        await interaction.response.defer()
        if not await client.worker.cancel(job.id):
            await replies.privately(interaction, _("This picture has already ended."))


@app_commands.command(
    name="queue",
    description="What is being painted, who waits, and your place",
    extras={"help": N_("what is being painted, and when it is your turn")},
)
async def queue(interaction: Interaction) -> None:
    """Show how many jobs run and wait, and the person's own jobs with place and estimated wait."""
    client = interaction.client
    jobs = await client.queue.open_jobs()
    own = [await _open_job(client, job) for job in jobs if job.person_id == interaction.user.id]
    running = sum(job.state is JobState.RUNNING for job in jobs)
    payload = messages.queue_overview(running, len(jobs) - running, own)
    lines = [payload.content, await _estimates_line(client)]
    content = "\n".join(line for line in lines if line)
    await interaction.response.send_message(content, ephemeral=True, allowed_mentions=payload.allowed_mentions)


async def _estimates_line(client: Atelier) -> str | None:
    """How accurate the estimates of the wait have been; None if nobody had to wait."""
    accuracy = await client.queue.estimate_error(ESTIMATES_MEASURED)
    if accuracy is None or accuracy.wait < 1:
        return None
    return ngettext(
        "(Over the last picture my estimate of the wait was off by {error}, of a wait of {wait}.)",
        "(Over the last {number} pictures my estimates of the wait were off by {error} on average, of a wait of "
        "{wait}.)",
        accuracy.count,
        error=messages.duration(accuracy.error),
        wait=messages.duration(accuracy.wait),
    )


@app_commands.command(
    name="cancel",
    description="Take back a picture of yours that waits or is being painted",
    extras={"help": N_("take a picture back")},
)
@app_commands.describe(job="Which of your pictures; not needed while you have only one")
async def cancel(interaction: Interaction, job: app_commands.Range[int, 1, 2**53 - 1] | None = None) -> None:
    """Cancel one of the person's own jobs, or for moderators any job of this server."""
    client = interaction.client
    target = await _only_open_job(interaction) if job is None else await client.queue.get(job)
    if target is None or not replies.may_manage(interaction, target.person_id, target.guild_id):
        raise InputError(
            "There is no picture {number} of yours in the queue; /queue lists what you have.", number=job or 0
        )
    if not await client.worker.cancel(target.id):
        raise InputError("Picture {number} has already ended; there is nothing to cancel.", number=target.id)
    await replies.privately(interaction, _("Picture {number} is cancelled.", number=target.id))


@cancel.autocomplete("job")
async def own_open_jobs(interaction: Interaction, typed: int | str) -> list[app_commands.Choice[int]]:
    """The person's own open jobs whose number or prompt contains what was typed."""
    search = str(typed).strip().lower()
    names = [
        (job.id, messages.choice_name(job.id, _prompt(job)))
        for job in await interaction.client.queue.open_jobs(interaction.user.id)
    ]
    matching = [(job_id, name) for job_id, name in names if search in name.lower()]
    return [app_commands.Choice(name=name, value=job_id) for job_id, name in matching[:MOST_CHOICES]]


async def _only_open_job(interaction: Interaction) -> Job:
    jobs = await interaction.client.queue.open_jobs(interaction.user.id)
    if not jobs:
        raise InputError("You have no picture waiting or being painted.")
    if len(jobs) > 1:
        numbers = ", ".join(str(job.id) for job in jobs[:MOST_CHOICES])
        raise InputError(
            "You have several pictures in the queue ({numbers}): say which with the option {option}.",
            numbers=numbers,
            option="job",
        )
    return jobs[0]


async def _open_job(client: Atelier, job: Job) -> OpenJob:
    if job.state is JobState.RUNNING:
        progress = SavedProgress.from_json(job.progress)
        step = None
        if progress.total:
            step = messages.progress_line(progress.step, progress.total, progress.elapsed, progress.remaining)
        return OpenJob(job.id, _prompt(job), 0, None, step)
    place = await client.queue.position(job.id)
    return OpenJob(job.id, _prompt(job), place, await wait_seconds(client.queue, job.id))


def _prompt(job: Job) -> str:
    try:
        return ArtSpec.from_json(job.spec).prompt
    except InputError:
        return "(a picture of another version)"
