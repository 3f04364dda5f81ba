//! Newtypes for what would otherwise be bare integers.

use std::fmt;

macro_rules! index {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in a slice.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

index! {
    /// A map of an object: index into [`crate::ObjectSpec::maps`] and [`crate::Resolved::maps`].
    MapIdx
}
index! {
    /// A program of an object: index into [`crate::ObjectSpec::programs`] and [`crate::Resolved::programs`].
    ProgIdx
}
