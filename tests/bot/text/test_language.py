from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locales.catalogues import (
    EXCLUDED,
    KEYWORDS,
    SOURCE,
    missing,
    mistakes,
    placeholders,
    read,
    template,
    texts_of,
    update,
)
from bot.loopback import Sandbox
from bot.text import language
from bot.text.language import COMMAND_NAME, TRANSLATED, _, allowed_name, catalogue_file, localised, ngettext, speaking
from bot.ui.replies import sentence_for
from engine.errors import InputError, Message
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


def test_translated_texts_are_in_that_language(german: Path) -> None:
    with speaking(discord.Locale.german):
        said = _("Your picture {name} is next.", name="{name.__class__}")
    assert said == "Dein Bild {name.__class__} ist als Nächstes dran."
    with speaking("de"):
        assert ngettext("one picture", "{number} pictures", 1) == "ein Bild"
        assert ngettext("one picture", "{number} pictures", 3) == "3 Bilder"


@pytest.mark.parametrize("where", [None, "de", "xx", "../../etc", discord.Locale.hindi, "en-US", ""])
def test_untranslated_texts_are_in_english(german: Path, where: str | None) -> None:
    with speaking(where):
        assert _("Nobody translated {this}.", this="me") == "Nobody translated me."
        assert _("Almost") == "Almost"  # a fuzzy translation is none
        assert ngettext("1 cat", "{number} cats", 2) == "2 cats"


def test_a_translation_with_wrong_placeholders_counts_as_missing(german: Path) -> None:
    with speaking("de"):
        assert _("It is {place}.", place="3rd") == "It is 3rd."


async def test_commands_are_named_in_the_languages_that_have_names_for_them(
    german: Path, sandbox: Sandbox, start_bot: StartBot
) -> None:
    async with start_bot():
        commands = {command["name"]: command for command in sandbox.world.commands}
        assert commands["queue"]["name_localizations"] == {"de": "warteschlange"}
        # What Discord would refuse is left out, and the rest of that command is still translated.
        assert not commands["cancel"].get("name_localizations")
        assert commands["cancel"]["description_localizations"]["de"].startswith("Ein eigenes Bild")


def test_texts_are_found_in_source(tmp_path: Path) -> None:
    source = """
_("One {a}" " and more", a=_("inside"))
_("late") if late else _("early")
ngettext("one", "{number} many", 3)
NAMES = {"a": N_("later")}
raise InputError("Not {this}", this=Message("nested"))
_(NAMES[each]), _(), other("nothing"), InputError.of(message)
"""
    file = tmp_path / "source.py"
    file.write_text(source, "utf-8")
    expected = ["One {a} and more", "inside", "late", "early", "('one', '{number} many')", "later", "Not {this}"]
    assert sorted(map(str, texts_of(file))) == sorted([*expected, "nested"])


async def test_catalogues_keep_their_translations_and_report_what_is_missing(german: Path) -> None:
    wanted = await template()
    kept = update("de", wanted)
    left = missing(kept, wanted)
    assert "queue" not in left and "art" in left and "Paint a picture from words" in left
    again = read("de")
    assert again is not None and missing(again, wanted) == left
    assert "Beinahe" not in catalogue_file("de").read_text("utf-8"), "nobody says it any more"
    (wrong,) = mistakes(kept, wanted)
    assert "“cancel” is translated as “Nimm zurück”, which is no name for Discord" in wrong


async def test_mistakes_of_translators_are_reported(german: Path) -> None:
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


def test_an_empty_text_stays_empty(german: Path) -> None:
    with speaking("de"):
        assert _("") == ""


@given(st.text(max_size=60))
def test_any_translation_gives_some_text(text: str) -> None:
    said = language._formatted(text, "Hello {name}", {"name": "Ann"})
    assert said == "Hello Ann" or not placeholders(text) - {"name"}
    if allowed_name(text):
        assert 1 <= len(text) <= 32 and " " not in text


