#!/usr/bin/python3
"""Writes the small image and array files beside it, and expected.json: what Pillow and numpy read from them.

Usage: make.py FOLDER (Debian 12: python3-pil 9.4, python3-numpy 1.24). All content is synthetic. Pillow cannot write
every kind of PNG, so those are put together here chunk by chunk; 16-bit grey it does not reduce to 8 bits by the
high byte either, so that expectation is computed here.
"""
import hashlib
import io
import json
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1] + "/"
expected = {}
H, W = 13, 18  # odd sizes, so that blocks, subsampling and Adam7 passes are ragged
yy, xx = np.mgrid[0:H, 0:W]
RGB = np.stack([xx * 13 + yy, 255 - yy * 17 - xx, (xx * yy * 3) % 256], -1).astype(np.uint8)
GREY = RGB[:, :, 2]


def expect(name, pixels):
    expected[name] = {"shape": list(pixels.shape), "sha256": hashlib.sha256(pixels.tobytes()).hexdigest()}


def save(name, data, mode):
    with open(folder + name, "wb") as f:
        f.write(data)
    if mode:
        pixels = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode))
        expect(name, pixels.reshape(pixels.shape[0], pixels.shape[1], -1))


def pillow(name, image, mode, **options):
    out = io.BytesIO()
    image.save(out, "JPEG" if name.endswith("jpg") else "PNG", **options)
    save(name, out.getvalue(), mode)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(depth, colour, rows, interlace=0, extra=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def pack(values, depth):
    bits = "".join(format(int(v), f"0{depth}b") for v in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def adam7(pixels):  # rows of the seven passes, filter 0
    rows = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for row in pixels[y0::dy, x0::dx]:
            if row.size:
                rows += b"\0" + row.tobytes()
    return rows


rgb, grey = Image.fromarray(RGB), Image.fromarray(GREY)
pillow("rgb_420.jpg", rgb, "RGB", quality=85, subsampling=2)
pillow("rgb_422.jpg", rgb, "RGB", quality=85, subsampling=1)
pillow("rgb_444.jpg", rgb, "RGB", quality=85, subsampling=0)
pillow("progressive.jpg", rgb, "RGB", quality=85, progressive=True)
pillow("grey.jpg", grey, "L", quality=85)
exif = Image.Exif()
exif[0x0112] = 6  # orientation: rotate by 90 degrees
pillow("oriented.jpg", rgb, "RGB", quality=85, exif=exif)
pillow("cmyk.jpg", rgb.convert("CMYK"), None, quality=85)
pillow("rgb.png", rgb, "RGB")
pillow("rgba.png", Image.merge("RGBA", (*rgb.split(), grey)), "RGB")
pillow("grey_alpha.png", Image.merge("LA", (grey, grey)), "L")
pillow("palette.png", rgb.quantize(16), "RGB")
pillow("palette_transparent.png", rgb.quantize(16), "RGB", transparency=3)
for depth in (1, 2, 4):
    rows = b"".join(b"\0" + pack(row >> (8 - depth), depth) for row in GREY)
    save(f"grey_{depth}.png", png(depth, 0, rows), "L")
wide = RGB.astype(np.uint16) * 256 + (xx * 7 + yy * 31)[:, :, None].astype(np.uint16) % 256
save("rgb_16.png", png(16, 2, b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)), "RGB")
save("grey_16.png", png(16, 0, b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide[:, :, 2])), None)
expect("grey_16.png", (wide[:, :, 2:] >> 8).astype(np.uint8))
save("interlaced.png", png(8, 2, adam7(RGB), interlace=1), "RGB")
save("gamma.png", png(8, 2, b"".join(b"\0" + row.tobytes() for row in RGB),
                      extra=chunk(b"gAMA", struct.pack(">I", 100000))), "RGB")

