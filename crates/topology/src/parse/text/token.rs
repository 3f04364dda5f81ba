//! Words, numbers and signs of the short text.

use super::super::{Form, ParseError, Problem};
use crate::{TopologyError, parse_list};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Digits, perhaps with a point.
    Number,
    Sign,
    End,
}

/// The text, and how far it has been read.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next piece starts.
    pub(super) fn at(&self) -> usize {
        self.text.len() - self.rest().len()
    }

    fn rest(&self) -> &'a str {
        self.text[self.at..].trim_start()
    }

    fn peek(&self) -> (Kind, &'a str) {
        let rest = self.rest();
        let run = |is_in: fn(char) -> bool| {
            let end = rest.find(|c| !is_in(c)).unwrap_or(rest.len());
            &rest[..end]
        };
        match rest.chars().next() {
            None => (Kind::End, ""),
            Some(c) if c.is_ascii_digit() => {
                (Kind::Number, run(|c| c.is_ascii_digit() || c == '.'))
            }
            // `l3` is the one unit with a digit.
            Some('l' | 'L') if rest[1..].starts_with('3') => {
                let end = if rest[2..].starts_with(['s', 'S']) { 3 } else { 2 };
                (Kind::Word, &rest[..end])
            }
            Some(c) if c.is_ascii_alphabetic() => {
                (Kind::Word, run(|c| c.is_ascii_alphabetic() || c == '_' || c == '-'))
            }
            Some(c) => (Kind::Sign, &rest[..c.len_utf8()]),
        }
    }

    fn advance(&mut self, by: usize) {
        self.at = self.at() + by;
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Says what should be where something else is.
    pub(super) fn fail_at(&self, at: usize, found: &str, wanted: &str) -> ParseError {
        let error = match found {
            "" => ParseError::new(Form::Text, Problem::Missing(format!("it ends before {wanted}"))),
            _ => ParseError::value(Form::Text, found, wanted),
        };
        error.at(self.text, at)
    }

    fn fail(&self, wanted: &str) -> ParseError {
        self.fail_at(self.at(), self.peek().1, wanted)
    }

    pub(super) fn no_machine(&self, at: usize, error: TopologyError) -> ParseError {
        ParseError::new(Form::Text, Problem::Topology(error)).at(self.text, at)
    }

    pub(super) fn word(&mut self, wanted: &str) -> Result<&'a str, ParseError> {
        match self.peek() {
            (Kind::Word, word) => {
                self.advance(word.len());
                Ok(word)
            }
            _ => Err(self.fail(wanted)),
        }
    }

    /// Takes the next word when it is one of these.
    pub(super) fn take_word(&mut self, words: &[&str]) -> bool {
        let (kind, word) = self.peek();
        let is_there = kind == Kind::Word && words.contains(&word);
        if is_there {
            self.advance(word.len());
        }
        is_there
    }

    pub(super) fn keyword(&mut self, word: &str) -> Result<(), ParseError> {
        match self.take_word(&[word]) {
            true => Ok(()),
            false => Err(self.fail(&format!("`{word}`"))),
        }
    }

    pub(super) fn expect(&mut self, sign: char, wanted: &str) -> Result<(), ParseError> {
        match self.peek() {
            (Kind::Sign, found) if found.starts_with(sign) => {
                self.advance(found.len());
                Ok(())
            }
            _ => Err(self.fail(wanted)),
        }
    }

    /// Takes a sign of multiplication.
    pub(super) fn take_times(&mut self) -> bool {
        let (_, found) = self.peek();
        let is_there = matches!(found, "x" | "X" | "*" | "×");
        if is_there {
            self.advance(found.len());
        }
        is_there
    }

    pub(super) fn number(&mut self, wanted: &str) -> Result<u32, ParseError> {
        let (kind, text) = self.peek();
        match text.parse() {
            Ok(number) if kind == Kind::Number => {
                self.advance(text.len());
                Ok(number)
            }
            _ => Err(self.fail(wanted)),
        }
    }

    /// A list of numbers below a limit: it ends before a comma that no number follows.
    pub(super) fn list(&mut self, limit: u32) -> Result<Vec<u32>, ParseError> {
        const WANTED: &str = "a list such as 3,7-9";
        let start = self.at();
        let rest = self.rest();
        let mut end = 0;
        for (index, sign) in rest.char_indices() {
            let is_in = match sign {
                ',' => rest[index + 1..].trim_start().starts_with(|c: char| c.is_ascii_digit()),
                ' ' | '-' => true,
                digit => digit.is_ascii_digit(),
            };
            if !is_in {
                break;
            }
            end = index + 1;
        }
        let text = rest[..end].trim_end();
        if text.is_empty() {
            return Err(self.fail(WANTED));
        }
        let list = parse_list(text, limit).map_err(|error| {
            ParseError::syntax(Form::Text, error.why.replace("Linux knows", "this machine has"))
                .at(self.text, start + error.at)
        })?;
        self.advance(text.len());
        Ok(list)
    }

    /// Bytes: `64G`.
    pub(super) fn size(&mut self) -> Result<u64, ParseError> {
        const WANTED: &str = "a size such as 64G";
        let at = self.at();
        let bytes = u64::from(self.number(WANTED)?);
        let (kind, unit) = self.peek();
        if kind != Kind::Word {
            return Err(self.fail("K, M, G or T after the number"));
        }
        let shift = match unit.trim_end_matches(['B', 'b']).trim_end_matches('i') {
            "K" | "k" => 10,
            "M" | "m" => 20,
            "G" | "g" => 30,
            "T" | "t" => 40,
            _ => return Err(self.fail("K, M, G or T")),
        };
        self.advance(unit.len());
        match bytes.checked_mul(1 << shift) {
            Some(bytes) if bytes < 1 << 52 => Ok(bytes),
            _ => Err(self.fail_at(at, &bytes.to_string(), "below 4 PiB")),
        }
    }

    /// kHz: `3.2GHz`.
    pub(super) fn frequency(&mut self) -> Result<u32, ParseError> {
        const WANTED: &str = "a frequency such as 3.2GHz";
        let at = self.at();
        let (kind, number) = self.peek();
        if kind != Kind::Number {
            return Err(self.fail(WANTED));
        }
        self.advance(number.len());
        let unit = self.word("kHz, MHz or GHz after the number")?;
        let digits = match unit.to_ascii_lowercase().as_str() {
            "khz" => 0,
            "mhz" => 3,
            "ghz" => 6,
            _ => return Err(self.fail_at(at, &format!("{number}{unit}"), WANTED)),
        };
        decimal(number, digits)
            .ok_or_else(|| self.fail_at(at, &format!("{number}{unit}"), "whole kHz below 4.3 THz"))
    }
}

/// A decimal number times ten to the power of `digits`, where that is whole.
fn decimal(text: &str, digits: usize) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    if part.len() > digits || part.contains('.') {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}
