"""Layout of a scene's subjects by their relations in the text, and composition on the background."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.kinds import FLYERS, HOLDERS, SHELTERS, SWIMMERS, is_a, is_four_footed, usual_size
from engine.embedded.scene.landscapes import Scenery
from engine.embedded.scene.pieces import laid, resized, tilted
from engine.embedded.scene.read import Link, Scene, Subject
from engine.embedded.scene.words import GLASSES, HATS, SCARVES, WORN


@dataclass(frozen=True)
class Placed:
    """A cut-out and its box. Lengths are in sizes of an ordinary subject; y grows downwards."""

    piece: Tensor  # (4, h, w)
    left: float
    top: float
    wide: float
    high: float
    depth: int = 0  # larger is nearer
    stands: bool = True  # on the ground

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def bottom(self) -> float:
        return self.top + self.high

    @property
    def middle(self) -> float:
        return self.left + self.wide / 2


def setting(scene: Scene) -> Background:
    """The scene's background; a shore instead of water if the subjects neither swim nor fly."""
    background = scene.background
    swims = any(is_a(subject, SWIMMERS) for subject in scene.subjects)
    if scene.subjects and background.place in ("sea", "lake") and not swims and not flies(scene):
        return replace(background, place="beach" if background.place == "sea" else "shore")
    return background


def flies(scene: Scene) -> bool:
    """Whether the subjects are in the air."""
    if not scene.subjects:
        return False
    return scene.aloft or scene.background.place == "sky" or (not scene.links and is_a(scene.subjects[0], FLYERS))


def arranged(scene: Scene, pieces: Sequence[Sequence[Tensor]], rng: Callable[[], float]) -> list[Placed]:
    """The layout: a box for each cut-out; `pieces[i]` are those of `scene.subjects[i]`, as many as its number.

    `rng` gives uniform numbers in [0, 1), for sides and small variations.
    """
    side = 1.0 if rng() < 0.5 else -1.0
    together = scene.links and all(link.relation == "beside" for link in scene.links)
    groups: list[list[Placed]] = []
    for number, (subject, cuts) in enumerate(zip(scene.subjects, pieces, strict=True)):
        link = scene.links[number - 1] if number else None
        size = usual_size(subject)
        group = _group(cuts, size**ALIKE if together else size, rng)
        if link is None:
            groups.append(group)
            continue
        so_far = [placed for each in groups for placed in each]
        if together and number == 2 and not scene.background:
            group = _behind(so_far, group)
        elif link.relation == "beside":
            group = _beside(so_far, group, side if number % 2 else -side)
        elif link.relation in ("with", "wearing"):
            crowded = sum(1 for each in scene.links[: number - 1] if each.anchor == link.anchor)
            group, _ = _related(scene, number, link, groups[link.anchor], group, -side if crowded % 2 else side)
        else:  # "a teapot beside a cup on a table": both are on it
            group, so_far = _related(scene, number, link, so_far, group, side)
            groups = [[so_far.pop(0) for _ in each] for each in groups]
        groups.append(group)
    return [placed for group in groups for placed in group]


ALIKE = 0.2  # exponent of the sizes of things that stand side by side, so that the small ones can be seen
SHARED = 0.12  # of the smaller one's box is shared by two that stand side by side: each is larger, and its face is free
LIFTED = 0.22  # of its height, by which the one behind stands higher


def _group(cuts: Sequence[Tensor], size: float, rng: Callable[[], float]) -> list[Placed]:
    """One subject, or several of a kind in a loose row or two."""
    if len(cuts) == 2:
        one, other = (_group([cut], size * (0.96 + 0.08 * rng()), rng) for cut in cuts)
        return [*one, *_beside(one, other, 1.0)]
    boxes: list[Placed] = []
    right = 0.0
    for number, cut in enumerate(cuts):
        ratio = cut.shape[2] / cut.shape[1]
        each = size * (0.92 + 0.16 * rng()) if len(cuts) > 1 else size
        wide, high = each * math.sqrt(ratio), each / math.sqrt(ratio)
        back = len(cuts) > 3 and number % 2 == 1  # more than three stand in two rows
        lift = -0.34 * size if back else 0.06 * size * (rng() - 0.5) * (len(cuts) > 1)
        boxes.append(Placed(cut, right, lift - high, wide, high, depth=0 if back else 1))
        right += wide * (0.62 if len(cuts) > 3 else 0.96)
    return boxes


