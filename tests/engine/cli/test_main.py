from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine import registry as models
from engine.cli import main as cli
from engine.errors import PaintingError
from engine.images.metadata import read_spec
from engine.lab.random_models import random_models
from engine.models import published as weights
from engine.spec.artspec import ArtSpec
from tests.engine.probes import look_at

SMALL = ("--size", "32x32", "--iterations", "3", "--cuts", "2")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in the folder of the test, with tiny random models: status, stdout, stderr."""
    torch.set_num_threads(1)
    monkeypatch.setattr(models, "load_models", lambda which, device: random_models("tiny"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engine", *arguments])
        status = cli.main()
        output = capfd.readouterr()
        return status, output.out, output.err

    return run


def test_a_picture_and_its_film(run: Run, tmp_path: Path) -> None:
    status, out, err = run("paint", "a castle", *SMALL, "--seed", "5", "--out", "x.png", "--film", "x.mp4", "--json")
    assert status == 0, err
    report = json.loads(out.splitlines()[-1])
    assert {key: report[key] for key in ("image", "film", "seed", "iterations", "size")} == {
        "image": "x.png",
        "film": "x.mp4",
        "seed": 5,
        "iterations": 3,
        "size": [32, 32],
    }
    assert report["seconds"] > 0 and report["iterations_per_second"] > 0 and 0 < report["loss"] < 10
    with Image.open("x.png") as image:
        assert image.size == (32, 32)
    assert read_spec(Path("x.png")) == ArtSpec(
        prompt="a castle", width=32, height=32, iterations=3, cuts=2, seed=5, film="mp4"
    )
    assert look_at(Path("x.mp4")).seconds == pytest.approx(7, abs=0.1)
    assert "Painting with VQGAN" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.mp4", "x.png"]


def test_a_person_reads_stars_and_a_program_the_score(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for score, said in ((28.04, "Match with the prompt: ★★★★☆ 4 of 5\n"), (0.0, "")):
        monkeypatch.setattr("engine.loop.ensemble.clip_score", lambda *_, score=score: torch.tensor([score]))
        _, out, err = run("paint", "a castle", *SMALL, "--out", "x.png", "--json")
        assert json.loads(out.splitlines()[-1])["clip_score"] == score
        assert said in err and ("★" in err) == bool(said) and "28.0" not in err


def test_without_json_the_last_word_is_the_file(run: Run) -> None:
    status, out, _ = run("paint", "a castle", *SMALL, "--out", "x.PNG", "--film", "x.gif", "--film-seconds", "1")
    assert status == 0 and out == "x.PNG\n" and look_at(Path("x.gif")).width == 32


def test_the_same_seed_gives_the_same_picture(run: Run) -> None:
    for name in ("a.png", "b.png"):
        assert run("paint", "a castle", *SMALL, "--seed", "9", "--out", name)[0] == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_a_start_image(run: Run) -> None:
    Image.new("RGB", (50, 20), "red").save("start.png")
    options = ("--init-image", "start.png", "--init-weight", "0.5", "--json")
    status, out, err = run("paint", "a castle", *SMALL, *options)
    assert status == 0, err
    digest = hashlib.sha256(Path("start.png").read_bytes()).hexdigest()
    spec = read_spec(Path(json.loads(out)["image"]))
    assert (spec.start_image, spec.start_weight) == (digest, 0.5) and Path("atelier.png").exists()


def test_a_film_that_fails_costs_no_picture(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")
    status, out, err = run("paint", "a castle", *SMALL, "--out", "x.png", "--film", "x.mp4", "--json")
    report = json.loads(out.splitlines()[-1])
    assert status == 0 and report["film"] is None and Path("x.png").exists() and not Path("x.mp4").exists()
    assert "There is no film of this painting" in report["notes"][0] and "There is no film" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paint"], "Missing argument"),
        (["paint", ""], "prompt is empty"),
        (["paint", "a:1:2:3 | :4"], "no words"),
        (["paint", "x" * 1001], "1000 characters"),
        (["paint", "x", "--style", "oil"], "style must be one of"),
        (["paint", "x", "--quality", "great"], "quality must be one of"),
        (["paint", "x", "--aspect", "round"], "aspect must be one of"),
        (["paint", "x", "--size", "big"], "WIDTHxHEIGHT"),
        (["paint", "x", "--size", "9x9"], "width must be"),
        (["paint", "x", "--size", "100000x64"], "width must be"),
        (["paint", "x", "--iterations", "2001"], "iterations must be"),
        (["paint", "x", "--iterations", "many"], "--iterations"),
        (["paint", "x", "--seed", "-1"], "seed must be"),
        (["paint", "x", "--init-image", "absent.png"], "could not be read"),
        (["paint", "x", "--init-image", "junk.png"], "must be a PNG"),
        (["paint", "x", "--init-weight", "99"], "start_weight must be"),
        (["paint", "x", "--out", "x.jpg"], "must end in .png"),
        (["paint", "x", "--out", "no/such/x.png"], "no folder no/such"),
        (["paint", "x", "--out", "folder.png"], "cannot be written"),
        (["paint", "x", "--film", "x.avi"], "must end in .mp4 or .gif"),
        (["paint", "x", "--film-seconds", "1000"], "film_seconds must be"),
        (["paint", "x", "--nonsense"], "--nonsense"),
        (["show", "absent.png"], "could not be read"),
        (["show", "junk.png"], "not a PNG"),
        (["models", "pull", "no-such"], "no weights named"),
        (["models", "verify", "ViT-B/32"], "not installed"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path / "weights"))
    Path("junk.png").write_bytes(b"junk")
    Path("folder.png").mkdir()
    status, out, err = run(*arguments)
    assert status == 2 and words in err and len(err.strip().splitlines()) == 1 and out == ""
    assert not Path("atelier.png").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PaintingError("The loss stopped being a number."), "The loss stopped being a number."),
        (KeyError("x"), "Something unexpected went wrong (KeyError"),
        (OSError(28, "No space left on device", "/tmp/x"), "/tmp/x cannot be used: No space left on device."),
    ],
)
def test_the_rest_is_one_sentence_and_status_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(which: str, device: str) -> Any:
        raise error

    monkeypatch.setattr(models, "load_models", fail)
    status, out, err = run("paint", "x")
    assert status == 1 and words in err and len(err.strip().splitlines()) == 1 and out == ""


def test_the_definition_in_a_png_is_shown(run: Run) -> None:
    run("paint", "a castle | fog:0.4", *SMALL, "--seed", "5", "--out", "x.png")
    status, out, _ = run("show", "x.png")
    assert status == 0 and ArtSpec.from_json(out).prompt == "a castle | fog:0.4"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[weights.Weight]:
    """A weight that a host on this machine publishes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("data", b"x" * 1000)
    body = archive.getvalue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = f"http://127.0.0.1:{server.server_address[1]}/tiny.pt"
    weight = weights.Weight(
        "ViT-B/32", "clip", "tiny.pt", len(body), hashlib.sha256(body).hexdigest(), "MIT", (source,)
    )
    others = tuple(each for each in weights.WEIGHTS if each.name != weight.name)
    monkeypatch.setattr(weights, "WEIGHTS", (weight, *others))
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path / "weights"))
    yield weight
    server.shutdown()
    server.server_close()


