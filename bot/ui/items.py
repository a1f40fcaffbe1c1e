"""Buttons and menus that keep their state in their custom_id, so that they still work after a restart.

A class registers when it is defined, with the path of its custom_ids:

    class VoteButton(StatefulItem, path="vote:{challenge}:{entry}:{on}"):
        challenge: int
        entry: int
        on: int

        async def pressed(self, interaction: Interaction) -> None: ...

`VoteButton.button("Vote", challenge=5, entry=7, on=1)` is the button to send. On a press the object is made anew, with
the values of its custom_id as attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self

import discord

from bot.text.buttons import Button, ButtonStyle, Menu, Path
from bot.text.language import speaking
from bot.ui import replies

ITEMS: Final[list[type[StatefulItem]]] = []  # all subclasses with a path
_NEVER: Final = r"atelier:(?!)"  # the pattern of base classes, which matches nothing
_STYLES: Final = {style.name: style for style in discord.ButtonStyle}


class StatefulItem(discord.ui.DynamicItem[discord.ui.Item[Any]], template=_NEVER):
    """Base of buttons and menus: double presses are ignored, and any exception is answered with a sentence.

    Use them in views of dynamic items only, or in those of `view_of`: discord.py 2.7 drops a dynamic item's pattern
    when a view that mixes them with other items times out.
    """

    path: ClassVar[Path]
    once: ClassVar[bool] = True  # False: repeated presses are intended, as for page buttons

    def __init_subclass__(cls, *, path: str | Path | None = None) -> None:
        if path is None:
            super().__init_subclass__(template=_NEVER)
            return
        cls.path = Path(path) if isinstance(path, str) else path
        super().__init_subclass__(template=cls.path.pattern)
        ITEMS.append(cls)

    def __init__(self, item: discord.ui.Item[Any], values: Mapping[str, int | str]) -> None:
        super().__init__(item)
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(item, cls.path.values(match))

    @classmethod
    def button(
        cls,
        label: str,
        *,
        emoji: str | None = None,
        style: ButtonStyle = "secondary",
        disabled: bool = False,
        row: int | None = None,
        **values: int | str,
    ) -> Self:
        """The button with these values in its custom_id."""
        custom_id = cls.path.custom_id(**values)
        item = discord.ui.Button[Any](
            label=label, emoji=emoji, style=_STYLES[style], disabled=disabled, custom_id=custom_id, row=row
        )
        return cls(item, values)

    @classmethod
    def menu(
        cls, options: Sequence[discord.SelectOption], *, placeholder: str | None = None, **values: int | str
    ) -> Self:
        """The select menu, for one choice, with these values in its custom_id."""
        menu = discord.ui.Select[Any](
            custom_id=cls.path.custom_id(**values), placeholder=placeholder, options=list(options)
        )
        return cls(menu, values)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        debounce = interaction.client.debounce
        press = interaction.user.id, "=".join((self.custom_id, *chosen(interaction)))
        with speaking(interaction.locale):
            try:
                if not self.once or debounce.accept(*press):
                    await self.pressed(interaction)
                else:
                    await interaction.response.defer()
            except Exception as error:
                debounce.forget(*press)
                await replies.explain(interaction, error)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Handle the press or selection. An `InputError` is answered privately."""
        raise NotImplementedError


def chosen(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """The selected values of a menu; empty for a button."""
    data: Any = interaction.data or {}
    return tuple(map(str, data.get("values") or ()))


def view_of(items: Iterable[Button | Menu]) -> discord.ui.View | None:
    """A view of the items; None if there are none, which removes the view of an edited message."""
    components = [_component(item) for item in items]
    if not components:
        return None
    view = discord.ui.View(timeout=None)
    for component in components:
        view.add_item(component)
    view.stop()  # so that discord.py does not keep it: presses find their class by custom_id
    return view


def _component(item: Button | Menu) -> discord.ui.Item[Any]:
    if isinstance(item, Menu):
        options = [discord.SelectOption(label=label, value=value) for value, label in item.options]
        return discord.ui.Select(custom_id=item.custom_id, placeholder=item.placeholder, options=options, row=item.row)
    return discord.ui.Button(
        label=item.label, emoji=item.emoji, style=_STYLES[item.style], custom_id=item.custom_id, row=item.row
    )
