//! `kernel/bpf/helpers.c`: clocks, as of the sample. Time stands still while a program runs.

use skep_machine::Kernel;
use skep_macros::calls;

/// Clocks.
pub(crate) struct Time;

#[calls(avail { BASE })]
impl Time {
    /// Reads `CLOCK_MONOTONIC` in nanoseconds; suspended time does not count.
    #[helper(5, since = "4.1", avail { BASE, LIRC })]
    fn bpf_ktime_get_ns(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.now()
    }

    /// Reads the low-level tick counter (`jiffies_64`), which starts five minutes before 32 bits overflow.
    #[helper(118, since = "5.6")]
    fn bpf_jiffies64(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.machine.clock().jiffies64(k.run.now())
    }

    /// Reads `CLOCK_BOOTTIME` in nanoseconds; suspended time counts.
    #[helper(125, since = "5.8", avail { BASE, LIRC })]
    fn bpf_ktime_get_boot_ns(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.machine.clock().boot(k.run.now())
    }

    /// Reads `CLOCK_MONOTONIC` as of the last tick, in nanoseconds.
    ///
    /// Programs that observe the kernel had it from 5.11 to 5.15 only: in an NMI it could deadlock.
    #[helper(160, since = "5.11", avail { COARSE_CLOCK, BASE: "5.11".."5.16" })]
    fn bpf_ktime_get_coarse_ns(k: &mut Kernel<'_, '_>) -> u64 {
        let tick = 1_000_000_000 / u64::from(k.run.machine.clock().hz.max(1));
        k.run.now() / tick.max(1) * tick.max(1)
    }

    /// Reads `CLOCK_TAI` in nanoseconds: wall-clock time without leap seconds.
    #[helper(208, since = "6.1")]
    fn bpf_ktime_get_tai_ns(k: &mut Kernel<'_, '_>) -> u64 {
        k.run.machine.clock().tai(k.run.now())
    }
}
