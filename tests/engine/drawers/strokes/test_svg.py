"""The vector file: valid XML without anything of the prompt, and what a renderer of SVG makes of it."""

from __future__ import annotations

import importlib.util
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.drawers.strokes.strokes import Strokes, draw_strokes
from engine.drawers.strokes.svg import drawing
from engine.images.tensors import mirrored

WIDTH, HEIGHT = 160, 112
GROUND = torch.tensor([0.9, 0.85, 0.7])

needs_resvg = pytest.mark.skipif(
    importlib.util.find_spec("resvg_py") is None, reason="needs the packages of the extra `lab`"
)


def some_strokes(count: int = 40, cubics: int = 2) -> Strokes:
    generator = torch.Generator().manual_seed(5)
    start = torch.rand(count, 1, 2, generator=generator) * torch.tensor([WIDTH, HEIGHT])
    steps = (torch.rand(count, 3 * cubics, 2, generator=generator) - 0.5) * 30
    points = torch.cat([start, start + steps.cumsum(1)], 1)
    widths = 2 + 6 * torch.rand(count, generator=generator)
    colours = torch.rand(count, 3, generator=generator)
    return Strokes(points, widths, colours, 0.3 + 0.7 * torch.rand(count, generator=generator))


def rendered(strokes: Strokes, *, tile: bool = False, symmetry: str = "none") -> Tensor:
    batch = Strokes(strokes.points[None], strokes.widths[None], strokes.colours[None], strokes.opacities[None])
    background = GROUND[None, :, None, None].expand(1, 3, HEIGHT, WIDTH)
    return mirrored(draw_strokes(batch, background, softness=1.0, periodic=tile)[0], symmetry)[0]


def resvg(data: bytes) -> Tensor:
    import resvg_py

    image = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=data.decode())))).convert("RGB")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


@needs_resvg
@pytest.mark.parametrize("tile", [False, True])
@pytest.mark.parametrize("symmetry", ["none", "horizontal", "vertical", "both"])
def test_an_svg_renderer_shows_the_same_picture(tile: bool, symmetry: str) -> None:
    strokes = some_strokes()
    found = resvg(drawing(strokes, GROUND, WIDTH, HEIGHT, tile=tile, symmetry=symmetry))
    away = (found - rendered(strokes, tile=tile, symmetry=symmetry)).abs()
    # Edges are smoothed in another way, and curves flattened more finely: a grey level and a half on average.
    assert float(away.mean()) < 0.006
    assert float((away.amax(0) > 0.2).float().mean()) < 0.005


def test_it_is_xml_of_nothing_but_geometry() -> None:
    strokes = some_strokes(7)
    root = ElementTree.fromstring(drawing(strokes, GROUND, WIDTH, HEIGHT))
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("160", "112", "0 0 160 112")
    assert len(root.findall(f".//{space}path")) == 7
    assert {each.tag.removeprefix(space) for each in root.iter()} <= {
        "svg",
        "defs",
        "clipPath",
        "rect",
        "g",
        "path",
        "use",
    }
    assert not any((each.text or "").strip() for each in root.iter())


def test_a_curve_is_written_as_its_control_points() -> None:
    points = torch.tensor([[[1.0, 2.0], [3.5, 4.25], [5.0, 6.0], [7.125, 8.0]]])
    strokes = Strokes(points, torch.tensor([2.5]), torch.tensor([[1.0, 0.5, 0.0]]), torch.tensor([0.75]))
    text = drawing(strokes, torch.ones(3), 16, 16).decode()
    assert '<path d="M1 2C3.5 4.25 5 6 7.12 8" stroke="#ff8000" stroke-width="2.5" stroke-opacity="0.75"/>' in text
    assert 'fill="#ffffff"' in text


def test_strokes_over_an_edge_of_a_tile_are_repeated_and_others_are_not() -> None:
    line = torch.tensor([[[2.0, 30.0], [5.0, 30.0], [8.0, 30.0], [12.0, 30.0]]])
    inside = Strokes(line + 20, torch.tensor([4.0]), torch.zeros(1, 3), torch.ones(1))
    across = Strokes(line - 8, torch.tensor([4.0]), torch.zeros(1, 3), torch.ones(1))
    assert drawing(inside, GROUND, 64, 64, tile=True).count(b"<path") == 1
    assert drawing(across, GROUND, 64, 64, tile=True).count(b"<path") == 2
