//! Training on an array: reads with the effective conductances of solved tiles, writes with the voltages that cells see.
//!
//! Effective conductances and write voltages are solved anew after every so many images, as the devices' states change
//! both; counted from the first image, so that results depend neither on checkpoints nor on looks on the way.

use std::sync::Arc;

use crate::encoding::Images;
use crate::error::NetworkError;
use crate::synapses::{AnalogSynapses, Drive, OwnPulse, Plasticity};
use crate::training::crossbar::Crossbar;
use crate::training::hardware::Hardware;
use crate::training::recipe::Recipe;
use crate::training::trainer::Trainer;
use serde::{Deserialize, Serialize};
use spinhebb_circuit::operate::tile::TiledMap;

/// Share of an event's devices below which disturb is left out: not one in the longest training.
const NO_DISTURB: f32 = 1e-20;

/// What the array does to its devices at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArrayLoss {
    /// Images shown before.
    pub images: u64,
    /// Mean ratio of effective to own conductance in a read.
    pub read_ratio: f64,
    /// Smallest and largest fraction of the drivers' voltage that cells see in a write.
    pub write_fraction: (f64, f64),
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

    /// Solves the array in its present states.
    fn renew(&mut self) -> Result<(), NetworkError> {
        let (images, seed) = (self.trainer.shown(), self.trainer.seeds().devices);
        let hardware = Arc::clone(&self.crossbar.hardware);
        let stage = self.trainer.stage_of(images.min(self.trainer.total().saturating_sub(1)));
        let synapses = self.trainer.layer_mut().synapses_mut();
        let map = self.crossbar.map(synapses)?;
        let read_ratio = self.crossbar.apply(&map, synapses)?;
        let Some(pulses) = hardware.pulses() else { return hardware.check_only_read() };
        let writes = self.crossbar.solve_writes(synapses, pulses.at(stage), pulses.tables.width_s(), seed)?;
        let write_fraction = writes.drive.range();
        synapses.set_drive(writes.drive);
        self.trainer.set_plasticity(plasticity(
            self.trainer.recipe(),
            self.trainer.layer().synapses(),
            &hardware,
        ));
        if self.losses.last().is_none_or(|loss| loss.images != images) {
            self.losses.push(ArrayLoss { images, read_ratio, write_fraction });
        }
        Ok(())
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

    /// What reads and writes lose at every renewal.
    #[must_use]
    pub fn losses(&self) -> &[ArrayLoss] {
        &self.losses
    }

    /// Voltages that cells see in a write, as last solved.
    #[must_use]
    pub fn drive(&self) -> Option<&Drive> {
        self.trainer.layer().synapses().drive()
    }
}

/// Probabilities and gain of every stage for the devices of `hardware`.
///
/// Where all devices switch alike and see what their drivers give, they share the law of the recipe; else each has its own.
#[must_use]
pub(crate) fn plasticity(recipe: &Recipe, synapses: &AnalogSynapses, hardware: &Hardware) -> Vec<Plasticity> {
    let own = own_plasticity(recipe, synapses, hardware);
    let ideal = synapses.drive().is_none_or(Drive::is_ideal);
    if hardware.switch_alike() && ideal && own.iter().all(|plasticity| plasticity.disturb() < NO_DISTURB) {
        return recipe.plasticity();
    }
    own
}

fn own_plasticity(recipe: &Recipe, synapses: &AnalogSynapses, hardware: &Hardware) -> Vec<Plasticity> {
    let mut stage = 0;
    recipe.staged(|potentiation, depression, gain| {
        let pulses = match hardware.pulses() {
            Some(pulses) => pulses.at(stage).map(|volts| OwnPulse::LogVolts(libm::log(volts.abs()) as f32)),
            None => [depression, potentiation].map(|p| OwnPulse::Nominal(gumbel(p))),
        };
        stage += 1;
        synapses.plasticity(pulses, gain)
    })
}

/// Gumbel variable of a probability.
fn gumbel(p: f64) -> f32 {
    spinhebb_device::switching::table::gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON)) as f32
}
