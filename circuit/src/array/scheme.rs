//! What the dendrites that are not to learn do during a write ([`crate::operate::write`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the dendrites that are not to learn do during a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WriteScheme {
    /// Held at 0 V, as the selected one: every row then sees the full voltages.
    Grounded,
    /// Left open, as in the published demonstrator.
    Floating,
    /// V/2: half the voltage from each side of the selected cells, all other lines at 0 V; potentiation and
    /// depression one after the other.
    HalfBias,
    /// V/3: selected word V, other words V/3, selected dendrite 0, other dendrites 2V/3; potentiation
    /// and depression one after the other.
    ThirdBias,
    /// Cut off by a transistor in each cell of every unselected dendrite, dendrites left open.
    CutOff,
}

impl WriteScheme {
    /// All schemes.
    pub const ALL: [Self; 5] =
        [Self::Grounded, Self::Floating, Self::HalfBias, Self::ThirdBias, Self::CutOff];

    /// Name used in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grounded => "grounded",
            Self::Floating => "floating",
            Self::HalfBias => "half-bias",
            Self::ThirdBias => "third-bias",
            Self::CutOff => "cut-off",
        }
    }
}
