//! Machines read from what people write and what tools export.

mod error;
pub mod hwloc;
pub mod lscpu;
pub mod text;
pub mod toml;

pub use error::{Form, ParseError, Position, Problem};

use crate::Topology;

/// A machine that was read, and what had to be assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The machine.
    pub topology: Topology,
    /// What the text was.
    pub form: Form,
    /// Sentences for people: what the text does not say, and what was taken instead.
    pub notes: Vec<String>,
}

/// Reads a machine in the form that its first character shows: `<` hwloc's XML, `{` lscpu's JSON, a digit
/// the short text, anything else TOML.
///
/// # Errors
/// [`ParseError`].
pub fn parse(content: &str) -> Result<Parsed, ParseError> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    match content.trim_start().chars().next() {
        Some('<') => hwloc::parse(content),
        Some('{') => lscpu::parse(content),
        Some(digit) if digit.is_ascii_digit() => text::parse(content),
        _ => toml::parse(content),
    }
}
