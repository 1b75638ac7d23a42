//! How outcomes are shown: the page of a run, its figures and its references.

pub mod bibliography;
mod page;
pub mod plot;
mod report;

pub use page::{Drawn, Page};
pub use report::{Comparison, Frame};
