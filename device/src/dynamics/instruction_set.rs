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

/// Work that is compiled once for every instruction set.
pub(crate) trait Kernel {
    /// Does the work. Must be `#[inline(always)]`, and so must all it calls, or it is compiled for the portable set.
    fn run(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
fn run_avx512(kernel: impl Kernel) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(kernel: impl Kernel) {
    kernel.run();
}

impl InstructionSet {
    /// Runs `kernel` as compiled for this set, or for the portable one if the processor cannot run this.
    pub(crate) fn run(self, kernel: impl Kernel) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has just reported the features.
            Self::Avx512 if self.is_available() => unsafe { run_avx512(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx2 if self.is_available() => unsafe { run_avx2(kernel) },
            _ => kernel.run(),
        }
    }

    /// Whether this processor can run the set.
    fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512bw")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// All sets this processor can run, widest last. NEON is part of every 64-bit Arm and there
    /// is the portable set.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(|set| set.is_available()).collect()
    }

    /// The widest set this processor can run.
    #[must_use]
    pub fn widest() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// This set if the processor can run it, else the widest it can.
    #[must_use]
    pub(crate) fn or_available(self) -> Self {
        if self.is_available() { self } else { Self::widest() }
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
