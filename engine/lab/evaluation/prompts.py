"""What an evaluation asks the model to paint. Every list is fixed, so that figures of different days compare."""

from __future__ import annotations

from typing import Final

SEED: Final = 1

# The contact sheet, row by row of eight.
SHEET: Final = (
    # Plain nouns.
    "cat", "castle", "rocket", "owl", "butterfly", "mushroom", "guitar", "penguin",
    "bicycle", "dragon", "robot", "sunflower", "lighthouse", "strawberry", "pizza", "sailboat",
    # Colours.
    "blue apple", "green star", "purple mushroom", "pink house", "yellow butterfly", "orange rocket", "brown hat",
    "red balloon", "a green cat", "a golden crown", "a black horse", "a white rabbit",
    # Backgrounds, places and moods.
    "a lighthouse in a storm", "a house in the snow", "a ship on the sea", "an owl at night", "a fox in the forest",
    "a palm tree at sunset", "a rocket in space", "a tent under the stars", "a whale in the ocean",
    "a cactus in the desert", "a castle in the fog", "a duck in the rain", "a spooky pumpkin", "a happy sun",
    "a gloomy tower", "a peaceful garden",
    # Two subjects.
    "a cat under the moon", "a penguin with an umbrella", "a dog and a ball", "an apple and a banana",
    "a bee on a flower", "a mouse with cheese", "a boat near a lighthouse", "a robot holding a rose",
    # Words that the pictures are not named by.
    "puppy", "feline", "automobile", "bunny", "serpent", "skyscraper", "spectacles", "a woodland creature",
    # Words that have no picture.
    "quetzalcoatl", "freedom", "xyzzyqua", "a melancholy algorithm",
)  # fmt: skip

# With the sheet's these are the hundred prompts of the other measures.
MORE: Final = (
    "airplane", "backpack", "baseball bat", "bear", "bench", "bird", "book", "bowl", "bus", "car", "chair", "couch",
    "cup", "dog", "elephant", "fork", "giraffe", "handbag", "kite", "laptop", "motorcycle", "orange", "parking meter",
    "refrigerator", "sandwich", "sheep", "skateboard", "snowboard", "suitcase", "teddy bear", "tie", "toilet",
    "traffic light", "truck", "umbrella", "wine glass",
)  # fmt: skip

OBJECTS: Final = ("apple", "fish", "flower", "house", "rocket", "butterfly", "mushroom", "star", "balloon", "hat")
COLOURS: Final = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
