//! Byte swaps of tristate numbers. Linux tracks them since 7.0; earlier releases forget the register.

use super::Tnum;

impl Tnum {
    /// The lowest two bytes exchanged, zeros above.
    #[inline]
    #[must_use]
    pub fn bswap16(self) -> Self {
        let swap = |word: u64| u64::from((word as u16).swap_bytes());
        Self { value: swap(self.value), mask: swap(self.mask) }
    }

    /// The lowest four bytes reversed, zeros above.
    #[inline]
    #[must_use]
    pub fn bswap32(self) -> Self {
        let swap = |word: u64| u64::from((word as u32).swap_bytes());
        Self { value: swap(self.value), mask: swap(self.mask) }
    }

    /// All eight bytes reversed.
    #[inline]
    #[must_use]
    pub fn bswap64(self) -> Self {
        Self { value: self.value.swap_bytes(), mask: self.mask.swap_bytes() }
    }
}
