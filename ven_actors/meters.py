"""The meters of the demo profiles, which the demo's resources are made of."""

from __future__ import annotations

# The meters of the demo profiles, by the kind of customer: `household-001` to `farm-006`, 153 in all.
METER_FAMILIES = {
    "household": 60,
    "solar-home": 6,
    "shop": 15,
    "restaurant": 12,
    "office": 12,
    "pub": 10,
    "cold-store": 10,
    "business": 9,
    "school": 8,
    "farm": 6,
    "bakery": 5,
}
DEMO_METERS = tuple(f"{family}-{n:03d}" for family, count in METER_FAMILIES.items() for n in range(1, count + 1))
