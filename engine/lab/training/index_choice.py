"""Chooses the drawings of the index: concrete subjects that a person recognises, by several vendors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.lab.training.drawings import Picture
from engine.lab.training.everyday import everyday_names
from engine.lab.training.sources import SILHOUETTES
from engine.models.describe import read_nouns

OPEN_CLIP_ART = Path(__file__).with_name("open_clip_art.txt")
LEFT_OUT = Path(__file__).with_name("left_out.txt")

# The clearest drawings first, each next one unlike those before it: what is taken of a concept differs in style.
VENDORS = (
    "noto",
    "fluent-emoji",
    "twemoji",
    "emojione",
    "streamline-kameleon-color",
    "streamline-ultimate-color",
    "flat-ui",
    "streamline-emojis",
    "openclipart",
    "fluent-emoji-flat",
    "flat-color-icons",
    "meteocons",
    "streamline-stickies-color",
    "noto-v1",
    "fluent-emoji-3d",
    "fxemoji",
    "game-icons",
    "ph-duotone",
    "hugeicons",
    "mdi",
    "temaki",
)
# Drawn after one design: of these a concept takes the first alone.
ONE_DESIGN = ("fluent-emoji", "fluent-emoji-flat", "fluent-emoji-3d")
PER_COMMON = 4  # pictures of what people ask for most: seeds differ by them
PER_CONCEPT = 2
PER_PERSON = 1
PER_SILHOUETTE = 2

NOT_SHOWN = re.compile(
    r"^(family|couple with heart|kiss|people (?!wrestling)|women|men|woman and man|(wo)?man in (manual|motorized))\b"
    r"|\b(holding hands|facing right|with white cane|in steamy room|facepalming|shrugging|frowning|pouting|gesturing"
    r"|tipping hand|raising hand|bowing|getting massage|feeding baby|blonde? hair|curly hair|kneeling|standing"
    r"|with bunny ears|deaf|in suit levitating|wearing turban|supervillain|pregnant|breast|bed with|middle finger"
    r"|fingers crossed|pointing|index|head shaking|(left|right)wards|palms? (up|down)|call me|love you|vulcan|pinch\w*"
    r"|restroom|lavatory|water closet|mens room|womens room|litter|no (smoking|one|entry|bicycles|mobile|pedestrians)"
    r"|under eighteen|passport control|customs|baggage claim|left luggage|potable|wireless|antenna bars|vibration"
    r"|mobile phones?( off| with arrow)|identification|zzz|anger|eject|stop button|record button|input|chart|mahjong"
    r"|(club|diamond|heart|spade) suit|counterclockwise|clockwise|up button|down button|check|cross mark|question"
    r"|exclamation|infinity|copyright|registered|trade|plus|minus|divide|multiply|currency|yen|euro|pound"
    r"|speech (balloon|bubble)|thought (balloon|bubble)|eye in speech|speaking head|silhouette|curly loop|wavy dash"
    r"|(large|small) (blue|orange) diamond|diamond with|pointed|spoked|points|information|prohibited|hollow|dotted"
    r"|place of worship|love hotel|heart decoration|cinema|(inbox|outbox) tray|e mail|incoming|unknown flag"
    r"|transgender|rainbow flag|low battery|slash|muted|speaker (low|medium|high)|with meridians|white flower|asterisk"
    r"|star and crescent|menorah|om|wheel of dharma|latin cross|orthodox cross|star of david|six pointed|kaaba|khanda"
    r"|hindu temple|aquarius|aries|cancer|capricorn|gemini|leo|libra|ophiuchus|pisces|sagittarius|scorpio|taurus|virgo"
    r"|selfie|name badge|children crossing|warning|radio button|pistols?|bullet|(?<!water )gun|gallows)\b"
)
# Other sets' words for what the index has under another name.
RENAMED = {
    "pi ata": "pinata",
    "phoenix bird": "phoenix",
    "direct hit": "bullseye",
    "kettle steam": "kettle",
    "motorbike": "motorcycle",
    "flower tulip": "tulip",
    "flag checkered": "checkered flag",
    "bus school": "school bus",
    "bus double decker": "double decker bus",
    "lightbulb": "light bulb",
    "keyboard variant": "keyboard",
    "megaphone simple": "megaphone",
    "umbrella closed": "closed umbrella",
    "weight lifter": "weightlifter",
    "weight lifting up": "weightlifter",
    "tree leafless": "leafless tree",
    "tree row": "row of trees",
    "traffic signals": "traffic light",
    "train regional": "train",
    "truck trailer": "trailer",
    "water well": "well",
    "vacuum": "vacuum cleaner",
    "bow arrow": "bow and arrow",
    "clothes hanger": "hanger",
    "coat hanger": "hanger",
    "lamps": "lamp",
    "rocket launch": "rocket",
    "candy canes": "candy cane",
    "kayaking": "kayak",
    "dutch bike": "bicycle",
    "post stamp": "postage stamp",
    "wheelbarrow": "wheelbarrow",
    "pier crane": "crane",
    "bulb": "light bulb",
    "bath": "bathtub",
    "cctv": "security camera",
    "dream catcher": "dreamcatcher",
    "trophy cup": "trophy",
    "rail road": "railroad",
    "zoo": "giraffe",
    "ice skating": "ice skater",
    "scuba diving": "scuba diver",
    "whale watching": "whale tail",
    "dominoes": "domino",
    "goal keeper": "goalkeeper",
    "barbecue": "barbecue grill",
    "sledding": "sled",
}
PERSON = re.compile(r"^(man|woman|men|women|person|people|child|older)\b.+|\bface\b|\bhands?\b|thumbs|fist")
# Icons of two sets that were gathered whole, of which most stand for functions of programs.
PLAIN_ICONS = """
alarm clock, barometer, beanie, binoculars, briefcase, businessman, businesswoman, calculator, calendar,
camcorder, camera, cell phone, clapper board, clock, compact camera, compass, dam, diploma, factory, filing
cabinet, film reel, fog, full moon, glove, globe, graduation cap, headset, horizon, hurricane, key, landscape,
library, lightning bolt, lock, mist, night landscape, old time camera, package, podium with speaker, podium
without speaker, puzzle, rainbow, raindrop, raindrops, reading, ruler, safe, self service kiosk, shop, snowflake,
snowman, solar eclipse, speaker, star, starry night, sunrise, sunset, thermometer, thunderstorms, umbrella, video
projector, webcam, wind, windsock
"""
FLAGS = """
argentina, australia, austria, belgium, brazil, bulgaria, canada, chile, china, colombia, croatia, cuba, czechia,
denmark, egypt, ethiopia, european union, finland, france, germany, greece, hungary, iceland, india, indonesia,
ireland, italy, jamaica, japan, kenya, malaysia, mexico, morocco, nepal, netherlands, new zealand, nigeria,
norway, pakistan, peru, philippines, poland, portugal, romania, saudi arabia, singapore, south africa, south
korea, spain, sweden, switzerland, thailand, turkiye, ukraine, united kingdom, united nations, united states,
uruguay, venezuela, vietnam
"""


def listed(text: str) -> frozenset[str]:
    """The items of a text that separates them by commas."""
    return frozenset(" ".join(item.split()) for item in text.split(","))


@dataclass(frozen=True)
class Chosen:
    """The pictures of one concept, as rows of the pictures on disk."""

    name: str
    tags: tuple[str, ...]
    rows: tuple[int, ...]
    sources: tuple[str, ...]


def read_open_clip_art(file: Path = OPEN_CLIP_ART) -> dict[str, str]:
    """From the titles of the drawings that are taken to their names in the index."""
    lines = " , ".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
    pairs = (item.partition("=") for item in lines.split(",") if item.strip())
    return {title.strip(): (name or title).strip() for title, _, name in pairs}


def read_left_out(file: Path = LEFT_OUT) -> frozenset[tuple[str, str]]:
    """The (source, key) of drawings that are ugly, cut off or not to be recognised at 256 pixels."""
    pairs = (line.split(" ", 1) for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return frozenset((source, key) for source, key in pairs)


def name_in_bank(picture: Picture, clip_art: dict[str, str]) -> str | None:
    """Under which name a picture may be in the index; None for what is no subject that a person would ask for."""
    if picture.source == "openclipart":
        return clip_art.get(picture.name)
    if picture.kind == "flag":
        country = picture.name.removeprefix("flag ")
        return f"flag of {country}" if country in listed(FLAGS) and picture.source != "fxemoji" else None
    if picture.kind == "symbol" or len(picture.name) < 2 or NOT_SHOWN.search(picture.name):
        return None
    if picture.source in ("flat-color-icons", "meteocons"):
        return picture.name if picture.name in listed(PLAIN_ICONS) else None
    return RENAMED.get(picture.name, picture.name)


def how_many(name: str, common: frozenset[str]) -> int:
    if name in common:
        return PER_COMMON
    return PER_PERSON if PERSON.search(name) or name.startswith("flag of ") else PER_CONCEPT


def choose(pictures: list[Picture]) -> list[Chosen]:
    """The pictures of every concept, best first, sorted by name."""
    clip_art, left_out = read_open_clip_art(), read_left_out()
    by_name: dict[str, list[int]] = defaultdict(list)
    for row, picture in enumerate(pictures):
        name = name_in_bank(picture, clip_art)
        if name and (picture.source, picture.key) not in left_out:
            by_name[name].append(row)
    meant = {name for names in everyday_names().values() for name in names}
    common = frozenset(meant | set(read_nouns()))
    chosen = []
    for name, rows in sorted(by_name.items()):
        if {pictures[row].source for row in rows} == {"fxemoji"}:
            continue  # its odd names
        kept = best_rows(rows, pictures, how_many(name, common))
        tags = dict.fromkeys(tag for row in rows for tag in pictures[row].tags)
        sources = tuple(pictures[row].source for row in kept)
        chosen.append(Chosen(name, tuple(tags)[:12], tuple(kept), sources))
    return chosen


def best_rows(rows: Iterable[int], pictures: list[Picture], most: int) -> list[int]:
    """At most `most` rows, of every vendor one before any second; silhouettes only where colour is scarce."""
    turns: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        turns[pictures[row].source].append(row)
    for source in [design for design in ONE_DESIGN if design in turns][1:]:
        del turns[source]
    order: list[tuple[int, int, int]] = []
    for source, mine in turns.items():
        order += [(turn, VENDORS.index(source), row) for turn, row in enumerate(mine)]
    ordered = [row for _, _, row in sorted(order)]
    coloured = [row for row in ordered if pictures[row].source not in SILHOUETTES][:most]
    painted = [row for row in ordered if pictures[row].source in SILHOUETTES]
    return coloured + painted[: max(0, min(most, PER_SILHOUETTE) - len(coloured))]
