"""Training throughput of BindsNET's Diehl & Cook network, in images per CPU-second.

Usage: run.sh [images]    (makes a virtual environment under target/ and calls this script)

Same set-up as BindsNET's own example `eth_mnist.py`: 400 excitatory neurons, 250 ms per image in
steps of 1 ms, Poisson spikes at intensity 128, one thread. Images are MNIST from the repository.
"""

import gzip
import os
import pathlib
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from bindsnet.encoding import poisson
from bindsnet.models import DiehlAndCook2015

torch.set_num_threads(1)


def images(count):
    root = pathlib.Path(__file__).resolve().parents[3]
    path = root / "data" / "mnist" / "train-images-idx3-ubyte.gz"
    with gzip.open(path) as file:
        raw = file.read(16 + 784 * count)
    return np.frombuffer(raw, np.uint8, offset=16).reshape(count, 784)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    torch.manual_seed(0)
    network = DiehlAndCook2015(
        n_inpt=784,
        n_neurons=400,
        exc=22.5,
        inh=120,
        dt=1.0,
        norm=78.4,
        theta_plus=0.05,
        inpt_shape=(1, 28, 28),
    )
    steps = 250
    batch = torch.from_numpy(images(count + 2).astype(np.float32)) / 255 * 128
    encoded = [poisson(datum=x, time=steps, dt=1.0).view(steps, 1, 1, 28, 28) for x in batch]
    for x in encoded[:2]:  # warm up
        network.run(inputs={"X": x}, time=steps)
        network.reset_state_variables()
    start = time.process_time()
    for x in encoded[2:]:
        network.run(inputs={"X": x}, time=steps)
        network.reset_state_variables()
    seconds = time.process_time() - start
    print(f"bindsnet n=400: {count / seconds:.2f} images per CPU-second ({count} images)")


main()
