"""The guidance of the embedded model does something: drafts are nearer to their words than what they began with."""

from __future__ import annotations

import torch

from engine.mini.guidance import compare, contact_sheet
from engine.models import load_models


def test_guidance_brings_a_draft_nearer_to_its_words() -> None:
    torch.set_num_threads(1)
    compared = compare("castle", 7, load_models("mini", "cpu"))
    assert compared.painted < compared.proposed - 0.02
    assert 0.001 < compared.moved < 0.1
    assert contact_sheet([compared.picture] * 11).size == (1440, 288)
