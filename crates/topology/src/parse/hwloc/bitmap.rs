//! hwloc's sets: chunks of 32 bits, the highest first, `0x00000003,,0xffffffff`.

use crate::MAX_CPUS;

/// A set of numbers below [`MAX_CPUS`].
#[derive(Clone, Debug, Default)]
pub(super) struct Bitmap(Vec<u32>);

impl Bitmap {
    /// `None` for what is no set, an endless one (`0xf...f`), and numbers from [`MAX_CPUS`] on.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = Vec::new();
        for (index, chunk) in text.trim().rsplit(',').enumerate() {
            let word = match chunk.strip_prefix("0x") {
                _ if chunk.is_empty() && index > 0 => 0,
                Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16).ok()?,
                _ => return None,
            };
            if word != 0 {
                if index >= MAX_CPUS as usize / 32 {
                    return None;
                }
                words.resize(index + 1, 0);
                words[index] = word;
            }
        }
        Some(Self(words))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..32)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| index as u32 * 32 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Bitmap;

    #[test]
    fn chunks_have_the_highest_first_and_may_be_empty() {
        let of = |text| Bitmap::parse(text).map(|set| set.iter().collect::<Vec<_>>());
        assert_eq!(of("0x00000005"), Some(vec![0, 2]));
        assert_eq!(of("0x00000001,,0x80000000"), Some(vec![31, 64]));
        assert_eq!(of("0x0"), Some(vec![]));
        for bad in ["", "5", "0xf...f", "0x100000000", "0x", "0x+1", "0x1,0xg"] {
            assert_eq!(of(bad), None, "{bad}");
        }
        let far = |empty| format!("0x1{},0x0", ",".repeat(empty));
        assert_eq!((of(&far(255)), of(&far(254))), (None, Some(vec![255 * 32])));
    }
}
