//! The program under test: the entry point of `spinhebb`.

fn main() -> miette::Result<()> {
    spinhebb_experiments::main()
}
