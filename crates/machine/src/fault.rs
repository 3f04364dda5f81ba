//! What a program did that it must not: the end of its run, with the reason in words.

use std::fmt;

use skep_abi::Addr;

/// What was done to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An atomic read-modify-write.
    Atomic,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Atomic => "atomic operation",
        })
    }
}

/// What lies at an address that may not be accessed so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The null pointer or the page after it.
    Null,
    /// An address of user space.
    User,
    /// Nothing of the machine is near.
    Nothing,
    /// Between objects: so many bytes past the end of the object before, or before the start of the next.
    Between {
        /// The nearest object, such as `value 3 of map counts`.
        object: String,
        /// Size of that object in bytes.
        size: u64,
        /// Offset of the access from its start; negative before it.
        offset: i64,
    },
    /// Starts in an object and runs past its end.
    Overrun {
        /// The object.
        object: String,
        /// Size of that object in bytes.
        size: u64,
        /// Offset of the access from its start.
        offset: u64,
    },
    /// What was there is gone.
    Dead {
        /// What it was.
        object: String,
    },
    /// Programs may not do this to it.
    Denied {
        /// The object.
        object: String,
    },
    /// A field with a meaning of its own is in the way.
    Field {
        /// The object.
        object: String,
        /// What the field is, such as `kptr`.
        kind: &'static str,
        /// Where it is in the object.
        offset: u64,
    },
    /// Code, which no program can access as data.
    Code {
        /// Whose code.
        object: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("this is a null pointer"),
            Self::User => f.write_str("this is an address of user space"),
            Self::Nothing => f.write_str("nothing is there"),
            Self::Between { object, size, offset } if *offset < 0 => {
                write!(f, "this is {} bytes before {object} ({size} bytes)", offset.unsigned_abs())
            }
            Self::Between { object, size, offset } => {
                let past = offset.unsigned_abs().saturating_sub(*size);
                write!(f, "this is {past} bytes past the end of {object} ({size} bytes)")
            }
            Self::Overrun { object, size, offset } => {
                write!(
                    f,
                    "this runs past the end of {object} ({size} bytes) from its byte {offset}"
                )
            }
            Self::Dead { object } => write!(f, "{object} is no longer alive"),
            Self::Denied { object } => write!(f, "{object} does not allow it"),
            Self::Field { object, kind, offset } => {
                write!(f, "the {kind} at offset {offset} of {object} does not allow it")
            }
            Self::Code { object } => write!(f, "this is the code of {object}"),
        }
    }
}

/// A trap at run time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Memory that may not be accessed.
    #[error("{access} of {size} bytes at {addr}: {place}")]
    Access {
        /// What was tried.
        access: Access,
        /// Where.
        addr: Addr,
        /// How many bytes.
        size: u64,
        /// Why not.
        place: Place,
    },
    /// An atomic access that is not aligned to its size.
    #[error("atomic operation on {size} bytes at {addr}, which is not a multiple of {size}")]
    Misaligned {
        /// Where.
        addr: Addr,
        /// How many bytes.
        size: u64,
    },
    /// A pointer argument that does not point to what a call takes.
    #[error("{addr} is no {what}: it is {found}")]
    WrongObject {
        /// The argument.
        addr: Addr,
        /// What the call wanted, such as `map`.
        what: &'static str,
        /// What is there.
        found: String,
    },
    /// A call that was made against its rules.
    #[error("{call}: {why}")]
    Call {
        /// The call's full kernel name.
        call: &'static str,
        /// What was wrong.
        why: String,
    },
}
