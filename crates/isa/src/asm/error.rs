//! Why text is no program.

/// Why text is no program, and on which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct AsmError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub kind: AsmErrorKind,
}

/// What is wrong with a line of assembly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsmErrorKind {
    /// Something else stands where this was needed.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What would have been right.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A character that no instruction contains.
    #[error("unexpected character {0:?}")]
    BadCharacter(char),
    /// A number that cannot be read or does not fit its field.
    #[error("number {0} does not fit")]
    BadNumber(String),
    /// A register above R10, or one of the wrong width or name for this place.
    #[error("register {0} cannot stand here")]
    BadRegister(String),
    /// A label that no line defines.
    #[error("label {0} is not defined")]
    UnknownLabel(String),
    /// A label that two lines define.
    #[error("label {0} is defined twice")]
    DuplicateLabel(String),
    /// A label that the jump's offset cannot reach.
    #[error("label {0} is too far away for this jump")]
    TooFar(String),
}
