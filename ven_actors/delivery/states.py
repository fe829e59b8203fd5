"""States over time: what held when within a block, and what held for the largest part of an interval."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ven_actors.columns import STATE_ENDS_S, STATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from ven_actors.model import Block

_SAME_S = 1e-6


def parts_of(block: Block) -> Iterator[tuple[float, float, Block]]:
    """Yield start and end of each part of a block, and the block as if its states had been those all the time."""
    if STATE_ENDS_S not in block.extras:
        yield block.start_s, block.end_s, block
        return
    start_s = float(block.start_s)
    for place, ends_s in enumerate(block.extras[STATE_ENDS_S].T):
        end_s = block.start_s + float(ends_s[0])
        held = {name: block.extras[name][:, place] for name in STATES if name in block.extras}
        others = {name: held.get(name, values) for name, values in block.extras.items() if name != STATE_ENDS_S}
        yield start_s, end_s, replace(block, extras=others)
        start_s = end_s


def longest(held: Sequence[tuple[float, npt.NDArray[Any]]]) -> npt.NDArray[Any]:
    """Return row by row the value that held longest in all, the later one on a tie.

    `held` has in order of time how long each array of values held, in seconds; it is not empty.
    """
    lengths_s: list[float] = []
    arrays: list[npt.NDArray[Any]] = []
    for length_s, values in held:
        if arrays and np.array_equal(arrays[-1], values):
            lengths_s[-1] += length_s
        else:
            lengths_s.append(length_s)
            arrays.append(values)
    stack, weights = np.stack(arrays), np.array(lengths_s)
    best: npt.NDArray[Any] = stack[0]
    best_s, best_last = np.full(stack.shape[1], -1.0), np.full(stack.shape[1], -1)
    for value in np.unique(stack):
        there = stack == value
        total_s = weights @ there
        last = np.where(there.any(axis=0), len(stack) - 1 - there[::-1].argmax(axis=0), -1)
        ties = np.abs(total_s - best_s) < _SAME_S
        wins = (total_s > best_s) & ~ties | ties & (last > best_last)
        best = np.where(wins, value, best)
        best_s, best_last = np.where(wins, total_s, best_s), np.where(wins, last, best_last)
    return best


def states_of(block: Block) -> dict[str, npt.NDArray[Any]]:
    """Return the block's states by column, each as it held for the largest part; a column of defaults is left out."""
    columns = {name: block.extras[name] for name in STATES if name in block.extras}
    if STATE_ENDS_S in block.extras:
        lengths_s = [end_s - start_s for start_s, end_s, _ in parts_of(block)]
        columns = {name: longest(list(zip(lengths_s, held.T, strict=True))) for name, held in columns.items()}
    return {name: held for name, held in columns.items() if held.any()}
