//! Why a text is no machine, and where.

use std::fmt;

use crate::TopologyError;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `2 nodes x 16 cores`.
    Text,
    /// skep's own file.
    Toml,
    /// `lscpu -J`.
    Lscpu,
    /// `lstopo --of xml`.
    Hwloc,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "topology",
            Self::Toml => "TOML",
            Self::Lscpu => "lscpu JSON",
            Self::Hwloc => "hwloc XML",
        })
    }
}

/// A place in a text, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of a byte.
    #[must_use]
    pub fn of(content: &str, byte: usize) -> Self {
        let mut end = byte.min(content.len());
        while !content.is_char_boundary(end) {
            end -= 1;
        }
        let before = &content[..end];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not in the form.
    Syntax(String),
    /// Something that is needed is not there.
    Missing(String),
    /// A value is not what it can be.
    Value {
        /// What there is.
        found: String,
        /// What can be.
        wanted: String,
    },
    /// It is of a version that skep does not read.
    Version(String),
    /// Each part is right, but they make no machine.
    Topology(TopologyError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) | Self::Missing(what) | Self::Version(what) => f.write_str(what),
            Self::Value { found, wanted } => write!(f, "{found} is not {wanted}"),
            Self::Topology(error) => error.fmt(f),
        }
    }
}

/// A text that is no machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What the text is.
    pub form: Form,
    /// Where it goes wrong, where that is a place.
    pub at: Option<Position>,
    /// The field, such as `cpus[3].node`.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

impl ParseError {
    pub(crate) fn new(form: Form, problem: Problem) -> Self {
        Self { form, at: None, field: None, problem }
    }

    pub(crate) fn syntax(form: Form, what: impl Into<String>) -> Self {
        Self::new(form, Problem::Syntax(what.into()))
    }

    pub(crate) fn value(form: Form, found: impl fmt::Display, wanted: &str) -> Self {
        // What was found may be a whole file.
        let mut found = found.to_string();
        if let Some((end, _)) = found.char_indices().nth(60) {
            found.truncate(end);
            found.push('…');
        }
        Self::new(form, Problem::Value { found: format!("`{found}`"), wanted: wanted.to_owned() })
    }

    pub(crate) fn at(mut self, content: &str, byte: usize) -> Self {
        self.at = Some(Position::of(content, byte));
        self
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.fmt(f)?;
        match (self.form, self.at) {
            (Form::Text, Some(at)) if at.line == 1 => write!(f, ", column {}", at.column)?,
            (_, Some(at)) => write!(f, ", line {}, column {}", at.line, at.column)?,
            (_, None) => {}
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ParseError {}
