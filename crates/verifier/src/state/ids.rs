//! Ids of an older state matched with those of a newer one (`struct bpf_idmap`).

use super::ADD_CONST;

/// Pairs of ids: equal states may differ in the numbers that name their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdMap {
    pairs: Vec<(u32, u32)>,
    /// Where fresh ids for unmatched ones come from.
    temporary: u32,
}

impl IdMap {
    /// Forgets all pairs; ids from `first_free` on are used by nobody.
    pub(crate) fn reset(&mut self, first_free: u32) {
        self.pairs.clear();
        self.temporary = first_free;
    }

    /// Tells whether `old` and `cur` may name the same value, and remembers it. 0 only matches 0.
    pub(crate) fn check(&mut self, old: u32, cur: u32) -> bool {
        if old == 0 || cur == 0 {
            return old == cur;
        }
        for &(o, c) in &self.pairs {
            if o == old {
                return c == cur;
            }
            if c == cur {
                return false;
            }
        }
        self.pairs.push((old, cur));
        true
    }

    /// As [`Self::check`], for numbers: an old one that nothing is linked to may have become anything; one that was
    /// linked matches one that is not as if that had an id of its own (`check_scalar_ids`). A number at a constant
    /// distance must match both as such and by what it is distant from.
    pub(crate) fn check_scalar(&mut self, old: u32, cur: u32) -> bool {
        if old == 0 {
            return true;
        }
        let cur = if cur == 0 {
            self.temporary += 1;
            self.temporary
        } else {
            cur
        };
        self.check(old, cur)
            && (old & ADD_CONST == 0 || self.check(old & !ADD_CONST, cur & !ADD_CONST))
    }
}
