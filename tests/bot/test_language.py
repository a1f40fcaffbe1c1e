from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import language
from bot.language import COMMAND_NAME, TRANSLATED, allowed_name, catalogue_file, say, say_number
from bot.locales.catalogues import NOT_READ, SOURCE, missing, mistakes, placeholders, read, template, texts_of, update
from bot.sandbox import Sandbox
from tests.bot.conftest import StartBot

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
GERMAN = (
    HEAD
    + r""""Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "Your picture {name} is next."
msgstr "Dein Bild {name} ist als Nächstes dran."

msgid "It is {place}."
msgstr "Es ist {platz}."

msgid "one picture"
msgid_plural "{number} pictures"
msgstr[0] "ein Bild"
msgstr[1] "{number} Bilder"

#, fuzzy
msgid "Almost"
msgstr "Beinahe"

msgctxt "command name"
msgid "queue"
msgstr "warteschlange"

msgctxt "command name"
msgid "cancel"
msgstr "Nimm zurück"

msgid "Take back a picture of yours that waits or is being painted"
msgstr "Ein eigenes Bild zurücknehmen, das wartet oder gemalt wird"
"""
)


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of catalogues with German alone."""
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language._catalogue.cache_clear()
    file = catalogue_file("de")
    file.parent.mkdir(parents=True)
    file.write_text(GERMAN, "utf-8")
    yield tmp_path
    language._catalogue.cache_clear()


def test_what_is_translated_is_said_in_that_language(german: Path) -> None:
    said = say(discord.Locale.german, "Your picture {name} is next.", name="{name.__class__}")
    assert said == "Dein Bild {name.__class__} ist als Nächstes dran."
    assert say_number("de", "one picture", "{number} pictures", 1) == "ein Bild"
    assert say_number("de", "one picture", "{number} pictures", 3) == "3 Bilder"


@pytest.mark.parametrize("where", [None, "de", "xx", "../../etc", discord.Locale.hindi, "en-US", ""])
def test_what_is_not_translated_is_said_in_english(german: Path, where: str | None) -> None:
    assert say(where, "Nobody translated {this}.", this="me") == "Nobody translated me."
    assert say(where, "Almost") == "Almost"  # a fuzzy translation is none
    assert say_number(where, "1 cat", "{number} cats", 2) == "2 cats"


def test_a_translation_with_wrong_placeholders_counts_as_missing(german: Path) -> None:
    assert say("de", "It is {place}.", place="3rd") == "It is 3rd."


async def test_commands_are_named_in_the_languages_that_have_names_for_them(
    german: Path, sandbox: Sandbox, start_bot: StartBot
) -> None:
    async with start_bot():
        commands = {command["name"]: command for command in sandbox.world.commands}
        assert commands["queue"]["name_localizations"] == {"de": "warteschlange"}
        # What Discord would refuse is left out, and the rest of that command is still translated.
        assert not commands["cancel"].get("name_localizations")
        assert commands["cancel"]["description_localizations"]["de"].startswith("Ein eigenes Bild")


def test_texts_are_found_in_source() -> None:
    source = """
say(locale, "One {a}" " and more", a=say(locale, "inside"))
self.language.say(where, "late" if late else "early")
say_number(x, "one", "{number} many", 3)
NAMES = {"a": to_say("later")}
say(locale, NAMES["a"]), say(locale), other("nothing")
"""
    assert sorted(map(str, texts_of(source))) == sorted(
        ["One {a} and more", "inside", "late", "early", "('one', '{number} many')", "later"]
    )


async def test_catalogues_keep_their_translations_and_tell_what_is_left(german: Path) -> None:
    wanted = await template()
    kept = update("de", wanted)
    left = missing(kept, wanted)
    assert "queue" not in left and "art" in left and "Paint a picture from words" in left
    again = read("de")
    assert again is not None and missing(again, wanted) == left
    assert "Beinahe" not in catalogue_file("de").read_text("utf-8"), "nobody says it any more"
    (wrong,) = mistakes(kept, wanted)
    assert "“cancel” is translated as “Nimm zurück”, which is no name for Discord" in wrong


async def test_mistakes_of_translators_are_named(german: Path) -> None:
    wanted = await template()
    kept = update("de", wanted)
    for english, context, translated in (
        ("queue", COMMAND_NAME, "liste"),
        ("gallery", COMMAND_NAME, "liste"),
        ("What is being painted, who waits, and your place", None, "x" * 101),
        ("Picture {number} is cancelled.", None, "Bild {zahl} ist zurückgenommen."),
    ):
        kept.get(english, context).string = translated
    said = "\n".join(mistakes(kept, wanted))
    assert "have one name, “liste”" in said and "has 101 characters instead of 100 at most" in said
    assert "has placeholders that the English text has not (zahl)" in said


@pytest.mark.parametrize("name", TRANSLATED)
async def test_no_text_is_missing_in_a_language_that_has_a_catalogue(name: str) -> None:
    catalogue = read(name)
    if catalogue is not None:
        wanted = await template()
        assert missing(catalogue, wanted) == []
        assert mistakes(catalogue, wanted) == []


def test_no_text_is_said_as_no_text(german: Path) -> None:
    assert say("de", "") == ""


@given(st.text(max_size=60))
def test_whatever_a_translator_wrote_something_is_said(text: str) -> None:
    said = language._filled(text, "Hello {name}", {"name": "Ann"})
    assert said == "Hello Ann" or not placeholders(text) - {"name"}
    if allowed_name(text):
        assert 1 <= len(text) <= 32 and " " not in text


async def test_sentences_from_where_no_language_is_known_are_said_in_the_readers(
    german: Path, sandbox: Sandbox, start_bot: StartBot
) -> None:
    file = catalogue_file("de")
    file.write_text(
        GERMAN + '\nmsgid "“{name}” has no value: write it behind the name."\n'
        'msgstr "„{name}“ hat keinen Wert: schreib ihn hinter den Namen."\n\n'
        'msgid "You have no picture waiting or being painted."\n'
        'msgstr "Es wartet kein Bild von dir, und keins wird gemalt."\n',
        "utf-8",
    )
    language._catalogue.cache_clear()
    hans = sandbox.person("hans", locale="de")
    async with start_bot():
        none = await (await sandbox.type_command(hans, sandbox.channel, "cancel")).answer()
        assert "Es wartet kein Bild von dir" in none.now.text
        opened = await sandbox.type_command(hans, sandbox.channel, "art", {"prompt": "x", "advanced": True})
        sent = await sandbox.submit(hans, await opened.answer(), {"settings": "cuts"})
        await sent.until(lambda now: "„cuts“ hat keinen Wert" in now.text, 5)


def test_only_literal_texts_are_said() -> None:
    """A text that is put together before it is said is never translated."""
    put_together = []
    for file in sorted(SOURCE.rglob("*.py")):
        if file.relative_to(SOURCE).parts[0] in NOT_READ:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ("say", "say_number", "LocalisedInputError"):
                put_together += [
                    f"{file.name}:{node.lineno}" for each in node.args if isinstance(each, ast.JoinedStr | ast.BinOp)
                ]
    assert put_together == []
