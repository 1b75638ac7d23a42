//! Unsupervised training of a layer, in the abstract or on a solved array, and its checkpoints. Nothing here sees a label.

pub mod checkpoint;
pub mod class_rounding;
pub mod config;
pub mod crossbar;
mod frozen;
pub mod hardware;
pub mod network;
pub mod on_array;
pub mod recipe;
pub mod starting_threshold;
pub mod trainer;