for orientation in range(1, 9):  # every EXIF orientation, in either byte order
    exif[0x0112] = orientation
    little = exif.tobytes()[6:]  # Pillow writes little-endian TIFF behind "Exif\0\0"
    big = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    pillow(f"orientation_{orientation}.jpg", rgb, "RGB", quality=85, exif=b"Exif\0\0" + (big if orientation % 2 else little))
    save(f"orientation_{orientation}.png", png(8, 0, b"".join(b"\0" + row.tobytes() for row in GREY),
                                              extra=chunk(b"eXIf", little if orientation % 2 else big)), "L")

x = (np.arange(6 * 4 * 5 * 3) % 251).astype(np.uint8).reshape(6, 4, 5, 3)
y = np.array([0, 1, 2, 0, 1, 2])
np.savez(folder + "pixels.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2].astype(np.uint8))
np.savez_compressed(folder + "pixels_compressed.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
f = (np.arange(6 * 10).reshape(6, 10) * 0.37 - 8).astype(np.float32)
np.savez(folder + "floats.npz", x_train=f, y_train=y.astype(np.int8).reshape(-1, 1))
np.savez(folder + "doubles.npz", x_train=f.astype(np.float64), y_train=y.astype(np.float32))
np.savez(folder + "int8.npz", x_train=(np.arange(60) * 4 - 120).astype(np.int8).reshape(6, 10), y_train=y)
np.savez(folder + "int16.npz", x_train=np.arange(60).astype(np.int16).reshape(6, 10) - 30, y_train=y.astype(np.int16))
np.savez(folder + "uint16.npz", x_train=(np.arange(60) * 1100).astype(np.uint16).reshape(6, 10), y_train=y.astype(np.uint16))
np.savez(folder + "fortran.npz", x_train=np.asfortranarray(x), y_train=y)

# Every type of number that numpy writes in either byte order, all holding the same values; labels likewise.
whole = np.arange(60).reshape(6, 10)
for kind in ("?", "B", "H", "I", "Q", "b", "h", "i", "q", "e", "f", "d"):
    for order in "<>":
        labels, samples = y.astype(kind), whole.astype(kind)
        if kind != "?":
            samples = samples.astype(np.dtype(kind).newbyteorder(order))
            labels = labels.astype(np.dtype(kind).newbyteorder(order))
        name = f"type_{np.dtype(kind).name}_{'little' if order == '<' else 'big'}.npz"
        if kind not in "?Bb" or order == "<":
            np.savez_compressed(folder + name, x_train=samples, y_train=labels)
np.savez_compressed(folder + "halves.npz", x_train=np.array([[0.0, -0.0, 1.0, -2.5, 65504.0, 2.0**-24, 2.0**-14, 0.333251953125]],
                                                 np.float16), y_train=y[:1])
words = np.array(["zebra", "b\u00e4r", "ape"])
np.savez_compressed(folder + "text_labels.npz", x_train=x, y_train=words[y], x_test=x[:2], y_test=words[y[:2]])
np.savez_compressed(folder + "byte_labels.npz", x_train=x, y_train=np.array([b"z", b"yy", b"x"])[y])
np.savez_compressed(folder + "big_text_labels.npz", x_train=x, y_train=words[y].astype(">U5"))
np.savez_compressed(folder + "class_names.npz", x_train=x, y_train=y, class_names=np.array(["one", "two", "three"]))
np.savez_compressed(folder + "class_names_order.npz", x_train=x, y_train=words[y], class_names=words)
np.savez_compressed(folder + "one_hot.npz", x_train=x, y_train=np.eye(4, dtype=np.float32)[y], x_test=x[:2],
         y_test=np.eye(4, dtype=np.float32)[y[:2]])
np.savez_compressed(folder + "validation.npz", X_train=x, y_train=y, x_val=x[:2], y_val=y[:2])
with open(folder + "fortran_grid.npy", "wb") as out:
    np.save(out, np.asfortranarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4)))

with open(folder + "expected.json", "w") as out:
    out.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in sorted(expected.items())) + "\n}\n")
