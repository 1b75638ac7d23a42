//! A network together with the probabilities of its write pulses: all that training needs beside images and seed.

use crate::synapses::Plasticity;
use crate::training::config::{NetworkConfig, SynapseModel};
use serde::{Deserialize, Serialize};
use spinhebb_data::config::{Check, Faults, Staged};

/// Switching probabilities of the write pulses over the stages of a training.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct WriteProbabilities {
    /// Switching probability of a device under one potentiation pulse (V > 0, AP -> P).
    pub potentiation: Staged<f64>,
    /// Switching probability of a device under one depression pulse (V < 0, P -> AP).
    pub depression: Staged<f64>,
}

/// A network and the probabilities of its pulses.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Layer, training and read-out.
    pub network: NetworkConfig,
    /// What the write pulses do to a nominal device.
    pub pulses: WriteProbabilities,
}

impl Recipe {
    /// The recipe of the network of each field.
    #[must_use]
    pub fn members(&self) -> Vec<Self> {
        if self.network.fields.is_empty() {
            return vec![self.clone()];
        }
        let neurons = self.network.neurons_each();
        let member = |&field| {
            let mut member = self.clone();
            member.network.neurons = neurons;
            member.network.encoding.field = Some(field);
            member.network.fields.clear();
            member
        };
        self.network.fields.iter().map(member).collect()
    }

    /// The same with devices all alike on ideal lines.
    #[must_use]
    pub fn ideal(&self) -> Self {
        let mut ideal = self.clone();
        ideal.network.synapses = SynapseModel::Ideal;
        ideal
    }

    /// Probabilities and gain of every stage, for devices that are all alike.
    #[must_use]
    pub fn plasticity(&self) -> Vec<Plasticity> {
        self.staged(Plasticity::new)
    }

    /// `law(potentiation, depression, gain)` of every stage.
    pub(crate) fn staged(&self, mut law: impl FnMut(f64, f64, f64) -> Plasticity) -> Vec<Plasticity> {
        let stages = self.network.stages;
        (0..stages)
            .map(|stage| {
                let at = |value: &Staged<f64>| value.at(stage, stages);
                law(at(&self.pulses.potentiation), at(&self.pulses.depression), at(&self.network.gain))
            })
            .collect()
    }
}

impl Check for Recipe {
    fn check(&self, faults: &mut Faults) {
        faults.within("network", |faults| self.network.check(faults));
        faults.within("pulses", |faults| {
            let (pulses, stages) = (&self.pulses, self.network.stages);
            for (key, probability) in
                [("potentiation", &pulses.potentiation), ("depression", &pulses.depression)]
            {
                faults.within(key, |faults| probability.check_within(0.0, 1.0, stages, faults));
            }
        });
    }
}
