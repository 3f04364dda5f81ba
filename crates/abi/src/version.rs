//! Kernel releases.

use core::fmt;

/// A mainline kernel release, `major.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelVersion {
    /// `6` of `6.12`.
    pub major: u8,
    /// `12` of `6.12`.
    pub minor: u8,
}

impl KernelVersion {
    /// Names a release.
    #[inline]
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// Parses `"6.3"` in a const context; a malformed literal fails the build.
    ///
    /// # Panics
    /// When the text is not `major.minor` with both below 256.
    #[must_use]
    pub const fn literal(text: &str) -> Self {
        match Self::scan(text.as_bytes()) {
            Some((version, used)) if used == text.len() => version,
            _ => panic!("a kernel version is major.minor"),
        }
    }

    /// Reads the release at the head of a `uname -r` text such as `6.1.0-37-amd64`.
    ///
    /// Returns `None` when the text does not start with `major.minor`.
    #[must_use]
    pub fn from_release(release: &str) -> Option<Self> {
        Self::scan(release.as_bytes()).map(|(version, _)| version)
    }

    const fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let (major, after) = match digits(text, 0) {
            Some(found) => found,
            None => return None,
        };
        if after >= text.len() || text[after] != b'.' {
            return None;
        }
        match digits(text, after + 1) {
            Some((minor, end)) => Some((Self { major, minor }, end)),
            None => None,
        }
    }
}

const fn digits(text: &[u8], start: usize) -> Option<(u8, usize)> {
    let (mut at, mut value) = (start, 0u32);
    while at < text.len() && text[at].is_ascii_digit() {
        value = value * 10 + (text[at] - b'0') as u32;
        if value > 255 {
            return None;
        }
        at += 1;
    }
    if at == start { None } else { Some((value as u8, at)) }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::KernelVersion;

    #[test]
    fn releases_order_by_number_not_by_text() {
        assert!(KernelVersion::literal("6.9") < KernelVersion::literal("6.12"));
        assert!(KernelVersion::literal("6.19") < KernelVersion::literal("7.0"));
    }

    #[test]
    fn distribution_suffixes_are_ignored() {
        assert_eq!(KernelVersion::from_release("6.1.0-37-amd64"), Some(KernelVersion::new(6, 1)));
        assert_eq!(KernelVersion::from_release("linux"), None);
        assert_eq!(KernelVersion::from_release("6."), None);
        assert_eq!(KernelVersion::from_release("600.1"), None);
    }
}
