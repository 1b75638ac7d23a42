//! What is done with an array: reads, writes under a bias scheme, settling, maps onto tiles, netlists.

pub mod array_devices;
mod labelled;
pub mod read;
pub mod settling;
pub mod spice;
pub mod tile;
pub mod write;
