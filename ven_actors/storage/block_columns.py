"""The columns of a block as bytes with a checksum, and back; what does not match its checksum is as good as lost."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from ven_actors.model import Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from peewee import SqliteDatabase

    from ven_actors.model import Layout
    from ven_actors.records import BlockRecord

_POWER_DTYPES = frozenset({"<i2", "<i4"})
_EXTRA_DTYPES = frozenset({"|i1", "<i2", "<i4", "<f8"})


def power_row(block_id: int, block: Block) -> tuple[int, str, int, bytes]:
    """Pack the power of a block: 16-bit columns where every watt fits, else 32-bit."""
    wide = block.power_w.size and (block.power_w.max() >= 2**15 or block.power_w.min() < -(2**15))
    dtype = "<i4" if wide else "<i2"
    watts = block.power_w.astype(dtype).tobytes()
    return block_id, dtype, zlib.crc32(watts), watts


def extra_rows(block_id: int, block: Block) -> Iterator[tuple[int, str, int, str, int, bytes]]:
    """Pack its other columns; whole numbers of any other width become 32-bit, all else 64-bit floats."""
    for name, values in block.extras.items():
        dtype = values.dtype.newbyteorder("<").str
        if dtype not in _EXTRA_DTYPES:
            dtype = "<i4" if values.dtype.kind in "iub" else "<f8"
        content = values.astype(dtype).tobytes()
        width = values.shape[1] if values.ndim > 1 else 0
        yield block_id, name, width, dtype, zlib.crc32(content), content


def read_block(database: SqliteDatabase, record: BlockRecord, layout: Layout) -> Block | None:
    """Return a block as it was committed; None if any of its columns is not there, or is damaged."""
    row = database.execute_sql(
        "SELECT dtype, crc32, watts FROM power WHERE block_id = ?", (record.block_id,)
    ).fetchone()
    rows = len(layout.resource_names)
    watts = None if row is None else _column(row[0], row[1], row[2], (rows, len(layout.components)), _POWER_DTYPES)
    if watts is None:
        return None
    extras = {}
    for name, width, dtype, crc32, content in database.execute_sql(
        "SELECT name, width, dtype, crc32, content FROM extra WHERE block_id = ?", (record.block_id,)
    ).fetchall():
        column = _column(dtype, crc32, content, (rows, width) if width else (rows,), _EXTRA_DTYPES)
        if column is None:
            return None
        extras[name] = column
    return Block(record.start_s, record.end_s - record.start_s, watts.astype(np.int32), extras)


def _column(
    dtype: str, crc32: int, content: object, shape: tuple[int, ...], known: frozenset[str]
) -> npt.NDArray[Any] | None:
    if dtype not in known or not isinstance(content, bytes) or zlib.crc32(content) != crc32:
        return None
    if len(content) != np.dtype(dtype).itemsize * int(np.prod(shape)):
        return None
    return np.frombuffer(content, dtype=dtype).reshape(shape)
