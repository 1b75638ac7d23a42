//! A door between rooms: what tables on a lattice say of the devices of a population, against the back end for the
//! macrospin of each device.

use rayon::prelude::*;
use spinhebb_data::config::Document;
use spinhebb_device::dynamics::pulse::Pulse;
use spinhebb_device::junction::state::State;
use spinhebb_device::junction::{Junction, preset};
use spinhebb_device::population::{
    DeviceFactors, DeviceTables, Place, Population, PopulationConfig, RoundingTest,
};
use spinhebb_device::switching::fokker_planck::Resolution;
use spinhebb_device::switching::probability::{ByFokkerPlanck, SwitchingProbability};
use spinhebb_device::switching::table::LookupFlag;
use spinhebb_device::switching::table_config::{TableConfig, TableRequest};

const WIDTH_S: f64 = 2e-9;

fn table_config() -> TableConfig {
    let document = Document::from_text("table.toml", include_str!("table.toml"));
    document.unwrap().parse().unwrap()
}

fn population(text: &str) -> Population {
    let config: PopulationConfig = Document::from_text("population.toml", text).unwrap().parse().unwrap();
    Population::new(&config, 5).unwrap()
}

fn nominal(half_voltage: Option<&str>) -> Junction {
    let mut device = preset::load("perpendicular-40nm").unwrap().device;
    device.transport.tmr_half_voltage = half_voltage.map(|v| v.parse().unwrap());
    Junction::new(&device).unwrap()
}

/// Every spread alone, and some together: tables miss a device by no more than is stated, which is little.
#[test]
fn tables_give_each_device_its_own_probability() {
    for (text, half, rms) in [
        ("resistance_area = { relative = 0.05 }", None, 4e-4),
        // The bias of a node is that of its own voltage, not of the device's.
        ("critical_voltage = { relative = 0.05 }", Some("0.5 V"), 6e-3),
        ("barrier = { relative = 0.06 }", None, 4e-4),
        ("tmr = { relative = 0.05 }", None, 2e-3),
        ("stray_field = { deviation = \"4 mT\" }", None, 8e-4),
        ("hazard = { relative = 0.5, distribution = \"log-normal\" }", None, 4e-4),
    ] {
        let (junction, population, config) = (nominal(half), population(text), table_config());
        let request = TableRequest::new(&junction, &[WIDTH_S], 1);
        let tables = config.device_tables(&request, &population, |request| config.table(request)).unwrap();
        let volts = [-0.45, -0.4, -0.3, 0.3, 0.4, 0.45];
        let back_end = ByFokkerPlanck(Resolution::TABLE);
        let test = RoundingTest { back_end: &back_end, volts: &volts, width_s: WIDTH_S, devices: 300 };
        let stated = tables.rounding(&population, &test).unwrap();
        println!("{text} {half:?}: rms {:.2e} largest {:.2e}", stated.rms, stated.largest);
        assert!(stated.rms < rms, "{text}: {stated:?}");
        // Other devices, one by one.
        let nominal = junction.macrospin("a test").unwrap();
        let misses: Vec<f64> = (0..300)
            .into_par_iter()
            .map(|k| {
                let device = population.draw(k, 0, Place::default());
                let volts = volts[k % volts.len()];
                let start = if volts > 0.0 { State::AntiParallel } else { State::Parallel };
                let own = Junction::Single(Box::new(device.macrospin(nominal).unwrap()));
                let exact = back_end.probability(&own, &Pulse::rectangular(volts, WIDTH_S), start).unwrap().p;
                let found = tables.probability(&device, volts, WIDTH_S, start).unwrap();
                found.p - device.with_hazard(exact)
            })
            .collect();
        let found = (misses.iter().map(|miss| miss * miss).sum::<f64>() / 300.0).sqrt();
        assert!(found < 1.3 * stated.rms, "{text}: {found:e} {stated:?}");
        assert!(misses.iter().all(|miss| miss.abs() <= stated.largest), "{text}");
    }
}

/// The Gumbel variable of a wanted probability lies between neighbours in the default grid.
#[test]
fn the_default_grid_resolves_the_wanted_probability() {
    let config = table_config();
    for width_s in [0.5e-9, 2e-9, 1e-8, 1e-7] {
        let junction = nominal(None);
        let table = config.table(&TableRequest::new(&junction, &[width_s], 1)).unwrap();
        for start in State::BOTH {
            let cells = table.cells(start, 0);
            let rise = cells.windows(2).map(|pair| pair[1].p - pair[0].p).fold(0.0, f64::max);
            assert!(
                rise <= 0.1,
                "{width_s:e} s, {start}: the probability rises by {rise} between two voltages"
            );
            let volts = table.voltage_for(0.35, width_s, start).unwrap().volts;
            let pulse = Pulse::rectangular(volts, width_s);
            let exact = ByFokkerPlanck(Resolution::TABLE).probability(&junction, &pulse, start).unwrap().p;
            assert!((exact - 0.35).abs() < 1e-3, "{width_s:e} s, {start}: {exact}");
        }
    }
}

