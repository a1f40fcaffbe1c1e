"""Writes the NOTICE: where the pictures, names and sentences come from, and what their licences ask for."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from pathlib import Path

from engine.lab.training.gather import read_pictures
from engine.lab.training.make_translations import NOTICE as TRANSLATIONS
from engine.lab.training.sources import SOURCES, Source, fetch

NOTICE = Path(__file__).parents[2] / "embedded" / "NOTICE"

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

# What each work asks to be said of its authors; a package's own record gives the page and the licence's address.
COPYRIGHT = {
    "noto": "Copyright Google LLC",
    "noto-v1": "Copyright Google LLC",
    "fluent-emoji": "Copyright (c) Microsoft Corporation",
    "fluent-emoji-flat": "Copyright (c) Microsoft Corporation",
    "fluent-emoji-3d": "Copyright (c) Microsoft Corporation, packed by LobeHub",
    "fxemoji": "Copyright Mozilla Foundation",
    "flat-color-icons": "Copyright (c) Icons8",
    "meteocons": "Copyright (c) Bas Milius",
    "openclipart": "by the contributors of the Open Clip Art Library, who gave them to the public domain",
    "twemoji": "Copyright Twitter, Inc and other contributors",
    "emojione": "Copyright EmojiOne (JoyPixels) and the contributors of EmojiTwo",
    "streamline-emojis": "Copyright Streamline (Webalys)",
    "streamline-kameleon-color": "Copyright Streamline (Webalys)",
    "streamline-ultimate-color": "Copyright Streamline (Webalys)",
    "streamline-stickies-color": "Copyright Streamline (Webalys)",
    "flat-ui": "Copyright (c) Designmodo, Inc.",
    "game-icons": "by Lorc, Delapouite and contributors of game-icons.net",
    "ph-duotone": "Copyright (c) Phosphor Icons",
    "mdi": "Copyright Pictogrammers (Material Design Icons)",
    "temaki": "by Bryan Housel and contributors, given to the public domain",
    "hugeicons": "Copyright (c) Hugeicons",
    "emojibase": "Copyright (c) 2017-2019 Miles Johnson",
    "emojilib": "Copyright (c) 2014 Mu-An Chiou",
    "minilm": "all-MiniLM-L6-v2 by sentence-transformers, in a package whose own code is MIT",
    "openmoji": "by the OpenMoji project",
    "scikit-image": "photographs by NASA, SpaceX and others; the package says of each where it comes from",
}
USES = {
    "pictures": "trained on",
    "names": "names and tags",
    "sentences": "origin and teacher of the text tower",
    "photographs": "the image tower was rounded for them",
}
# What is not learned from pictures: networks, numbers and words by others, as paragraphs.
BY_OTHERS = (
    "The image tower is that of OpenAI's CLIP ViT-B/16, Copyright (c) 2021 OpenAI, MIT: the licence is in "
    "LICENSE-MIT-CLIP beside this file. Its matrices were rounded to 4 bits.",
    "The text tower began as word pieces and four layers of all-MiniLM-L6-v2 by sentence-transformers, Apache-2.0. It "
    "was changed: a projection was added, and all of it was trained on with the pictures and names above. Targets of "
    "this training were also text embeddings of 188 words that OpenAI's CLIP ViT-B/16 made, as public segmentation "
    "projects publish them.",
    f"The translations of weights/translations.json.gz. {TRANSLATIONS}",
)


def line_of_source(source: Source, pictures: int) -> str:
    """One package, its version, its licence and what it was used for."""
    amount = f", {pictures:,} pictures" if pictures else ""
    package = f"{source.registry} package {source.package} {source.version}"
    return f"{source.name}: {package}, {source.licence} ({USES.get(source.use, 'testing only')}{amount})"


def attribution(source: Source, folder: Path) -> list[str]:
    """What CC-BY asks for: who made the work, where it is, under which licence, and that it was changed.

    `folder` holds the unpacked @iconify-json package, whose info.json names the page of the author and the licence.
    """
    info = json.loads((folder / "package/info.json").read_text())
    return [
        f'"{info["name"]}" {COPYRIGHT[source.name]}, {info["author"]["url"]}',
        f"    is licensed under {info['license']['title']}: {info['license']['url']}",
    ]


def notice(work: Path) -> str:
    """The text of the NOTICE for what the work folder holds; fetches the packages that are not there."""
    _, pictures = read_pictures(work)
    counts = Counter(picture.source for picture in pictures)
    lines = [
        "The embedded model was trained on the pictures and names below, and its index of drawings holds codes that",
        "reproduce some of these pictures: treat those as derivatives, under the licences named here. OpenMoji served",
        "for testing only; nothing of it is in the weights.",
        "",
    ]
    lines += [line_of_source(source, counts[source.name]) for source in SOURCES]
    lines += ["", "Attributions", ""]
    for source in SOURCES:
        if source.licence.startswith("CC-BY-") and source.use == "pictures":
            lines += attribution(source, fetch(source, work))
    lines += [
        "",
        "Changes were made to all of these works: they were rasterised, renamed, cut to the object, and,",
        "where they had one colour, painted and given a pale background; the model's pictures are made of pieces",
        "learned from them.",
        "CC BY 4.0: https://creativecommons.org/licenses/by/4.0/",
        "CC BY 3.0: https://creativecommons.org/licenses/by/3.0/",
        "",
        "Copyrights",
        "",
    ]
    lines += [f"{source.name}: {COPYRIGHT[source.name]}" for source in SOURCES]
    lines += ["", "Networks, numbers and words by others"]
    for paragraph in BY_OTHERS:
        lines += ["", textwrap.fill(paragraph, 116, break_on_hyphens=False)]
    lines += [
        "",
        "Apache-2.0 is the licence in LICENSE-APACHE-2.0 beside this file. MIT is this, for each work named with it:",
        "",
        MIT,
    ]
    return "\n".join(lines) + "\n"


def write_notice(work: Path, file: Path = NOTICE) -> None:
    """Writes the NOTICE beside the code, or where `file` says."""
    file.write_text(notice(work))
