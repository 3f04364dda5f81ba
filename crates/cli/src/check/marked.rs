//! The part of a source line that a compiler would underline.

use std::ops::Range;

/// The bytes of the expression that begins at a column (from 1; 0 when unknown): a name with what it selects and
/// calls, or a single sign. The whole line where the column says nothing.
pub(super) fn span(text: &str, column: u32) -> Range<usize> {
    let code = text.len() - text.trim_start().len();
    let whole = code..text.len();
    let start = match usize::try_from(column).ok().and_then(|column| column.checked_sub(1)) {
        Some(start) if start < text.len() && text.is_char_boundary(start) => start,
        _ => return whole,
    };
    let rest = &text[start..];
    if is_assignment(rest) {
        // The operator alone says little: the statement is what a reader looks at.
        let end = rest.find(';').map_or(text.len(), |end| start + end);
        return code.min(start)..end;
    }
    let mut depth = 0_u32;
    let mut end = 0;
    for (at, sign) in rest.char_indices() {
        match sign {
            '(' | '[' => depth += 1,
            ')' | ']' if depth == 0 => break,
            ')' | ']' => depth -= 1,
            _ if depth > 0 => {}
            ';' | ',' | '{' | '}' | '=' | '?' => break,
            ' ' if at > 0 => break,
            _ => {}
        }
        end = at + sign.len_utf8();
    }
    if end == 0 {
        // An operator: all of its signs.
        let is_sign = |sign: &char| "=?+-*/%&|^<>!".contains(*sign);
        let signs: usize = rest.chars().take_while(is_sign).map(char::len_utf8).sum();
        end = signs.max(rest.chars().next().map_or(0, char::len_utf8));
    }
    start..start + end
}

/// Whether the text begins with an assignment operator.
fn is_assignment(rest: &str) -> bool {
    let signs = rest.trim_start_matches(['+', '-', '*', '/', '%', '&', '|', '^', '<', '>']);
    rest.len() - signs.len() <= 2 && signs.starts_with('=') && !signs.starts_with("==")
}

#[cfg(test)]
mod tests {
    use super::span;

    fn marked(text: &str, column: u32) -> &str {
        &text[span(text, column)]
    }

    #[test]
    fn the_expression_at_the_column_is_marked() {
        assert_eq!(marked("  return v->count + 1;", 10), "v->count");
        assert_eq!(
            marked("  x = bpf_map_lookup_elem(&m, &key);", 7),
            "bpf_map_lookup_elem(&m, &key)"
        );
        assert_eq!(marked("  if (*value > 3)", 7), "*value");
        assert_eq!(marked("  a[i + 1] = 0;", 3), "a[i + 1]");
        assert_eq!(marked("  *count += 1;", 10), "*count += 1");
        assert_eq!(marked("  if (a == b)", 9), "==");
    }

    #[test]
    fn without_a_column_the_line_is_marked() {
        assert_eq!(marked("  return 0;", 0), "return 0;");
        assert_eq!(marked("  return 0;", 99), "return 0;");
        assert_eq!(marked("", 3), "");
    }
}
