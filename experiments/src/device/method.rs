//! Whether the method of a table serves the device.

use spinhebb_data::config::Faults;
use spinhebb_device::junction::Junction;
use spinhebb_device::junction::mtj::MtjConfig;
use spinhebb_device::switching::estimate::BackEnd;
use spinhebb_device::switching::table_config::TableConfig;

/// A fault of `table.method` where it cannot serve `device`; what the device lacks, others say.
pub(crate) fn check_method(table: &TableConfig, device: &MtjConfig, faults: &mut Faults) {
    check_relaxation(device, faults);
    let Ok(junction) = Junction::new(device) else { return };
    let serves = match (table.method, &junction) {
        (BackEnd::Auto | BackEnd::Ensemble, _) => Ok(()),
        (_, Junction::Coupled(_)) => {
            Err("this device has two coupled layers, which trajectories alone follow")
        }
        (BackEnd::FokkerPlanck, Junction::Single(mtj)) => {
            if !(mtj.is_axially_symmetric(0.0) && mtj.is_axially_symmetric(1.0)) {
                Err("field, anisotropy and torques of this device are not symmetric about the fixed layer")
            } else if mtj.joule_heating.is_some() {
                Err("the temperature of this device follows the pulse")
            } else {
                Ok(())
            }
        }
        (BackEnd::Sphere | BackEnd::Splitting, Junction::Single(_)) => Ok(()),
    };
    if let Err(reason) = serves {
        let expected = format!("\"auto\", \"ensemble\" or another method that holds here: {reason}");
        faults.require(false, "table.method", table.method.name(), expected);
    }
}

/// Adds a fault where the device never comes to rest: without damping a state has no end after a pulse, and no rate.
pub(super) fn check_relaxation(device: &MtjConfig, faults: &mut Faults) {
    let damping = device.material.damping;
    faults.require(
        damping != 0.0,
        "device.material.damping",
        damping,
        "above 0: the states are told after relaxation",
    );
}
