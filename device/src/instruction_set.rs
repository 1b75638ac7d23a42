//! Choice of the processor's vector instructions at run time.
//!
//! The kernels are plain loops over lanes compiled once per instruction set. Every lane's
//! operations are the same IEEE operations in the same order (no fused multiply-add, no
//! reassociation), so that all choices give the same bits.

/// A set of vector instructions a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// What every processor of the target has.
    Portable,
    /// AVX2 (x86-64).
    Avx2,
    /// AVX-512 F, DQ, VL and BW (x86-64).
    Avx512,
}

impl InstructionSet {
    /// All sets this processor can run, widest last. NEON is part of every 64-bit Arm and there
    /// is the portable set.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut sets = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                sets.push(Self::Avx2);
            }
            if std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512vl")
                && std::arch::is_x86_feature_detected!("avx512bw")
            {
                sets.push(Self::Avx512);
            }
        }
        sets
    }

    /// The widest set this processor can run.
    #[must_use]
    pub fn widest() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// This set if the processor can run it, else the widest it can.
    #[must_use]
    pub(crate) fn or_available(self) -> Self {
        if Self::available().contains(&self) { self } else { Self::widest() }
    }

    /// Name for logs: `portable`, `AVX2`, `AVX-512`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        }
    }
}
