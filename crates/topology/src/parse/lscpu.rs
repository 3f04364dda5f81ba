//! `lscpu -J` of util-linux, as a table of CPUs (`-e`) or as a summary.
//!
//! `lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ` says everything but memory and distances. The
//! summary does not say which CPUs are siblings; what is taken instead is told in a note.

mod dash;
mod summary;
mod table;

use serde_json::Value;

use super::{Form, ParseError, Parsed, Problem};
use crate::{Topology, TopologySpec};

/// What makes a whole table.
const COMMAND: &str = "lscpu -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ";

/// Reads a machine.
///
/// # Errors
/// [`ParseError`] with the line and column, or with the field.
pub fn parse(content: &str) -> Result<Parsed, ParseError> {
    let json = dash::quoted(content);
    let document: Value = serde_json::from_str(&json).map_err(|error| {
        // serde_json says the place at the end of its message as well.
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or(&text);
        let mut refused = ParseError::syntax(Form::Lscpu, what);
        refused.at = Some(super::Position { line: error.line(), column: error.column().max(1) });
        refused
    })?;
    if let Some(rows) = document.get("cpus") {
        return table::read(rows);
    }
    if let Some(fields) = document.get("lscpu") {
        return summary::read(fields);
    }
    let what = format!("neither `cpus` nor `lscpu` is there; `{COMMAND}` writes what is needed");
    Err(ParseError::new(Form::Lscpu, Problem::Missing(what)))
}

fn list<'v>(value: &'v Value, field: &str) -> Result<&'v [Value], ParseError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(ParseError::value(Form::Lscpu, other, "a list").field(field)),
    }
}

fn build(spec: TopologySpec, notes: Vec<String>) -> Result<Parsed, ParseError> {
    let topology: Topology =
        spec.build().map_err(|error| ParseError::new(Form::Lscpu, Problem::Topology(error)))?;
    Ok(Parsed { topology, form: Form::Lscpu, notes })
}

/// `1234.5000` MHz in kHz.
fn khz(text: &str) -> Option<u32> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut digits = part.to_owned();
    digits.truncate(3);
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    format!("{whole}{digits:0<3}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::khz;

    #[test]
    fn megahertz_are_read_to_the_kilohertz() {
        assert_eq!(khz("3200.0000"), Some(3_200_000));
        assert_eq!(khz(" 1799.9995"), Some(1_799_999));
        assert_eq!(khz("800"), Some(800_000));
        assert_eq!([khz("-"), khz(""), khz("1.é5"), khz("9999999")], [None; 4]);
    }
}
