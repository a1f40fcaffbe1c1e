"""/help: what the bot can do, with examples to paint with one press."""

from __future__ import annotations

import dataclasses
from typing import Any

import discord
from discord import app_commands

from bot.bot import Atelier, Interaction
from bot.text.language import _
from bot.ui.items import StatefulItem
from bot.ui.tree import CommandTree, everywhere
from engine.errors import InputError
from engine.spec.artspec import ArtSpec


async def setup(bot: Atelier) -> None:
    bot.tree.add_command(everywhere(help_))


@app_commands.command(name="help", description="What I can do, with examples to press")
async def help_(interaction: Interaction) -> None:
    """Show the commands and the examples, visible only to the person."""
    await interaction.response.send_message(view=_layout(interaction.client.tree), ephemeral=True)


class ExampleButton(StatefulItem, path="example:{number}"):
    """Paints an example for the person who pressed it."""

    number: int  # index into `CommandTree.examples`

    async def pressed(self, interaction: Interaction) -> None:
        examples = interaction.client.tree.examples
        if self.number >= len(examples):
            raise InputError("This example is an old one: /help has new ones.")
        await interaction.client.submitter.submit(interaction, examples[self.number].spec)


def art_options(spec: ArtSpec) -> str:
    """The options of /art that make this request."""
    changed = [each.name for each in dataclasses.fields(spec) if getattr(spec, each.name) != each.default]
    return " ".join(f"{name}:{getattr(spec, name)}" for name in changed)


def _layout(tree: CommandTree) -> discord.ui.LayoutView:
    """The message: an introduction, the examples with a button each, and the commands."""
    container = discord.ui.Container[Any](accent_colour=discord.Colour.dark_gold())
    container.add_item(discord.ui.TextDisplay(_introduction(tree)))
    for number, example in enumerate(tree.examples):
        text = f"{_(example.about)}\n`/art {art_options(example.spec)}`"
        button = ExampleButton.button(_("Paint it"), style="primary", number=number)
        container.add_item(discord.ui.Section(text, accessory=button))
    container.add_item(discord.ui.Separator())
    container.add_item(discord.ui.TextDisplay(_commands(tree)))
    layout = discord.ui.LayoutView(timeout=None)
    layout.add_item(container)
    return layout


def _introduction(tree: CommandTree) -> str:
    title = _("I paint what you type")
    how = _(
        "Type {art} and a few words. I answer with your place in the queue, show the picture while it grows, and "
        "put buttons under it to go on: again, variations, edit, continue, enlarge, film, share. Here are some to "
        "try:",
        art=tree.mention("art"),
    )
    return f"## {title}\n{how}"


def _commands(tree: CommandTree) -> str:
    """A line for each command that has a help text, in the order in which the features add them."""
    lines = {each.name: each.extras["help"] for each in tree.get_commands() if "help" in each.extras}
    return "\n".join(f"{tree.mention(name)} – {_(about)}" for name, about in lines.items())
