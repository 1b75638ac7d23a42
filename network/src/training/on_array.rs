//! Training on an array: reads with the effective conductances of solved tiles, every write event on the tiles that it drives.
//!
//! Effective conductances are solved anew after every so many images, as the devices' states change them; counted from the first
//! image, so that results depend neither on checkpoints nor on looks on the way.

use std::sync::Arc;

use crate::encoding::Images;
use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, OwnPulse, Plasticity, WriteTally};
use crate::training::crossbar::Crossbar;
use crate::training::hardware::Hardware;
use crate::training::recipe::Recipe;
use crate::training::trainer::Trainer;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::operate::tile::TiledMap;

/// What the array did to its devices up to one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArrayLoss {
    /// Images shown before.
    pub images: u64,
    /// Mean ratio of effective to own conductance in a read.
    pub read_ratio: f64,
    /// What the write events since the moment before did.
    pub writes: WriteTally,
}

/// A network in training on its array.
#[derive(Debug, Clone)]
pub struct ArrayTrainer {
    pub(crate) trainer: Trainer<AnalogSynapses>,
    crossbar: Crossbar,
    refresh: u64,
    losses: Vec<ArrayLoss>,
}

impl ArrayTrainer {
    /// A network whose synapses stand on the array of `hardware`, from dendrite `first` on; `losses` are those of before,
    /// where it goes on.
    ///
    /// # Errors
    /// The circuit layer refuses; hardware without pulses.
    pub fn new(
        trainer: Trainer<AnalogSynapses>,
        hardware: &Arc<Hardware>,
        first: usize,
        losses: Vec<ArrayLoss>,
    ) -> Result<Self, NetworkError> {
        let crossbar = Crossbar { hardware: Arc::clone(hardware), first };
        let refresh = trainer.recipe().network.refresh;
        let mut on_array = Self { trainer, crossbar, refresh, losses };
        on_array.crossbar.carry(on_array.trainer.layer_mut().synapses_mut())?;
        if hardware.pulses().is_some() {
            let trainer = &mut on_array.trainer;
            trainer.set_plasticity(plasticity(trainer.recipe(), trainer.layer().synapses(), hardware));
        }
        on_array.renew()?;
        Ok(on_array)
    }

    /// Shows up to `count` further images and learns from them, solving the array anew on the way and at the end of the
    /// training; returns how many were shown.
    ///
    /// # Errors
    /// As [`Trainer::advance`]; the circuit layer refuses.
    pub fn advance(&mut self, images: &Images<'_>, count: u64) -> Result<u64, NetworkError> {
        let (start, total) = (self.trainer.shown(), self.trainer.total());
        let end = total.min(start.saturating_add(count));
        while self.trainer.shown() < end {
            let shown = self.trainer.shown();
            let next = (shown / self.refresh + 1) * self.refresh;
            self.trainer.advance(images, next.min(end) - shown)?;
            let shown = self.trainer.shown();
            if shown.is_multiple_of(self.refresh) || shown == total {
                self.renew()?;
            }
        }
        Ok(end - start)
    }

    /// Whether the network can be written down here and go on as if it had not been: where the array is solved anew.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        let shown = self.trainer.shown();
        shown.is_multiple_of(self.refresh) || shown == self.trainer.total()
    }

    /// Solves the reads of the array in its present states.
    fn renew(&mut self) -> Result<(), NetworkError> {
        let images = self.trainer.shown();
        let synapses = self.trainer.layer_mut().synapses_mut();
        let writes = synapses.take_tally()?;
        let map = self.crossbar.map(synapses)?;
        let read_ratio = self.crossbar.apply(&map, synapses)?;
        if self.losses.last().is_none_or(|loss| loss.images != images) {
            self.losses.push(ArrayLoss { images, read_ratio, writes });
        }
        Ok(())
    }

    /// The network without its array: reads as they are, events at full voltage.
    #[must_use]
    pub fn into_trainer(mut self) -> Trainer<AnalogSynapses> {
        self.trainer.layer_mut().synapses_mut().take_off();
        self.trainer
    }

    /// What the network stands on.
    #[must_use]
    pub fn hardware(&self) -> &Arc<Hardware> {
        &self.crossbar.hardware
    }

    /// Tiles with the devices in their present states.
    ///
    /// # Errors
    /// As [`Crossbar::map`].
    pub fn map(&self) -> Result<TiledMap, NetworkError> {
        self.crossbar.map(self.trainer.layer().synapses())
    }

    /// What reads lost and writes did, renewal after renewal.
    #[must_use]
    pub fn losses(&self) -> &[ArrayLoss] {
        &self.losses
    }

    /// What all write events did, up to the last renewal.
    #[must_use]
    pub fn writes(&self) -> WriteTally {
        let mut all = WriteTally::default();
        self.losses.iter().for_each(|loss| all.merge(&loss.writes));
        all
    }
}

/// Probabilities and gain of every stage for the devices of `hardware`.
///
/// Where all devices switch alike and see what their drivers give, they share the law of the recipe; else each has its own.
#[must_use]
pub(crate) fn plasticity(recipe: &Recipe, synapses: &AnalogSynapses, hardware: &Hardware) -> Vec<Plasticity> {
    if hardware.switch_alike() && !synapses.is_on_array() {
        return recipe.plasticity();
    }
    own_plasticity(recipe, synapses, hardware)
}

fn own_plasticity(recipe: &Recipe, synapses: &AnalogSynapses, hardware: &Hardware) -> Vec<Plasticity> {
    let mut stage = 0;
    recipe.staged(|potentiation, depression, gain| {
        let pulses = match hardware.pulses() {
            Some(pulses) => pulses.at(stage).map(|volts| OwnPulse::LogVolts(libm::log(volts.abs()) as f32)),
            None => [depression, potentiation].map(|p| OwnPulse::Nominal(gumbel(p))),
        };
        stage += 1;
        synapses.plasticity(pulses, [depression, potentiation], gain)
    })
}

/// Gumbel variable of a probability.
fn gumbel(p: f64) -> f32 {
    spinhebb_device::switching::table::gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON)) as f32
}
