//! Pulses and switching events of a training: what the devices endure, and how long an image takes.

use spinhebb_data::labelled::{Dataset, Variable};
use spinhebb_network::synapses::LayerState;
use spinhebb_network::training::network::Network;

use crate::error::ExperimentError;
use crate::experiment::Outcome;
use crate::present::Page;

/// What all networks of a training have counted together.
struct Counts {
    images: u64,
    silent: u64,
    cycles_per_image: f64,
    driven_per_image: f64,
    potentiation: u64,
    depression: u64,
    pulses_mean: f64,
    pulses_most: u32,
    switched: u64,
    switched_most: u16,
    devices: f64,
}

impl Counts {
    fn of(members: &[Network]) -> Self {
        let states = || members.iter().map(Network::state);
        let sum = |of: &dyn Fn(&LayerState) -> u64| states().map(of).sum::<u64>();
        let images = members.first().map_or(0, Network::shown);
        let per_image = images.max(1) as f64;
        let firings = || states().flat_map(|state| state.firings.iter().copied());
        let pulses_mean = firings().map(u64::from).sum::<u64>() as f64 / firings().count() as f64;
        let devices = |m: &Network| m.state().switched_per_synapse.len() as f64 * f64::from(m.copies());
        Self {
            images,
            silent: sum(&|state| state.silent),
            cycles_per_image: sum(&|state| state.cycles) as f64 / per_image / members.len() as f64,
            driven_per_image: sum(&|state| state.driven) as f64 / per_image,
            potentiation: sum(&|state| state.potentiation_pulses),
            depression: sum(&|state| state.depression_pulses),
            pulses_mean,
            pulses_most: firings().max().unwrap_or(0),
            switched: sum(&|state| state.switched.iter().sum()),
            switched_most: states().flat_map(|s| &s.switched_per_synapse).copied().max().unwrap_or(0),
            devices: members.iter().map(devices).sum(),
        }
    }

    fn pulses(&self) -> u64 {
        self.potentiation + self.depression
    }

    fn switched_mean(&self) -> f64 {
        self.switched as f64 / self.devices
    }

    fn add_to(&self, outcome: &mut Outcome) {
        let mut add = |key: &str, value: f64, meaning: &str| {
            outcome.scalar(format!("accounting/{key}"), value, "1", meaning);
        };
        add("images", self.images as f64, "images shown in training");
        add("silent_images", self.silent as f64, "images on which no neuron fired");
        add("clock_cycles_per_image", self.cycles_per_image, "clock cycles until the first firing");
        add("driven_lines_per_image", self.driven_per_image, "input lines driven");
        add("potentiation_pulses", self.potentiation as f64, "pulses of V > 0, one per device");
        add("depression_pulses", self.depression as f64, "pulses of V < 0, one per device");
        add("pulses_per_device_mean", self.pulses_mean, "pulses that a device gets");
        add("pulses_per_device_most", f64::from(self.pulses_most), "pulses that the busiest device gets");
        add(
            "switching_events",
            self.switched as f64,
            "devices switched in rows that were written; those of other rows are `disturbed_devices`",
        );
        add("switching_events_per_device_mean", self.switched_mean(), "times that a device switches");
        let per_pulse = self.switched as f64 / self.pulses().max(1) as f64;
        add("switching_events_per_pulse", per_pulse, "devices switched over pulses");
        let most = f64::from(self.switched_most);
        add("switching_events_per_synapse_most", most, "events of the synapse that switched most often");
    }
}

/// Adds pulses and switching events of all networks of a training, and how many synapses have switched how often.
///
/// # Errors
/// Never: the arrays fit.
pub(super) fn add_accounting(outcome: &mut Outcome, members: &[Network]) -> Result<(), ExperimentError> {
    let counts = Counts::of(members);
    counts.add_to(outcome);
    let mut synapses = vec![0u64; usize::from(counts.switched_most) + 1];
    for &events in members.iter().flat_map(|member| &member.state().switched_per_synapse) {
        synapses[usize::from(events)] += 1;
    }
    let events: Vec<u64> = (0..=u64::from(counts.switched_most)).collect();
    outcome.add(
        Dataset::new("network/accounting")
            .attribute("images", counts.images)
            .attribute("devices", counts.devices)
            .attribute("potentiation_pulses", counts.potentiation)
            .attribute("depression_pulses", counts.depression)
            .attribute("clock_cycles_per_image", counts.cycles_per_image)
            .with(Variable::coordinate(
                "events",
                "1",
                "switching events of a synapse over the training",
                events,
            ))?
            .with(Variable::along("synapses", "events", "1", "synapses with so many events", synapses))?,
    );
    Ok(())
}

/// Adds the section on pulses and switching.
///
/// # Errors
/// The outcome holds no accounting.
pub(super) fn present_accounting(outcome: &Outcome, page: &mut Page) -> Result<(), ExperimentError> {
    let number = |key: &str| outcome.number(&format!("accounting/{key}"));
    page.section("Pulses and switching");
    page.table(
        &["", "mean", "most"],
        &[
            vec![
                "pulses per device".into(),
                format!("{:.1}", number("pulses_per_device_mean")?),
                format!("{}", number("pulses_per_device_most")?),
            ],
            vec![
                "switching events".into(),
                format!("{:.2} per device", number("switching_events_per_device_mean")?),
                format!("{} per synapse", number("switching_events_per_synapse_most")?),
            ],
            vec![
                "clock cycles to the first firing".into(),
                format!("{:.2}", number("clock_cycles_per_image")?),
                String::new(),
            ],
        ],
    );
    Ok(())
}
