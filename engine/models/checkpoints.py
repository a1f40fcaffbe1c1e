"""Reading weights from published files without executing code in them.

Formats: taming's Lightning checkpoints, OpenAI's TorchScript archives, BasicSR's files, safetensors.
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

from engine.errors import Message, PaintingError

State = dict[str, Tensor]

# The parts of a taming checkpoint that are needed; `loss.` (a discriminator and a VGG) is most of the file.
VQGAN_PARTS: Final = ("encoder.", "decoder.", "quantize.", "quant_conv.", "post_quant_conv.")

# Keys under which files have their weights: Lightning's, then BasicSR's, averaged weights first.
_WEIGHT_KEYS: Final = ("state_dict", "params_ema", "params")
_ZIP: Final = b"PK\x03\x04"
_OLD_TORCH_FILE: Final = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # torch.save's magic number, up to torch 1.5


class _Ignored:
    """Replaces Lightning's classes in training checkpoints, so that they are never imported."""


# Lightning 1.0, with which the published models were trained, uses classes as keys of callback states.
_HARMLESS: Final[list[Any]] = [
    (_Ignored, "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"),
    (_Ignored, "pytorch_lightning.callbacks.early_stopping.EarlyStopping"),
    (_Ignored, "pytorch_lightning.callbacks.lr_monitor.LearningRateMonitor"),
]


def read_vqgan(path: Path) -> State:
    """The weights of a VQGAN, without its loss: from a Lightning checkpoint of taming's, a state dict, or safetensors.

    Raises `PaintingError` if the file is missing, truncated, no checkpoint, or has anything but weights.
    """
    state = _read_safetensors(path) if _is_safetensors(path) else _read_pickle(path)
    return {key: value for key, value in state.items() if key.startswith(VQGAN_PARTS)}


def read_clip(path: Path) -> State:
    """The weights of a CLIP: from OpenAI's TorchScript archive, a state dict, or safetensors.

    Raises `PaintingError` as `read_vqgan` does.
    """
    if _is_safetensors(path):
        return _read_safetensors(path)
    return _read_torchscript(path) if _is_torchscript(path) else _read_pickle(path)


def read_upscaler(path: Path) -> State:
    """The weights of an upscaler: from a file of BasicSR's, a state dict, or safetensors.

    Raises `PaintingError` as `read_vqgan` does.
    """
    return _read_safetensors(path) if _is_safetensors(path) else _read_pickle(path)


def check_shapes(needed: Mapping[str, tuple[int, ...]], state: Mapping[str, Tensor], network: str | Message) -> None:
    """Raise `PaintingError` if `state` lacks a needed key or has it in another shape."""
    missing = [key for key in needed if key not in state]
    if len(missing) > 1:
        raise PaintingError(
            "The weights are not those of this {network}: “{key}” and {number} more is missing.",
            network=network,
            key=missing[0],
            number=len(missing) - 1,
        )
    if missing:
        raise PaintingError(
            "The weights are not those of this {network}: “{key}” is missing.", network=network, key=missing[0]
        )
    for key, shape in needed.items():
        found = tuple(state[key].shape)
        if found != shape:
            raise PaintingError(
                "The weights are not those of this {network}: “{key}” is {found}, not {needed}.",
                network=network,
                key=key,
                found=_shape_text(found),
                needed=_shape_text(shape),
            )


def _shape_text(shape: tuple[int, ...]) -> str | Message:
    return "×".join(map(str, shape)) or Message("one number")


def _is_safetensors(path: Path) -> bool:
    """A safetensors file begins with the length of its header, which is JSON."""
    head = _head(path)
    return len(head) >= 9 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] < 1 << 30


def _is_torchscript(path: Path) -> bool:
    """Both kinds of torch files are ZIP archives; only TorchScript's contain a constants.pkl."""
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
        raise PaintingError("The weights file {file} does not exist.", file=str(path)) from error
    except OSError as error:
        raise PaintingError(
            "The weights file {file} cannot be read: {reason}.", file=str(path), reason=str(error.strerror)
        ) from error


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
    """A file of `torch.save`, memory-mapped; only tensors and plain containers are allowed."""
    head, zipped = _head(path), zipfile.is_zipfile(path)
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        if not zipped and not head.startswith(_OLD_TORCH_FILE):
            raise _broken(path) from error
        raise PaintingError(
            "The file {file} holds more than weights, so it was not opened: take it from a source you trust.",
            file=path.name,
        ) from error
    except Exception as error:  # torch raises anything on hostile bytes
        raise _broken(path, cut=head.startswith(_ZIP) and not zipped) from error
    parts = (content[part] for part in _WEIGHT_KEYS if part in content) if isinstance(content, dict) else iter(())
    state = next(parts, content)
    tensors = (
        {key: value for key, value in state.items() if isinstance(value, Tensor)} if isinstance(state, dict) else {}
    )
    if not tensors:
        raise PaintingError("The file {file} is a torch file without weights in it.", file=path.name)
    return tensors


def _broken(path: Path, *, cut: bool = False) -> PaintingError:
    """`cut`: the file is truncated."""
    if cut:
        return PaintingError("The weights file {file} is incomplete: pull it again.", file=path.name)
    return PaintingError("The file {file} is not a file of weights, or it is damaged: pull it again.", file=path.name)
