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
    // DEVIATION(linux): ticks begin a fraction of a second after the clock does (0.25 s where it was
    // measured), depending on the boot; here they begin with it.
    #[must_use]
    pub const fn jiffies64(&self, monotonic: u64) -> u64 {
        let initial = (300 * self.hz).wrapping_neg() as u64;
        let ticks = monotonic as u128 * self.hz as u128 / 1_000_000_000;
        initial + ticks as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn jiffies_start_five_minutes_before_their_low_half_wraps() {
        let clock = Clock { hz: 250, ..Clock::default() };
        assert_eq!(clock.jiffies64(0), 0xffff_ffff - 75_000 + 1);
        assert_eq!(clock.jiffies64(300_000_000_000), 1 << 32);
        assert_eq!(clock.jiffies64(3_999_999), clock.jiffies64(0));
        assert_eq!(clock.jiffies64(4_000_000), clock.jiffies64(0) + 1);
        let late = Clock { hz: 1000, ..clock }.jiffies64(u64::MAX);
        assert_eq!(late, 18_446_744_073_709 + (1 << 32) - 300_000);
    }

    #[test]
    fn offsets_may_be_negative() {
        let clock = Clock { boot_offset: 5, tai_offset: -10, hz: 100 };
        assert_eq!((clock.boot(100), clock.tai(100)), (105, 90));
    }
}
