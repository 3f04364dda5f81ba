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
