"""Times cmtj's thermal macrospin; a peer of device/benches/kernel.rs.

For every line on standard input (the solver's name) one line: CPU nanoseconds per step.
    python3 -m venv target/peers && target/peers/bin/pip install cmtj==1.15.0 numpy
"""

import sys
import time

from cmtj import CVector, Junction, Layer, ScalarDriver, SolverMode

STEPS = 100_000
STEP = 1e-12


def junction():
    layer = Layer.createSTTLayer(
        id="free",
        mag=CVector(0.1, 0, 0.995),
        anis=CVector(0, 0, 1),
        Ms=0.5944,
        thickness=2.6e-9,
        cellSurface=1.2566e-15,
        demagTensor=[CVector(0.066, 0, 0), CVector(0, 0.066, 0), CVector(0, 0, 0.868)],
        damping=0.0125,
        SlonczewskiSpacerLayerParameter=1.2,
        beta=0.0,
        spinPolarisation=0.6,
    )
    layer.setReferenceLayer(CVector(0, 0, 1))
    built = Junction([layer])
    built.setLayerAnisotropyDriver("free", ScalarDriver.getConstantDriver(3e5))
    built.setLayerCurrentDriver("free", ScalarDriver.getConstantDriver(1e10))
    built.setLayerTemperatureDriver("free", ScalarDriver.getConstantDriver(300.0))
    return built


for line in sys.stdin:
    mode = getattr(SolverMode, line.strip())
    run = junction()
    begin = time.process_time()
    run.runSimulation(STEPS * STEP, STEP, STEPS * STEP / 10, solverMode=mode)
    print((time.process_time() - begin) / STEPS * 1e9, flush=True)
