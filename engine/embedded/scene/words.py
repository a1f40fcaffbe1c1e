"""Vocabulary of the parser, except names of subjects: relations, numbers, verbs, styles, stop words."""

from __future__ import annotations

from engine.embedded.scene.backgrounds import BACKGROUND_WORDS, PHRASES
from engine.embedded.scene.colours import COLOUR_WORDS, SHADE_WORDS
from engine.embedded.scene.spelling import COMMA

_RELATIONS = {
    "under": "under below beneath underneath",
    "over": "over above",
    "on": "on onto atop upon riding rides ride driving drives surfing",
    "with": "with holding holds carrying carries eating eats drinking reading playing plays using having has",
    "wearing": "wearing wears",
    "by": "by",
    "beside": "beside near and plus alongside against between around among at towards toward to watching vs versus",
    "behind": "behind",
    "front": "before facing",
    "in": "in inside into within through amid amidst during across along from",
    "without": "without no not",
}
RELATIONS = {word: relation for relation, words in _RELATIONS.items() for word in words.split()}
RELATIONS[COMMA] = "beside"
FIXED_PHRASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("in", "front", "of"): ("before",),
    ("on", "top", "of"): ("on",),
    ("next", "to"): ("beside",),
    ("close", "to"): ("beside",),
    ("together", "with"): ("and",),
    ("surrounded", "by"): ("in",),
    ("covered", "in"): ("in",),
    ("made", "of"): ("of",),
    ("inside", "of"): ("inside",),
    ("as", "well", "as"): ("and",),
    ("each", "other"): (),
    ("in", "the", "style", "of"): (),
    ("award", "winning"): (),
    ("depth", "of", "field"): (),
    ("sharp", "focus"): (),
    ("golden", "hour"): ("sunset",),
    ("good", "morning"): ("sunrise",),
    ("good", "night"): ("night",),
    ("merry", "christmas"): ("christmas", "tree"),
    ("cherry", "tree"): ("pink", "deciduous", "tree"),
    ("sakura", "tree"): ("pink", "deciduous", "tree"),
    ("underwater", "city"): ("underwater", "three", "skyscraper"),
    # Places by what stands there.
    ("paris",): ("eiffel", "tower"),
    ("egypt",): ("pyramid",),
    ("tokyo", "tower"): ("tokyo", "tower"),
    ("tokyo",): ("tokyo", "tower"),
    ("big", "ben"): ("big", "ben"),
    ("london",): ("big", "ben"),
    **{words: (word,) for words, word in PHRASES.items()},
}
_NUMBERS = {
    1: "one 1 single",
    2: "two 2 couple pair both",
    3: "pile stack heap three 3 several some few group herd flock pack bunch",
    4: "swarm four 4",
    5: "five 5 many lots",
    6: "six 6 seven eight nine ten dozen hundreds",
}
NUMBERS = {word: number for number, words in _NUMBERS.items() for word in words.split()}
_STYLE = """
    picture image photo photograph photography painting paintings drawing drawings art artwork illustration icon
    emoji sketch watercolour watercolor watercolors oil acrylic pastel gouache ink pencil crayon digital vector
    pixel pixelart 8bit 16bit 3d 2d render rendered rendering cartoon anime manga comic clipart poster portrait
    logo sticker style styled stylized stylised highly detailed detail details ultra hyper hd uhd 4k 8k 16k 1080p
    hdr resolution quality high best masterpiece realistic photorealistic realism hyperrealistic impressionist
    impressionism impressionistic cubist cubism surreal surrealist surrealism abstract minimalist minimalistic
    minimalism flat isometric lowpoly low poly trending artstation deviantart unreal octane cinematic dramatic
    lighting lit ambient volumetric bokeh macro closeup close wide angle shot view background backdrop scene
    landscape scenery composition intricate elegant vintage retro modern concept beautiful pretty lovely nice
    amazing awesome gorgeous stunning epic cute adorable sweet cool funny happy smiling sad angry sleepy little
    tiny small big large huge giant great tall short long old young new ancient fat thin fluffy fuzzy shiny glossy
    matte soft smooth sharp colorful colourful vibrant vivid magical mystical majestic mighty magnificent fancy
    simple plain clean crisp white-background century famous museum canvas paper wallpaper van gogh monet picasso
    dali ukiyo hokusai studio ghibli disney pixar collage stained mosaic graffiti banksy lonely cozy cosy calm
    quiet peaceful dreamy whimsical mysterious wild lone solitary friendly brave surprised shocked tired scared scary
    spooky creepy eerie grumpy moody joyful cheerful excited worried evil handsome aesthetic steampunk lofi gothic
    baroque noir futuristic scifi fantasy artgerm mucha photorealism hyperdetailed exposure dslr
"""
STYLE_WORDS = frozenset(_STYLE.split())
_STOP = """
    of a an the this that these those my your his her its our their is are was were be being been am very really too
    so just also then there here it he she they we you i me him them which who whose what where when while as or
    but if than such like please paint draw make show create generate want give made full filled lots top style
    all every other another f up down out off away back front left right middle center centre side edge end upon do
    does can will something someone thing things kind sort type lot for inspired s t
"""
_VERBS = """
    sitting sits standing stands lying lies sleeping sleeps walking walks running runs jumping jumps flying flies
    swimming swims dancing dances singing looking looks staring howling barking resting hiding playing climbing
    falling floating floats sailing sails drifting growing grows hanging hangs leaning waiting watching chasing
    fighting hugging kissing crying laughing glowing shining burning blooming rising setting reflected reflecting
    made seen hovering hovers landing soaring perched perching grazing travelling traveling swinging crossing
    exploring wandering roaming cooking working going coming living enjoying taking getting wrapped covered
    surrounded dressed hunting breathing studying writing coding programming typing attacking battling feeding petting
    slaying spitting smoking
"""
VERBS = frozenset(_VERBS.split())
# Moods of a subject, and the words for them in names and tags of drawings.
_MOODS = {
    "angry grumpy mad furious": "angry mad enraged",
    "happy smiling joyful cheerful excited grinning": "happy grinning",
    "sad crying": "sad crying",
    "laughing": "laughing joy",
    "surprised shocked scared worried": "surprised shocked scared weary",
    "sleepy sleeping tired": "sleepy sleeping tired",
    "scary spooky creepy evil": "scary evil",
    "kissing": "kissing",
}
MOOD_TAGS = {mood: frozenset(tags.split()) for moods, tags in _MOODS.items() for mood in moods.split()}
# What the logo of a shop or a team does not show.
FIRMS = {"shop", "store", "company", "brand", "business", "club", "team", "band", "firm", "agency", "startup"}
STOP_WORDS = frozenset(_STOP.split()) | RELATIONS.keys()
GRAMMAR_WORDS = (
    STOP_WORDS
    | VERBS
    | STYLE_WORDS
    | BACKGROUND_WORDS
    | COLOUR_WORDS.keys()
    | SHADE_WORDS.keys()
    | NUMBERS.keys()
    | {"moon", "star", "cloud", "clouds", "sunny"}
)

# Places that are subjects if mentioned first or alone.
_PLACES_AS_SUBJECTS = """
    circus cloud fall fire flames iceberg island lightning moon park planet spring star sun volcano wave
"""
PLACES_AS_SUBJECTS = frozenset(_PLACES_AS_SUBJECTS.split())
# Backgrounds of subjects that are alone.
USUAL_BACKGROUNDS = {
    "moon": "night",
    "star": "night",
    "planet": "space",
    "comet": "night",
    "ufo": "night",
    "cloud": "sky",
    "sun": "sky",
}
HATS, GLASSES, SCARVES = (
    frozenset(words.split())
    for words in (
        "hat cap crown helmet fedora beret tiara sombrero turban hood wig beanie bonnet",
        "glasses sunglasses goggles monocle mask spectacles",
        "scarf tie necktie necklace bow medal bowtie",
    )
)
WORN = HATS | GLASSES | SCARVES
PAIRS = {"shoes", "boots", "gloves", "socks", "eyes", "sandals", "skis", "slippers"}
