"""The word filter for prompts, in two levels that a guild chooses between, or off.

It is meant for the obvious cases only. Prompts about minors and sex or nudity are refused at every level.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, Literal

from bot.text.language import _

Level = Literal["off", "standard", "strict"]
LEVELS: Final[tuple[Level, ...]] = ("off", "standard", "strict")

# `*` matches any ending. Words and prompts are compared after `fold`.
_SEXUAL: Final = """
    porn* hentai nsfw xxx blowjob* handjob* cumshot* gangbang* masturbat* orgasm* orgy orgies penis* vagina* vulva*
    dildo* genital* bestiality incest rape raped rapes rapist* raping sex sexual* fellatio deepthroat ahegao
    vergewaltig* geschlechtsverkehr violacion violar porno* violee estupro порн* секс* изнасил* 色情 性交 强奸
    做爱 ポルノ エロ 性行為 レイプ
"""
_GORE: Final = """
    gore gory behead* decapitat* dismember* disembowel* mutilat* eviscerat* torture* snuff swastika* hakenkreuz*
    enthaupt* verstummel* folter* decapit* demembr* mutil* desmembr* обезглав* расчлен* пытк* 斩首 肢解 酷刑 斬首 拷問
"""
_NUDITY: Final = """
    nude* nudity naked topless erotic* lingerie boobs breasts nipple* fetish* bondage sexy seductive
    nackt* erotik* desnud* erotic* nue nues nus nua nuas голый голая голые голое эротик* 裸 裸体 ヌード 下着
"""
_VIOLENCE: Final = """
    blood bloody bleeding corpse* murder* massacre* suicide* kill* gun guns rifle* pistol* cocaine heroin nazi* hitler
    blut blutig* leiche* mord selbstmord* waffe* sangre cadaver* asesin* suicid* arma armas sanglant meurtre*
    sangue assassin* кровь труп* убий* самоубий* оружи* 血 尸体 自杀 谋杀 死体 自殺 殺人
"""
_MINORS: Final = """
    child* kid kids kiddy girl girls boy boys schoolgirl* schoolboy* underage* minor minors teen* toddler* baby babies
    infant* loli lolis lolita* lolicon shota* preteen* kind kinder kindes madchen junge jungen nina ninas nino ninos
    enfant* fille fillette* garcon* crianca* menina* menino* ребен* дети детей девочк* мальчик* 儿童 小孩 女孩 男孩
    子供 幼女 少女 少年 ロリ ショタ
"""
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")  # scripts without spaces between words
_SPELLED: Final = re.compile(r"(?<!\w)(?:\w[ ._*-]){2,}\w(?!\w)")  # w.o.r.d
_LEET: Final = str.maketrans("013457@$", "oieastas")


def refused_word(text: str, level: Level) -> str | None:
    """The first word of a prompt that is refused at this level, folded; None if there is none."""
    folded = fold(text)
    sexual = _first_match(_SEXUAL, folded) or _first_match(_NUDITY, folded)
    if sexual and _first_match(_MINORS, folded):
        return sexual
    lists = {"off": (), "standard": (_SEXUAL, _GORE), "strict": (_SEXUAL, _GORE, _NUDITY, _VIOLENCE)}[level]
    return next((word for each in lists if (word := _first_match(each, folded))), None)


def refusal(word: str) -> str:
    """The sentence for a refused word."""
    return _(
        "I'd rather not paint “{word}” here, so that everybody feels at home: please put it another way.", word=word
    )


def fold(text: str) -> str:
    """Text for comparison: lower case, no accents or invisible characters, `w.o.r.d` joined, `l33t` as letters."""
    stripped = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text).casefold()
        if unicodedata.category(letter) not in ("Mn", "Cf")
    )
    joined = unicodedata.normalize("NFKC", _SPELLED.sub(lambda match: re.sub(r"[ ._*-]", "", match[0]), stripped))
    return re.sub(r"[^\W_]*[^\W\d_][\w@$]*", lambda match: match[0].translate(_LEET), joined)


def _first_match(words: str, folded: str) -> str | None:
    match = _pattern(words).search(folded)
    return None if match is None else match[0]


@cache
def _pattern(words: str) -> re.Pattern[str]:
    folded = [fold(word.removesuffix("*")) + "*" * word.endswith("*") for word in words.split()]
    cjk = [re.escape(word) for word in folded if _CJK.search(word)]
    spaced = [re.escape(word).replace(r"\*", r"\w*") for word in folded if not _CJK.search(word)]
    parts = [rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", *cjk]
    return re.compile("|".join(parts))
