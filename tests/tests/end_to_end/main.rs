//! The program as its users run it: commands from a configuration to the files they leave, and what they refuse.

mod accuracies;
mod calibration;
#[path = "../golden/case.rs"]
mod case;
mod circuit;
#[path = "../golden/digits.rs"]
mod digits;
mod dry_run;
mod images;
mod interruption;
mod leaves;
mod network;
mod one_file;
mod one_population;
mod program;
mod python;
mod readme;
mod redraw;
mod refusals;
mod reliability;
mod reproduce;
mod snapshots;
