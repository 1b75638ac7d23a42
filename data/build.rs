//! Links HDF5's dimension-scale library where the system's HDF5 is used; the binding
//! does so itself for the bundled one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let bundled = std::env::var_os("DEP_HDF5_ROOT").is_some();
    if let (false, Ok(library)) = (bundled, std::env::var("DEP_HDF5_HL_LIBRARY")) {
        println!("cargo::rustc-link-lib=dylib={library}");
    }
}
