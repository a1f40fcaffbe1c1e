"""Reading weights out of other people's files without ever running what they hold.

Three formats: taming's Lightning checkpoints, OpenAI's TorchScript archives, safetensors. All give plain tensors.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import PaintingError

State = dict[str, Tensor]

# The parts of a taming checkpoint that paint; `loss.` (a discriminator and a VGG) is most of the file.
VQGAN_PARTS: Final = ("encoder.", "decoder.", "quantize.", "quant_conv.", "post_quant_conv.")


_ZIP: Final = b"PK\x03\x04"
_OLD_TORCH_FILE: Final = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # a pickled number, up to torch 1.5


class _Ignored:
    """Stands where a training checkpoint names a class of Lightning's, which is never imported."""


# Lightning 1.0, which trained the published models, keys its callbacks' states by class; later ones use names.
_HARMLESS: Final[list[Any]] = [
    (_Ignored, "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"),
    (_Ignored, "pytorch_lightning.callbacks.early_stopping.EarlyStopping"),
    (_Ignored, "pytorch_lightning.callbacks.lr_monitor.LearningRateMonitor"),
]


def read_vqgan(path: Path) -> State:
    """The painting part of a VQGAN: a Lightning checkpoint of taming's, a plain state dictionary, or safetensors.

    Raises `PaintingError` when the file is missing, cut short, no checkpoint, or holds anything but weights.
    """
    state = _read_safetensors(path) if _is_safetensors(path) else _read_pickle(path)
    return {key: value for key, value in state.items() if key.startswith(VQGAN_PARTS)}


def read_clip(path: Path) -> State:
    """The weights of a CLIP: OpenAI's TorchScript archive, a plain state dictionary, or safetensors.

    Raises `PaintingError` as `read_vqgan` does.
    """
    if _is_safetensors(path):
        return _read_safetensors(path)
    return _read_torchscript(path) if _is_torchscript(path) else _read_pickle(path)


def check_shapes(needed: Mapping[str, tuple[int, ...]], state: Mapping[str, Tensor], network: str) -> None:
    """Raise `PaintingError` with one sentence where `state` lacks a needed key or has it in another shape."""
    missing = [key for key in needed if key not in state]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PaintingError(f"The weights are not those of this {network}: “{missing[0]}”{more} is missing.")
    for key, shape in needed.items():
        found = tuple(state[key].shape)
        if found != shape:
            raise PaintingError(
                f"The weights are not those of this {network}: “{key}” is {_written(found)}, not {_written(shape)}."
            )


def _written(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _is_safetensors(path: Path) -> bool:
    """Safetensors begin with the length of their header, which is JSON."""
    head = _head(path)
    return len(head) >= 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 1 << 30


def _is_torchscript(path: Path) -> bool:
    """Both kinds of torch file are ZIP archives; only TorchScript stores its constants as a file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except FileNotFoundError as error:
        raise PaintingError(f"The weights file {path} does not exist.") from error
    except OSError as error:
        raise PaintingError(f"The weights file {path} cannot be read: {error.strerror}.") from error


def _read_safetensors(path: Path) -> State:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise _broken(path) from error


def _read_torchscript(path: Path) -> State:
    try:
        return dict(torch.jit.load(str(path), map_location="cpu").state_dict())  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise _broken(path) from error


def _read_pickle(path: Path) -> State:
    """A file of `torch.save`, its tensors mapped from the disk; only tensors and plain containers are let in."""
    head, zipped = _head(path), zipfile.is_zipfile(path)
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        if not zipped and not head.startswith(_OLD_TORCH_FILE):
            raise _broken(path) from error
        raise PaintingError(
            f"The file {path.name} holds more than weights, so it was not opened: take it from a source you trust."
        ) from error
    except Exception as error:  # hostile bytes can make the reader stumble in any way
        raise _broken(path, cut=head.startswith(_ZIP) and not zipped) from error
    state = content.get("state_dict", content) if isinstance(content, dict) else {}
    tensors = (
        {key: value for key, value in state.items() if isinstance(value, Tensor)} if isinstance(state, dict) else {}
    )
    if not tensors:
        raise PaintingError(f"The file {path.name} is a torch file without weights in it.")
    return tensors


def _broken(path: Path, *, cut: bool = False) -> PaintingError:
    """`cut`: the file begins as it should and lacks its end."""
    if cut:
        return PaintingError(f"The weights file {path.name} is incomplete: pull it again.")
    return PaintingError(f"The file {path.name} is not a file of weights, or it is damaged: pull it again.")
