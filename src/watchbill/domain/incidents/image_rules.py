"""Pictures by their content: which kind, how large, and without what cameras and phones write into them.

A phone writes where it was. Metadata is cut out of the file; the picture itself is not decoded and stays as it is.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SIDE_MAX, PIXELS_MAX = 20_000, 80_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_METADATA = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_JPEG_METADATA = frozenset({0xE1, 0xED, 0xFE})  # Exif and XMP, Photoshop's IPTC, comments
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B
_GIF_COMMENT, _GIF_XMP = b"\x21\xfe", b"XMP DataXMP"
_WEBP_METADATA = frozenset({b"EXIF", b"XMP "})
_ORIENTATION = 0x0112


class BrokenPicture(Exception):
    """It begins as a picture and is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    content_type: str
    ending: str
    width: int
    height: int
    content: bytes


def picture_in(content: bytes) -> Picture | None:
    """None when it is no picture of a kind that we take. Raises BrokenPicture."""
    found = next(((kind, ending, read) for is_one, kind, ending, read in _KINDS if is_one(content)), None)
    if found is None:
        return None
    kind, ending, read = found
    try:
        width, height, clean = read(content)
    except (struct.error, IndexError) as error:
        raise BrokenPicture("it ends too early") from error
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX and width * height <= PIXELS_MAX):
        raise BrokenPicture(f"it says that it has {width} x {height} pixels")
    return Picture(content_type=kind, ending=ending, width=width, height=height, content=clean)


def _png(content: bytes) -> tuple[int, int, bytes]:
    kept, width, height = [_PNG], 0, 0
    for at, name, end in _png_chunks(content):
        if name == b"IHDR":
            width, height = struct.unpack(">II", content[at + 8 : at + 16])
        if name not in _PNG_METADATA:
            kept.append(content[at:end])
        if name == b"IEND":
            return width, height, b"".join(kept)
    raise BrokenPicture("it ends too early")


def _png_chunks(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    at = len(_PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        end = at + 12 + length
        if end > len(content):
            return
        yield at, content[at + 4 : at + 8], end
        at = end


def _jpeg(content: bytes) -> tuple[int, int, bytes]:
    kept, width, height, at = [content[:2]], 0, 0, 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            break
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", segment[5:9])
        if marker == 0xE1 and (turned := _orientation(segment[4:])):
            kept.append(_oriented(turned))
        if marker not in _JPEG_METADATA:
            kept.append(segment)
        at += 2 + length
        if marker == 0xDA:  # the picture itself, to the end of the image
            end = content.rfind(b"\xff\xd9", at)
            if end < 0:
                break
            return width, height, b"".join([*kept, content[at : end + 2]])
    raise BrokenPicture("it ends too early")


def _orientation(exif: bytes) -> int:
    """How the phone was held, 2 to 8; 0 when it says nothing or nothing that can be read."""
    tiff = exif[6:]
    if not exif.startswith(b"Exif\0\0") or tiff[:2] not in (b"II", b"MM"):
        return 0
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack(order + "I", tiff[4:8])
        (count,) = struct.unpack(order + "H", tiff[first : first + 2])
        for number in range(min(count, 200)):
            at = first + 2 + 12 * number
            tag, _, _, value = struct.unpack(order + "HHIH", tiff[at : at + 10])
            if tag == _ORIENTATION:
                return int(value) if 2 <= value <= 8 else 0
    except struct.error:
        return 0
    return 0


def _oriented(orientation: int) -> bytes:
    """Exif that says how the picture is turned, and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, orientation, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _gif(content: bytes) -> tuple[int, int, bytes]:
    width, height, flags = struct.unpack("<HHB", content[6:11])
    at = 13 + _gif_colours(flags)
    kept = [content[:at]]
    while content[at] != _GIF_END:
        end = _gif_block_end(content, at)
        if content[at : at + 2] != _GIF_COMMENT and content[at + 3 : at + 14] != _GIF_XMP:
            kept.append(content[at:end])
        at = end
    return width, height, b"".join([*kept, bytes([_GIF_END])])


def _gif_block_end(content: bytes, at: int) -> int:
    """An extension or an image: what stands before its data, then the data in pieces, of which the last is empty."""
    if content[at] == _GIF_EXTENSION:
        at += 2
    elif content[at] == _GIF_IMAGE:
        at += 11 + _gif_colours(content[at + 9])
    else:
        raise BrokenPicture("it holds what no picture holds")
    while content[at]:
        at += 1 + content[at]
    return at + 1


def _gif_colours(flags: int) -> int:
    """How many bytes the table of colours has."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(content: bytes) -> tuple[int, int, bytes]:
    kept, size, at = [], (0, 0), 12
    if struct.unpack("<I", content[4:8])[0] + 8 > len(content):
        raise BrokenPicture("it ends too early")
    while at + 8 <= len(content):
        name, length = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if len(chunk) < 8 + length:
            raise BrokenPicture("it ends too early")
        size = size if any(size) else _webp_size(name, chunk[8:])
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if name not in _WEBP_METADATA:
            kept.append(chunk)
        at = end
    body = b"".join(kept)
    return *size, b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_size(name: bytes, data: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if name == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L":
        (bits,) = struct.unpack("<I", data[1:5])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return 0, 0


_Kind = tuple[Callable[[bytes], bool], str, str, Callable[[bytes], tuple[int, int, bytes]]]
_KINDS: tuple[_Kind, ...] = (
    (lambda content: content.startswith(_PNG), "image/png", "png", _png),
    (lambda content: content.startswith(b"\xff\xd8\xff"), "image/jpeg", "jpg", _jpeg),
    (lambda content: content[:6] in (b"GIF87a", b"GIF89a"), "image/gif", "gif", _gif),
    (lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP", "image/webp", "webp", _webp),
)
