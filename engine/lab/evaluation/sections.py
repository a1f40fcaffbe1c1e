"""The sections of an evaluation's report: what each measure is called, in which units, and how to read it."""

from __future__ import annotations

from engine.lab.evaluation.colour_control import BROWN_UP_TO, COLOUR_NAMES, NEAR, NO_HUE, ColourControl
from engine.lab.evaluation.contents import Contents
from engine.lab.evaluation.guidance import Gain
from engine.lab.evaluation.judge import Ranking
from engine.lab.evaluation.judged_words import JudgedWords
from engine.lab.evaluation.nearest import Nearness
from engine.lab.evaluation.report import Section
from engine.lab.evaluation.retrieval import Retrieval
from engine.lab.evaluation.speed import PROMPT, Cost
from engine.lab.evaluation.training_distance import TrainingDistance
from engine.lab.evaluation.tune import Tuning

USES = {
    "pictures": "trained on",
    "names": "names and tags",
    "sentences": "teacher of the word table",
    "test": "testing only",
}
RANKING = ("pictures", "top-1", "top-5", "similarity", "margin", "certainty")
HOW_RANKING = (
    "Similarity is the mean cosine with the right one; margin is that cosine less the best wrong one's; certainty is "
    "the mean probability of the right one after CLIP's softmax."
)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _ranking(name: str, each: Ranking) -> tuple[str, ...]:
    shares = (percent(each.first), percent(each.fifth))
    return (name, str(each.pictures), *shares, f"{each.similarity:.4f}", f"{each.margin:+.4f}", f"{each.certainty:.3f}")


def contents_section(contents: Contents) -> Section:
    rows = tuple(
        (
            source.name,
            f"{source.package} {source.version}",
            source.licence,
            USES.get(source.use, source.use),
            "" if not source.trained else f"{source.trained:,}",
            f"{source.stored:,}" if source.stored else "",
        )
        for source in contents.sources
    )
    trained = sum(source.trained or 0 for source in contents.sources if source.use == "pictures")
    stored = sum(source.stored for source in contents.sources)
    notes = [f"The codes of {stored:,} pictures of {contents.names:,} concepts are shipped."] if stored else []
    if trained:
        notes.insert(0, f"The work folder of this evaluation holds {trained:,} pictures to train on.")
    header = ("source", "package", "licence", "use", "pictures at hand", "stored as codes")
    return Section("Data and licences", header, rows, tuple(notes))


def files_section(contents: Contents) -> Section:
    rows = [
        (file.name, f"{file.bytes / 1e6:.2f}", f"{file.numbers:,}" if file.numbers else "") for file in contents.files
    ]
    rows.append(("together", f"{sum(file.bytes for file in contents.files) / 1e6:.2f}", ""))
    return Section("Files", ("file", "MB", "numbers"), tuple(rows))


def retrieval_section(found: Retrieval) -> Section:
    rows = tuple(
        (each.title, str(each.pictures), str(each.names), percent(each.first), percent(each.tenth))
        for each in found.recalls
    )
    notes = (
        f"Of {found.coloured_pictures} pictures of one clear colour the embedded CLIP names "
        f"{percent(found.colours_named)} right among twelve colours.",
        f"Pictures that go through the VQGAN's codes at 256 pixels come back with a mean error of "
        f"{found.unseen_error:.4f} (style never shown) and {found.trained_error:.4f} (training pictures), of 1.",
    )
    header = ("the embedded CLIP finds the name of", "pictures", "names", "first", "among the first ten")
    return Section("Held-out retrieval", header, rows, notes)


def judge_section(found: JudgedWords, words: int) -> Section:
    rows = [_ranking("finished", found.finished), _ranking("the start alone", found.start)]
    if found.nearest is not None:
        rows.append(_ranking("a nearest training picture", found.nearest))
    rows.append(_ranking("what the first step began from", found.step_0))
    notes = (
        f"CLIP ViT-B/16's image tower ranks the picture of each of {words} words among these words. The nearest "
        "training picture is the original whose name fits the word best (for the second seed the next best).",
        HOW_RANKING,
    )
    return Section("Outside judge", ("", *RANKING), tuple(rows), notes)


