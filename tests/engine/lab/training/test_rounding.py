"""What rounding to 4 bits keeps: of a matrix alone, of one whose inputs are known, of a tower, and while it learns."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize

from engine.embedded.four_bits import GROUP, restored, restored_state
from engine.embedded.text_tower import TextTower
from engine.lab.training.round_tower import published_tower, rounded
from engine.lab.training.rounding import PlainState, Rounded, matrices, round_in_training, rounded_groups, stored_tower


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def test_restored_weights_are_at_most_half_a_step_away() -> None:
    weight = torch.randn(6, 3 * GROUP) * torch.logspace(-2, 2, 6)[:, None]
    numbers, scale, least = rounded_groups(weight)
    assert (numbers.dtype, numbers.shape, scale.shape, least.shape) == (
        torch.uint8,
        (6, 3 * GROUP // 2),
        (6, 3),
        (6, 3),
    )
    error = (restored(numbers, scale, least) - weight).abs().view(6, 3, GROUP)
    half_precision = 2**-10 * weight.abs().view(6, 3, GROUP).amax(-1)  # of least, and of fifteen scales
    assert (error.amax(-1) <= scale.float() / 2 + 2 * half_precision).all()


def test_what_is_rounded_already_stays() -> None:
    once = restored(*rounded_groups(torch.randn(4, GROUP)))
    assert torch.allclose(restored(*rounded_groups(once)), once, atol=2e-3)


def test_errors_are_made_up_for_where_inputs_go_together() -> None:
    weight = torch.randn(16, 2 * GROUP)
    few = torch.randn(400, 24)
    inputs = few @ torch.randn(24, 2 * GROUP) + 0.1 * torch.randn(400, 2 * GROUP)

    def error(numbers: Tensor, scale: Tensor, least: Tensor) -> float:
        return float((inputs @ (restored(numbers, scale, least) - weight).T).square().mean())

    assert error(*rounded(weight, inputs.T @ inputs)) < 0.5 * error(*rounded_groups(weight))


def test_gradients_pass_a_rounding_as_if_it_were_not_there() -> None:
    weight = torch.randn(2, GROUP, requires_grad=True)
    rounding = Rounded()
    assert rounding(weight) is weight
    rounding.on = True
    assert torch.allclose(rounding(weight), restored(*rounded_groups(weight.detach())), atol=1e-6)
    (gradient,) = torch.autograd.grad(rounding(weight).sum(), weight)
    assert torch.equal(gradient, torch.ones_like(weight))


def test_a_tower_in_training_has_the_names_of_one_that_is_not() -> None:
    tower = TextTower(5)
    plain = {key: value.clone() for key, value in tower.state_dict().items()}
    assert len(round_in_training(tower)) == len(matrices(tower)) == 20
    assert all(parametrize.is_parametrized(module, "weight") for module in matrices(tower))
    state = PlainState(tower)
    assert state.state_dict().keys() == plain.keys()
    state.load_state_dict({key: value + 1 for key, value in plain.items()})
    assert all(torch.equal(value, plain[key] + 1) for key, value in state.state_dict().items())


def test_a_stored_tower_has_its_matrices_in_four_bits_and_all_else_in_half_precision() -> None:
    state = TextTower(5).state_dict()
    stored = stored_tower(state)
    assert sum(key.endswith(".numbers") for key in stored) == 20
    assert {value.dtype for value in stored.values()} == {torch.uint8, torch.float16}
    back = restored_state(stored)
    assert {key: value.shape for key, value in back.items()} == {key: value.shape for key, value in state.items()}
    tower = TextTower(5)
    tower.load_state_dict(back)
    assert nn.utils.parameters_to_vector(tower.parameters()).isfinite().all()


def test_a_published_tower_is_read_from_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "tower.safetensors"
    numbers = torch.randint(-127, 128, (3, 4), dtype=torch.int8)
    scale = torch.tensor([0.5, 1.0, 2.0])
    save_file({"visual.proj": numbers, "visual.proj.scale": scale, "visual.ln_pre.bias": torch.ones(4).half()}, file)
    state = published_tower(file)
    assert state.keys() == {"proj", "ln_pre.bias"} and state["ln_pre.bias"].dtype == torch.float32
    assert torch.equal(state["proj"], numbers.float() * scale[:, None])
