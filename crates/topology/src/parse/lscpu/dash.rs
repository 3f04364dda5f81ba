//! Makes JSON of what lscpu 2.38 writes for a number that it does not know: a bare `-`.

/// Puts quotes around each `-` that no digit follows, outside of strings.
pub(super) fn quoted(content: &str) -> String {
    let mut out = String::with_capacity(content.len() + 64);
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut signs = content.chars().peekable();
    while let Some(sign) = signs.next() {
        if is_in_string {
            is_in_string = is_escaped || sign != '"';
            is_escaped = sign == '\\' && !is_escaped;
        } else if sign == '"' {
            is_in_string = true;
        } else if sign == '-' && !signs.peek().is_some_and(char::is_ascii_digit) {
            out.push_str("\"-\"");
            continue;
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_bare_dash_becomes_a_string_and_nothing_else_changes() {
        assert_eq!(quoted(r#"{"a": -, "b": -1}"#), r#"{"a": "-", "b": -1}"#);
        assert_eq!(quoted(r#"{"a-b": "-", "c\"-": -}"#), r#"{"a-b": "-", "c\"-": "-"}"#);
        assert_eq!(quoted("-"), "\"-\"");
    }
}
