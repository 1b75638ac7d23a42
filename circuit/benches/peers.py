"""Runs one crossbar through badcrossbar or ngspice and prints its cost as JSON.

Usage: peers.py badcrossbar FOLDER SIZE INPUTS all|outputs
       peers.py ngspice DECK [klu]

FOLDER holds ohm.bin and volts.bin (doubles, row by row); the outputs are written to amperes.bin.
`cargo bench -p spinhebb-circuit --bench peers` calls it with the Python of a virtual environment that has badcrossbar.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time


def badcrossbar_case(folder, size, inputs, wanted):
    import logging
    from unittest.mock import MagicMock

    # Only badcrossbar's plots need these; pycairo does not install everywhere.
    for module in ("cairo", "sigfig"):
        sys.modules.setdefault(module, MagicMock())
    import numpy as np
    import badcrossbar

    logging.disable(logging.CRITICAL)
    ohm = np.fromfile(f"{folder}/ohm.bin").reshape(size, size)
    volts = np.fromfile(f"{folder}/volts.bin").reshape(size, inputs)
    everything = wanted == "all"
    base_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    solution = badcrossbar.compute(volts, ohm, 1.0, node_voltages=everything, all_currents=everything)
    seconds = time.process_time() - start
    np.ascontiguousarray(solution.currents.output, dtype=np.float64).tofile(f"{folder}/amperes.bin")
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu_s": seconds, "peak_kb": peak_kb, "base_kb": base_kb}


def ngspice_cpu_s(deck):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(["ngspice", "-b", deck], capture_output=True, text=True, timeout=240)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, run.stdout + run.stderr


def ngspice_case(deck, klu):
    options = ".options klu\n" if klu else ""
    with tempfile.NamedTemporaryFile("w", suffix=".cir") as empty:
        empty.write(f"* empty\nR1 a 0 1\nV1 a 0 1\n{options}.control\nop\n.endc\n.end\n")
        empty.flush()
        start, text = ngspice_cpu_s(empty.name)
    # A build with KLU says so; one without it passes over the option in silence.
    if klu and "KLU" not in text:
        return {"unavailable": "this ngspice was built without KLU"}
    if klu:
        with open(deck) as file:
            lines = file.read().replace(".control", f"{options}.control", 1)
        with open(deck, "w") as file:
            file.write(lines)
    seconds, _ = ngspice_cpu_s(deck)
    return {"cpu_s": seconds - start, "solver": "KLU" if klu else "Sparse 1.3"}


if __name__ == "__main__":
    if sys.argv[1] == "badcrossbar":
        print(json.dumps(badcrossbar_case(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])))
    else:
        print(json.dumps(ngspice_case(sys.argv[2], "klu" in sys.argv[3:])))