def test_weights_are_listed_pulled_and_verified(run: Run, published: weights.Weight, tmp_path: Path) -> None:
    status, out, _ = run("models", "list")
    assert status == 0 and "not installed" in out and "quality draft needs imagenet-f16-16384, ViT-B/32" in out
    assert run("models", "verify")[1] == "No published weights are installed.\n"
    status, out, err = run("models", "pull", published.name)
    assert status == 0 and out == f"{tmp_path / 'weights' / 'tiny.pt'}\n", err
    assert str(tmp_path / "weights" / "tiny.pt") in run("models", "list")[1]
    status, out, _ = run("models", "verify")
    assert status == 0 and out.startswith("ViT-B/32: as published (SHA-256 ")
    (tmp_path / "weights" / "tiny.pt").write_bytes(b"damaged")
    status, _, err = run("models", "verify", "ViT-B/32")
    assert status == 1 and "damaged" in err and len(err.splitlines()) == 1


def test_help_does_not_wait_for_torch() -> None:
    program = (
        "import sys; sys.argv = ['engine', 'paint', '--help']\n"
        "from engine.cli.main import main\nstatus = main()\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\nsys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "--init-weight" in done.stdout, done.stderr


def test_ctrl_c_ends_cleanly(tmp_path: Path) -> None:
    program = (
        "import sys; import engine.registry; from engine.lab.random_models import random_models\n"
        "engine.registry.load_models = lambda which, device: random_models('tiny')\n"
        "from engine.cli.main import main; sys.exit(main())"
    )
    arguments = ["paint", "a castle", "--size", "32x32", "--iterations", "2000", "--film", "x.mp4"]
    painter = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(cli.__file__).parents[2])},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 90
    while not list(tmp_path.glob("atelier-*/film.000.mjpeg")):
        assert painter.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    painter.send_signal(signal.SIGINT)
    output = painter.communicate(timeout=60)[1].decode()
    assert painter.returncode == 130 and output.strip().splitlines()[-1] == "Stopped." and "Traceback" not in output
    assert not list(tmp_path.iterdir())


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "show", tempfile.gettempdir()], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and done.stderr == "The PNG could not be read: Is a directory.\n"
