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

impl MtjConfig {
    /// Validates and resolves a device with or without a coupled layer.
    ///
    /// # Errors
    /// Those of [`MtjConfig::resolve`] and [`MtjConfig::resolve_coupled`].
    pub fn junction(&self) -> Result<Junction, DeviceError> {
        match self.coupled {
            None => self.resolve().map(Junction::from),
            Some(_) => self.resolve_coupled().map(Junction::from),
        }
    }
}

impl Junction {
    /// As [`MtjConfig::junction`].
    ///
    /// # Errors
    /// Those of [`MtjConfig::junction`].
    pub fn new(config: &MtjConfig) -> Result<Self, DeviceError> {
        config.junction()
    }

    /// The macrospin of a free layer that is one; `model` names what knows no other.
    ///
    /// # Errors
    /// [`DeviceError::NotApplicable`] for coupled layers.
    pub fn macrospin(&self, model: &'static str) -> Result<&Mtj, DeviceError> {
        match self {
            Self::Single(mtj) => Ok(mtj),
            Self::Coupled(_) => Err(DeviceError::NotApplicable {
                model,
                reason: "its free layer has two coupled layers, which are followed by trajectories alone; take the \
                         back end `ensemble` or `auto`"
                    .into(),
            }),
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

impl From<Mtj> for Junction {
    fn from(mtj: Mtj) -> Self {
        Self::Single(Box::new(mtj))
    }
}

impl From<&Mtj> for Junction {
    fn from(mtj: &Mtj) -> Self {
        mtj.clone().into()
    }
}

impl From<CoupledMtj> for Junction {
    fn from(pair: CoupledMtj) -> Self {
        Self::Coupled(Box::new(pair))
    }
}
