//! What to do, in the case at hand: the general help of the kind, sharpened by what led there.

use super::Fact;
use skep_verifier::Rejection;

/// What was found: the meaning of the kind, sharpened likewise.
pub(in crate::check) fn meaning(why: &Rejection, facts: &[Fact]) -> String {
    let is_access = why.message.contains("invalid mem access");
    if is_access && why.message.contains("_or_null") {
        return "A pointer that may be NULL is used without a check".to_owned();
    }
    if is_access && facts.iter().any(|fact| fact.text.contains(" releases it")) {
        return "A pointer is used after it was released".to_owned();
    }
    why.kind.meaning()
}

/// The advice.
pub(in crate::check) fn help(why: &Rejection, facts: &[Fact]) -> String {
    let general = why.kind.help.to_owned();
    let returned = facts
        .iter()
        .find_map(|fact| fact.text.split_once(" holds what ")?.1.strip_suffix(" returned"));
    let released =
        facts.iter().find_map(|fact| fact.text.split_once(" releases it").map(|(call, _)| call));
    let may_be_null = why.message.contains("_or_null");
    let index = facts.iter().any(|fact| fact.text.starts_with("the index "));
    if let (true, Some((bytes, size))) = (index, sizes(why)) {
        return format!(
            "compare the index with the number of elements ({bytes} bytes hold {} of {size} bytes) and leave, before the access",
            bytes / size
        );
    }
    match (returned, released) {
        (Some(callee), _) if may_be_null => format!(
            "{callee} may return NULL: compare the result with NULL and leave, before it is used"
        ),
        (_, Some(callee)) => {
            format!("do not use the pointer after {callee}; move the access before the call")
        }
        _ if may_be_null => {
            "the pointer may be NULL: compare it with NULL and leave, before it is used".to_owned()
        }
        _ => general,
    }
}

/// Bytes of the memory that the access leaves, and of the access, out of the line before the kernel's sentence.
fn sizes(why: &Rejection) -> Option<(u32, u32)> {
    let line = why.lines_before.iter().find(|line| line.contains("value_size="))?;
    let number = |key: &str| {
        let digits = line.split_once(key)?.1.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    };
    // `value_size=` ends in the other key.
    Some((number("value_size=")?, number(" size=").filter(|size| *size > 0)?))
}
