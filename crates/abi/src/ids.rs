//! Newtypes for what would otherwise be bare integers.

use core::fmt;

macro_rules! number {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// A logical CPU, as `smp_processor_id()` numbers it.
    Cpu
}
number! {
    /// A NUMA node.
    Node
}
number! {
    /// A thread (`pid` in the kernel, `tid` in user space) or a process (`tgid`).
    Pid
}
number! {
    /// A loaded program of one machine.
    ProgId
}
number! {
    /// A live map of one machine.
    MapId
}

/// A virtual address of the simulated machine or of a sampled process; never a host pointer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(pub u64);

impl Addr {
    /// The null pointer.
    pub const NULL: Self = Self(0);

    /// The lowest address that x86-64 gives to the kernel.
    pub const KERNEL_START: Self = Self(0xffff_8000_0000_0000);

    /// Tells whether this is the null pointer.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// Tells whether user space could map this address (below 2^47).
    #[must_use]
    pub const fn is_user(self) -> bool {
        self.0 < 1 << 47
    }

    /// Adds a byte offset, wrapping as the CPU does.
    #[must_use]
    pub const fn offset(self, bytes: i64) -> Self {
        Self(self.0.wrapping_add_signed(bytes))
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Addr({:#x})", self.0)
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
