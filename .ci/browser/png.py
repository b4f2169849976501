"""Makes screenshots small: 256 colours are enough for a page."""

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256


def smaller(data):
    """The same picture with a palette. `data` is a PNG as browsers make it: 8 bits a channel, not interlaced."""
    width, height, channels, packed = parsed(data)
    rows = unfiltered(zlib.decompress(packed), width * channels, height, channels)
    pixels = [row[at : at + 3] for row in rows for at in range(0, width * channels, channels)]
    palette = [colour for colour, _ in Counter(pixels).most_common(COLOURS)]
    numbers = {colour: number for number, colour in enumerate(palette)}
    for colour in set(pixels) - numbers.keys():
        numbers[colour] = min(range(len(palette)), key=lambda number: distance(palette[number], colour))
    indexed = bytes(numbers[pixel] for pixel in pixels)
    lines = b"".join(b"\0" + indexed[at : at + width] for at in range(0, width * height, width))
    header = struct.pack("!IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(map(chunk, chunks))


def distance(one, other):
    return sum((a - b) ** 2 for a, b in zip(one, other))


def chunk(named):
    name, content = named
    return struct.pack("!I", len(content)) + name + content + struct.pack("!I", zlib.crc32(name + content))


def parsed(data):
    """Width, height, channels, and the compressed rows."""
    assert data.startswith(SIGNATURE), "no PNG"
    at, packed = len(SIGNATURE), b""
    while at < len(data):
        (size,), name = struct.unpack("!I", data[at : at + 4]), data[at + 4 : at + 8]
        content = data[at + 8 : at + 8 + size]
        if name == b"IHDR":
            width, height, depth, kind, *_, interlaced = struct.unpack("!IIBBBBB", content)
            assert depth == 8 and kind in (2, 6) and not interlaced, "another kind of PNG"
        elif name == b"IDAT":
            packed += content
        at += 12 + size
    return width, height, 3 if kind == 2 else 4, packed


def unfiltered(lines, size, height, step):
    """The rows of pixels: each byte is stored as the difference to its neighbours."""
    above = bytearray(size)
    for number in range(height):
        begin = number * (size + 1)
        kind, row = lines[begin], bytearray(lines[begin + 1 : begin + 1 + size])
        for at in range(size):
            left = row[at - step] if at >= step else 0
            up = above[at]
            if kind == 1:
                row[at] = (row[at] + left) & 255
            elif kind == 2:
                row[at] = (row[at] + up) & 255
            elif kind == 3:
                row[at] = (row[at] + (left + up) // 2) & 255
            elif kind == 4:
                corner = above[at - step] if at >= step else 0
                row[at] = (row[at] + nearest(left, up, corner)) & 255
        yield bytes(row)
        above = row


def nearest(left, up, corner):
    """Paeth's predictor."""
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
