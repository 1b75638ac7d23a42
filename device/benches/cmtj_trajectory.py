"""Writes device/tests/data/cmtj_trajectory.csv: trajectories of cmtj at zero temperature.

    python3 -m venv target/peers && target/peers/bin/pip install cmtj==1.15.0 numpy
    target/peers/bin/python device/benches/cmtj_trajectory.py

cmtj logs the state after a step with the time before it: one step is added to its times.
"""

import importlib.metadata
import pathlib

from cmtj import AxialDriver, CVector, Junction, Layer, ScalarDriver

STEP, SPAN, LOG = 1e-14, 2e-9, 2e-11


def trajectory(torque):
    shape = dict(
        id="free",
        mag=CVector(0.6, 0, 0.8),
        anis=CVector(0, 0, 1),
        Ms=1.0,
        thickness=2e-9,
        cellSurface=1.2566e-15,
        demagTensor=[CVector(0.1, 0, 0), CVector(0, 0.2, 0), CVector(0, 0, 0.7)],
        damping=0.03,
    )
    if torque:
        layer = Layer.createSOTLayer(dampingLikeTorque=2e4, fieldLikeTorque=5e3, **shape)
        layer.setReferenceLayer(CVector(0, 1, 0))
    else:
        layer = Layer(**shape)
    layer.setExternalFieldDriver(AxialDriver(2e4, 1e4, -3e4))
    layer.setAnisotropyDriver(ScalarDriver.getConstantDriver(3e5))
    junction = Junction([layer])
    if torque:  # cmtj multiplies its torque parameters by the current
        junction.setLayerCurrentDriver("free", ScalarDriver.getConstantDriver(1.0))
    junction.runSimulation(SPAN, STEP, LOG)
    log = junction.getLog()
    return zip(log["time"], log["free_mx"], log["free_my"], log["free_mz"])


lines = [f"# cmtj {importlib.metadata.version('cmtj')}, Runge-Kutta 4, step {STEP} s; device/benches/cmtj_trajectory.py"]
lines.append("case,time_s,m_x,m_y,m_z")
for case in ("field", "torque"):
    for time, x, y, z in trajectory(case == "torque"):
        lines.append(f"{case},{time + STEP!r},{x!r},{y!r},{z!r}")
target = pathlib.Path(__file__).parent.parent / "tests" / "data" / "cmtj_trajectory.csv"
target.write_text("\n".join(lines) + "\n")
