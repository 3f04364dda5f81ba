//! Text that a terminal may be shown.

/// A name as a terminal may be shown it.
///
/// Names come from files that anyone may have written: a terminal must not act on them, nor turn the direction of
/// writing.
#[must_use]
pub fn one_line(name: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    name.chars().map(|c| if acts(c) { '\u{fffd}' } else { c }).collect()
}
