//! What sits at a crossing: one macrospin, or two coupled layers.

use super::coupled::CoupledMtj;
use super::mtj::{Mtj, MtjConfig};
use crate::error::DeviceError;

/// One macrospin, or two coupled layers.
#[derive(Debug, Clone, PartialEq)]
pub enum Junction {
    /// One macrospin.
    Single(Box<Mtj>),
    /// A composite or synthetic free layer.
    Coupled(Box<CoupledMtj>),
}

impl Junction {
    /// Resolves a device with or without a coupled layer.
    ///
    /// # Errors
    /// Those of [`MtjConfig::resolve`] and [`MtjConfig::resolve_coupled`].
    pub fn new(config: &MtjConfig) -> Result<Self, DeviceError> {
        match config.coupled {
            None => config.resolve().map(|mtj| Self::Single(Box::new(mtj))),
            Some(_) => config.resolve_coupled().map(|pair| Self::Coupled(Box::new(pair))),
        }
    }

    /// The layer that is read, with its transport and fixed layer.
    #[must_use]
    pub fn barrier(&self) -> &Mtj {
        match self {
            Self::Single(mtj) => mtj,
            Self::Coupled(pair) => &pair.layers[0],
        }
    }
}
