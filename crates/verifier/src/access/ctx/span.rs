//! Tables of what may be accessed in a struct of the uapi: stretches of offsets, each with a rule.

/// Which accesses of a stretch are fine. All must be aligned to their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::access) enum Rule {
    /// None.
    No,
    /// Of any size.
    Any,
    /// Of exactly so many bytes.
    Whole(u32),
    /// Of at most so many bytes.
    Narrow(u32),
    /// Of at least the first number of bytes, and at most the second.
    Between(u32, u32),
    /// Of at most so many bytes, where the offset is a multiple of that.
    Start(u32),
    /// Of at most two bytes, or of four.
    NarrowOrFour,
}

impl Rule {
    const fn allows(self, off: i32, size: u32) -> bool {
        match self {
            Self::No => false,
            Self::Any => true,
            Self::Whole(bytes) => size == bytes,
            Self::Narrow(bytes) => size <= bytes,
            Self::Between(least, most) => least <= size && size <= most,
            Self::Start(bytes) => size <= bytes && (off as u32).is_multiple_of(bytes),
            Self::NarrowOrFour => size <= 2 || size == 4,
        }
    }
}

/// The fields of a struct, as far as one way of access goes.
#[derive(Debug)]
pub(in crate::access) struct Fields {
    /// Bytes of the struct: accesses must begin before.
    pub(in crate::access) size: i32,
    /// First offset, end, and rule; the first that an offset lies in counts.
    pub(in crate::access) spans: &'static [(i32, i32, Rule)],
    /// The rule elsewhere.
    pub(in crate::access) other: Rule,
}

impl Fields {
    /// Whether an access is fine.
    pub(in crate::access) fn allows(&self, off: i32, size: u32) -> bool {
        if off < 0 || off >= self.size || !(off as u32).is_multiple_of(size) {
            return false;
        }
        let span = self.spans.iter().find(|(start, end, _)| (*start..*end).contains(&off));
        span.map_or(self.other, |span| span.2).allows(off, size)
    }
}
