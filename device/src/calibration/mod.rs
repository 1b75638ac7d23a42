//! Calibration: from measured switching counts to device parameters with honest uncertainties.
//!
//! [`crate::measurement`] reads counts, a [`model::Model`] predicts probabilities, [`problem::Problem`] joins the two, and
//! [`fit::fit`], [`profile`], [`posterior`] and [`goodness`] answer: which parameters, how
//! well known, and does the model describe the data at all.

pub mod analysis;
mod archive_form;
pub mod closed_form_model;
pub mod condition;
mod device_entries;
pub mod distribution;
pub mod ensemble_model;
pub mod error;
pub mod fit;
pub mod fitted_device;
pub mod goodness;
pub mod hold_out;
pub mod identifiability;
pub mod likelihood;
pub mod macrospin;
pub mod model;
pub mod parameter;
pub mod posterior;
pub mod problem;
mod problem_surface;
pub mod profile;
pub mod response_surface;
pub mod shape_comparison;
pub mod shape_model;
pub mod simulated_likelihood;
pub mod simulation;
pub mod slope;
pub mod surface_predictor;

pub use error::CalibrationError;
