//! Clocks as of the sample: `kernel/time/timekeeping.c`, `kernel/time/jiffies.c`.
//!
//! Programs run after the overflow that they handle, so time stands still during a run: it is the
//! sample's `CLOCK_MONOTONIC`.

/// How the machine's clocks relate to `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Nanoseconds that the machine was suspended: `CLOCK_BOOTTIME` minus `CLOCK_MONOTONIC`.
    pub boot_offset: i64,
    /// `CLOCK_TAI` minus `CLOCK_MONOTONIC`, in nanoseconds.
    pub tai_offset: i64,
    /// Ticks in a second (`CONFIG_HZ`).
    pub hz: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self { boot_offset: 0, tai_offset: 0, hz: 250 }
    }
}

impl Clock {
    /// `CLOCK_BOOTTIME` at a monotonic time, in nanoseconds.
    #[must_use]
    pub const fn boot(&self, monotonic: u64) -> u64 {
        monotonic.wrapping_add_signed(self.boot_offset)
    }

    /// `CLOCK_TAI` at a monotonic time, in nanoseconds.
    #[must_use]
    pub const fn tai(&self, monotonic: u64) -> u64 {
        monotonic.wrapping_add_signed(self.tai_offset)
    }

    /// `jiffies_64` at a monotonic time: ticks since boot, counted from five minutes before the low 32
    /// bits wrap (`INITIAL_JIFFIES`).
    #[must_use]
    pub const fn jiffies64(&self, monotonic: u64) -> u64 {
        let initial = (300 * self.hz).wrapping_neg() as u64;
        let ticks = monotonic as u128 * self.hz as u128 / 1_000_000_000;
        initial + ticks as u64
    }
}
