//! Retention: how long a bit lives, and how many of an array fail.
//!
//! # Formula
//! One bit fails within t with `1 - exp(-k t)`. Of N bits of a population `N E[1 - exp(-h k t)]` fail on average, the mean
//! being taken over barrier, stray field and hazard h of the devices and over their places ([`RateLaw`]); k is the rate of
//! each device's own macrospin. Failure rate in FIT: expected failures in 1e9 device hours, `k x 3600 s x 1e9` per bit while
//! failures are few.
//!
//! Spreads of resistance-area product, TMR, area and critical voltage change nothing: they act through the current, and none
//! flows. So do correlations of the barrier with them; hazard and stray field are independent of it.
//!
//! # References
//! D. Apalkov, B. Dieny and J. M. Slaughter, Proc. IEEE 104, 1796 (2016), doi:10.1109/JPROC.2016.2590142.
//!
//! # Not modelled
//! For devices without axial symmetry: the stray field of each device, and how the prefactor of the rate changes with the
//! barrier.

mod chebyshev;
mod deviations;
mod escape_rate;
mod rate_law;
mod rate_surface;
mod stored_bits;
mod wells;

pub use escape_rate::EscapeRate;
pub use rate_law::RateLaw;
pub use stored_bits::StoredBits;
