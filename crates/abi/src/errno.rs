//! Error numbers as the kernel returns them.

use core::fmt;

/// A positive Linux error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errno(pub u16);

macro_rules! errnos {
    ($($name:ident = $number:literal),* $(,)?) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "` (", stringify!($number), ").")]
            pub const $name: Self = Self($number);)*

            /// The symbol, or `None` for a number that skep never uses.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, EBADF = 9, EAGAIN = 11,
    ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, ENODEV = 19, EINVAL = 22,
    EMFILE = 24, ENOSPC = 28, ERANGE = 34, EDEADLK = 35, ENOSYS = 38, EPROTO = 71,
    EOVERFLOW = 75, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, ENOTSUPP = 524,
}

impl Errno {
    /// The value a helper leaves in R0: the negated number, sign-extended to 64 bits.
    #[must_use]
    pub const fn to_reg(self) -> u64 {
        -(self.0 as i64) as u64
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "-{name} (-{})", self.0),
            None => write!(f, "-{}", self.0),
        }
    }
}

impl core::error::Error for Errno {}
