"""Prompts that are better not painted: a short list of words, in two levels that a server chooses between.

A word filter is no judge of pictures: it keeps the plain cases away and says so politely. What brings children and
sex together is painted nowhere, whatever a server chose.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, Literal

from bot.language import Language, say

Level = Literal["off", "standard", "strict"]
LEVELS: Final[tuple[Level, ...]] = ("off", "standard", "strict")

# A star stands for any ending. Everything is compared folded: small letters, no accents, no zero-width signs.
_EXPLICIT: Final = """
    porn* hentai nsfw xxx blowjob* handjob* cumshot* gangbang* masturbat* orgasm* orgy orgies penis* vagina* vulva*
    dildo* genital* bestiality incest rape raped rapes rapist* raping sex sexual* fellatio deepthroat ahegao
    vergewaltig* geschlechtsverkehr violacion violar porno* violee estupro порн* секс* изнасил* 色情 性交 强奸
    做爱 ポルノ エロ 性行為 レイプ
"""
_BRUTAL: Final = """
    gore gory behead* decapitat* dismember* disembowel* mutilat* eviscerat* torture* snuff swastika* hakenkreuz*
    enthaupt* verstummel* folter* decapit* demembr* mutil* desmembr* обезглав* расчлен* пытк* 斩首 肢解 酷刑 斬首 拷問
"""
_BARE: Final = """
    nude* nudity naked topless erotic* lingerie boobs breasts nipple* fetish* bondage sexy seductive
    nackt* erotik* desnud* erotic* nue nues nus nua nuas голый голая голые голое эротик* 裸 裸体 ヌード 下着
"""
_HARSH: Final = """
    blood bloody bleeding corpse* murder* massacre* suicide* kill* gun guns rifle* pistol* cocaine heroin nazi* hitler
    blut blutig* leiche* mord selbstmord* waffe* sangre cadaver* asesin* suicid* arma armas sanglant meurtre*
    sangue assassin* кровь труп* убий* самоубий* оружи* 血 尸体 自杀 谋杀 死体 自殺 殺人
"""
_YOUNG: Final = """
    child* kid kids kiddy girl girls boy boys schoolgirl* schoolboy* underage* minor minors teen* toddler* baby babies
    infant* loli lolis lolita* lolicon shota* preteen* kind kinder kindes madchen junge jungen nina ninas nino ninos
    enfant* fille fillette* garcon* crianca* menina* menino* ребен* дети детей девочк* мальчик* 儿童 小孩 女孩 男孩
    子供 幼女 少女 少年 ロリ ショタ
"""
_WIDE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")  # written without spaces between words
_SPELT: Final = re.compile(r"(?<!\w)(?:\w[ ._*-]){2,}\w(?!\w)")  # w.o.r.d
_LEET: Final = str.maketrans("013457@$", "oieastas")


def refused_word(text: str, level: Level) -> str | None:
    """The first word of a prompt that is not painted at this level, as it was written; None: nothing is wrong."""
    folded = fold(text)
    sexual = _found(_EXPLICIT, folded) or _found(_BARE, folded)
    if sexual and _found(_YOUNG, folded):
        return sexual
    lists = {"off": (), "standard": (_EXPLICIT, _BRUTAL), "strict": (_EXPLICIT, _BRUTAL, _BARE, _HARSH)}[level]
    return next((word for each in lists if (word := _found(each, folded))), None)


def refusal(word: str, language: Language) -> str:
    """What the person is told."""
    return say(
        language,
        "I'd rather not paint “{word}” here, so that everybody feels at home: please put it another way.",
        word=word,
    )


def fold(text: str) -> str:
    """Text as it is compared, with digits read as letters where they stand among letters and spelt words joined."""
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text).casefold()
        if unicodedata.category(letter) not in ("Mn", "Cf")
    )
    whole = unicodedata.normalize("NFKC", _SPELT.sub(lambda match: re.sub(r"[ ._*-]", "", match[0]), bare))
    return re.sub(r"[^\W_]*[^\W\d_][\w@$]*", lambda match: match[0].translate(_LEET), whole)


def _found(words: str, folded: str) -> str | None:
    match = _pattern(words).search(folded)
    return None if match is None else match[0]


@cache
def _pattern(words: str) -> re.Pattern[str]:
    listed = [fold(word.removesuffix("*")) + "*" * word.endswith("*") for word in words.split()]
    wide = [re.escape(word) for word in listed if _WIDE.search(word)]
    narrow = [re.escape(word).replace(r"\*", r"\w*") for word in listed if not _WIDE.search(word)]
    parts = [rf"(?<!\w)(?:{'|'.join(narrow)})(?!\w)", *wide]
    return re.compile("|".join(parts))
