//! The studies of the main job, one file each: what is computed, archived and drawn.

pub mod device_curves;
pub mod inference_4x2;
pub mod learning_4x2;
pub mod mnist;
pub mod small_array;
