"""The last step of a picture that is to be larger than it was painted, and jobs that consist of it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from engine.errors import InputError
from engine.loss import clip_score, look, read_wishes
from engine.models import Models
from engine.openings import as_tensor, picture_file
from engine.pictures import on_white, open_picture
from engine.presets import plan
from engine.prompts import stages_of
from engine.randomness import fresh_seed
from engine.snapshot import Snapshot
from engine.spec import ArtSpec
from engine.upscale import check_enlargement, enlarged, load_upscaler


@dataclass(frozen=True)
class Still:
    """A finished picture as a `Snapshot` of no steps."""

    spec: ArtSpec
    image: Image.Image
    score: float
    step: int = 0
    total: int = 0
    finished: bool = True
    loss: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        return self.spec.seed or 0

    @property
    def specs(self) -> Sequence[ArtSpec]:
        return [self.spec]

    def picture(self) -> Image.Image:
        return self.image

    def pictures(self) -> list[Image.Image]:
        return [self.image]

    def scores(self) -> list[float]:
        return [self.score]

    def exports(self) -> dict[str, bytes]:
        return {}

    def state(self) -> dict[str, Any]:
        return {}


def still(spec: ArtSpec, models: Models, images: Mapping[str, Path]) -> Snapshot:
    """The start image of a spec without iterations, as it is. Raises `InputError` for one that is gone or too large."""
    assert spec.start_image is not None  # the spec sees to that
    image = open_picture(picture_file(spec.start_image, images), flatten=False)
    check_enlargement(image.width, image.height, spec.enlarge)
    perceptor = models.perceptor(plan(spec, models.family).perceptors[-1])
    wishes = read_wishes([stages_of(spec)[-1]], perceptor, models.device)
    score = clip_score(look(as_tensor(on_white(image))[None].to(models.device), perceptor), wishes)
    return Still(spec.with_seed(fresh_seed() if spec.seed is None else spec.seed), image, float(score))


def check_spec(spec: ArtSpec, models: Models) -> None:
    """Raise `InputError` where the finished picture could not be enlarged as asked, before it is painted."""
    if spec.enlarge > 1 and spec.iterations != 0:
        planned = plan(spec, models.family)
        try:
            check_enlargement(planned.width, planned.height, spec.enlarge)
        except InputError as error:
            raise InputError(f"{error} Or choose a smaller size.") from error


def enlarged_as_asked(image: Image.Image, spec: ArtSpec, models: Models) -> Image.Image:
    """The finished picture in the size that the spec wants. Raises `PaintingError` for unusable weights."""
    if spec.enlarge == 1:
        return image
    upscaler = None if spec.style == "pixel" else load_upscaler(models.device, models.precision)
    return enlarged(image, spec.enlarge, style=spec.style, upscaler=upscaler)
