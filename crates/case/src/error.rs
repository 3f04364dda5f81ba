//! Why text is no case.

/// Why text is no case, or does not fit a kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {what}")]
pub struct CaseError {
    /// The case.
    pub name: String,
    /// What is wrong with it.
    pub what: String,
}

impl CaseError {
    pub(crate) fn new(name: &str, what: impl Into<String>) -> Self {
        Self { name: name.to_owned(), what: what.into() }
    }
}