def _bounds(boxes: Sequence[Placed]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    return (
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _moved(boxes: Sequence[Placed], across: float = 0.0, down: float = 0.0, depth: int = 0) -> list[Placed]:
    return [replace(box, left=box.left + across, top=box.top + down, depth=box.depth + depth) for box in boxes]


def _scaled(boxes: Sequence[Placed], by: float) -> list[Placed]:
    return [replace(box, left=box.left * by, top=box.top * by, wide=box.wide * by, high=box.high * by) for box in boxes]


def _related(
    scene: Scene, number: int, link: Link, anchors: list[Placed], group: list[Placed], side: float
) -> tuple[list[Placed], list[Placed]]:
    """The boxes of subject `number` placed by its relation to the anchor, and those of the anchor, perhaps changed."""
    subject, anchor = scene.subjects[number], scene.subjects[link.anchor]
    if link.relation == "wearing" or (link.relation == "with" and is_a(subject, WORN)):
        return _worn(subject, anchors, group), anchors
    if link.relation == "with":
        return _held(subject, anchor, anchors, group, side), anchors
    if link.relation == "on":
        return _carried(anchors, group, 1.45 if is_four_footed(subject) else 1.12)
    if link.relation == "in":
        return _contained(subject, anchors, group)
    if link.relation == "over":
        below = _scaled(group, max(1.0, 0.9 * _wide(anchors) / _wide(group)) if usual_size(subject) < 1 else 1.0)
        return below, _floating(_above(anchors, below, side))
    if link.relation == "under":
        if is_a(subject, SHELTERS):
            return _sheltering(subject, anchors, group, side)
        return _floating(_above(group, anchors, side)), anchors
    if link.relation == "behind":
        return _overlapping(back=anchors, front=group, side=side)
    if link.relation == "front":
        front, back = _overlapping(back=group, front=anchors, side=side)
        return back, front
    raise ValueError(f"Things are not related by {link.relation!r}")


def _wide(boxes: Sequence[Placed]) -> float:
    left, _, right, _ = _bounds(boxes)
    return right - left


def _high(boxes: Sequence[Placed]) -> float:
    _, top, _, bottom = _bounds(boxes)
    return bottom - top


def _set(boxes: Sequence[Placed], middle: float, bottom: float, depth: int = 0) -> list[Placed]:
    """The boxes moved to a horizontal middle and a lower edge."""
    left, _, right, low = _bounds(boxes)
    return _moved(boxes, middle - (left + right) / 2, bottom - low, depth)


def _floating(boxes: Sequence[Placed]) -> list[Placed]:
    return [replace(box, stands=False) for box in boxes]


def _beside(anchors: list[Placed], group: list[Placed], side: float) -> list[Placed]:
    """The boxes at one side of the nearest anchor: a larger one behind it and higher, a smaller one before it.

    In a row of several every other one is behind.
    """
    near = max(anchors, key=lambda box: box.right) if side > 0 else min(anchors, key=lambda box: box.left)
    wide, high = _wide(group), _high(group)
    floor = max(box.bottom for box in anchors)
    behind = wide * high >= near.wide * near.high if len(anchors) == 1 else near.bottom > floor - 1e-6
    lift = LIFTED * min(high, near.high)
    tall = min(high, near.high - lift) if behind else min(near.high, high - lift)
    across = min(SHARED * min(wide * high, near.wide * near.high) / tall, 0.3 * min(wide, near.wide))
    middle = near.right - across + wide / 2 if side > 0 else near.left + across - wide / 2
    return _set(group, middle, near.bottom + (-lift if behind else lift), depth=near.depth + (-1 if behind else 1))


def _behind(anchors: list[Placed], group: list[Placed]) -> list[Placed]:
    """The boxes behind two others and between them, partly hidden: a third thing makes no row of small ones."""
    left, top, right, _ = _bounds(anchors)
    depth = min(box.depth for box in anchors) - 1
    return _set(group, (left + right) / 2, top + 2 * SHARED * _high(group), depth=depth)


def _above(upper: list[Placed], lower: list[Placed], side: float) -> list[Placed]:
    left, top, right, _ = _bounds(lower)
    by = min(1.0, 1.4 * max(1.0, _wide(lower)) / _wide(upper))
    upper = _scaled(upper, by)
    return _set(upper, (left + right) / 2 + 0.16 * side * (right - left), top - 0.05)


def _held(subject: Subject, anchor: Subject, anchors: list[Placed], group: list[Placed], side: float) -> list[Placed]:
    left, top, right, bottom = _bounds(anchors)
    high, wide = bottom - top, right - left
    if is_a(subject, frozenset({"umbrella", "parasol"})):
        group = _scaled(group, 1.05 * max(high, wide) / max(_high(group), _wide(group)))
        middle = (left + right) / 2 + side * 0.34 * wide
        return _floating(_set(group, middle, top + 0.52 * _high(group), depth=-2))
    by = (
        min(1.0, max(0.55, usual_size(subject) / usual_size(anchor)))
        * min(high, wide)
        / max(_high(group), _wide(group))
    )
    group = _scaled(group, min(0.72 if by < 0.9 else 0.85, by))
    if usual_size(subject) / usual_size(anchor) >= 1:  # too large to hold
        return _beside(anchors, group, side)
    middle = (right + 0.28 * _wide(group)) if side > 0 else (left - 0.28 * _wide(group))
    return _floating(_set(group, middle, top + 0.62 * high + _high(group) / 2, depth=4))


def _worn(subject: Subject, anchors: list[Placed], group: list[Placed]) -> list[Placed]:
    """The boxes of something worn by each anchor: on the head, the eyes, the neck or the body."""
    worn: list[Placed] = []
    for body in anchors:
        piece = group[len(worn) % len(group)]
        middle, top, wide = _head(body.piece)
        head, across = body.top + top * body.high, body.left + middle * body.wide
        ratio = piece.high / piece.wide
        if is_a(subject, GLASSES):
            size, down = 0.85 * wide * body.wide, head + 0.22 * body.high
        elif is_a(subject, SCARVES):
            size = 0.75 * wide * body.wide
            down = head + 0.33 * body.high + size * ratio / 2
        elif is_a(subject, HATS):
            size = 0.95 * wide * body.wide
            down = head + 0.05 * body.high - 0.28 * size * ratio
        else:
            size, down, across = 0.62 * body.wide, body.top + 0.66 * body.high, body.middle
        size = max(size, 0.28 * body.wide)
        box = replace(piece, left=across - size / 2, top=down - size * ratio / 2, wide=size, high=size * ratio)
        worn.append(replace(box, depth=body.depth + 6, stands=False))
    return worn


def _head(piece: Tensor) -> tuple[float, float, float]:
    """Horizontal middle, top and width of the head of a (4, h, w) cut-out, as shares.

    The head is the topmost part that is wide enough, below thin ears and horns.
    """
    solid = piece[3] > 0.5
    wide = _longest_runs(solid) / piece.shape[2]
    enough = (wide > 0.27).nonzero()[:, 0]
    row = int(enough[0]) if len(enough) else 0
    band = solid[row : row + max(2, piece.shape[1] // 8)]
    columns = band.any(0).nonzero()[:, 0]
    if len(columns) == 0:
        return 0.5, 0.0, 0.5
    weights = band.float().sum(0)
    middle = float((weights * torch.arange(piece.shape[2])).sum() / weights.sum()) / piece.shape[2]
    return middle, row / piece.shape[1], min(0.8, len(columns) / piece.shape[2])


def _longest_runs(solid: Tensor) -> Tensor:
    """(h,) the longest run of pixels in each row of an (h, w) mask."""
    run = best = torch.zeros(solid.shape[0])
    for column in solid.float().unbind(1):
        run = (run + 1) * column
        best = torch.maximum(best, run)
    return best


def _carried(anchors: list[Placed], group: list[Placed], wide: float) -> tuple[list[Placed], list[Placed]]:
    """The anchor on top of the subject, which is made wide enough to carry it: `wide` times as wide."""
    group = _scaled(group, max(1.0, wide * _wide(anchors) / _wide(group)))
    left, _, right, _ = _bounds(anchors)
    group = _set(group, (left + right) / 2, 0.0)
    below = group[len(group) // 2]
    surface = below.top + _surface(below.piece) * below.high
    sunk = 0.05 * _high(anchors) + 0.10 * max(0.0, _high(group) - 0.6 * _high(anchors))
    return group, _floating(_set(anchors, below.middle, surface + min(sunk, 0.16 * _high(group)), depth=3))


def _surface(piece: Tensor) -> float:
    """The top of a (4, h, w) cut-out around its middle, as a share of its height."""
    height, width = piece.shape[1:]
    part = piece[3, :, int(0.35 * width) : max(int(0.35 * width) + 1, int(0.65 * width))] > 0.5
    columns = part[:, part.any(0)]
    if columns.shape[1] == 0:
        return 0.0
    return float(columns.float().argmax(0).float().median()) / height


def _contained(subject: Subject, anchors: list[Placed], group: list[Placed]) -> tuple[list[Placed], list[Placed]]:
    """The anchor in the subject: over the rim of a container, or before something large."""
    if is_a(subject, HOLDERS):
        group = _scaled(group, max(1.0, 1.35 * _wide(anchors) / _wide(group)))
        left, _, right, _ = _bounds(anchors)
        group = _set(group, (left + right) / 2, 0.0, depth=4)
        rim = _bounds(group)[1]
        below = group[0]
        rim += _surface(below.piece) * below.high
        return group, _floating(_set(anchors, (left + right) / 2, rim + min(0.42 * _high(anchors), 0.7 * _high(group))))
    group = _scaled(group, max(1.0, 2.0 * max(_wide(anchors), _high(anchors)) / min(_wide(group), _high(group))))
    left, top, right, bottom = _bounds(group)
    inside = top + 0.52 * (bottom - top)
    return group, _floating(_set(anchors, (left + right) / 2 + 0.06 * (right - left), inside, depth=4))


def _sheltering(
    subject: Subject, anchors: list[Placed], group: list[Placed], side: float
) -> tuple[list[Placed], list[Placed]]:
    """The anchor below the subject's roof, in front of its stem, or beside that of a tree."""
    by = 1.6 * _high(anchors) / _high(group)
    if is_a(subject, frozenset({"table", "desk", "bridge"})):
        by = max(1.7 * _high(anchors) / _high(group), 1.5 * _wide(anchors) / _wide(group))
    group = _scaled(group, by)
    left, _, right, bottom = _bounds(anchors)
    across = (left + right) / 2 + (0.2 * side * _wide(group) if is_a(subject, frozenset({"tree", "palm"})) else 0.0)
    return _set(group, across, bottom - 0.05 * _high(anchors), depth=-3), anchors


def _overlapping(back: list[Placed], front: list[Placed], side: float) -> tuple[list[Placed], list[Placed]]:
    """One partly hidden by the other: (front, back)."""
    back = _scaled(back, max(1.0, 1.15 * _high(front) / _high(back)))
    left, _, right, bottom = _bounds(back)
    middle = (left + right) / 2 + side * 0.34 * (right - left)
    return _set(front, middle, bottom + 0.10, depth=5), [replace(box, depth=box.depth - 3) for box in back]


MARGIN = 0.05  # of the shorter side, left free at every side of a subject on white


def set_before(
    boxes: Sequence[Placed],
    scenery: Scenery | None,
    width: int,
    height: int,
    *,
    aloft: bool,
    rng: Callable[[], float],
) -> tuple[Tensor, Tensor]:
    """The subjects, as large as they fit, on the background or on white: (1, 3, height, width) in [0, 1], and
    (height, width) how much of each pixel they cover."""
    canvas = torch.ones(1, 3, height, width) if scenery is None else scenery.picture.clone()
    shorter = min(width, height)
    left, top, right, bottom = _bounds(boxes)
    wide, high = max(right - left, 1e-6), max(bottom - top, 1e-6)
    floor = None if scenery is None or aloft else scenery.stand
    if scenery is None:
        margin = MARGIN if len(boxes) == 1 else 0.6 * MARGIN
        room = (width - 2 * margin * shorter, height - 2 * margin * shorter)
    else:
        room = ((0.88 if len(boxes) == 1 else 0.94) * width, (floor - 0.14 if floor is not None else 0.72) * height)
        usual = 0.70 if len(boxes) == 1 else 0.76
        usual -= 0.10 * scenery.lit + 0.10 * aloft  # leaves room for the sky
        room = (room[0], min(room[1], usual * shorter * (1.15 if height > width else 1.0)))
    varied = 0.10 if len(boxes) == 1 else 0.03
    scale = min(room[0] / wide, room[1] / high) * (1 - varied + varied * rng())
    free = width - wide * scale
    across = free / 2 + (rng() - 0.5) * min(0.45 * free, 0.22 * width)
    if floor is not None:
        down = floor * height - high * scale
    elif scenery is None:
        down = (height - high * scale) / 2
    else:
        down = (height - high * scale) * (0.32 + 0.2 * rng())
    if floor is not None:
        for box in boxes:
            if box.stands and box.bottom > bottom - 0.25:
                middle = across + (box.middle - left) * scale
                _shadow(canvas, middle, down + (box.bottom - top) * scale, box.wide * scale)
    covered = torch.zeros(1, 3, height, width)
    for box in sorted(boxes, key=lambda each: each.depth):
        size = max(4, round(box.wide * scale)), max(4, round(box.high * scale))
        piece = resized(box.piece, *size)
        place = round(across + (box.left - left) * scale), round(down + (box.top - top) * scale)
        laid(canvas, piece, *place)
        laid(covered, torch.cat([torch.ones_like(piece[:3]), piece[3:]]), *place)
    if scenery is not None and scenery.overlay is not None:
        canvas = torch.lerp(canvas, scenery.overlay[:, :3], scenery.overlay[:, 3:])
    return canvas.clamp(0, 1), covered[0, 0]


def _shadow(canvas: Tensor, middle: float, level: float, wide: float) -> None:
    """Draw a soft shadow where something touches the ground, in place."""
    height, width = canvas.shape[2:]
    rows = (torch.arange(height) - level) / max(2.0, 0.075 * wide)
    columns = (torch.arange(width) - middle) / max(2.0, 0.44 * wide)
    far = rows.square()[:, None] + columns.square()[None]
    canvas *= 1 - 0.38 * torch.exp(-far * far)


def turned(piece: Tensor, degrees: float) -> Tensor:
    """A cut-out tilted and cropped."""
    turned_piece = tilted(piece, degrees)
    solid = turned_piece[3] > 0.05
    rows, columns = solid.any(1).nonzero()[:, 0], solid.any(0).nonzero()[:, 0]
    if len(rows) == 0:
        return turned_piece
    return turned_piece[:, int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]


def filling(picture: Tensor, width: int, height: int) -> Tensor:
    """(1, 3, S, S) drawing of a whole scene -> (1, 3, height, width): its middle, without rounded corners."""
    side = 0.88 * picture.shape[-1]
    wide, high = (round(side * part / max(width, height)) for part in (width, height))
    left, top = (picture.shape[-1] - wide) // 2, (picture.shape[-1] - high) // 2
    part = picture[..., top : top + high, left : left + wide]
    return F.interpolate(part, (height, width), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
