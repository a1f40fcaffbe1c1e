"""Forms (modals) that keep their state in their custom_id, so that they still work after a restart.

A class registers when it is defined, with the path of its custom_ids, as items do:

    class ReportForm(StatefulForm, path="report:{picture}"):
        picture: int

        async def submitted(self, interaction: Interaction, fields: Mapping[str, str]) -> None: ...

`ReportForm.modal(title, fields, picture=5)` is the modal to send. discord.py dispatches only to modals that it has sent
since its start; `submit` finds the class by the custom_id instead. Discord allows five fields a modal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import discord

from bot.text.buttons import Path
from bot.text.language import LONGEST_DESCRIPTION, _, speaking
from bot.ui import replies

FORMS: Final[list[type[StatefulForm]]] = []  # all subclasses
LONGEST_PROMPT: Final = 1000  # characters, as in /art
LONGEST_LABEL: Final = 45  # characters of a field's label, and of a form's title


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its label, its text input or select menu, and a description shown below the label."""

    label: str
    item: discord.ui.Item[Any]
    description: str | None = None


class StatefulForm:
    """Base of forms: the values of the custom_id become attributes; any exception is answered with a sentence."""

    path: ClassVar[Path]

    def __init_subclass__(cls, *, path: str) -> None:
        super().__init_subclass__()
        cls.path = Path(path)
        FORMS.append(cls)

    def __init__(self, **values: int | str) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def modal(cls, title: str, fields: Sequence[Field], **values: int | str) -> discord.ui.Modal:
        """The modal with these values in its custom_id."""
        modal = discord.ui.Modal(title=title[:LONGEST_LABEL], custom_id=cls.path.custom_id(**values))
        for field in fields:
            description = None if field.description is None else field.description[:LONGEST_DESCRIPTION]
            modal.add_item(
                discord.ui.Label(text=field.label[:LONGEST_LABEL], description=description, component=field.item)
            )
        modal.stop()  # so that discord.py does not keep it
        return modal

    async def submitted(self, interaction: discord.Interaction[Any], fields: Mapping[str, str]) -> None:
        """Handle the submitted values, by custom_id of the field. An `InputError` is answered privately."""
        raise NotImplementedError


async def submit(interaction: discord.Interaction[Any]) -> None:
    """Dispatch a submitted modal to its class; modals of other origin are ignored."""
    data: Any = interaction.data or {}
    custom_id = str(data.get("custom_id"))
    for form in FORMS:
        if (values := form.path.read(custom_id)) is not None:
            with speaking(interaction.locale):
                try:
                    await form(**values).submitted(interaction, dict(submitted_values(data.get("components") or [])))
                except Exception as error:
                    await replies.explain(interaction, error)
            return


def submitted_values(components: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """(custom_id, text or first selected value) of each field in a modal's interaction data."""
    for label in components:
        inner = label.get("component") or {}
        custom_id = str(inner.get("custom_id"))
        if "values" not in inner:
            yield custom_id, str(inner.get("value") or "")
        elif inner["values"]:
            yield custom_id, str(inner["values"][0])


def line(name: str, typed: str, example: str, *, most: int = 20) -> discord.ui.TextInput[Any]:
    """An optional input for one line of text, `most` characters at most."""
    return discord.ui.TextInput(
        custom_id=name, default=typed or None, placeholder=example, required=False, max_length=most
    )


def lines(
    name: str, typed: str, most: int, *, required: bool = False, example: str | None = None
) -> discord.ui.TextInput[Any]:
    """An input for several lines of text, `most` characters at most."""
    return discord.ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=typed[:most] or None,
        placeholder=example,
        required=required,
        max_length=most,
    )


def choice(
    name: str, values: Sequence[str], labels: Mapping[str, str], chosen: str, *, required: bool = True
) -> discord.ui.Select[Any]:
    """A menu for one of the values, shown by their labels in the current language."""
    options = [
        discord.SelectOption(label=_(labels.get(value, value))[:100], value=value, default=value == chosen)
        for value in values
    ]
    return discord.ui.Select(custom_id=name, options=options, required=required, min_values=1 if required else 0)
