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

    /// Whether potentiation and depression are driven at once, each on inputs of its own; else they follow each other.
    #[must_use]
    pub const fn drives_both_at_once(self) -> bool {
        match self {
            Self::Grounded | Self::Floating | Self::CutOff => true,
            Self::HalfBias | Self::ThirdBias => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_listed_under_the_name_that_files_use() {
        let schema = serde_json::to_string(&schemars::schema_for!(WriteScheme)).unwrap();
        assert_eq!(schema.matches("\"const\"").count(), WriteScheme::ALL.len(), "{schema}");
        for scheme in WriteScheme::ALL {
            assert_eq!(serde_json::to_string(&scheme).unwrap(), format!("\"{}\"", scheme.name()));
        }
    }
}
