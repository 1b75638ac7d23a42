//! The control of every accuracy: a network whose pulses switch nothing.
//!
//! Neurons still compete and thresholds still adapt, so that what a learning network reads better is what its devices learned.

use std::sync::Arc;

use crate::synapses::{Plasticity, Synapses};
use crate::training::network::Network;
use crate::training::trainer::Trainer;

impl Network {
    /// The same network with pulses of probability 0: homeostasis goes on, the devices stay as they are.
    ///
    /// A network on an array keeps the reads that were solved last and is not solved again.
    #[must_use]
    pub fn freeze(self) -> Self {
        match self {
            Self::Bits(trainer) => Self::Bits(frozen(trainer)),
            Self::Counts(trainer) => Self::Counts(frozen(trainer)),
            Self::Devices(trainer, hardware) => Self::Devices(frozen(trainer), hardware),
            Self::Array(on_array) => {
                let hardware = Arc::clone(on_array.hardware());
                Self::Devices(frozen(on_array.into_trainer()), hardware)
            }
        }
    }
}

fn frozen<S: Synapses>(mut trainer: Trainer<S>) -> Trainer<S> {
    let still = trainer.recipe().staged(|_, _, gain| Plasticity::new(0.0, 0.0, gain));
    trainer.set_plasticity(still);
    trainer
}