/// Ten million draws have the mean and the deviation that is written.
#[test]
fn spreads_of_hazards_keep_their_moments() {
    for relative in [0.5, 1.0] {
        let text = format!("hazard = {{ relative = {relative}, distribution = \"log-normal\" }}");
        let population = population(&text);
        let sums = (0..10_000_u64)
            .into_par_iter()
            .map(|row| {
                (0..1000).fold((0.0, 0.0), |(sum, square), col| {
                    let hazard = population.draw(row as usize, col, Place::default()).hazard;
                    (sum + hazard, square + hazard * hazard)
                })
            })
            .collect::<Vec<_>>();
        let n = 1e7;
        let mean = sums.iter().map(|s| s.0).sum::<f64>() / n;
        let deviation = (sums.iter().map(|s| s.1).sum::<f64>() / n - mean * mean).sqrt();
        assert!((mean - 1.0).abs() < 0.01, "{relative}: mean {mean}");
        assert!((deviation / relative - 1.0).abs() < 0.01, "{relative}: deviation {deviation}");
    }
}

/// Tables written to an archive and read again are the same in every bit; a damaged set of them is refused.
#[test]
fn tables_come_back_from_their_datasets() {
    let (junction, population, config) =
        (nominal(None), population("barrier = { relative = 0.02 }"), table_config());
    let request = TableRequest::new(&junction, &[WIDTH_S], 1);
    let tables = config.device_tables(&request, &population, |request| config.table(request)).unwrap();
    let mut datasets = tables.to_datasets().unwrap();
    assert_eq!(datasets.len(), tables.nodes().count());
    let read = DeviceTables::from_datasets(&junction, &datasets).unwrap().unwrap();
    assert_eq!((read.nodes(), read.lattice()), (tables.nodes(), tables.lattice()));
    for k in 0..200 {
        let device = population.draw(k, 0, Place::default());
        let of =
            |tables: &DeviceTables| tables.probability(&device, 0.4, WIDTH_S, State::AntiParallel).unwrap();
        assert_eq!(of(&read), of(&tables));
    }
    assert!(DeviceTables::from_datasets(&junction, &[]).unwrap().is_none());
    let mut twice = datasets.clone();
    twice.push(datasets[0].clone());
    assert!(DeviceTables::from_datasets(&junction, &twice).unwrap_err().to_string().contains("two tables"));
    let removed = datasets.remove(1);
    let message = DeviceTables::from_datasets(&junction, &datasets).unwrap_err().to_string();
    assert!(message.contains("no table of node") || datasets.len() == 1, "{message}");
    let mut bare = removed;
    bare.attributes.remove("barrier_step");
    let message = DeviceTables::from_datasets(&junction, &[bare]).unwrap_err().to_string();
    assert!(message.contains("barrier_step"), "{message}");
}

/// Devices beyond the tables are taken at the edge and flagged; the nominal device beyond its voltages is refused.
#[test]
fn what_lies_beyond_the_tables_is_flagged() {
    let (junction, population, config) =
        (nominal(None), population("barrier = { relative = 0.02 }"), table_config());
    let request = TableRequest::new(&junction, &[WIDTH_S], 1);
    let tables = config.device_tables(&request, &population, |request| config.table(request)).unwrap();
    let of = |barrier: f64, volts: f64| {
        let device = DeviceFactors { barrier, ..DeviceFactors::NOMINAL };
        tables.probability(&device, volts, WIDTH_S, State::AntiParallel)
    };
    assert_eq!(of(1.03, 0.4).unwrap().flag, LookupFlag::Interpolated);
    assert_eq!(of(1.5, 0.4).unwrap().flag, LookupFlag::Extrapolated);
    assert_eq!(of(1.0, 0.01).unwrap().flag, LookupFlag::Extrapolated);
    assert_eq!(of(1.0, -0.4).unwrap().p, 0.0);
    assert!(of(1.0, 3.0).is_err());
    let strong = DeviceFactors { critical_voltage: 0.5, ..DeviceFactors::NOMINAL };
    let found = tables.probability(&strong, 0.9, WIDTH_S, State::AntiParallel).unwrap();
    assert_eq!(found.flag, LookupFlag::Extrapolated);
}
