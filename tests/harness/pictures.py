"""Small pictures of each kind, made by hand, with what phones and cameras write into them."""

import struct
import zlib

# Where the picture was taken: must never be found in what is kept.
SECRET = b"48.137154N 11.576124E"


def png(*, width: int = 4, height: int = 3, more: bytes = b"") -> bytes:
    rows = b"".join(b"\0" + b"\x30\x60\x90" * width for _ in range(height))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            chunk(b"tEXt", b"Comment\0" + SECRET),
            chunk(b"eXIf", exif(orientation=1)[6:]),
            more,
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(*, orientation: int, order: str = "<") -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(order + "HHII", 0x8825, 4, 1, 50)
    return b"Exif\0\0" + mark + struct.pack(order + "IH", 8, 2) + entries + b"\0\0\0\0" + SECRET


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*, orientation: int = 6, order: str = "<", width: int = 30, height: int = 20) -> bytes:
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
            segment(0xE1, exif(orientation=orientation, order=order)),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
            segment(0xED, b"Photoshop 3.0\0" + SECRET),
            segment(0xFE, SECRET),
            segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
            segment(0xDA, b"\1\1\0\0\x3f\0"),
            b"\x12\x34\xff\x00\x56",
            b"\xff\xd9",
            b"<script>trailing</script>" + SECRET,
        ]
    )


def gif() -> bytes:
    """Two colours, one image, a comment, and what a program wrote of the place."""
    return b"".join(
        [
            b"GIF89a" + struct.pack("<HHBBB", 5, 6, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff",
            b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0",
            b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\0",
            b"\x21\xf9\x04\0\0\0\0\0",
            b"\x2c" + struct.pack("<HHHHB", 0, 0, 5, 6, 0) + b"\2\2\x44\1\0",
            b";",
        ]
    )


def webp() -> bytes:
    def part(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    body = b"".join(
        [
            part(b"VP8X", bytes([0x0C, 0, 0, 0]) + (7).to_bytes(3, "little") + (8).to_bytes(3, "little")),
            part(b"VP8L", b"\x2f\0\0\0\0"),
            part(b"EXIF", exif(orientation=1)),
            part(b"XMP ", SECRET),
        ]
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
