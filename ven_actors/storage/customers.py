"""Kinds of customers: how many there are, what they are called, which loads they have and whose meters fit those."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ven_actors.model import LoadComponent


class LoadKind(NamedTuple):
    """One load of a kind of customer: the meter families that look like it, its share of such a meter's power."""

    kind: str
    families: tuple[str, ...]
    share: float
    sheddable: bool


class LoadChoice(NamedTuple):
    """One load with the meters it may have, and where in a resource's entropy its three bytes are."""

    component: str
    load: LoadKind
    meters: tuple[str, ...]
    at: int


_HOME = ("household",)
LOAD_KINDS: dict[str, tuple[LoadKind, ...]] = {
    "household": (
        LoadKind("base load", ("household", "solar-home"), 0.30, False),
        LoadKind("lighting", _HOME, 0.12, False),
        LoadKind("cooking", _HOME, 0.15, False),
        LoadKind("heat pump", _HOME, 0.90, True),
        LoadKind("EV charger", _HOME, 0.70, True),
        LoadKind("hot water", _HOME, 0.25, True),
    ),
    "shop": (
        LoadKind("base load", ("shop", "business"), 0.12, False),
        LoadKind("lighting", ("shop",), 0.30, False),
        LoadKind("refrigeration", ("cold-store",), 0.08, True),
        LoadKind("ventilation", ("shop", "business"), 0.18, True),
        LoadKind("heating", ("shop",), 0.20, True),
        LoadKind("oven", ("bakery",), 0.15, False),
    ),
    "restaurant": (
        LoadKind("base load", ("restaurant",), 0.10, False),
        LoadKind("lighting", ("restaurant",), 0.12, False),
        LoadKind("kitchen", ("restaurant",), 0.45, False),
        LoadKind("refrigeration", ("cold-store",), 0.05, True),
        LoadKind("ventilation", ("restaurant",), 0.18, True),
        LoadKind("dishwashing", ("restaurant",), 0.12, True),
    ),
    "pub": (
        LoadKind("base load", ("pub",), 0.12, False),
        LoadKind("lighting", ("pub",), 0.25, False),
        LoadKind("beer cooling", ("cold-store", "pub"), 0.06, True),
        LoadKind("kitchen", ("pub", "restaurant"), 0.25, False),
        LoadKind("ventilation", ("pub",), 0.18, True),
        LoadKind("heating", ("pub",), 0.22, True),
    ),
    "school": (
        LoadKind("base load", ("business", "office"), 0.15, False),
        LoadKind("lighting", ("school",), 0.30, False),
        LoadKind("ventilation", ("school",), 0.22, True),
        LoadKind("heating", ("school",), 0.25, True),
        LoadKind("computers", ("school", "office"), 0.12, False),
        LoadKind("kitchen", ("bakery", "restaurant"), 0.20, False),
    ),
    "cold store": (
        LoadKind("compressors", ("cold-store",), 0.60, True),
        LoadKind("fans", ("cold-store",), 0.14, True),
        LoadKind("defrosting", ("cold-store",), 0.08, True),
        LoadKind("lighting", ("business", "farm"), 0.15, False),
        LoadKind("truck charging", ("business", "farm"), 0.45, True),
        LoadKind("office", ("office",), 0.25, False),
    ),
}
_PARTS_OF_256 = {"household": 180, "shop": 28, "restaurant": 16, "pub": 12, "school": 11, "cold store": 9}
KIND_BY_BYTE = tuple(kind for kind, parts in _PARTS_OF_256.items() for _ in range(parts))

WORDS = {
    "household": ("Villa", "Rækkehus", "Lejlighed", "Parcelhus", "Landejendom", "Bofællesskab"),
    "shop": ("Købmand", "Bageri", "Boghandel", "Isenkræmmer", "Tøjhus", "Blomsterbutik", "Supermarked", "Cykelbutik"),
    "restaurant": ("Restaurant Fjorden", "Restaurant Lyng", "Restaurant Havnen", "Spisehuset Gammel Dok",
                   "Pizzeria Napoli", "Grillbaren", "Bistro Klit", "Restaurant Kro og Have"),
    "pub": ("Værtshuset Ankeret", "Pub Den Gyldne Hane", "Café Møllen", "Bodega Postkassen", "Pub Fyrtårnet",
            "Ølstuen", "Pub Tre Bjørne", "Café Hjørnet"),
    "school": ("Skole", "Friskole", "Børnehuset", "Efterskole", "Gymnasium", "Musikskole"),
    "cold store": ("Kølehus", "Frysehus", "Fiskelager", "Mejerilager", "Frugtlager", "Kartoffellager"),
}  # fmt: skip

