//! What can go wrong between a user's command and its result, sorted by what the user can do about it.

use std::fmt;

/// Who has to act, which is also what a script learns from the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or a file is wrong (exit status 2).
    Input,
    /// The system refused or lacks something: permission, kernel feature (3).
    Environment,
    /// A program was rejected or faulted (1).
    Program,
    /// skep does not support it yet (4).
    Unsupported,
}

impl ErrorKind {
    /// The word that `--json` uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Environment => "environment",
            Self::Program => "program",
            Self::Unsupported => "unsupported",
        }
    }

    /// The exit status of a command that failed with it.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Program => 1,
            Self::Input => 2,
            Self::Environment => 3,
            Self::Unsupported => 4,
        }
    }
}

/// An error for people: what was found, where and why; and what to do about it.
#[derive(Debug)]
pub struct Error {
    /// Who has to act.
    pub kind: ErrorKind,
    /// What was found, where, and why: a sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Error {
    /// An error without advice.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hint: None }
    }

    /// Wrong usage or unreadable input.
    pub fn input(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// The system refused or lacks something.
    pub fn environment(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Environment, message)
    }

    /// Not supported yet.
    pub fn unsupported(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// What the running kernel refuses is the environment's, except for requests that contradict themselves.
impl From<skep_host::HostError> for Error {
    fn from(error: skep_host::HostError) -> Self {
        use skep_host::Cause;
        let kind = match error.cause {
            Cause::Permission
            | Cause::Memlock
            | Cause::Exhausted
            | Cause::Unsupported
            | Cause::Missing => ErrorKind::Environment,
            Cause::Request => ErrorKind::Input,
        };
        Self { kind, message: error.message(), hint: error.hint }
    }
}
