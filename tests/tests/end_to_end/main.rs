//! The program as its users run it: commands from a configuration to the files they leave, and what they refuse.

mod calibration;
mod circuit;
mod network;
mod program;
mod reliability;
mod reproduce;
