"""/help: what the bot can do, with examples that are painted at a press."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import app_commands

from bot.buttons.base import StatefulItem
from bot.language import Language, say, to_say
from engine.errors import InputError
from engine.spec import ArtSpec

if TYPE_CHECKING:
    from bot.client import Atelier

    Interaction = discord.Interaction[Atelier]


@dataclass(frozen=True, slots=True)
class Example:
    """A wish to try, and what is to be seen in it."""

    about: str
    spec: ArtSpec

    @property
    def typed(self) -> str:
        """The wish as it is typed behind /art."""
        options = [f"prompt:{self.spec.prompt}"]
        if self.spec.style != "image":
            options.append(f"style:{self.spec.style}")
        if self.spec.variations != 1:
            options.append(f"variations:{self.spec.variations}")
        if self.spec.palette:
            options.append(f"palette:{self.spec.palette}")
        if self.spec.transparent:
            options.append("transparent:True")
        return " ".join(options)


EXAMPLES: Final = (
    Example(to_say("A few words are enough."), ArtSpec("a lighthouse on a cliff at sunset")),
    Example(
        to_say("Several wishes between bars, each with its weight."),
        ArtSpec("a castle | thick fog:0.4 | autumn leaves:0.6"),
    ),
    Example(
        to_say("A story in stages, which the film shows best."),
        ArtSpec("a seed in the ground ^ a sapling ^ an old oak"),
    ),
    Example(
        to_say("Pixel art in the colours of a palette."),
        ArtSpec("a dragon guarding treasure", style="pixel", palette="pico-8"),
    ),
    Example(to_say("Brush strokes on a canvas."), ArtSpec("a harbour in the morning", style="painting")),
    Example(to_say("Four variations to choose from."), ArtSpec("a robot watering flowers, watercolour", variations=4)),
)


class Help:
    """Answers /help; it knows the commands' ids, which Discord turns into links that begin to type them."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()  # of all commands there are
        self.ids: dict[str, int] = {}  # of those without subcommands, by name

    def mention(self, name: str) -> str:
        """`/art`, as a link where the command's id is known."""
        return f"</{name}:{self.ids[name]}>" if name in self.ids else f"`/{name}`"

    def layout(self, language: Language) -> discord.ui.LayoutView:
        """The message."""
        container = discord.ui.Container[Any](accent_colour=discord.Colour.dark_gold())
        container.add_item(discord.ui.TextDisplay(self._opening(language)))
        for number, example in enumerate(EXAMPLES):
            text = f"{say(language, example.about)}\n`/art {example.typed}`"
            container.add_item(discord.ui.Section(text, accessory=ExampleButton(number, language)))
        container.add_item(discord.ui.Separator())
        container.add_item(discord.ui.TextDisplay(self._commands(language)))
        layout = discord.ui.LayoutView(timeout=None)
        layout.add_item(container)
        return layout

    def _opening(self, language: Language) -> str:
        title = say(language, "I paint what you type")
        how = say(
            language,
            "Type {art} and a few words. I answer with your place in the queue, show the picture while it grows, and "
            "put buttons under it to go on: again, variations, edit, continue, enlarge, film, share. Here are some to "
            "try:",
            art=self.mention("art"),
        )
        return f"## {title}\n{how}"

    def _commands(self, language: Language) -> str:
        lines = {
            "compare": say(language, "one thing with several modifiers, side by side"),
            "gallery": say(language, "all pictures, yours and those of this server"),
            "prompts": say(language, "what others shared, to paint it yourself"),
            "remix": say(language, "go on from another's picture, with credit"),
            "challenge": say(language, "a theme for some days, with votes"),
            "leaderboard": say(language, "who painted most and got the most stars"),
            "stats": say(language, "your numbers and those of this server, as a picture"),
            "queue": say(language, "what is being painted, and when it is your turn"),
            "cancel": say(language, "take a picture back"),
            "preferences": say(language, "notifications, language, who may see your pictures"),
            "privacy": say(language, "what I keep about you, and how to have it erased"),
            "settings": say(language, "for moderators: channels, roles, limits, safety"),
        }
        return "\n".join(f"{self.mention(name)} – {about}" for name, about in lines.items() if name in self.names)


async def help_(interaction: Interaction) -> None:
    """/help, for the asker's eyes only."""
    layout = interaction.client.help.layout(interaction.locale)
    await interaction.response.send_message(view=layout, ephemeral=True)


def help_command() -> app_commands.Command[Any, ..., None]:
    return app_commands.Command(name="help", description="What I can do, with examples to press", callback=help_)


class ExampleButton(StatefulItem, template=r"atelier:example:(?P<number>[0-9]{1,2})"):
    """Paints an example for whoever presses it."""

    def __init__(self, number: int, language: Language = None) -> None:
        super().__init__(
            discord.ui.Button(
                label=say(language, "Paint it"),
                style=discord.ButtonStyle.primary,
                custom_id=f"atelier:example:{number}",
            )
        )
        self.number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["number"]), interaction.locale)

    async def pressed(self, interaction: Interaction) -> None:
        if self.number >= len(EXAMPLES):
            raise InputError(say(interaction.locale, "This example is an old one: /help has new ones."))
        await interaction.client.admission.ask(interaction, EXAMPLES[self.number].spec)
