//! What is wrong with a script, and where.

use std::fmt;

/// A script that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {mistake}")]
pub struct ScriptError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub mistake: ScriptMistake,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptMistake {
    /// A time that is none.
    Time(String),
    /// A line whose time is before that of the line above.
    BackInTime,
    /// A word where another one is due.
    Word {
        /// What is there.
        found: String,
        /// What could be.
        expected: &'static str,
    },
    /// The line ends too soon.
    Missing {
        /// What is missing.
        expected: &'static str,
    },
    /// More words than a line has.
    Surplus(String),
    /// CPUs that are none.
    Cpus(String),
    /// A thread's number that is none.
    Thread(String),
    /// More transitions than a script may have.
    TooLong,
    /// A text that is not UTF-8.
    NotText,
}

impl fmt::Display for ScriptMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(found) => {
                write!(
                    f,
                    "`{found}` is no time: write a number with ns, us, ms or s, such as 12.5ms"
                )
            }
            Self::BackInTime => {
                f.write_str("this is earlier than the line above; lines are in order of time")
            }
            Self::Word { found, expected } => write!(f, "`{found}` is not {expected}"),
            Self::Missing { expected } => write!(f, "the line ends where {expected} is due"),
            Self::Surplus(found) => write!(f, "`{found}` is one word too many"),
            Self::Cpus(why) => write!(f, "{why}"),
            Self::Thread(found) => {
                write!(f, "`{found}` is no thread: these go from 0, the idle task, to 4194304")
            }
            Self::TooLong => write!(f, "a script has at most {} transitions", super::script::MAX),
            Self::NotText => f.write_str("this is not UTF-8 text"),
        }
    }
}
