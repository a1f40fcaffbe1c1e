from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pictures.result import done
from bot.text import messages
from bot.text.language import LANGUAGES, speaking
from bot.text.messages import OpenJob, Payload
from engine.errors import InputError
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import picture_row

PERSON = 123456789012345678
MENTION = re.compile(r"<@[!&]?\d+>|<#\d+>|</[^:>]+:\d+>|<id:|@everyone|@here")
NASTY = st.text(alphabet="@everyonehere<>#&!0123456789*_~|`[]()\\:/. \u202e\u200b\n", max_size=1000)
PROMPTS = st.one_of(st.text(min_size=1, max_size=1000), NASTY)


def spec_of(prompt: str) -> ArtSpec | None:
    try:
        return ArtSpec(prompt=prompt)
    except InputError:
        return None


def check_legal(payload: Payload, person: int | None = None) -> None:
    """The limits of a message, and that nobody but `person` is mentioned."""
    assert 0 < len(payload.content) <= 2000
    texts = [payload.content.replace(f"<@{person}>", "")]
    if payload.embed is not None:
        embed = payload.embed
        assert len(embed) <= 6000
        assert len(embed.description or "") <= 4096
        assert len(embed.footer.text or "") <= 2048
        texts += [embed.description or "", embed.footer.text or ""]
        for field in embed.fields:
            assert 0 < len(field.name or "") <= 256
            assert 0 < len(field.value or "") <= 1024
            texts += [field.name or "", field.value or ""]
    for text in texts:
        assert not MENTION.search(text), text
        text.encode("utf-8")
    assert all(len(button.custom_id) <= 100 for button in payload.items)
    mentions = payload.allowed_mentions.to_dict()
    assert mentions.get("parse", []) == []
    assert mentions.get("users", []) == ([] if person is None else [person])
    assert not mentions.get("roles")


@settings(deadline=None, max_examples=150)
@given(prompt=PROMPTS, sentence=NASTY)
def test_any_prompt_gives_legal_messages_without_mentions(prompt: str, sentence: str) -> None:
    spec = spec_of(prompt)
    if spec is None:
        return
    check_legal(messages.waiting(spec, 7, 3, 75.0))
    check_legal(messages.progress(spec, 7, 17, 40, 12.0, 16.0, preview=True))
    check_legal(messages.paused(spec, 7, 3))
    check_legal(messages.cancelled(spec, 7))
    check_legal(messages.failed(spec, 7, PERSON, sentence), PERSON)
    check_legal(messages.refusal(sentence or "x"))
    check_legal(messages.queue_overview(1, 30, [OpenJob(n, spec.prompt, n, 40.0) for n in range(30)]))
    finished = done(
        spec,
        picture_row(
            person_id=PERSON, seed=2**32 - 1, width=256, height=256, seconds=61.0, clip_score=31.24, models="mini"
        ),
        image_name="atelier-5.png",
        iterations=40,
        notes=[sentence or "x"] * 20,
    )
    check_legal(finished, PERSON)
    check_legal(messages.by_direct_message(finished), PERSON)


@settings(deadline=None, max_examples=150)
@given(
    negative=st.one_of(st.text(max_size=500), NASTY.map(lambda text: text[:500])),
    palette=st.one_of(st.text(max_size=600), NASTY.map(lambda text: text[:600])),
    names=st.lists(NASTY.map(lambda text: text[:40]), min_size=2, max_size=25),
)
def test_any_settings_give_legal_messages_without_mentions(negative: str, palette: str, names: list[str]) -> None:
    """Also what no command lets through today: specs outlast the version that checked them."""
    numbers: dict[str, Any] = {
        "cuts": 256, "iterations": 2000, "learning_rate": 0.123456789, "last_rate": 0.123456789, "patience": 2000,
        "ema": 0.0, "keep": "best", "smoothness": 12.3456789, "saturation": 0.123456789, "symmetry": "horizontal",
        "tile": True, "film": "none", "film_seconds": 12.3456789, "start": "gradient", "start_weight": 9.87654321,
    }  # fmt: skip
    spec = ArtSpec(
        prompt="@everyone " * 100,
        negative=negative,
        palette=palette,
        modifiers=tuple(names[:3]),
        compare=tuple(names),
        **numbers,
    )
    for notes in ([], ["@everyone " * 100] * 9):
        finished = done(
            spec,
            picture_row(
                person_id=PERSON, seed=7, width=2048, height=2048, seconds=1e6, clip_score=-3.0, models="m" * 200
            ),
            image_name="atelier-5.png",
            iterations=2000,
            notes=notes,
        )
        check_legal(finished, PERSON)
    check_legal(messages.waiting(spec, 7, 3, 75.0))


def done_with(spec: ArtSpec, seed: int = 42, clip_score: float | None = 31.24, models: str = "mini") -> dict[str, str]:
    """The fields of the finished message."""
    payload = done(
        spec,
        picture_row(
            person_id=PERSON, seed=seed, width=384, height=384, seconds=72.0, clip_score=clip_score, models=models
        ),
        image_name="atelier-5.png",
        iterations=60,
    )
    assert payload.embed is not None
    return {str(field.name): str(field.value) for field in payload.embed.fields}


def test_done_tells_rating_and_settings_only_where_there_are_any() -> None:
    assert set(done_with(ArtSpec(prompt="x"), clip_score=None)) == {"Seed", "Painted as", "Took"}
    assert set(done_with(ArtSpec(prompt="x"), models="RN50x4")) == {"Seed", "Painted as", "Took"}
    fields = done_with(ArtSpec(prompt="x", cuts=32, negative="fog"), clip_score=28.0, models="ViT-B/32")
    assert fields["Match with the prompt"] == "★★★★☆ 4 of 5" and fields["Settings"] == "cuts 32\nnegative fog"


