mod conformity;
mod documentation;
mod layering;
mod parsing;
mod reading;
mod robustness;
mod sample;
