//! The configuration of an experiment: the parts of the system that it reads.

/// Declares the configuration of an experiment as a list of parts, which are the tables of a system file, with the
/// master seed; checks every part under its name, then what holds across parts.
macro_rules! system_parts {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $part:ident: $type:ty,)+
        }
        $(across $across:path;)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name {
            /// Master seed of all random streams.
            pub seed: u64,
            $($(#[$doc])* pub $part: $type,)+
        }

        impl spinhebb_data::config::Check for $name {
            fn check(&self, faults: &mut spinhebb_data::config::Faults) {
                $(faults.within(stringify!($part), |faults| {
                    spinhebb_data::config::Check::check(&self.$part, faults);
                });)+
                $($across(self, faults);)?
            }
        }
    };
}

pub(crate) use system_parts;
