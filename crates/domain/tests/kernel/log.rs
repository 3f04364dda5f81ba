//! The register states that a log of level 2 shows.

use std::collections::BTreeMap;

/// Where a state was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Beside an insn: the state after it, of the registers that it touched.
    After(usize),
    /// Where the verifier comes back to a branch that it had put off: insn and target.
    Edge(usize, usize),
}

/// The printed states, register by register, without ids and marks of precision.
pub(crate) fn states(log: &str) -> BTreeMap<Place, BTreeMap<usize, String>> {
    log.lines().filter_map(|line| Some((place(line)?, registers(line)))).collect()
}

fn place(line: &str) -> Option<Place> {
    if let Some(rest) = line.strip_prefix("from ") {
        let (from, rest) = rest.split_once(" to ")?;
        let (to, _) = rest.split_once(':')?;
        return Some(Place::Edge(from.parse().ok()?, to.parse().ok()?));
    }
    let (idx, rest) = line.split_once(": (")?;
    rest.contains(';').then_some(Place::After(idx.trim().parse().ok()?))
}

fn registers(line: &str) -> BTreeMap<usize, String> {
    let state = line.split_once("; R").map_or(line, |(_, rest)| rest);
    let mut found = BTreeMap::new();
    let mut rest = &format!(" R{state}")[..];
    while let Some(at) = rest.find(" R") {
        rest = &rest[at + 2..];
        let Some((name, value)) = rest.split_once('=') else { break };
        if let Ok(register) = name.trim_end_matches("_w").parse() {
            found.insert(register, plain(until_blank(value)));
        }
    }
    found
}

/// The text up to the first blank that no parenthesis holds.
fn until_blank(text: &str) -> &str {
    let mut depth = 0;
    let end = text.find(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ' ' && depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

/// A state without its id and its mark of precision.
fn plain(state: &str) -> String {
    let state = state.strip_prefix('P').unwrap_or(state);
    let Some((head, rest)) = state.split_once("(id=") else { return state.to_owned() };
    let end = rest.find([',', ')']).unwrap_or(rest.len());
    format!("{head}({}", rest[end..].trim_start_matches(','))
}
