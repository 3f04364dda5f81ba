//! Folded stacks: one line each, `group;comm;outermost;…;innermost WEIGHT` (without a group where there is none), as
//! Brendan Gregg's scripts take them.
//!
//! As `stackcollapse-perf.pl` has it, a function without a name is its object in brackets, and the names of kernel
//! functions end in `_[k]`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::profile::{Profile, Stack};
use crate::symbol::Function;

/// Writes a profile, sorted by stack; equal lines are added up.
///
/// # Errors
/// Those of the writer.
pub fn write(profile: &Profile, mut out: impl Write) -> io::Result<()> {
    for (stack, weight) in lines(profile) {
        writeln!(out, "{stack} {weight}")?;
    }
    out.flush()
}

pub(crate) fn lines(profile: &Profile) -> BTreeMap<String, u64> {
    let mut lines = BTreeMap::new();
    for stack in profile.stacks() {
        let weight: &mut u64 = lines.entry(fold(profile, stack)).or_default();
        *weight = weight.saturating_add(stack.weight);
    }
    lines
}

fn fold(profile: &Profile, stack: &Stack) -> String {
    let mut names: Vec<String> =
        profile.frames(stack).map(|frame| name_of(frame.function)).collect();
    names.push(clean(profile.comm(stack)));
    names.extend(profile.group(stack).map(clean));
    names.reverse();
    names.join(";")
}

fn name_of(function: &Function) -> String {
    let mut name = match &function.name {
        Some(name) => clean(name),
        None => bracketed(&function.object),
    };
    if function.kernel {
        name.push_str("_[k]");
    }
    name
}

/// `/usr/lib/libc.so.6` as `[libc.so.6]`; what is in brackets already stays.
fn bracketed(object: &str) -> String {
    let base = object.rsplit('/').next().unwrap_or(object);
    let base = clean(base);
    if base.starts_with('[') && base.ends_with(']') { base } else { format!("[{base}]") }
}

/// Replaces what has a meaning in this format: the separator, and anything that would end the line.
fn clean(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .map(|c| match c {
            ';' => ':',
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
            c => c,
        })
        .collect();
    let trimmed = cleaned.trim();
    if trimmed.is_empty() { "[unnamed]".to_owned() } else { trimmed.to_owned() }
}
