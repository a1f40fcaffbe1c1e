"""Messages that the loopback refuses over HTTP, with Discord's codes and paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.loopback import Sandbox

HEADERS = {"Authorization": "Bot sandbox-token"}
BUTTON = {"type": 2, "style": 1, "label": "Again", "custom_id": "again"}


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        yield session


def places(errors: dict[str, Any], path: str = "") -> dict[str, str]:
    """Discord's nested errors as the first code by path."""
    found = {}
    for key, value in errors.items():
        if key == "_errors":
            found[path] = value[0]["code"]
        else:
            found |= places(value, f"{path}.{key}".lstrip("."))
    return found


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"fields": [{"name": "", "value": "x"}]}]}, "embeds.0.fields.0.name", "BASE_TYPE_BAD_LENGTH"),
        ({"embeds": [{"image": {"url": "file:///etc"}}]}, "embeds.0.image.url", "URL_TYPE_INVALID_SCHEME"),
        ({"embeds": [{"image": {"url": "attachment://no.png"}}]}, "embeds.0.image.url", "MEDIA_ATTACHMENT_NOT_FOUND"),
        ({"content": "x", "components": [row(BUTTON)] * 6}, "components", "BASE_TYPE_BAD_LENGTH"),
        ({"content": "x", "components": [row(BUTTON, BUTTON)]}, "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (
            {"content": "x", "components": [row(*[BUTTON | {"custom_id": str(n)} for n in range(6)])]},
            "components.0.components",
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"content": "x", "components": [row(BUTTON | {"custom_id": "x" * 101})]},
            "components.0.components.0.custom_id",
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({"components": [{"type": 10, "content": "x"}]}, "components.0.type", "BASE_TYPE_CHOICES"),
        (
            {"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "x"}]},
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        ),
        (
            {"flags": 1 << 15, "components": [{"type": 17, "components": [{"type": 14}] * 40}]},
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
        ({"content": "x", "attachments": [{"id": "3"}]}, "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
    ],
)
async def test_a_message_discord_refuses(
    body: dict[str, Any], place: str, code: str, bare_sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    address = f"{bare_sandbox.url}/api/v10/channels/{bare_sandbox.channel.id}/messages"
    async with http.post(address, json=body) as answer:
        said = await answer.json()
        assert (answer.status, said["code"], said["message"]) == (400, 50035, "Invalid Form Body")
        assert answer.headers["Content-Type"] == "application/json"
        assert places(said["errors"])[place] == code
    assert bare_sandbox.messages() == []


async def test_an_empty_message_and_broken_json(bare_sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    address = f"{bare_sandbox.url}/api/v10/channels/{bare_sandbox.channel.id}/messages"
    async with http.post(address, json={"content": ""}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50006)
    async with http.post(address, data=b"{", headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)
    async with http.get(f"{bare_sandbox.url}/api/v10/nowhere") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 0)


async def test_mentions_are_those_allowed(bare_sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    alice, bob = bare_sandbox.person("alice"), bare_sandbox.person("bob")
    address = f"{bare_sandbox.url}/api/v10/channels/{bare_sandbox.channel.id}/messages"
    text = f"@everyone {alice.mention} {bob.mention}"
    for allowed, people, everyone in (
        (None, (alice.id, bob.id), True),
        ({"parse": []}, (), False),
        ({"parse": [], "users": [str(bob.id)]}, (bob.id,), False),
        ({"parse": ["users"]}, (alice.id, bob.id), False),
    ):
        body = {"content": text} | ({} if allowed is None else {"allowed_mentions": allowed})
        async with http.post(address, json=body) as answer:
            assert answer.status == 200
        now = bare_sandbox.messages()[-1].now
        assert (now.mentions, now.mentions_everyone) == (people, everyone)


async def test_a_file_that_an_embed_shows_is_not_listed_again(
    bare_sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    form = aiohttp.FormData(quote_fields=False)
    body = '{"embeds": [{"image": {"url": "attachment://a.png"}}], "attachments": [{"id": 0}, {"id": 1}]}'
    form.add_field("payload_json", body)
    form.add_field("files[0]", b"picture", filename="a.png")
    form.add_field("files[1]", b"film", filename="a.mp4")
    address = f"{bare_sandbox.url}/api/v10/channels/{bare_sandbox.channel.id}/messages"
    async with http.post(address, data=form) as answer:
        message = await answer.json()
    assert [each["filename"] for each in message["attachments"]] == ["a.mp4"]
    async with http.get(message["embeds"][0]["image"]["url"]) as answer:
        assert (answer.status, await answer.read()) == (200, b"picture")
    async with http.get(message["embeds"][0]["image"]["url"].replace("hm=", "hm=0")) as answer:
        assert answer.status == 404
    async with http.patch(
        f"{address}/{message['id']}", json={"attachments": [], "embeds": [], "content": "x"}
    ) as answer:
        assert answer.status == 200
    first, second = bare_sandbox.messages()[0].history
    assert [each.filename for each in first.attachments] == ["a.png", "a.mp4"]
    assert second.attachments == () and second.content == "x"


async def test_the_first_follow_up_fills_the_thinking_message(
    bare_sandbox: Sandbox, http: aiohttp.ClientSession
) -> None:
    sandbox = bare_sandbox
    sandbox.world.commands = [{"id": "1", "name": "art", "type": 1, "options": []}]
    handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art")
    token, api = handle.interaction.token, f"{sandbox.url}/api/v10"
    async with http.patch(f"{api}/webhooks/{sandbox.world.bot.id}/{token}/messages/@original", json={}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 10015)
    async with http.post(f"{api}/interactions/{handle.interaction.id}/{token}/callback", json={"type": 5}) as answer:
        assert answer.status == 204
    assert handle.now.loading
    async with http.post(f"{api}/webhooks/{sandbox.world.bot.id}/{token}", json={"content": "done"}) as answer:
        assert answer.status == 200
    assert handle.now.content == "done" and not handle.now.loading and handle.followups == []
    async with http.delete(f"{api}/webhooks/{sandbox.world.bot.id}/{token}/messages/@original") as answer:
        assert answer.status == 204
    await handle.until_deleted(1)
