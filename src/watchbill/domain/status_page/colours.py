"""Whether a colour can be read: WCAG 2's contrast, 4.5 to 1 for text."""

import re

from watchbill.ground.refusals import ChangeRefused

LIGHT_GROUND, DARK_GROUND = "#ffffff", "#14171c"
_CONTRAST_MIN = 4.5
_HEX = re.compile(r"#[0-9a-f]{6}")


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def check_accent(colour: str, *, field: str, on_dark: bool) -> str:
    colour = colour.strip().lower()
    if not _HEX.fullmatch(colour):
        raise ChangeRefused(field, f"{colour!r} is no colour; write it like #1f4fd8")
    ground = DARK_GROUND if on_dark else LIGHT_GROUND
    found = contrast(colour, ground)
    if found < _CONTRAST_MIN:
        words = "a brighter one" if on_dark else "a darker one"
        raise ChangeRefused(field, f"{colour} on {ground} has a contrast of {found:.1f}, people need 4.5; use {words}")
    return colour


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
