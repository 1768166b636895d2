#!/usr/bin/env python3
"""Samples to a picture of accuracy against RAM, through `thaw` and its files: runs `thaw search` on an .npz, reads
pareto.json and draws an SVG. The samples may be anything that a model reads, sound and sensors too:

  numpy.savez("samples.npz", x_train=x, y_train=y, x_test=..., y_test=...)
  plot_pareto.py MODEL samples.npz PICTURE.svg [--thaw PROGRAM] [options of thaw search]"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

WIDTH, HEIGHT, MARGIN = 640, 400, 60


def search(program, model, data, options):
    """The points of the Pareto set: accuracy and RAM of schedules that no other beats in both."""
    with tempfile.TemporaryDirectory() as run:
        subprocess.run([program, "search", model, data, "-o", run, "--quiet", *options], check=True,
                       stdout=subprocess.DEVNULL)
        return json.loads(pathlib.Path(run, "pareto.json").read_text())["points"]


def picture(points):
    """RAM in KiB to the right, accuracy in percent upwards; a circle a schedule."""
    ram = [point["ram_bytes"] / 1024 for point in points]
    accuracy = [100 * point["accuracy"] for point in points]

    def place(values, begin, end):
        span = max(values) - min(values) or 1
        return [begin + (value - min(values)) / span * (end - begin) for value in values]

    places = list(zip(place(ram, MARGIN, WIDTH - MARGIN), place(accuracy, HEIGHT - MARGIN, MARGIN), ram, accuracy))
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y, _, _ in places)
    labels = "".join(f'<text x="{x:.1f}" y="{y - 8:.1f}">{a:.1f} % in {k:.0f} KiB</text>' for x, y, k, a in places)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="11">{marks}'
            f'{labels}</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("--thaw", default="thaw")
    options, rest = parser.parse_known_args()
    points = search(options.thaw, options.model, options.data, rest)
    options.picture.write_text(picture(points))
    print(f"{len(points)} schedules in {options.picture}")


if __name__ == "__main__":
    sys.exit(main())
