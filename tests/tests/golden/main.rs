//! Archived results: small runs of every command, compared number by number with what they gave before.
//!
//! `tests/golden/cases.toml` lists the runs, `tests/golden/<case>.txt` holds what each gave. Environment:
//!
//! | variable | meaning |
//! |---|---|
//! | `SPINHEBB_GOLDEN=write` | writes the archived results anew |
//! | `SPINHEBB_GOLDEN_PROGRAM` | path of the program to run, instead of the one just built |
//! | `SPINHEBB_GOLDEN_RUNS` | existing folder in which the run directories are kept, named by their cases |
//!
//! The numbers are those of one kind of machine: elsewhere the last digits of a mathematical library may differ.

mod case;
mod comparison;
mod digits;
mod rendering;

/// One test for each case, and one that none of `cases.toml` is forgotten.
macro_rules! golden {
    ($($test:ident $case:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                comparison::check($case);
            }
        )+

        #[test]
        fn every_case_has_a_test() {
            assert_eq!(case::names(), [$($case),+]);
        }
    };
}

golden! {
    device_trajectory "device-trajectory",
    device_trajectory_coupled "device-trajectory-coupled",
    device_trajectory_train "device-trajectory-train",
    device_trajectory_alone "device-trajectory-alone",
    device_table_ensemble "device-table-ensemble",
    device_table_fokker_planck "device-table-fokker-planck",
    device_table_coupled "device-table-coupled",
    device_table_sphere "device-table-sphere",
    device_table_auto "device-table-auto",
    device_wer "device-wer",
    device_wer_splitting "device-wer-splitting",
    device_retention "device-retention",
    device_retention_splitting "device-retention-splitting",
    device_disturb "device-disturb",
    device_disturb_splitting "device-disturb-splitting",
    calibrate "calibrate",
    calibrate_population "calibrate-population",
    calibrate_fokker_planck "calibrate-fokker-planck",
    calibrate_ensemble "calibrate-ensemble",
    calibrate_shape "calibrate-shape",
    circuit_solve "circuit-solve",
    circuit_solve_pairs "circuit-solve-pairs",
    circuit_write "circuit-write",
    circuit_write_population "circuit-write-population",
    circuit_write_calibrated "circuit-write-calibrated",
    circuit_map "circuit-map",
    circuit_spice "circuit-spice",
    network_train_paper "network-train-paper",
    network_train_best "network-train-best",
    network_train_shipped "network-train-shipped",
    network_train_best_options "network-train-best-options",
    network_train_costs "network-train-costs",
    network_train_pulses "network-train-pulses",
    network_evaluate "network-evaluate",
    network_evaluate_fields "network-evaluate-fields",
    network_grid "network-grid",
    network_train_array "network-train-array",
    network_drives "network-drives",
    network_ablation "network-ablation",
    network_sensitivity "network-sensitivity",
    reproduce "reproduce",
}
