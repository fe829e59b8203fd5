"""What may hide below an HDF5 dataset: other files, foreign filters, chunks that swell when they are unpacked."""

from __future__ import annotations

import zlib
from math import prod
from pathlib import Path

import h5py

from ven_actors.errors import DataError

# deflate, shuffle and fletcher32; any other one could be a plug-in, which is code.
KNOWN_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
CHECKSUM_BYTES = 4


def refuse_foreign_storage(path: Path, dataset: h5py.Dataset, max_bytes: int) -> None:
    """Raise DataError if the values lie in other files, behind foreign filters or in chunks beyond `max_bytes`."""
    plan = dataset.id.get_create_plist()
    if dataset.is_virtual or plan.get_external_count():
        raise DataError(f"{path}: takes its values from other files, which is refused; copy them in with h5repack")
    foreign = set(_filters(plan)) - KNOWN_FILTERS
    if foreign:
        raise DataError(
            f"{path}: needs HDF5 filter {min(foreign)}, known are gzip, shuffle and fletcher32; "
            "write it again with h5repack -f GZIP=6"
        )
    if dataset.chunks is not None and prod(dataset.chunks) * 4 > max_bytes:
        raise DataError(
            f"{path}: claims chunks of {prod(dataset.chunks) * 4} bytes, the limit is {max_bytes}; "
            "write it again with smaller chunks"
        )


def refuse_swollen_chunks(path: Path, dataset: h5py.Dataset) -> None:
    """Raise DataError if a gzip chunk unpacks to more than a chunk: HDF5 would unpack it to the end, however long."""
    plan = dataset.id.get_create_plist()
    filters = _filters(plan)
    if h5py.h5z.FILTER_DEFLATE not in filters:
        return
    limit = prod(dataset.chunks) * 4 + CHECKSUM_BYTES
    for index in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(index)
        skipped, packed = dataset.id.read_direct_chunk(chunk.chunk_offset)
        if skipped >> filters.index(h5py.h5z.FILTER_DEFLATE) & 1:
            continue
        unpacking = zlib.decompressobj()
        try:
            length = len(unpacking.decompress(packed, limit + 1))
        except zlib.error as error:
            raise DataError(f"{path}: chunk {index} is damaged ({error}); fetch or make the file anew") from error
        if length > limit:
            raise DataError(f"{path}: chunk {index} unpacks to more than its {limit} bytes; do not trust this file")


def _filters(plan: h5py.h5p.PropDCID) -> list[int]:
    return [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
