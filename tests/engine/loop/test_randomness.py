"""Chance: a function of seed, step and stream, and of nothing else."""

from __future__ import annotations

import torch

from engine.loop.randomness import Stream, fresh_seed, generator
from engine.spec.artspec import MAXIMUM_SEED


def numbers(seed: int, step: int, stream: Stream) -> list[float]:
    return torch.rand(4, generator=generator(seed, step, stream)).tolist()


def test_the_same_place_gives_the_same_numbers_and_any_other_place_others() -> None:
    assert numbers(7, 3, Stream.CUTOUTS) == numbers(7, 3, Stream.CUTOUTS)
    places = [(seed, step, stream) for seed in (0, 1, 2, MAXIMUM_SEED) for step in range(20) for stream in Stream]
    assert len({tuple(numbers(*place)) for place in places}) == len(places)


def test_the_global_generator_is_neither_used_nor_changed() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    numbers(1, 1, Stream.INIT)
    assert torch.equal(before, torch.get_rng_state())


def test_fresh_seeds_are_in_range_and_differ() -> None:
    seeds = {fresh_seed() for _ in range(50)}
    assert len(seeds) == 50 and all(0 <= seed <= MAXIMUM_SEED for seed in seeds)
