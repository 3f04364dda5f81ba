//! Tokens of one line of assembly.

use super::error::AsmErrorKind;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A word: register, keyword, type or label.
    Word(&'a str),
    /// A number without its sign, and whether it was written in hex.
    Number {
        /// Magnitude.
        value: u64,
        /// Written as `0x…`.
        hex: bool,
    },
    /// An operator or a bracket.
    Punct(&'static str),
}

/// Longest first, so that `s>>=` is not read as `s>`.
const PUNCTS: &[&str] = &[
    "s>>=", "<<=", ">>=", "s>=", "s<=", "s/=", "s%=", "+=", "-=", "*=", "/=", "%=", "|=", "&=",
    "^=", "==", "!=", ">=", "<=", "s>", "s<", "=", ">", "<", "&", "+", "-", "*", "(", ")", "[",
    "]", ",", "#", ":",
];

/// Splits a line, without its comment, into tokens.
pub(super) fn tokens(line: &str) -> Result<Vec<Token<'_>>, AsmErrorKind> {
    let mut out = Vec::new();
    let mut rest = line.trim_start();
    while let Some(head) = rest.chars().next() {
        let used = if let Some(punct) = PUNCTS.iter().find(|p| rest.starts_with(**p)) {
            out.push(Token::Punct(punct));
            punct.len()
        } else {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
                .unwrap_or(rest.len());
            let word = &rest[..end];
            if word.is_empty() {
                return Err(AsmErrorKind::BadCharacter(head));
            }
            out.push(if head.is_ascii_digit() { number(word)? } else { Token::Word(word) });
            end
        };
        rest = rest[used..].trim_start();
    }
    Ok(out)
}

fn number(word: &str) -> Result<Token<'_>, AsmErrorKind> {
    let (digits, radix) = match word.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (word, 10),
    };
    let value =
        u64::from_str_radix(digits, radix).map_err(|_| AsmErrorKind::BadNumber(word.to_owned()))?;
    Ok(Token::Number { value, hex: radix == 16 })
}
