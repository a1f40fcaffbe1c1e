"""`Background`: place, time of day, weather and season of a scene, and the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.embedded.scene.colours import COLOUR_WORDS, Colour


@dataclass(frozen=True)
class Background:
    """What is behind the subjects. Empty fields mean open country, day, fair weather."""

    place: str = ""
    hour: str = ""  # night, sunset, sunrise
    weather: str = ""  # rain, storm, snow, fog
    season: str = ""  # autumn, spring, winter
    lights: frozenset[str] = frozenset()  # moon (full, or with "crescent"), sun, rainbow, aurora, stars
    colour: Colour | None = None  # a plain background of one colour

    def __bool__(self) -> bool:
        return self != Background()


_PLACES = {
    "sea": "sea seas ocean oceans waves wave water harbour harbor",
    "underwater": "underwater seabed reef deepsea",
    "lake": "lake lakes pond river riverside stream lagoon",
    "snow": "snow arctic antarctica antarctic tundra glacier iceberg",
    "forest": "forest forests jungle wood woods woodland rainforest",
    "space": "space galaxy universe cosmos orbit nebula outerspace",
    "desert": "desert deserts dune dunes sahara",
    "mountains": "mountain mountains mountainside alps cliff cliffs valley canyon peak",
    "meadow": "meadow meadows field fields grass hill hills hillside countryside lawn prairie farm savanna savannah",
    "garden": "garden gardens park flowerbed",
    "city": "city cities town skyline downtown street streets village metropolis rooftops road",
    "beach": "beach beaches shore seaside coast sand island",
    "sky": "sky skies clouds air heaven heavens",
    "lava": "lava volcano fire flames hell inferno magma",
    "moon": "moonscape lunar",
    "mars": "mars",
    "cave": "cave cavern grotto dungeon",
    "room": "room indoors kitchen bedroom livingroom classroom office library bathroom",
    "stage": "stage spotlight theatre theater circus concert",
}
_HOURS = {
    "night": "night midnight dark darkness nighttime moonlight starlight moonlit cyberpunk neon",
    "sunset": "sunset dusk evening twilight synthwave vaporwave",
    "sunrise": "sunrise dawn morning daybreak",
}
_WEATHERS = {
    "rain": "rain rainy raining drizzle",
    "storm": "storm stormy thunderstorm thunder hurricane tempest lightning",
    "snow": "snowy snowing snowfall snowstorm blizzard",
    "fog": "fog foggy mist misty haze hazy",
}
_SEASONS = {
    "autumn": "autumn autumnal fall halloween",
    "spring": "spring springtime",
    "winter": "winter wintry wintertime icy frozen",
}
_LIGHTS = {
    "aurora": "aurora auroras borealis",
    "rainbow": "rainbow",
    "stars": "stars starry",
    "sun": "sunny sunshine sunlight",
    "moon": "moonlight moonlit",
}


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: name for name, words in table.items() for word in words.split()}


PLACES, HOURS, WEATHERS = _by_word(_PLACES), _by_word(_HOURS), _by_word(_WEATHERS)
SEASONS, LIGHTS = _by_word(_SEASONS), _by_word(_LIGHTS)
BACKGROUND_WORDS = PLACES.keys() | HOURS.keys() | WEATHERS.keys() | SEASONS.keys() | LIGHTS.keys()
# As attributes of a subject they describe its surroundings: "a snowy forest", "a stormy sea", "a starry sky".
MOODS = HOURS.keys() | WEATHERS.keys() | LIGHTS.keys() | SEASONS.keys() | {"underwater", "indoors", "lunar"}
MOODS -= {"rainbow", "fall", "spring", "lightning"}  # these can be subjects: "a rainbow fish", "a spring"
PHRASES = {
    ("northern", "lights"): "aurora",
    ("polar", "lights"): "aurora",
    ("aurora", "borealis"): "aurora",
    ("outer", "space"): "space",
    ("milky", "way"): "galaxy",
    ("under", "water"): "underwater",
    ("living", "room"): "livingroom",
    ("deep", "sea"): "deepsea",
    ("north", "pole"): "arctic",
    ("south", "pole"): "antarctic",
    ("flower", "bed"): "flowerbed",
}


def background_of(words: Sequence[str]) -> Background:
    """The background that words name, empty if none; of several places the first."""
    background = Background()
    if "background" in words or "backdrop" in words:
        colour = next((COLOUR_WORDS[word] for word in words if word in COLOUR_WORDS), None)
        background = replace(background, colour=colour)
    for word in words:
        background = joined(
            background,
            Background(
                PLACES.get(word, ""),
                HOURS.get(word, ""),
                WEATHERS.get(word, ""),
                SEASONS.get(word, ""),
                frozenset({LIGHTS[word]} if word in LIGHTS else ()),
            ),
        )
    return background


def joined(one: Background, other: Background) -> Background:
    """Both backgrounds combined; `one` takes precedence."""
    # Any other place takes precedence over a sky: "a city under a starry sky".
    place = other.place if one.place in ("", "sky") and other.place else one.place
    return Background(
        place,
        one.hour or other.hour,
        one.weather or other.weather,
        one.season or other.season,
        one.lights | other.lights,
        one.colour or other.colour,
    )
