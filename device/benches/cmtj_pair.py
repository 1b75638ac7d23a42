"""Writes device/tests/data/cmtj_pair.csv: two coupled layers of cmtj at zero temperature.

    python3 -m venv target/peers && target/peers/bin/pip install cmtj==1.15.0 numpy
    target/peers/bin/python device/benches/cmtj_pair.py

cmtj holds the neighbour of a layer over each step, so that its error is of first order in the step:
the table is the Richardson extrapolation of runs with steps of 8, 4, 2 and 1 fs, with the
difference of the last two extrapolations as its own error. cmtj logs the state after a step with the time
before it: one step is added to its times.
"""

import importlib.metadata
import pathlib

import numpy as np
from cmtj import AxialDriver, CVector, Junction, Layer, ScalarDriver

SPAN, LOG = 1e-9, 2e-11
STEPS = [8e-15, 4e-15, 2e-15, 1e-15]
EXCHANGE, BIQUADRATIC = -2e-4, -5e-5


def layer(name, direction, magnetisation, thickness, damping, anisotropy, field):
    free = Layer(
        id=name,
        mag=CVector(*direction),
        anis=CVector(0, 0, 1),
        Ms=magnetisation,
        thickness=thickness,
        cellSurface=1.2566e-15,
        demagTensor=[CVector(0.1, 0, 0), CVector(0, 0.2, 0), CVector(0, 0, 0.7)],
        damping=damping,
    )
    free.setExternalFieldDriver(AxialDriver(*field))
    free.setAnisotropyDriver(ScalarDriver.getConstantDriver(anisotropy))
    return free


def run(step):
    layers = [
        layer("barrier", (0.6, 0, 0.8), 1.0, 2e-9, 0.03, 3e5, (2e4, 1e4, -3e4)),
        layer("coupled", (0, 0.6, -0.8), 0.8, 1.5e-9, 0.02, 2e5, (2e4, 1e4, -3e4)),
    ]
    junction = Junction(layers)
    junction.setIECDriver("barrier", "coupled", ScalarDriver.getConstantDriver(EXCHANGE))
    junction.setQuadIECDriver("barrier", "coupled", ScalarDriver.getConstantDriver(BIQUADRATIC))
    junction.runSimulation(SPAN, step, step)
    log = junction.getLog()
    every = round(LOG / step)
    columns = [log[f"{name}_m{axis}"] for name in ("barrier", "coupled") for axis in "xyz"]
    return np.array(columns).T[every - 1 :: every]  # states at 20 ps, 40 ps, ...


table = [run(step) for step in STEPS]
order = 1
while len(table) > 2:
    table = [(2**order * fine - coarse) / (2**order - 1) for coarse, fine in zip(table, table[1:])]
    order += 1
last = (2**order * table[1] - table[0]) / (2**order - 1)
error = np.abs(last - table[1]).max()
lines = [
    f"# cmtj {importlib.metadata.version('cmtj')}, extrapolated to zero step, change in the last extrapolation {error:.1e}; device/benches/cmtj_pair.py",
    "time_s,barrier_x,barrier_y,barrier_z,coupled_x,coupled_y,coupled_z",
]
for k, row in enumerate(last):
    lines.append(",".join([f"{(k + 1) * LOG!r}"] + [f"{value:.12f}" for value in row]))
target = pathlib.Path(__file__).parent.parent / "tests" / "data" / "cmtj_pair.csv"
target.write_text("\n".join(lines) + "\n")
print(lines[0])
