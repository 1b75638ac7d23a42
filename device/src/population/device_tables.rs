//! Switching probabilities of the devices of a population, from tables on a fixed lattice of devices.
//!
//! # Formula
//! A device stands between nodes of the [`Lattice`] of barriers, TMRs and stray fields, which have tables of their own. Its
//! resistance-area product and critical voltage scale the torque, hence the voltage at which each node is looked up
//! ([`equivalent_volts`]). The nodes are mixed linearly in barrier, TMR and field on the Gumbel scale, and the
//! hazard h of the device makes `1 - (1 - p)^h` of the mixture. Where voltage does more than drive a torque (voltage
//! control), the logarithm of the torque is a further axis of the lattice.
//!
//! # Not modelled
//! The rounding of the mixture is not part of the interval; [`DeviceTables::probability`] is tested against the back ends
//! for each device's own macrospin.

use std::sync::Arc;

use spinhebb_data::DataError;
use spinhebb_data::labelled::{Attribute, Dataset};

use super::draw::DeviceFactors;
use super::lattice::{AXES, Lattice, Node, Nodes, equivalent_volts, voltage_only_drives_torque};
use crate::error::DeviceError;
use crate::junction::Junction;
use crate::junction::state::State;
use crate::switching::table::{LookupFlag, Probability, SwitchingTable, from_gumbel, gumbel};

/// Name of the datasets of nodes.
const DATASET: &str = "device/node_tables";

/// Tables of the devices around a population.
#[derive(Debug, Clone)]
pub struct DeviceTables {
    nominal: Junction,
    lattice: Lattice,
    nodes: Nodes,
    scales: bool,
    /// The device and the table of each node, in the order of [`Nodes::all`].
    tables: Arc<[(Junction, SwitchingTable)]>,
}

impl DeviceTables {
    /// Tables for the devices that `nodes` hold, each made by `make`.
    ///
    /// # Errors
    /// What `make` reports; as [`Lattice::junction`].
    pub fn new<E: From<DeviceError>>(
        nominal: &Junction,
        lattice: Lattice,
        nodes: Nodes,
        mut make: impl FnMut(Node, &Junction) -> Result<SwitchingTable, E>,
    ) -> Result<Self, E> {
        let tables = nodes
            .all()
            .map(|node| {
                let junction = lattice.junction(nominal, node)?;
                let table = make(node, &junction)?;
                Ok((junction, table))
            })
            .collect::<Result<Arc<[_]>, E>>()?;
        let scales = voltage_only_drives_torque(nominal);
        Ok(Self { nominal: nominal.clone(), lattice, nodes, scales, tables })
    }

    /// One table for all devices, which differ in torque and hazard alone.
    #[must_use]
    pub fn of_nominal(nominal: &Junction, table: SwitchingTable) -> Self {
        Self {
            nominal: nominal.clone(),
            lattice: Lattice([1.0; AXES]),
            nodes: Nodes::nominal(),
            scales: true,
            tables: [(nominal.clone(), table)].into(),
        }
    }

    /// The nominal device.
    #[must_use]
    pub const fn nominal_junction(&self) -> &Junction {
        &self.nominal
    }

    /// The table of the nominal device.
    #[must_use]
    pub fn nominal_table(&self) -> &SwitchingTable {
        &self.tables[self.nodes.place(Node::NOMINAL)].1
    }

    /// The steps between nodes.
    #[must_use]
    pub const fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// The nodes.
    #[must_use]
    pub const fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Device and table of each node, in the order of [`Nodes::all`].
    #[must_use]
    pub fn tables(&self) -> &[(Junction, SwitchingTable)] {
        &self.tables
    }

    /// Where a device stands on the lattice, in steps.
    #[must_use]
    pub fn position(&self, device: &DeviceFactors) -> [f64; AXES] {
        // The torque is an axis only where it does not scale the voltage.
        self.lattice.position(device, if self.scales { 1.0 } else { self.torque(device) })
    }

    /// Torque of a device over that of the nominal one, at the same TMR.
    #[must_use]
    pub fn torque(&self, device: &DeviceFactors) -> f64 {
        equivalent_volts(&self.nominal, device, 1.0, State::Parallel)
    }

    /// Whether the nodes hold the device, so that nothing is taken for it from the edge of the lattice.
    #[must_use]
    pub fn holds(&self, device: &DeviceFactors) -> bool {
        self.nodes.corners(self.position(device)).1
    }

    /// Probability that a pulse of `volts` (`V > 0` potentiates: anti-parallel to parallel) and `width_s` switches `device`
    /// out of `start`. A device beyond the nodes has the probability of the nearest, flagged as extrapolated.
    ///
    /// # Errors
    /// As [`SwitchingTable::probability`].
    pub fn probability(
        &self,
        device: &DeviceFactors,
        volts: f64,
        width_s: f64,
        start: State,
    ) -> Result<Probability, DeviceError> {
        if volts * start.switching_polarity() <= 0.0 {
            return Ok(Probability::ZERO);
        }
        let position = self.position(device);
        let (corners, inside) = self.nodes.corners(position);
        let mixed = corners.len() > 1;
        let beyond = volts.abs() <= self.nominal_table().highest_v(start);
        let mut sums = [0.0; 3];
        let mut flag = if inside { LookupFlag::Counted } else { LookupFlag::Extrapolated };
        for (node, weight) in corners {
            let (junction, table) = &self.tables[self.nodes.place(node)];
            let volts = equivalent_volts(junction, device, volts, start);
            // The node's own torque is in its table.
            let own = if self.scales { 1.0 } else { (self.lattice.0[3] * f64::from(node.0[3])).exp() };
            let found = within(table, volts / own, width_s, start, beyond)?;
            if !mixed {
                return Ok(Probability { flag: found.flag.max(flag), ..found }.with_hazard(device));
            }
            for (sum, p) in sums.iter_mut().zip([found.p, found.lower, found.upper]) {
                *sum += weight * gumbel(p.clamp(1e-300, 1.0 - f64::EPSILON));
            }
            flag = flag.max(found.flag).max(LookupFlag::Interpolated);
        }
        let [p, lower, upper] = sums.map(from_gumbel);
        Ok(Probability { p, lower, upper, flag }.with_hazard(device))
    }

