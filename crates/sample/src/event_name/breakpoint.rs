//! Hardware breakpoints: `mem:0xADDRESS[/LENGTH][:rwx][:MODIFIERS]` (`PERF_TYPE_BREAKPOINT`).

use perf_event_open_sys::bindings as sys;

use super::{EventNameError, EventSpec, Modifiers};

const READ: u32 = 1;
const WRITE: u32 = 2;
const EXECUTE: u32 = 4;

/// Parses what follows `mem:`.
pub(super) fn parse(name: &str, text: &str) -> Result<EventSpec, EventNameError> {
    let refuse = |what: String| EventNameError::Breakpoint { name: name.into(), what };
    let mut parts = text.split(':');
    let place = parts.next().unwrap_or_default();
    let (address, length) = match place.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (place, None),
    };
    let address = number(address).ok_or_else(|| refuse(format!("`{address}` is no address")))?;
    let mut access = 0;
    let mut modifiers = Modifiers::default();
    for (at, part) in parts.enumerate() {
        match access_of(part) {
            Some(bits) if at == 0 => access = bits,
            _ if at <= 1 => modifiers = Modifiers::parse(part)?,
            _ => return Err(refuse(format!("`{part}` is too much"))),
        }
    }
    if access == 0 {
        access = READ | WRITE;
    }
    if access & EXECUTE != 0 && access != EXECUTE {
        return Err(refuse("execution is watched alone, not together with r or w".into()));
    }
    // The kernel wants the length of a word for execution; perf's default for data is 4.
    let default = if access == EXECUTE { 8 } else { 4 };
    let length = match length {
        None => default,
        Some(text) => match number(text) {
            Some(length @ (1 | 2 | 4 | 8)) => length,
            _ => return Err(refuse(format!("length `{text}` is none of 1, 2, 4, 8"))),
        },
    };
    Ok(EventSpec {
        name: name.into(),
        kind: sys::PERF_TYPE_BREAKPOINT,
        config: 0,
        config_more: [address, length, 0],
        bp_type: access,
        modifiers,
    })
}

/// The bits of `r`, `w` and `x`, when the text is nothing else.
fn access_of(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.chars().try_fold(0, |bits, letter| match letter {
        'r' => Some(bits | READ),
        'w' => Some(bits | WRITE),
        'x' => Some(bits | EXECUTE),
        _ => None,
    })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
