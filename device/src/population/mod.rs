//! Many devices: what an array of junctions keeps and loses.

pub mod retention;
