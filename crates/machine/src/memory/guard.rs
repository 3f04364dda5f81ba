//! Bytes of an element with a meaning of their own: programs may not touch them as they like.

use crate::Access;

/// A pointer field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuardedKptr {
    /// It owns a reference: only an exchange changes it.
    Referenced,
    /// It owns nothing: whole pointers may be stored.
    Untrusted,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardedField {
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// What pointer it is, when it is one.
    pub(crate) kptr: Option<GuardedKptr>,
}

/// The fields of each element of a region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard(pub(crate) Box<[GuardedField]>);

impl Guard {
    /// The field that an access by a program may not touch so.
    pub(crate) fn refusing(&self, within: u64, size: u64, access: Access) -> Option<&GuardedField> {
        self.0.iter().find(|field| {
            let overlaps = field.offset < within + size && within < field.offset + field.size;
            overlaps && !field.allows(within, size, access)
        })
    }

    /// The pointer field that begins here.
    pub(crate) fn kptr_at(&self, within: u64) -> Option<GuardedKptr> {
        self.0.iter().find(|field| field.offset == within)?.kptr
    }
}

impl GuardedField {
    fn allows(&self, within: u64, size: u64, access: Access) -> bool {
        let is_whole = within == self.offset && size == self.size;
        match (self.kptr, access) {
            (Some(_), Access::Read) => is_whole,
            (Some(GuardedKptr::Untrusted), Access::Write) => is_whole,
            _ => false,
        }
    }
}
