//! What a write event leaves behind in the sums.

/// A change of one synapse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Neuron of the synapse.
    pub neuron: u32,
    /// Input line of the synapse.
    pub line: u16,
    /// By how much its weight changed, in the units of the sums.
    pub amount: i32,
}
