#!/usr/bin/python3
"""Writes resize.json: what Pillow's Image.resize(size, Image.BILINEAR) makes of synthetic images.

Usage: make.py > resize.json (Debian 12: python3-pil 9.4). Inputs are not stored: pixel i of image k is
mix(i + 1000003 * k) >> 24 with the mix of docs/arithmetic.md, section 3 (noise), or, for the kind "edge", 255
where (x // 3 + y // 2) is odd and 0 elsewhere. Outputs of at most 64 bytes are in full, others as SHA-256.
"""
import hashlib
import json

from PIL import Image

M = 0xFFFFFFFF


def mix(x):
    x &= M
    x = (x ^ x >> 16) * 0x7FEB352D & M
    x = (x ^ x >> 15) * 0x846CA68B & M
    return x ^ x >> 16


def pixels(kind, number, height, width, channels):
    if kind == "noise":
        return bytes(mix(i + 1000003 * number) >> 24 for i in range(height * width * channels))
    return bytes(255 * ((x // 3 + y // 2) % 2) for y in range(height) for x in range(width) for _ in range(channels))


# height x width in, height x width out
SIZES = [
    (1, 1, 1, 1), (1, 1, 5, 7), (5, 7, 1, 1), (2, 2, 3, 3), (3, 3, 2, 2), (1, 9, 1, 4), (9, 1, 4, 1), (1, 4, 1, 9),
    (4, 4, 4, 4), (4, 4, 4, 9), (4, 4, 9, 4), (4, 6, 3, 6), (4, 6, 4, 5), (7, 5, 5, 7), (5, 7, 7, 5), (8, 8, 4, 4),
    (8, 8, 16, 16), (13, 11, 3, 2), (13, 11, 29, 31), (28, 28, 32, 32), (28, 28, 96, 96), (28, 28, 20, 20),
    (32, 32, 128, 128), (32, 32, 31, 33), (33, 31, 32, 32), (32, 32, 1, 64), (32, 32, 64, 1), (144, 217, 128, 192),
    (217, 144, 96, 96), (100, 3, 7, 50), (3, 100, 50, 7), (257, 255, 16, 17), (2, 300, 2, 3), (300, 2, 299, 1),
    (64, 64, 63, 65), (1, 1000, 1, 7), (1000, 1, 999, 1), (17, 19, 160, 160), (240, 320, 160, 213),
]

cases = []
for kind in ("noise", "edge"):
    for channels in (1, 3):
        for h, w, oh, ow in SIZES:
            number = len(cases)
            raw = pixels(kind, number, h, w, channels)
            image = Image.frombytes("L" if channels == 1 else "RGB", (w, h), raw)
            out = image.resize((ow, oh), Image.BILINEAR).tobytes()
            case = {"kind": kind, "number": number, "in": [h, w], "channels": channels, "out": [oh, ow]}
            case["sha256"] = hashlib.sha256(out).hexdigest()
            if len(out) <= 64:
                case["pixels"] = list(out)
            cases.append(case)
print('{"what": "Pillow Image.resize BILINEAR", "cases": [')
print(",\n".join(json.dumps(c) for c in cases))
print("]}")
