"""Makes believable resources out of a seed: Danish towns, names, kinds of customers and their loads.

Every resource follows from the seed, its VEN's name and its number alone, so VENs may be made in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal

from ven_actors.errors import UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage.customers import KIND_BY_BYTE, WORDS, address, loads_from, menu

TOWNS = {
    "Aabenraa": 186, "Aalborg": 1254, "Aars": 125, "Billund": 137, "Brande": 124, "Brønderslev": 179, "Ebeltoft": 127,
    "Esbjerg": 375, "Fredericia": 343, "Frederikshavn": 196, "Grenaa": 182, "Grindsted": 126, "Haderslev": 193,
    "Hadsund": 123, "Herning": 1014, "Hjørring": 312, "Hobro": 137, "Holstebro": 285, "Horsens": 455, "Ikast": 245,
    "Kolding": 449, "Lemvig": 266, "Løgstør": 122, "Nykøbing Mors": 177, "Randers": 346, "Ribe": 159,
    "Ringkøbing": 135, "Silkeborg": 320, "Skagen": 126, "Skanderborg": 207, "Skive": 273, "Skjern": 124, "Struer": 160,
    "Sønderborg": 300, "Thisted": 170, "Tønder": 130, "Varde": 144, "Vejen": 126, "Vejle": 361, "Viborg": 349,
}  # fmt: skip
TOWN_INDEX = {town: index for index, town in enumerate(TOWNS)}
DEMO_APPROVED = 120
FLEET_RESOURCES = 120
FLEET_PREFIX = "Fleet-"
FLEET_MAX = 1_000_000

# Danish metering points: 18 digits, GS1's check digit last. Serials of a registry's towns come first, then the fleet's.
_GRID_AREA = "57131310"
_TOWN_SERIALS = 10_000
_FLEET_FROM = 1_000_000
_SERIALS = 10**9
_SCATTER = 700_000_001

Approve = int | Literal["all"]


def make(
    seed: int, *, meters: tuple[str, ...] = DEMO_METERS, approve: Approve = DEMO_APPROVED
) -> Iterator[tuple[str, tuple[Resource, ...]]]:
    """The demo registry, VEN by VEN: 10,562 resources; each VEN's first `approve` are APPROVED, the rest PENDING."""
    for town in TOWNS:
        yield town, town_ven(town, seed, meters=meters, approve=approve)


def town_ven(
    town: str, seed: int, *, meters: tuple[str, ...] = DEMO_METERS, approve: Approve = DEMO_APPROVED
) -> tuple[Resource, ...]:
    """All resources of one town of `TOWNS`."""
    size = TOWNS[town]
    approved = size if approve == "all" else approve
    return _resources(
        town, town, seed, meters=meters, size=size, approved=approved, first_serial=TOWN_INDEX[town] * _TOWN_SERIALS
    )


def resource_ids(town: str, seed: int) -> Iterator[str]:
    """The ids of all resources of one town of `TOWNS`, or of a VEN that `--count` makes, in order.

    They follow from seed, name and number alone.
    """
    base = blake2b(f"{seed}\0{town}\0".encode(), digest_size=64)
    for row in range(TOWNS.get(town, FLEET_RESOURCES)):
        own = base.copy()
        own.update(row.to_bytes(4, "little"))
        yield _uuid(own.digest())


def fleet_index(name: str) -> int | None:
    """The number of a VEN that `--count` makes, by its name; None for any other name."""
    digits = name.removeprefix(FLEET_PREFIX)
    if digits == name or not (digits.isascii() and digits.isdigit()):
        return None
    index = int(digits[:10])
    return index if 1 <= index <= FLEET_MAX and name == fleet_name(index) else None


def fleet_name(index: int) -> str:
    return f"{FLEET_PREFIX}{index:04d}"


def fleet_ven(
    index: int, seed: int, meters: tuple[str, ...] = DEMO_METERS, approved: int = FLEET_RESOURCES
) -> tuple[str, tuple[Resource, ...]]:
    """The VEN number `index` (from 1) that `--count` adds: its name and 120 resources, the first ones approved."""
    if not 1 <= index <= FLEET_MAX:
        raise UsageError(f"Fleet VEN number {index}: 1 to {FLEET_MAX} are possible")
    name = fleet_name(index)
    town = tuple(TOWNS)[(index - 1) % len(TOWNS)]
    first_serial = _FLEET_FROM + (index - 1) * FLEET_RESOURCES
    size = FLEET_RESOURCES
    return name, _resources(name, town, seed, meters=meters, size=size, approved=approved, first_serial=first_serial)


def _resources(
    ven_name: str, town: str, seed: int, *, meters: tuple[str, ...], size: int, approved: int, first_serial: int
) -> tuple[Resource, ...]:
    base = blake2b(f"{seed}\0{ven_name}\0".encode(), digest_size=64)
    offset = int.from_bytes(base.digest()[:4], "little")
    # One offset for the whole seed: were it per VEN, two VENs' serials could meet.
    serial_offset = int.from_bytes(blake2b(str(seed).encode(), digest_size=8).digest(), "little")
    choices = menu(meters)
    made = []
    for row in range(size):
        own = base.copy()
        own.update(row.to_bytes(4, "little"))
        digest = own.digest()
        street = address(row + offset)
        kind = KIND_BY_BYTE[digest[16]]
        words = WORDS[kind]
        made.append(
            Resource(
                resource_id=_uuid(digest),
                ven_name=ven_name,
                name=f"{words[digest[17] % len(words)]} {street}",
                kind=kind,
                meter_point_id=_metering_point(((first_serial + row) * _SCATTER + serial_offset) % _SERIALS),
                place=f"{street}, {town}",
                status=RegistrationStatus.APPROVED if row < approved else RegistrationStatus.PENDING,
                loads=loads_from(choices[kind], digest[20:]),
            )
        )
    return tuple(made)


def _uuid(digest: bytes) -> str:
    """16 bytes as a UUID of version 4 (random): 122 of their bits."""
    value = int.from_bytes(digest[:16], "big") & ~(0xF000 << 64 | 0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _metering_point(serial: int) -> str:
    digits = f"{_GRID_AREA}{serial:09d}"
    total = sum(map(int, digits[0::2])) * 3 + sum(map(int, digits[1::2]))
    return f"{digits}{-total % 10}"
