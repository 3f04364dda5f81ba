//! Why the analysis of a program ends.

use skep_abi::Errno;

use super::Kind;

/// The result of one step of the analysis.
pub(crate) type Step<T = ()> = Result<T, Box<Stop>>;

/// Why the analysis ends.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The kernel refuses the program.
    Reject(Reject),
    /// skep has no rule for this.
    Unsupported(String),
    /// skep contradicts itself.
    Bug(String),
}

/// A rejection before its path is known.
#[derive(Debug)]
pub(crate) struct Reject {
    /// Which.
    pub(crate) kind: &'static Kind,
    /// The error number; usually the kind's.
    pub(crate) errno: Errno,
    /// The kernel's sentence; several lines where the kernel prints several.
    pub(crate) message: String,
}

impl Stop {
    /// A rejection of this kind.
    pub(crate) fn reject(kind: &'static Kind, message: String) -> Box<Self> {
        Box::new(Self::Reject(Reject { kind, errno: kind.errno, message }))
    }

    /// Something that skep has no rule for.
    pub(crate) fn unsupported<T>(what: impl Into<String>) -> Step<T> {
        Err(Box::new(Self::Unsupported(what.into())))
    }

    /// A contradiction of skep's own.
    pub(crate) fn bug<T>(what: impl Into<String>) -> Step<T> {
        Err(Box::new(Self::Bug(what.into())))
    }

    /// The same rejection with another error number.
    pub(crate) fn with_errno(mut self: Box<Self>, errno: Errno) -> Box<Self> {
        if let Self::Reject(reject) = &mut *self {
            reject.errno = errno;
        }
        self
    }
}

impl Stop {
    /// The same, where the kernel adds a line to its log while it gives up.
    pub(crate) fn followed_by(mut self: Box<Self>, line: &str) -> Box<Self> {
        if let Self::Reject(reject) = &mut *self {
            reject.message = format!("{}\n{line}", reject.message.trim_end());
        }
        self
    }
}