async def test_refusals_of_the_parser_are_in_the_language_of_the_reader(
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


async def test_a_refusal_of_the_engine_is_in_the_language_of_the_reader(german: Path) -> None:
    file = catalogue_file("de")
    file.write_text(
        GERMAN + '\nmsgid "{name} must be {low} to {high}."\nmsgstr "{name} muss zwischen {low} und {high} liegen."\n\n'
        'msgid "The size"\nmsgstr "Die Größe"\n',
        "utf-8",
    )
    language._catalogue.cache_clear()
    error = InputError("{name} must be {low} to {high}.", name=Message("The size"), low=1, high=9)
    with speaking("de"):
        assert sentence_for(error) == "Die Größe muss zwischen 1 und 9 liegen."
        assert sentence_for(InputError("Nobody knows {this}.", this="that")) == "Nobody knows that."
        assert localised(Message("The size")) == "Die Größe"
    assert sentence_for(error) == str(error) == "The size must be 1 to 9."


async def test_concurrent_tasks_have_each_their_own_language(german: Path) -> None:
    both_there = asyncio.Barrier(2)

    async def answer(where: str | None) -> str:
        with speaking(where):
            await both_there.wait()
            with speaking("fr"):
                await both_there.wait()
            return await asyncio.create_task(said())

    async def said() -> str:
        await both_there.wait()
        return _("Your picture {name} is next.", name="x")

    assert await asyncio.gather(answer("de"), answer(None)) == [
        "Dein Bild x ist als Nächstes dran.",
        "Your picture x is next.",
    ]
    assert _("Your picture {name} is next.", name="x") == "Your picture x is next."


async def test_concurrent_interactions_are_answered_each_in_their_language(
    german: Path, sandbox: Sandbox, start_bot: StartBot
) -> None:
    file = catalogue_file("de")
    file.write_text(
        GERMAN + '\nmsgid "You have no picture waiting or being painted."\n'
        'msgstr "Es wartet kein Bild von dir, und keins wird gemalt."\n\n'
        'msgid "step {step}/{total}"\nmsgstr "Schritt {step} von {total}"\n\n'
        'msgid "Again"\nmsgstr "Nochmal"\n\nmsgid "Took"\nmsgstr "Dauer"\n',
        "utf-8",
    )
    language._catalogue.cache_clear()
    hans, alice = sandbox.person("hans", locale="de"), sandbox.person("alice")
    async with start_bot():
        asked = [await sandbox.type_command(each, sandbox.channel, "cancel") for each in (hans, alice) * 3]
        for number, answer in enumerate(await asyncio.gather(*(each.answer() for each in asked))):
            assert ("Es wartet" if number % 2 == 0 else "You have no picture") in answer.now.text
        requests = [
            await sandbox.type_command(each, sandbox.channel, "art", {"prompt": "a boat"}) for each in (hans, alice)
        ]
        for request, again in zip(requests, ("Nochmal", "Again"), strict=True):
            done = await request.until(lambda now: now.file("*.png"))
            assert again in [button.label for button in done.buttons]


def test_only_literal_texts_are_translated() -> None:
    """A text that is formatted before the look-up is never translated."""
    formatted = []
    for file in sorted((SOURCE / "bot").rglob("*.py")):
        if file.relative_to(SOURCE).as_posix().startswith(EXCLUDED):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        called = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in KEYWORDS]
        for node in called:
            formatted += [
                f"{file.name}:{node.lineno}"
                for each in node.args[: 2 if _name(node) == "ngettext" else 1]
                if isinstance(each, ast.JoinedStr | ast.BinOp | ast.IfExp)
            ]
    assert formatted == []


async def test_every_literal_text_is_extracted() -> None:
    """Babel does not look into f-strings."""
    wanted = await template()
    for file in sorted((SOURCE / "bot").rglob("*.py")):
        if not file.relative_to(SOURCE).as_posix().startswith(EXCLUDED):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node) in KEYWORDS and node.args:
                    text = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
                    assert text is None or wanted.get(text) is not None, f"{file.name}:{node.lineno}"


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))