_STREETS = (
    "Algade", "Ahornvej", "Bakkevej", "Banegårdsgade", "Birkevej", "Bredgade", "Bøgevej", "Dalgasgade", "Damvej",
    "Egevej", "Elmevej", "Engvej", "Fabriksvej", "Fjordgade", "Frederiksgade", "Fuglevænget", "Fyrrevej", "Grønnegade",
    "Gyvelvej", "Havnegade", "Hedevej", "Industrivej", "Jernbanegade", "Kastanievej", "Kirkegade", "Kløvervej",
    "Kongensgade", "Korsgade", "Lindevej", "Lyngvej", "Markvej", "Mejerivej", "Møllegade", "Nygade", "Nørregade",
    "Parkvej", "Poppelvej", "Præstegårdsvej", "Ringvejen", "Rosenvej", "Rugvænget", "Skolegade", "Skovvej",
    "Smedegade", "Stationsvej", "Stormgade", "Strandvejen", "Søndergade", "Sønderskovvej", "Teglværksvej", "Tjørnevej",
    "Torvegade", "Toldbodgade", "Vestergade", "Vinkelvej", "Vibevej", "Ydunsvej", "Æblevej", "Østergade", "Åvej",
)  # fmt: skip
_NUMBERS = 60
ADDRESSES = len(_STREETS) * _NUMBERS
_STRIDE = 1_009
_GUESSES = (
    ("pub", ("pub", "værtshus", "bodega", "bar", "café", "cafe")),
    ("restaurant", ("restaurant", "pizz", "grill", "bistro", "kro", "hotel")),
    ("school", ("skole", "school", "gymnasium", "børnehave")),
    ("cold store", ("køle", "frys", "cold", "lager")),
    ("shop", ("shop", "butik", "købmand", "supermarked", "brugsen", "bager", "marked")),
)


def address(slot: int) -> str:
    """A street and number; 3,600 slots in a row give as many different ones."""
    street, number = divmod(slot * _STRIDE % ADDRESSES, _NUMBERS)
    return f"{_STREETS[street]} {number + 1}"


def guess_kind(words: str) -> str:
    """The kind that a resource's own name or type suggests; a household if it says nothing."""
    lower = words.lower()
    for kind, hints in _GUESSES:
        if any(hint in lower for hint in hints):
            return kind
    return "household"


def loads(kind: str, entropy: bytes, meters: tuple[str, ...]) -> tuple[LoadComponent, ...]:
    """The six load components of a resource of this kind; `entropy`, at least 18 bytes, picks meters and scales."""
    return loads_from(menu(meters)[kind], entropy)


def loads_from(choices: tuple[LoadChoice, ...], entropy: bytes) -> tuple[LoadComponent, ...]:
    """`loads` for who makes many: `choices` are those of one kind of the `menu`."""
    return tuple(
        LoadComponent(
            component,
            load.kind,
            fitting[(entropy[at] << 8 | entropy[at + 1]) % len(fitting)],
            round(load.share * (0.6 + 0.8 * entropy[at + 2] / 255), 4),
            load.sheddable,
        )
        for component, load, fitting, at in choices
    )


@lru_cache(16)
def menu(meters: tuple[str, ...]) -> dict[str, tuple[LoadChoice, ...]]:
    """What the loads of each kind may choose from: the meters of their families, or all if there are none such."""
    return {
        kind: tuple(
            LoadChoice(f"load_{index}", load, _fitting(meters, load.families), 3 * index)
            for index, load in enumerate(loads_of_kind)
        )
        for kind, loads_of_kind in LOAD_KINDS.items()
    }


def _fitting(meters: tuple[str, ...], families: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(meter for meter in meters if meter.rpartition("-")[0] in families) or meters
