#!/bin/sh
# BindsNET against spinhebb: images per CPU-second in training at 400 neurons.
#
# Needs Debian's python3-torch (CPU) or a torch that pip can install; everything else goes into a virtual
# environment under target/.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
venv="$root/target/bindsnet/venv"
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import bindsnet' 2>/dev/null; then
    mkdir -p "$(dirname "$venv")"
    /usr/bin/python3 -m venv --system-site-packages "$venv"
    "$venv/bin/python" -c 'import torch' 2>/dev/null || "$venv/bin/pip" install --quiet torch
    "$venv/bin/pip" install --quiet --no-deps bindsnet
    "$venv/bin/pip" install --quiet 'numpy<2' matplotlib tqdm scikit-learn scikit-image opencv-python-headless pandas gymnasium tensorboardX ale-py
fi
# Turn and turn about, so that both see the same machine.
for turn in 1 2 3; do
    "$venv/bin/python" "$here/throughput.py" "${1:-40}"
    (cd "$root" && cargo bench --quiet -p spinhebb-network --bench throughput -- small)
done
