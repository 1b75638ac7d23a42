//! Archives of runs in the hands of others: h5py, and xarray with h5netcdf.

use std::process::Command;

use crate::program::{results, skip};

const BY_H5PY: &str = r#"
import sys, h5py, numpy
with h5py.File(sys.argv[1], "r") as archive:
    assert archive.attrs["Conventions"] == "CF-1.10" and archive.attrs["seed"] == 7
    assert archive.attrs["experiment"] == "device table"
    assert 'from = "in-plane"' in archive.attrs["configuration"]
    table = archive["device/switching_table"]
    p, low, high = table["p"][:], table["p_lower"][:], table["p_upper"][:]
    assert ((low <= p) & (p <= high) & (low >= 0) & (high <= 1)).all()
    assert numpy.allclose(p, table["switched"][:] / table["trials"][:])
    assert set(table["width"][:]) == {2e-9, 4e-9} and set(table["start"][:]) == {-1, 1}
    units = {name: table[name].attrs["units"] for name in ["voltage", "width", "p"]}
    assert units == {"voltage": "V", "width": "s", "p": "1"}, units
    assert all(table[name].attrs["long_name"] for name in units)
    scalars = archive["results"]
    assert scalars["value"].shape == scalars["scalar"].shape
print("read")
"#;

const BY_XARRAY: &str = r#"
import sys, xarray
with xarray.open_dataset(sys.argv[1], engine="h5netcdf", group="device/switching_table") as table:
    assert table.p.dims == ("cell",) and table.p.attrs["units"] == "1" and table.voltage.attrs["units"] == "V"
    from_antiparallel = table.where(table.start == -1, drop=True)
    assert (from_antiparallel.voltage > 0).all() and from_antiparallel.sizes["cell"] > 4
with xarray.open_dataset(sys.argv[1], engine="h5netcdf", group="results") as results:
    assert results.sizes["scalar"] > 3
print("read")
"#;

/// Runs `script` on the archive of a small run; skips the test `name` where Python has not the modules.
fn read_by(name: &str, modules: &str, script: &str) {
    let python = std::env::var("SPINHEBB_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        skip(name, &format!("`{python}` has no {modules}"));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["device", "table", "--seed", "7", "--json", "--name", "table"];
    let settings = [
        "device.from=in-plane",
        "table.method=ensemble",
        "table.trials=50",
        "table.voltages=4",
        "table.most_voltages=4",
        "table.widths=[\"2 ns\", \"4 ns\"]",
    ];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let arguments: Vec<&str> = arguments.into_iter().chain(settings).collect();
    results(folder.path(), &arguments);
    let path = folder.path().join("runs/table/run.h5");
    let output = Command::new(&python).args(["-c", script]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn h5py_reads_a_run() {
    read_by("h5py_reads_a_run", "h5py, numpy", BY_H5PY);
}

#[test]
fn xarray_reads_a_run_with_labelled_axes() {
    read_by("xarray_reads_a_run_with_labelled_axes", "xarray, h5netcdf", BY_XARRAY);
}
