"""Reads IDX files (the format of MNIST), plain or gzip: a magic number, dimensions, unsigned bytes."""
import gzip
import struct
from pathlib import Path

import numpy


def read_idx(path):
    """The array of unsigned bytes in `path`; ValueError names the file and what is wrong with it."""
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of unsigned bytes (expected the bytes 0, 0, 8 at offset 0)")
    dimensions = struct.unpack_from(f">{content[3]}I", content, 4)
    values = numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * len(dimensions))
    if values.size != numpy.prod(dimensions):
        raise ValueError(f"{path}: {values.size} values, but the header announces {dimensions}")
    return values.reshape(dimensions)


def read_set(folder, part):
    """(images [n,28,28] uint8, labels [n] uint8) of `part` ('train' or 't10k') in an MNIST-like folder."""
    def find(stem):
        for name in (stem, stem + ".gz"):
            if (Path(folder) / name).exists():
                return Path(folder) / name
        raise ValueError(f"{folder}: neither {stem} nor {stem}.gz is there")

    images = read_idx(find(f"{part}-images-idx3-ubyte"))
    labels = read_idx(find(f"{part}-labels-idx1-ubyte"))
    if len(images) != len(labels):
        raise ValueError(f"{folder}: {len(images)} images but {len(labels)} labels in part {part}")
    return images, labels
