"""Kinds of subjects by the last word of their names: sizes, flyers, swimmers, shelters, containers."""

from __future__ import annotations

from engine.embedded.scene.read import Subject
from engine.embedded.scene.spelling import singular_guesses


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TINY = _words(
    """
    ant bee bug ladybug ladybird butterfly spider snail worm mouse hamster egg apple pear orange lemon cherry
    strawberry banana key ring coin flower rose tulip leaf mushroom cup mug glass book ball candle star heart fish
    goldfish bell cookie cupcake doughnut donut diamond gem feather pencil pen phone glasses sunglasses
    """
)
_SMALL = _words(
    """
    cat kitten puppy rabbit bunny bird chick duck chicken owl penguin fox squirrel frog turtle parrot crow
    hedgehog monkey hat cap crown helmet bag box basket guitar violin balloon umbrella lamp cake pumpkin pineapple
    skateboard crab raccoon baby teapot bottle drum shoe pizza
    """
)
_LARGE = _words(
    """
    horse cow camel bear lion tiger car taxi dinosaur shark hippopotamus rhinoceros hippo rhino giraffe boat
    sailboat motorcycle table bed sofa couch piano unicorn tent hut cactus truck tractor canoe ambulance moose
    gorilla
    """
)
_HUGE = _words(
    """
    house castle tower ship elephant whale airplane plane train bus tree church bridge skyscraper lighthouse
    dragon rocket building factory hospital school palm volcano mountain stadium temple helicopter rainbow mammoth
    """
)
_SIZES = ((_TINY, 0.55), (_SMALL, 0.8), (_LARGE, 1.25), (_HUGE, 1.6))
FLYERS = _words(
    """
    airplane plane jet rocket spaceship ufo saucer helicopter balloon kite butterfly bee comet meteor satellite
    ghost moon star sun planet cloud dragonfly parachute asteroid zeppelin airship fairy superhero
    """
)
SWIMMERS = _words(
    """
    boat ship sailboat canoe duck swan fish whale dolphin shark turtle kayak yacht ferry submarine goose iceberg
    raft octopus jellyfish seal orca speedboat gondola pirate galleon motorboat steamboat surfer island vessel
    crocodile mermaid otter
    """
)
_FOUR_FOOTED = _words(
    """
    cat kitten kitty dog puppy horse pony foal cow bull ox buffalo bison goat sheep ram lamb fox wolf lion tiger leopard
    cheetah deer reindeer moose donkey camel llama elephant mammoth giraffe zebra pig boar bear rhinoceros rhino
    hippopotamus hippo lizard crocodile unicorn dinosaur poodle dachshund
    """
)
SHELTERS = _words("tree umbrella table bridge mushroom palm tent desk arch parasol")
HOLDERS = _words(
    """
    box cup mug basket bucket pot bag bathtub bath boat canoe car teacup bowl nest suitcase shoe boot hat pool
    truck bus train ship sailboat cart backpack handbag purse jar sleigh sled barrel vase rocket chest bin wagon
    taxi egg
    """
)


def is_a(subject: Subject, kind: frozenset[str]) -> bool:
    """Whether the last word of a subject's name, its head, is of a kind."""
    last = subject.name.split()[-1] if subject.name else ""
    return last in kind or any(guess in kind for guess in singular_guesses(last))


def is_four_footed(subject: Subject) -> bool:
    """Whether the background is visible between a subject's legs."""
    return is_a(subject, _FOUR_FOOTED)


def usual_size(subject: Subject) -> float:
    """Size relative to other subjects, with differences compressed: a mouse 0.55, a dog 1, a house 1.6."""
    return next((size for kind, size in _SIZES if is_a(subject, kind)), 1.0)
