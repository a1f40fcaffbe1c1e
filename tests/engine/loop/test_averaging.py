"""Which state becomes the picture: averages, the best one, and the end of what no longer improves."""

from __future__ import annotations

import torch

from engine.loop.averaging import EMA, WARM_UP, Best, EarlyStopping, swapped_in

CPU = torch.device("cpu")


def test_an_average_is_what_the_plain_sum_says() -> None:
    values = [torch.full((2, 3), float(step)) for step in range(60)]
    average, expected = EMA([torch.zeros(2, 3)], 0.9), 0.0
    for count, value in enumerate(values):
        average.add([value])
        decay = min(0.9, (1 + count) / (WARM_UP + count))
        expected = decay * expected + (1 - decay) * float(value[0, 0])
    torch.testing.assert_close(average.values[0], torch.full((2, 3), expected))
    assert 45 < expected < 59  # it follows, and lags


def test_the_best_is_kept_for_each_picture_by_itself() -> None:
    best = Best([torch.zeros(2, 1)])
    for parameters, scores in (([1.0, 1.0], [5.0, 1.0]), ([2.0, 2.0], [4.0, 9.0]), ([3.0, 3.0], [4.5, 8.0])):
        best.add([torch.tensor(parameters)[:, None]], torch.tensor(scores))
    assert best.values[0].flatten().tolist() == [1.0, 2.0]


def test_patience_ends_what_stands_still_and_not_what_improves() -> None:
    stopping = EarlyStopping(10, 2, CPU)
    for step in range(40):
        stopping.add(torch.tensor([1.0, 1.0 - step / 50]))
    assert stopping.stopped.tolist() == [True, False]
    parameters, before = [torch.tensor([[2.0], [2.0]])], [torch.tensor([[1.0], [1.0]])]
    stopping.restore(parameters, before)
    assert parameters[0].flatten().tolist() == [1.0, 2.0]
    for _ in range(200):  # once ended is ended, even if the loss falls
        stopping.add(torch.tensor([0.1, 0.2]))
    assert stopping.stopped.tolist() == [True, True]


def test_states_go_on_where_they_were() -> None:
    first, second = EarlyStopping(3, 1, CPU), EarlyStopping(3, 1, CPU)
    first.add(torch.tensor([1.0]))
    second.load_state_dict(first.state_dict())
    for _ in range(4):
        first.add(torch.tensor([1.0]))
        second.add(torch.tensor([1.0]))
    assert first.stopped.tolist() == second.stopped.tolist() == [True]
    average, again = EMA([torch.zeros(1)], 0.5), EMA([torch.ones(1)], 0.5)
    average.add([torch.tensor([4.0])])
    again.load_state_dict(average.state_dict())
    average.add([torch.tensor([2.0])])
    again.add([torch.tensor([2.0])])
    assert torch.equal(average.values[0], again.values[0])


def test_values_stand_in_only_meanwhile() -> None:
    parameter = torch.zeros(2, requires_grad=True)
    with swapped_in([parameter], [torch.ones(2)]):
        assert parameter.tolist() == [1.0, 1.0]
    assert parameter.tolist() == [0.0, 0.0]
