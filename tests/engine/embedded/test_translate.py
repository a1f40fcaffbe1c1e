"""Prompts in other languages and emoji are read as English; English stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.embedded.translate import Translation, in_english

GERMAN = """
Katze -> cat
Apfel -> apple
ein roter Apfel -> a red apple
EIN ROTER APFEL -> a red apple
eine Katze auf einem roten Sofa -> a cat on a red sofa
zwei Hunde spielen im Park -> two dogs playing in the park
ein alter Mann mit langem Bart liest ein Buch -> an old man with long beard reading a book
eine Katze, die auf dem Sofa schläft -> a cat, sleeping on the sofa
ein Wolf heult den Mond an -> a wolf howling at the moon
ein dunkelblaues Auto vor einem kleinen Holzhaus -> a dark blue car in front of a small wood house
Sonnenuntergang über den Bergen -> sunset over the mountains
ein Schloss auf einem Hügel bei Nacht -> a castle on a hill at night
Ein Ritter kämpft gegen einen Drachen -> a knight fighting a dragon
eine Tasse Kaffee auf dem Tisch -> a cup of coffee on the table
Blumen in einer Vase, Ölgemälde -> flowers in a vase, oil painting
die schlafende Katze der Königin -> the sleeping cat of the queen
"""
SPANISH = """
gato -> cat
perro -> dog
un gato negro -> a black cat
un gato negro y blanco durmiendo en el sofá -> a black and white cat sleeping on the sofa
una casa roja en el bosque -> a red house in the forest
dos gatos jugando con una pelota -> two cats playing with a ball
un astronauta montando a caballo -> an astronaut riding a horse
un lobo aullando a la luna -> a wolf howling at the moon
una rosa roja -> a red rose
¡un elefante rosa! -> a pink elephant!
los arboles sin hojas en invierno -> the trees without leaves in winter
el sol sobre las montañas -> the sun over the mountains
un barco en el mar durante una tormenta -> a ship in the sea during a storm
flores amarillas en un campo verde -> yellow flowers in a green field
"""
FRENCH = """
pomme -> apple
un chat noir -> a black cat
une pomme rouge sur la table -> a red apple on the table
un petit chien blanc qui court sur la plage -> a small white dog running on the beach
des chats et des chiens -> cats and dogs
une fille lit un livre sous un arbre -> a girl reading a book under a tree
une belle femme aux cheveux longs -> a beautiful woman with long hair
l'arbre de Noël devant la maison -> the christmas tree in front of the house
une maison au bord d'un lac -> a house beside a lake
un garçon jouant au foot -> a boy playing football
une sorcière volant sur un balai -> a witch flying on a broom
peinture à l'huile d'un jardin -> oil painting of a garden
une licorne et un arc-en-ciel la nuit -> a unicorn and a rainbow at night
"""
PORTUGUESE = """
cachorro -> dog
um gato preto -> a black cat
uma menina lendo um livro debaixo de uma árvore -> a girl reading a book under a tree
cachorro correndo na praia -> dog running on the beach
dois peixes no mar -> two fish in the sea
uma casa pequena na floresta -> a small house in the forest
a lua cheia sobre a cidade -> the full moon over the city
um velho com barba branca -> an old man with white beard
borboletas coloridas -> colourful butterflies
um cachorro de chapéu -> a dog with hat
um coração vermelho -> a red heart
"""
RUSSIAN = """
кот -> cat
кошка -> cat
яблоко -> apple
кот на диване -> a cat on a sofa
чёрная кошка -> a black cat
две собаки играют в парке -> two dogs playing in a park
девочка читает книгу под деревом -> a girl reading a book under a tree
портрет старой женщины -> a portrait of an old woman
букет красных роз -> a bouquet of red roses
космонавт верхом на лошади -> an astronaut riding a horse
кот, спящий на диване -> a cat, sleeping on a sofa
звёзды над городом -> stars over a city
лиса в снегу -> a fox in the snow
чашка кофе на столе -> a cup of coffee on a table
ёжик в тумане -> a hedgehog in the fog
"""
JAPANESE = """
猫 -> cat
ねこ -> cat
黒い猫と赤い傘 -> a black cat and a red umbrella
ソファで寝ている猫 -> a cat sleeping on a sofa
帽子をかぶった猫 -> a cat wearing a hat
森の中の家 -> a house in a forest
夜の街 -> a city at night
馬に乗る宇宙飛行士 -> an astronaut riding a horse
公園で遊ぶ二匹の犬 -> two dogs playing in a park
女の子と犬が公園を歩いている -> a girl and a dog walking in a park
大きな木の下で本を読む少年 -> a boy reading a book under a big tree
机の上にリンゴがある -> an apple on a desk
かわいい猫の絵、水彩画 -> a picture of a cute cat, watercolour
"""
CHINESE = """
猫 -> cat
貓 -> cat
一只黑猫坐在红色的沙发上 -> a black cat sitting on a red sofa
坐在沙发上的猫 -> a cat sitting on a sofa
戴着帽子的猫 -> a cat wearing a hat
森林里的房子 -> a house in a forest
骑马的宇航员 -> an astronaut riding a horse
两只狗在公园里玩耍 -> two dogs playing in a park
一隻紅色的鳥 -> a red bird
夜晚的城市 -> a city at night
一个老人在河边钓鱼 -> an old man fishing beside a river
长头发的女孩 -> a girl with long hair
2只猫，一条鱼。 -> 2 cats, a fish.
"""
EMOJI = """
🐱 -> cat
🐱🌙 -> cat and moon
🐱 🌙 ⭐ -> cat and moon and star
🐱🐱🐱 -> three cats
a 🐱 on a 🛋️ -> a cat on a couch
a🐱on a🛋 -> a cat on a couch
un 🐱 en un 🛋️ -> a cat on a couch
кот на 🛋️ -> a cat on a couch
🐱が🐟を食べている -> a cat eating a fish
一只🐱在🛋️上 -> a cat on a couch
👍🏽 -> thumbs up
🧑🏿‍🚀 on the moon -> astronaut on the moon
🐈‍⬛ -> black cat
🏴‍☠️ -> pirate flag
🇩🇪 -> flag of germany
1️⃣ -> keycap 1
🔥 dragon -> fire dragon
a cat 🌙 -> a cat and moon
a cute cat 🐱✨ -> a cute cat
my girlfriend ❤️ -> my girlfriend
"""
MIXED = """
a 猫 on a sofa -> a cat on a sofa
a gato on a sofa -> a cat on a sofa
a Katze on a sofa -> a cat on a sofa
кот on a sofa -> a cat on a sofa
かわいいcat -> a cute cat
Katze auf Sofa, highly detailed, oil painting -> cat on sofa, highly detailed, oil painting
un perro, digital art, 4k -> a dog, digital art, 4k
猫、masterpiece, best quality -> a cat, masterpiece, best quality
Los Angeles de noche -> Los Angeles at night
"""

# Words of other languages stand in some of these, and all of the English ones that people were seen to type.
ENGLISH = """
a cat wearing a hat | sunset over mountains | cyberpunk city | a corgi | portrait of a wizard | two dogs playing
a cozy cabin in the woods, oil painting | dragon breathing fire | lofi girl studying | a slice of watermelon
a haunted house under a full moon | Paris in spring | abstract art | pizza | hello | Elon Musk | my girlfriend
logo for a coffee shop | spongebob | sunflowers in the style of van gogh | an angry robot | an astronaut riding a horse
the sea | a beautiful woman with long hair | a wolf howling at the moon | a blue car in front of a red house
steampunk airship | a happy frog reading a book | a samurai under a cherry tree | an underwater city
a knight fighting a dragon | a fluffy white dog in the snow
a pan on a sofa | die hard | rot | hat | sol | a chat room | Las Vegas | la la land | a cat named Luna | luna lovegood
Beyoncé in São Paulo | a naïve café | a piñata | mona lisa | rio de janeiro at night | a hause on a hil
the kitty's  hat
war and peace | a man in a tan suit | no hay | super mario | film noir, rainy street | 3d render, 8k | blue-eyed girl
"""


def pairs(text: str) -> list[tuple[str, str]]:
    return [(before, after) for before, _, after in (line.partition(" -> ") for line in text.strip().splitlines())]


@pytest.mark.parametrize(("written", "english"), pairs(GERMAN))
def test_german(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(SPANISH))
def test_spanish(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(FRENCH))
def test_french(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(PORTUGUESE))
def test_portuguese(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(RUSSIAN))
def test_russian(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(JAPANESE))
def test_japanese(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(CHINESE))
def test_chinese(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(EMOJI))
def test_emoji_are_words(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize(("written", "english"), pairs(MIXED))
def test_languages_in_one_prompt(written: str, english: str) -> None:
    assert in_english(written).text == english


@pytest.mark.parametrize("text", [text.strip() for line in ENGLISH.strip().splitlines() for text in line.split(" | ")])
def test_english_stays(text: str) -> None:
    assert in_english(text) == Translation(text)


def test_what_was_read_is_told_in_order_without_grammar() -> None:
    assert in_english("un gato negro en la cama").read == (("gato", "cat"), ("negro", "black"), ("cama", "bed"))
    assert in_english("黒い猫と赤い傘").read == (("黒い", "black"), ("猫", "cat"), ("赤い", "red"), ("傘", "umbrella"))
    assert in_english("un perro 🌙🐱").read == (("perro", "dog"), ("🌙", "moon"), ("🐱", "cat"))
    assert in_english("ein Tiger").read == ()  # nothing to tell: it is the same word


def test_names_stay_and_are_told_as_unknown() -> None:
    assert in_english("ein Bild von Angela Merkel") == Translation(
        "a picture of Angela Merkel", (("Bild", "picture"),), ("Angela", "Merkel")
    )
    assert in_english("портрет Пушкина").unknown == ("Пушкина",)
    assert in_english("портрет Пушкина").text == "a portrait"


@pytest.mark.parametrize("text", ["안녕", "αβγ", "مرحبا", "ハローキティ"])
def test_letters_that_are_not_read_are_left_out(text: str) -> None:
    assert in_english(text) == Translation("", (), (text,))


def test_marks_stay_where_they_are() -> None:
    assert in_english("Ein Hund! Und (vielleicht) eine Katze.").text == "a dog! and (vielleicht) a cat."
    assert in_english("黒い猫、犬。").text == "a black cat, a dog."


LETTERS = "aéßñçüж猫ねネ𠮷🐱🌙\U0001f1e9\U0001f3fd\u200d\ufe0f\u20e3\u0301 ,.'’-1２\n\t¿。、\0\ud800" + "gatounder"
PIECES = (
    "katze",
    "un ",
    "en ",
    "на ",
    "の",
    "的",
    "在",
    "を",
    "qu'",
    "d'",
    "🐱",
    "\u200d",
    "-",
    " ",
    ",",
    "ё",
    "schläft",
)


@given(st.text())
@example("\ud83d")
@example("1\ufe0f\u20e3\u20e3")
def test_any_text_has_a_translation(text: str) -> None:
    in_english(text)


@given(st.text(LETTERS) | st.lists(st.sampled_from(PIECES)).map("".join))
@settings(deadline=None)
def test_letters_of_all_alphabets_in_any_order_have_a_translation(text: str) -> None:
    english = in_english(text)
    assert in_english(text) == english
    assert not any("\u0400" <= letter <= "\u9fff" for letter in english.text if letter.isalpha())


@pytest.mark.parametrize("piece", ["gato ", "ä", "ねこ", "猫", "кот ", "🐱", "l'", "a-", "👩\u200d🚀", "en un ", "1"])
def test_long_prompts_are_read(piece: str) -> None:
    in_english((piece * 2000)[:2000])
