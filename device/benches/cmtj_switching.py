"""Writes device/tests/data/cmtj_switching.csv: switching counts of cmtj at finite temperature.

    python3 -m venv target/peers && target/peers/bin/pip install cmtj==1.15.0 numpy
    target/peers/bin/python device/benches/cmtj_switching.py

Before the counts cmtj's equilibrium <m_z^2> is compared with Boltzmann's (Dawson's integral), which
checks its convention of the noise.
"""

import importlib.metadata
import pathlib

import numpy as np
from cmtj import CVector, Junction, Layer, ScalarDriver, SolverMode

GAMMA0, KB = 220_880.0, 1.380649e-23  # cmtj's
TEMPERATURE, ALPHA = 300.0, 0.1
THICKNESS, TESLA, K = 2e-9, 1.0, 1e5
DELTA, START_Z, TRIALS = 6.0, -0.97, 10_000
STEP = 5e-13


def junction(delta, torque):
    # Easy axis z by the crystal anisotropy alone: Hk = 2 K/Ms with Ms in tesla, barrier K V.
    parameters = dict(
        id="free",
        mag=CVector(0, 0, 1),
        anis=CVector(0, 0, 1),
        Ms=TESLA,
        thickness=THICKNESS,
        cellSurface=delta * KB * TEMPERATURE / (K * THICKNESS),
        demagTensor=[CVector(0, 0, 0), CVector(0, 0, 0), CVector(0, 0, 0)],
        damping=ALPHA,
    )
    if torque:
        layer = Layer.createSOTLayer(dampingLikeTorque=torque, fieldLikeTorque=0.0, **parameters)
        layer.setReferenceLayer(CVector(0, 0, 1))
    else:
        layer = Layer(**parameters)
    layer.setAnisotropyDriver(ScalarDriver.getConstantDriver(K))
    layer.setTemperatureDriver(ScalarDriver.getConstantDriver(TEMPERATURE))
    built = Junction([layer])
    if torque:
        built.setLayerCurrentDriver("free", ScalarDriver.getConstantDriver(1.0))
    return built


def m_z_after(built, span, start_z):
    built.clearLog()
    built.setLayerMagnetisation("free", CVector(float(np.sqrt(1 - start_z**2)), 0.0, start_z))
    built.runSimulation(span, STEP, span, solverMode=SolverMode.Heun)
    return built.getLayerMagnetisation("free").z


hk = 2 * K / TESLA
tau = (1 + ALPHA**2) / (ALPHA * GAMMA0 * hk)
lines = [
    f"# cmtj {importlib.metadata.version('cmtj')}, stochastic Heun, step {STEP} s; device/benches/cmtj_switching.py",
]

# The convention of the noise: Boltzmann's <m_z^2> at Delta = 2 is 0.531265.
built = junction(2.0, 0.0)
built.setLayerSeed("free", 1)
squares = np.array([m_z_after(built, 6 * tau, 0.99 if k % 2 else -0.99) ** 2 for k in range(TRIALS)])
lines.append(f"# <m_z^2> at Delta 2 without torque: {squares.mean():.5f} +- {squares.std() / TRIALS**0.5:.5f}, Boltzmann 0.531265")

lines.append("overdrive,pulse_damping_times,trials,switched")
seed = 2
for overdrive in (0.7, 1.0, 1.4):
    for duration in (2.0, 4.0, 8.0):
        built = junction(DELTA, overdrive * ALPHA * hk)
        built.setLayerSeed("free", seed)
        seed += 1
        ends = [m_z_after(built, duration * tau, START_Z) for _ in range(TRIALS)]
        lines.append(f"{overdrive},{duration},{TRIALS},{sum(z > 0 for z in ends)}")
target = pathlib.Path(__file__).parent.parent / "tests" / "data" / "cmtj_switching.csv"
target.write_text("\n".join(lines) + "\n")
print("\n".join(lines))