def tuning_section(found: Tuning) -> Section:
    rows = (
        _ranking("finished", found.finished),
        _ranking("the start alone", found.start),
        _ranking("the nearest training picture", found.nearest),
    )
    notes = (
        f"Among {found.finished.words} concepts, none of them a judge's word, each known by other vendors' pictures.",
        f"{percent(found.nearer)} of the finished pictures are more like their prototype than their start is; "
        f"{found.seconds:.1f} s a painting.",
    )
    return Section("Concepts to tune by", ("", *RANKING), rows, notes)


def colours_section(finished: ColourControl, start: ColourControl) -> Section:
    rows = tuple(
        (name, str(each.pictures), f"{each.error:.1f}°", percent(each.near))
        for name, each in (("finished", finished), ("the start alone", start))
    )
    notes = (
        "The main hue of what differs from the background, its pixels weighted by saturation times value, against the "
        f"median hue that people name so (xkcd colour survey): {', '.join(COLOUR_NAMES)}. A subject without colour "
        f"counts as {NO_HUE:.0f}°. Near is within {NEAR:.0f}°, and for brown also a value of at most {BROWN_UP_TO}: "
        "brighter, the same hue is orange.",
    )
    return Section("Colour control", ("", "pictures", "mean hue error", "near"), rows, notes)


def gain_section(found: Gain) -> Section:
    row = (str(found.pictures), f"{found.start:.4f}", f"{found.finished:.4f}", str(found.nearer), f"{found.moved:.4f}")
    notes = (
        "Mean spherical distance of 64 cutouts to the words (0 … 4.93), by the embedded CLIP itself; pixels are 0 … 1.",
    )
    header = ("pictures", "start", "finished", "nearer than their start", "mean change of a pixel")
    return Section("What the guidance adds", header, (row,), notes)


def training_distance_section(found: TrainingDistance) -> Section:
    scale, perceived = found.scale, found.perceived

    def in_pixels(name: str, each: Nearness) -> tuple[str, ...]:
        medians = (f"{each.start:.4f}", f"{each.finished:.4f}") if each.pictures else ("", "")
        same = (str(each.start_same), str(each.finished_same))
        return (name, str(each.pictures), *medians, *same, f"{scale.vendors:.4f}", f"{scale.copies:.4f}")

    medians = (perceived.start, perceived.finished, perceived.vendors, perceived.copies)
    start, finished, vendors, copies = (f"{each:.4f}" for each in medians)
    rows = (
        in_pixels("pixels, subjects on white", found.subjects),
        in_pixels("pixels, scenes as wholes", found.scenes),
        (f"1 - cosine of {perceived.encoder}", str(perceived.pictures), start, finished, "", "", vendors, copies),
    )
    notes = (
        f"Median distance to the nearest of {found.training_pictures:,} training pictures. In pixels: subjects are "
        "cropped and scaled to 64x64, scenes only scaled; mean absolute difference, mirrored or not.",
        f"For scale, from {scale.pairs} concepts: the median distance of two vendors' pictures of one concept, and of "
        f"a training picture to its copy in the VQGAN's codes. “The same” is as near as 95 % of these copies are, "
        f"{scale.same:.4f}; of the two vendors' pictures {percent(scale.vendors_same)} are that near by themselves.",
        "A recoloured picture is far from its original in pixels, though its shapes are the original's; a subject "
        "before a background is far from every training picture, though the subject may be one of them.",
    )
    header = ("distance", "pictures", "start", "finished", "start the same", "finished the same", "vendors", "copies")
    return Section("Distance to the training set", header, rows, notes)


def cost_section(found: Cost) -> Section:
    row = (f"{found.bytes / 1e6:.1f} MB", f"{found.seconds:.1f} s", f"{found.peak / 1e6:.0f} MB")
    notes = (
        f"`engine paint “{PROMPT}”` at quality draft with its film, from the start of Python to the files, on "
        f"{found.cores} cores with a load of {found.load:.1f} before.",
    )
    return Section("Size and speed", ("files", "a draft", "peak memory"), (row,), notes)
