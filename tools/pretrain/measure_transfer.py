"""How much sparse training helps: the folded reference network, trained in float on a slice of Fashion-MNIST.

Each schedule names what may change besides a fresh classifier. Plain SGD, linear warm-up over the first epoch, then a
cosine to zero; no momentum, no batch normalisation: the optimiser a device has, in float.
"""
import argparse
import math
import time

import numpy
import torch
from torch.nn import functional

from idx import read_set
from network import CLASSES, Network


def schedules(network):
    """Name -> parameters trained besides the classifier, as a list."""
    layers = network.convolutions()
    by_name = {layer.name: layer.convolution for layer in layers}
    biases = [layer.convolution.bias for layer in layers]
    last = len(network.blocks)

    def weights(*names):
        return [by_name[name].weight for name in names]

    expand = [f"b{i}.pw1" for i in range(last)]
    return {
        "last layer only": [],
        "all biases": biases,
        "biases + pw1 of the last 4 blocks": biases + weights(*expand[-4:]),
        "biases + pw1 of blocks 1 to 7": biases + weights(*expand[1:]),
        "last 3 blocks, weights and biases": [p for block in network.blocks[-3:] for p in block.parameters()],
        "everything": [p for layer in layers for p in (layer.convolution.weight, layer.convolution.bias)],
    }


def to_input(images):
    """[n,28,28] uint8 -> [n,1,28,28] float32, pixel / 255."""
    return torch.from_numpy(images.astype(numpy.float32) / 255)[:, None]


def accuracy(network, images, labels):
    """Percent of `images` [n,1,28,28] that the network classifies as `labels` [n]."""
    with torch.no_grad():
        logits = torch.cat([network(part) for part in images.split(500)])
    return 100.0 * (logits.argmax(1) == labels).float().mean().item()


def rate_at(position, epochs):
    """Share of the peak rate at `position` in 0..1 of a run: linear warm-up for one epoch, then cosine to zero."""
    warm_up = 1 / epochs
    if position < warm_up:
        return position / warm_up
    return 0.5 * (1 + math.cos(math.pi * (position - warm_up) / (1 - warm_up)))


def train(network, parameters, data, epochs, batch, rate, seed):
    """Trains `parameters` and a fresh classifier; `rate` is the peak rate per sample (times `batch` for a batch mean)."""
    (images, labels), generator = data, torch.Generator().manual_seed(seed)
    with torch.no_grad():
        bound = 1 / math.sqrt(network.fc.in_features)
        network.fc.weight.uniform_(-bound, bound, generator=generator)
        network.fc.bias.zero_()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    trained = parameters + [network.fc.weight, network.fc.bias]
    for parameter in trained:
        parameter.requires_grad_(True)
    inputs = images if parameters else torch.cat([network.features(part) for part in images.split(500)]).detach()
    forward = network if parameters else network.fc
    steps, step = epochs * (len(images) // batch), 0
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images) - batch + 1, batch):
            chosen = order[start:start + batch]
            gradients = torch.autograd.grad(functional.cross_entropy(forward(inputs[chosen]), labels[chosen]), trained)
            current = rate * batch * rate_at((step + 0.5) / steps, epochs)
            with torch.no_grad():
                for parameter, gradient in zip(trained, gradients):
                    parameter -= current * gradient
            step += 1


def main():
    """Prints one line a schedule and rate: test accuracy by seed, mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, help="folded float weights written by pretrain.py --float-weights")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files")
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--test-images", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.00078, 0.0016, 0.0031], help="peak, per sample")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", default="", help="only schedules whose name contains this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = []
    for part, limit in (("train", options.images), ("t10k", options.test_images)):
        images, labels = read_set(options.data, part)
        data.append((to_input(images[:limit]), torch.from_numpy(labels[:limit].astype(numpy.int64))))
    assert int(data[0][1].max()) < CLASSES
    for name in schedules(Network(normalised=False)):
        for rate in options.rates if options.only in name else ():
            scores, start = [], time.time()
            for seed in options.seeds:
                network = Network(normalised=False)
                network.load_state_dict(torch.load(options.weights))
                train(network, schedules(network)[name], data[0], options.epochs, options.batch, rate, seed)
                scores.append(accuracy(network, *data[1]))
            print(f"{name:36} rate {rate:.5f}  " + " ".join(f"{s:.2f}" for s in scores)
                  + f"  mean {sum(scores) / len(scores):.2f}  ({time.time() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
