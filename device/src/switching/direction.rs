//! The two equations of a probability in time.

/// Which equation is stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Probabilities forward in time, `dp/dt = L p`.
    Forward,
    /// Expectations backward in time, `du/dt = L^T u`.
    Backward,
}
