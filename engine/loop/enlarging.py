"""Enlarging the finished picture: the last step of a painting, or with 0 iterations the only one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from engine.errors import InputError
from engine.images.pictures import on_white, open_picture
from engine.images.tensors import as_tensor
from engine.loop.init import picture_file
from engine.loop.loss import clip_score, embed, encode_targets
from engine.loop.snapshot import Snapshot
from engine.models.upscaler import check_enlargement, enlarged, load_upscaler
from engine.registry import Models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan
from engine.spec.styles import STYLE_TABLE


class Still(Snapshot):
    """The start image of a spec with 0 iterations, unchanged: a painting that is finished before its first step."""

    step = total = 0
    finished = True
    loss = 0.0
    notes = ()

    def __init__(self, plan: Plan, models: Models, images: Mapping[str, Path]) -> None:
        """Raises `InputError` for a start image that is missing or too large."""
        assert plan.spec.start_image is not None  # a rule of the spec
        self.plan = plan
        self._image = open_picture(picture_file(plan.spec.start_image, images), flatten=False)
        check_enlargement(self._image.width, self._image.height, plan.spec.enlarge)
        perceptor = models.perceptor(plan.perceptors[-1])
        targets = encode_targets([plan.targets[-1]], perceptor, models.device)
        pixels = as_tensor(on_white(self._image))[None].to(models.device)
        self._score = float(clip_score(embed(pixels, perceptor), targets))

    @property
    def specs(self) -> Sequence[ArtSpec]:
        return [self.plan.spec]

    def scores(self) -> list[float]:
        return [self._score]

    def pictures(self) -> list[Image.Image]:
        return [self._image]

    def picture(self) -> Image.Image:
        return self._image

    def exports(self) -> dict[str, bytes]:
        return {}

    def state(self) -> dict[str, Any]:
        return {}


def check_enlarged(plan: Plan) -> None:
    """Raise `InputError` before painting if the finished picture would be too large to enlarge."""
    if plan.spec.enlarge > 1:
        try:
            check_enlargement(plan.width, plan.height, plan.spec.enlarge)
        except InputError as error:
            raise InputError("{problem} Or choose a smaller size.", problem=error.message) from error


def enlarged_as_asked(image: Image.Image, spec: ArtSpec, models: Models) -> Image.Image:
    """The finished picture, enlarged as the spec says. Raises `PaintingError` for unusable weights."""
    if spec.enlarge == 1:
        return image
    cells = STYLE_TABLE[spec.style].has_cells
    upscaler = None if cells else load_upscaler(models.device, models.precision)
    return enlarged(image, spec.enlarge, cells=cells, upscaler=upscaler)
