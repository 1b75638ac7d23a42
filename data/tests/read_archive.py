"""Opens the archive of `archive.rs` with h5py and with xarray and checks what a reader relies on."""

import sys

import h5py
import numpy
import xarray

path = sys.argv[1]

with h5py.File(path, "r") as archive:
    assert archive.attrs["Conventions"] == "CF-1.10"
    assert archive.attrs["seed"] == 2**63 + 11
    assert archive.attrs["configuration"] == 'seed = 11\ndiameter = "40 nm"\n'
    assert archive.attrs["inputs"] == "mnist/train-images 6bbc\nmy table.csv 77aa"
    p = archive["device/switching/p"]
    assert p.shape == (3, 2) and p.compression == "gzip" and p.shuffle and p.fletcher32
    assert p.dims[0].keys() == ["voltage"] and p.dims[1].keys() == ["width"]
    assert list(p.dims[0]["voltage"]) == [0.3, 0.4, 0.5]
    p_name = "switching probability (Wahrscheinlichkeit à)"
    assert p.attrs["units"] == "1" and p.attrs["long_name"] == p_name
    assert archive["device/switching/voltage"].attrs["units"] == "V"
    packed = archive["network/weights"]
    bits = numpy.unpackbits(packed["w"][:], axis=-1, count=packed["w"].attrs["packed_length"])
    assert bits.shape == (2, 10) and (bits == [[i % 3 == 0 for i in range(10)], [(i + 10) % 3 == 0 for i in range(10)]]).all()

opened = {}
for group in ["device/switching", "network/weights", "network", "empty"]:
    with xarray.open_dataset(path, engine="h5netcdf", group=group) as dataset:
        opened[group] = dataset.load()

table = opened["device/switching"]
assert table.p.dims == ("voltage", "width")
assert float(table.p.sel(voltage=0.4, width=2e-9)) == 3.0
assert table.voltage.attrs == {"units": "V", "long_name": "pulse amplitude"}, table.voltage.attrs
assert table.p.attrs == {"units": "1", "long_name": p_name, "confidence": 0.95}, table.p.attrs
assert table.attrs["trials"] == 10000 and table.attrs["source"] == "LLGS ensemble"
assert table["counts"].dtype == numpy.uint32 and table["counts"].dims == ("voltage",)
labels = opened["network"]
text = [t.decode() if isinstance(t, bytes) else t for t in labels.model.values]
assert text == ["LIF", "", "Schwellwert ä"], text
assert labels.model.dims == ("neuron",)
assert float(labels.accuracy) == 0.875
assert opened["empty"].sizes["spike"] == 0
print("read", h5py.__version__, xarray.__version__)
