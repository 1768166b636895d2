#!/usr/bin/env python3
"""Data for a task that anyone can install: which of several voices speaks?

    apt-get install asterisk-core-sounds-{en,fr,it,ru}-wav
    examples/voices.py voices
    thaw search kws_ref_model.tflite voices --classes 4

Reads the spoken prompts of Asterisk, a telephone exchange, each voice in a language of its own, and writes DIR/train/VOICE/*.csv and DIR/test/VOICE/*.csv: the features of a second
of speech that MLPerf Tiny's keyword spotting model reads, 49 instants of 10 cepstral coefficients. A stand-in for
recordings of one's own: the prompts are spoken in a studio. No prompt of the test part is in the training part in any
language. Python's standard library only.

Features: windows of 30 ms every 20 ms (Hann), magnitudes, 40 mel bands from 20 to 4,000 Hz, natural logarithms, discrete
cosine transform, the first 10; sound scaled to a peak of 1 first. The model was trained at 16 kHz: at the 8 kHz of the
prompts windows are half as long, so magnitudes are doubled; bands and bins are the same.
"""
import argparse
import cmath
import hashlib
import math
import pathlib
import sys
import wave
from array import array

SOUNDS = pathlib.Path("/usr/share/asterisk/sounds")
VOICES = {"english": "en_US_f_Allison", "french": "fr_CA_f_June", "italian": "it_IT_m_Carlo",
          "russian": "ru_RU_f_IvrvoiceRU"}
RATE, WINDOW, STEP, BINS, FRAMES, BANDS, COEFFICIENTS = 8000, 240, 160, 256, 49, 40, 10
HANN = [0.5 - 0.5 * math.cos(2 * math.pi * i / WINDOW) for i in range(WINDOW)]
COSINES = [[math.cos(math.pi * k * (band + 0.5) / BANDS) / math.sqrt(BANDS / 2) for band in range(BANDS)]
           for k in range(COEFFICIENTS)]

TURNS = {2 ** k: [cmath.exp(-1j * math.pi * i / 2 ** k) for i in range(2 ** k)] for k in range(8)}


def mel(hertz):
    return 1127 * math.log(1 + hertz / 700)


def bands():
    """Weights of each mel band: triangles that meet, as (bin, weight)."""
    low, high = mel(20), mel(4000)
    edges = [low + (high - low) * i / (BANDS + 1) for i in range(BANDS + 2)]
    result = []
    for left, middle, right in zip(edges, edges[1:], edges[2:]):
        weights = []
        for index in range(1, BINS // 2 + 1):
            at = mel(index * RATE / BINS)
            weight = min((at - left) / (middle - left), (right - at) / (right - middle))
            if weight > 0:
                weights.append((index, weight))
        result.append(weights)
    return result


MEL_BANDS = bands()


def spectrum(values):
    """Fourier transform of a power of two of numbers."""
    if len(values) == 1:
        return values
    even, odd = spectrum(values[0::2]), spectrum(values[1::2])
    turned = [turn * value for turn, value in zip(TURNS[len(odd)], odd)]
    return [a + b for a, b in zip(even, turned)] + [a - b for a, b in zip(even, turned)]


def second_of(path):
    """A second of speech from where it becomes loud, scaled to a peak of 1; None where there is less."""
    with wave.open(str(path)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
            sys.exit(f"{path}: expected 8 kHz, mono, 16 bit")
        values = array("h", sound.readframes(sound.getnframes()))
    if sys.byteorder == "big":
        values.byteswap()
    peak = max(map(abs, values), default=0)
    start = next((i for i, value in enumerate(values) if abs(value) > peak / 10), 0)
    second = values[start:start + RATE]
    return [value / peak for value in second] if len(second) == RATE and peak > 0 else None


def features(second):
    rows = []
    for frame in range(FRAMES):
        part = second[frame * STEP:frame * STEP + WINDOW]
        padded = [value * weight for value, weight in zip(part, HANN)] + [0.0] * (BINS - WINDOW)
        magnitudes = [2 * abs(value) for value in spectrum(padded)[:BINS // 2 + 1]]
        logarithms = [math.log(sum(magnitudes[i] * weight for i, weight in band) + 1e-6) for band in MEL_BANDS]
        rows.append([sum(c * value for c, value in zip(row, logarithms)) for row in COSINES])
    return rows


def prompts(folders, count):
    """Names of prompts that every voice speaks for a second or more, in an order without pattern."""
    spoken = [{str(path.relative_to(folder)) for path in folder.rglob("*.wav")} for folder in folders]
    names = sorted(set.intersection(*spoken), key=lambda name: hashlib.sha256(name.encode()).digest())
    chosen = []
    for name in names:
        if len(chosen) < count and "silence" not in name and all(second_of(folder / name) for folder in folders):
            chosen.append(name)
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--train", type=int, default=30, metavar="N", help="prompts a voice to train on (30)")
    parser.add_argument("--test", type=int, default=60, metavar="N", help="prompts a voice to test on (60)")
    options = parser.parse_args()
    folders = {voice: SOUNDS / name for voice, name in VOICES.items()}
    for folder in folders.values():
        if not folder.is_dir():
            sys.exit(f"{folder} is absent: apt-get install asterisk-core-sounds-{folder.name[:2]}-wav")
    names = prompts(list(folders.values()), options.train + options.test)
    for voice, folder in folders.items():
        for number, name in enumerate(names):
            part = options.folder / ("train" if number < options.train else "test") / voice
            part.mkdir(parents=True, exist_ok=True)
            rows = features(second_of(folder / name))
            text = "".join(",".join(f"{value:.4f}" for value in row) + "\n" for row in rows)
            (part / (name.replace("/", "-")[:-4] + ".csv")).write_text(text)


if __name__ == "__main__":
    main()