def test_the_rating_is_said_in_every_language_in_stars_and_in_numbers() -> None:
    names = set()
    for language in LANGUAGES:
        with speaking(language):
            fields = done_with(ArtSpec(prompt="x"), clip_score=28.0, models="ViT-B/32")
        (name,) = (name for name, value in fields.items() if "★★★★☆" in value)
        numbers = fields[name].replace("★★★★☆", "")
        assert re.findall(r"\d", numbers) in (["4", "5"], ["5", "4"]) and len(name + numbers) < 50
        names.add(name)
    assert len(names) == len(LANGUAGES)


def test_done_tells_what_is_more_than_one_picture() -> None:
    fields = done_with(ArtSpec(prompt="x", variations=4))
    assert fields["Seed"] == "`42` to `45`" and fields["Painted as"].endswith("384×384, 4 variations")
    assert fields["Best match with the prompt"].startswith("★")
    assert done_with(ArtSpec(prompt="x", variations=9), seed=2**32 - 1)["Seed"] == "`4294967295` to `7`"
    assert "a story in 2 stages" in done_with(ArtSpec(prompt="x ^ y"))["Painted as"]
    compared = done_with(ArtSpec(prompt="x", compare=("low poly", "watercolour")))
    assert "2 modifiers compared" in compared["Painted as"] and compared["Seed"] == "`42`"
    assert compared["Settings"] == "compare low poly, watercolour"


@given(text=PROMPTS)
@settings(deadline=None)
def test_plain_text_has_no_markdown_left(text: str) -> None:
    escaped = messages.plain(text)
    assert "\n" not in escaped
    assert len(escaped) <= 3 * messages.PROMPT_LENGTH
    without_escapes = re.sub(r"\\[^0-9A-Za-z\s]", "", escaped)
    assert not re.search(r"[*_~|`\[\]<>@]", without_escapes)
    assert not re.search(r"(?<!\\)://", escaped)


def test_plain_text_is_cut_with_an_ellipsis() -> None:
    assert messages.plain("word " * 300, 20) == "word word word word…"


def test_waiting_has_place_wait_and_a_cancel_button() -> None:
    payload = messages.waiting(ArtSpec(prompt="a red apple"), 7, 3, 75.0)
    assert "number 3" in payload.content and "1 min 15 sec" in payload.content
    assert payload.embed is not None and "a red apple" in str(payload.embed.description)
    assert [button.custom_id for button in payload.items] == ["atelier:cancel:7"]
    footer = str(payload.embed.footer.text)
    assert footer == "image, draft, square · job 7"
    sized = messages.waiting(ArtSpec(prompt="x", width=800, height=200, variations=4, seed=3), 7, 3, None).embed
    assert sized is not None and sized.footer.text == "image, draft, 800×200, 4 variations, seed 3 · job 7"
    assert "no estimate" in messages.waiting(ArtSpec(prompt="x"), 7, 3, None).content
    assert "starts now" in messages.waiting(ArtSpec(prompt="x"), 7, 1, 0.0).content


def test_progress_shows_bar_step_times_and_picture() -> None:
    payload = messages.progress(ArtSpec(prompt="a red apple"), 7, 17, 40, 12.4, 16.0, preview=True)
    assert payload.content == "▰▰▰▰▰▱▱▱▱▱▱▱ 42 %"
    assert payload.embed is not None
    footer = str(payload.embed.footer.text)
    assert "step 17/40" in footer and "12 sec so far" in footer and "16 sec left" in footer
    assert payload.embed.image.url == "attachment://progress.webp"
    assert messages.progress(ArtSpec(prompt="x"), 7, 0, 40, 0, 0, preview=False).embed.image.url is None  # type: ignore[union-attr]


def test_done_mentions_the_person_and_says_how_it_was_made() -> None:
    payload = done(
        ArtSpec(prompt="a red apple", quality="normal"),
        picture_row(person_id=PERSON),
        image_name="atelier-5.png",
        iterations=60,
        notes=["The prompt was cut after 77 tokens."],
    )
    assert payload.content.startswith(f"<@{PERSON}>")
    values = " ".join(str(field.value) for field in payload.embed.fields)  # type: ignore[union-attr]
    for word in ("42", "normal", "384×384", "1 min 12 sec", "60 steps", "mini", "77 tokens"):
        assert word in values
    assert all(re.match(r"atelier:[a-z]+:5(:|$)", each.custom_id) for each in payload.items)
    assert {"atelier:again:5", "atelier:vary:5", "atelier:delete:5"} <= {each.custom_id for each in payload.items}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 sec"),
        (0.4, "0 sec"),
        (59.4, "59 sec"),
        (60, "1 min"),
        (80, "1 min 20 sec"),
        (700, "11 min"),
        (7500, "2 hr 5 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert messages.duration(seconds) == words


@pytest.mark.parametrize(
    ("step", "total", "share"), [(0, 40, "0 %"), (40, 40, "100 %"), (50, 40, "100 %"), (0, 0, "0 %")]
)
def test_bar_has_one_length(step: int, total: int, share: str) -> None:
    drawn = messages.bar(step, total)
    assert drawn.endswith(share)
    assert len(drawn.split()[0]) == messages.BAR_CELLS


def test_queue_overview_hides_nothing_and_shows_only_own_prompts() -> None:
    assert "Nothing" in messages.queue_overview(0, 0, []).content
    text = messages.queue_overview(1, 2, [OpenJob(9, "my own prompt", 2, 30.0)]).content
    assert "1 picture is being painted, 2 pictures are waiting" in text
    assert "9: “my own prompt” – You are number 2" in text


def test_choice_names_fit() -> None:
    assert len(messages.choice_name(12, "long " * 100)) == 100