    /// The tables of all nodes as datasets, one for each.
    ///
    /// # Errors
    /// As [`SwitchingTable::to_dataset`].
    pub fn to_datasets(&self) -> Result<Vec<Dataset>, DataError> {
        self.nodes
            .all()
            .zip(self.tables.iter())
            .map(|(node, (_, table))| {
                let mut dataset = table.to_dataset()?;
                let steps: Vec<String> = node.0.iter().map(|step| format!("{step:+}")).collect();
                dataset.name = format!("{DATASET}/{}", steps.join("_"));
                for (axis, step) in [("barrier", 0), ("tmr", 1), ("field", 2), ("torque", 3)] {
                    dataset = dataset
                        .attribute(&format!("{axis}_step"), self.lattice.0[step])
                        .attribute(&format!("{axis}_node"), i64::from(node.0[step]));
                }
                Ok(dataset)
            })
            .collect()
    }

    /// The tables that [`Self::to_datasets`] wrote for a device like `nominal`, the same in every bit; `None` where there are
    /// none among `datasets`.
    ///
    /// # Errors
    /// [`DeviceError::Unreadable`] that names what is missing or wrong.
    pub fn from_datasets(nominal: &Junction, datasets: &[Dataset]) -> Result<Option<Self>, DeviceError> {
        let prefix = format!("{DATASET}/");
        let mut found = Vec::new();
        let mut lattice = None;
        for dataset in datasets.iter().filter(|dataset| dataset.name.starts_with(&prefix)) {
            let unreadable = |what: &str| DeviceError::Unreadable {
                name: dataset.name.clone(),
                message: format!("the attribute `{what}` is missing or no number"),
            };
            let (mut node, mut steps) = (Node::NOMINAL, [0.0; AXES]);
            for (place, axis) in ["barrier", "tmr", "field", "torque"].into_iter().enumerate() {
                let key = format!("{axis}_step");
                let Some(Attribute::F64(step)) = dataset.attributes.get(&key) else {
                    return Err(unreadable(&key));
                };
                steps[place] = *step;
                let key = format!("{axis}_node");
                let Some(Attribute::I64(at)) = dataset.attributes.get(&key) else {
                    return Err(unreadable(&key));
                };
                node.0[place] = i32::try_from(*at).map_err(|_| unreadable(&key))?;
            }
            if *lattice.get_or_insert(steps) != steps {
                return Err(DeviceError::Unreadable {
                    name: dataset.name.clone(),
                    message: "its steps are not those of the other tables".to_string(),
                });
            }
            found.push((node, SwitchingTable::from_dataset(dataset)?));
        }
        let Some(steps) = lattice else { return Ok(None) };
        found.sort_by_key(|(node, _)| *node);
        if let Some(pair) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let message = format!("there are two tables of node {:?}", pair[0].0.0);
            return Err(DeviceError::Unreadable { name: DATASET.to_string(), message });
        }
        let nodes = Nodes(std::array::from_fn(|axis| {
            let along = || found.iter().map(|(node, _)| node.0[axis]);
            along().min().unwrap_or(0)..=along().max().unwrap_or(0)
        }));
        let mut given = found.into_iter().peekable();
        let tables = Self::new(nominal, Lattice(steps), nodes, |node, _| {
            match given.next_if(|(at, _)| *at == node) {
                Some((_, table)) => Ok(table),
                None => Err(DeviceError::Unreadable {
                    name: DATASET.to_string(),
                    message: format!("there is no table of node {:?}", node.0),
                }),
            }
        })?;
        Ok(Some(tables))
    }
}

/// The probability in `table`; where `beyond`, a voltage beyond its end, as few devices have, is taken at the end and flagged.
fn within(
    table: &SwitchingTable,
    volts: f64,
    width_s: f64,
    start: State,
    beyond: bool,
) -> Result<Probability, DeviceError> {
    let highest = table.highest_v(start);
    if beyond && volts.abs() > highest && volts.is_finite() {
        let found = table.probability(highest * start.switching_polarity(), width_s, start)?;
        return Ok(Probability { flag: LookupFlag::Extrapolated, ..found });
    }
    table.probability(volts, width_s, start)
}

impl Probability {
    /// What a device makes of the probability of one without a hazard of its own.
    fn with_hazard(self, device: &DeviceFactors) -> Self {
        let own = |p| device.with_hazard(p);
        Self { p: own(self.p), lower: own(self.lower), upper: own(self.upper), ..self }
    }
}
