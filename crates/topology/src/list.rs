//! Lists of numbers: `0-3,8` as sysfs prints them and users type them.

use std::fmt::Write as _;

/// A text that is no list, with the byte where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct CpuListError {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong there.
    pub why: String,
}

/// Parses a list of numbers below `limit`; the result is sorted and has none twice. The empty text is the
/// empty list, as in sysfs.
///
/// # Errors
/// [`CpuListError`], also for numbers from `limit` on.
pub fn parse_list(text: &str, limit: u32) -> Result<Vec<u32>, CpuListError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    // A bit for each number: overlapping ranges cost no memory.
    let mut is_in = vec![false; limit as usize];
    let mut at = 0;
    for part in text.split(',') {
        let range = part.trim();
        let fail =
            |why: String| CpuListError { at: at + part.len() - part.trim_start().len(), why };
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let first = number(first, limit).map_err(fail)?;
        let last = number(last, limit).map_err(fail)?;
        if first > last {
            return Err(fail(format!("the range {range} is upside down")));
        }
        is_in[first as usize..=last as usize].fill(true);
        at += part.len() + 1;
    }
    Ok((0..limit).filter(|number| is_in[*number as usize]).collect())
}

fn number(text: &str, limit: u32) -> Result<u32, String> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` is no number; a list looks like 0-3,8"));
    }
    match text.parse::<u32>() {
        Ok(number) if number < limit => Ok(number),
        _ => {
            Err(format!("{text} is over {}, the highest that Linux knows", limit.saturating_sub(1)))
        }
    }
}

/// Prints ascending numbers as ranges: `0-3,8`.
#[must_use]
pub fn format_list(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::new();
    let mut flush = |range: Option<(u32, u32)>| {
        let Some((first, last)) = range else { return };
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = match first == last {
            true => write!(text, "{comma}{first}"),
            false => write!(text, "{comma}{first}-{last}"),
        };
    };
    let mut range: Option<(u32, u32)> = None;
    for number in numbers {
        range = match range {
            Some((first, last)) if last.checked_add(1) == Some(number) => Some((first, number)),
            done => {
                flush(done);
                Some((number, number))
            }
        };
    }
    flush(range);
    text
}
