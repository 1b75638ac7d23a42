//! The program `spinhebb`.

fn main() -> miette::Result<()> {
    spinhebb_experiments::main()
}
