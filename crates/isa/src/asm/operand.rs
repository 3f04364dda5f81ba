//! Operands: registers, numbers, memory, jump targets.

use super::error::AsmErrorKind;
use super::token::Token;
use crate::{Mem, Reg, Size, Width};

type Parsed<T> = Result<T, AsmErrorKind>;

/// Reads tokens from left to right.
pub(super) struct Cursor<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

/// Where a jump goes.
pub(super) enum Target {
    /// Slots from the one after the jump.
    Relative(i64),
    /// A label.
    Label(String),
}

/// A signed number, and whether it was written in hex.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) value: i128,
    pub(super) hex: bool,
}

impl Number {
    fn bad(self) -> AsmErrorKind {
        AsmErrorKind::BadNumber(self.value.to_string())
    }

    /// The number as an immediate; hex of 32 bits stands for the bits when `bits` says so.
    pub(super) fn imm(self, bits: bool) -> Parsed<i32> {
        match u32::try_from(self.value) {
            Ok(value) if bits && self.hex => Ok(value as i32),
            _ => i32::try_from(self.value).map_err(|_| self.bad()),
        }
    }

    /// The number as 64 bits, negative or not.
    pub(super) fn wide(self) -> Parsed<u64> {
        i64::try_from(self.value)
            .map(|v| v as u64)
            .or_else(|_| u64::try_from(self.value))
            .map_err(|_| self.bad())
    }

    pub(super) fn narrow<T: TryFrom<i128>>(self) -> Parsed<T> {
        T::try_from(self.value).map_err(|_| self.bad())
    }
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(tokens: Vec<Token<'a>>) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn expected<T>(&self, expected: &'static str) -> Parsed<T> {
        let found = match self.peek() {
            None => "the end of the line".to_owned(),
            Some(Token::Word(word)) => format!("`{word}`"),
            Some(Token::Punct(punct)) => format!("`{punct}`"),
            Some(Token::Number { value, .. }) => value.to_string(),
        };
        Err(AsmErrorKind::Expected { expected, found })
    }

    pub(super) fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    pub(super) fn peek_word(&self) -> Option<&'a str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) const fn skip(&mut self) {
        self.at += 1;
    }

    /// Takes `punct` when it stands next.
    pub(super) fn accept(&mut self, punct: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Punct(p)) if *p == punct);
        self.at += usize::from(found);
        found
    }

    /// Takes `word` when it stands next.
    pub(super) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == Some(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, punct: &'static str) -> Parsed<()> {
        if self.accept(punct) { Ok(()) } else { self.expected(punct) }
    }

    pub(super) fn expect_word(&mut self, word: &'static str) -> Parsed<()> {
        if self.accept_word(word) { Ok(()) } else { self.expected(word) }
    }

    /// Takes an operator, whatever it is.
    pub(super) fn punct(&mut self, expected: &'static str) -> Parsed<&'static str> {
        match self.peek() {
            Some(&Token::Punct(punct)) => {
                self.skip();
                Ok(punct)
            }
            _ => self.expected(expected),
        }
    }

    pub(super) fn end(&self) -> Parsed<()> {
        if self.peek().is_none() { Ok(()) } else { self.expected("the end of the line") }
    }

    /// A register of either width.
    pub(super) fn any_reg(&mut self) -> Parsed<(Width, Reg)> {
        let Some(word) = self.peek_word() else {
            return self.expected("a register");
        };
        match register(word)? {
            Some(found) => {
                self.skip();
                Ok(found)
            }
            None => self.expected("a register"),
        }
    }

    /// A register of the given width.
    pub(super) fn reg_of(&mut self, width: Width) -> Parsed<Reg> {
        let (found, reg) = self.any_reg()?;
        if found == width {
            Ok(reg)
        } else {
            Err(AsmErrorKind::BadRegister(format!("{}{}", found.letter(), reg.0)))
        }
    }

    /// A whole register.
    pub(super) fn reg(&mut self) -> Parsed<Reg> {
        self.reg_of(Width::W64)
    }

    /// Tells whether a register stands next.
    pub(super) fn at_reg(&self) -> bool {
        self.peek_word().is_some_and(|word| matches!(register(word), Ok(Some(_)) | Err(_)))
    }

    /// A number with an optional sign.
    pub(super) fn number(&mut self) -> Parsed<Number> {
        let negative = self.accept("-");
        if !negative {
            self.accept("+");
        }
        match self.peek() {
            Some(&Token::Number { value, hex }) => {
                self.skip();
                let value = i128::from(value);
                Ok(Number { value: if negative { -value } else { value }, hex })
            }
            _ => self.expected("a number"),
        }
    }

    /// `(u64 *)`, the type of an access, with its sign.
    pub(super) fn access_type(&mut self) -> Parsed<(Size, bool)> {
        self.expect("(")?;
        let found = match self.peek_word() {
            Some("u8") => (Size::B, false),
            Some("u16") => (Size::H, false),
            Some("u32") => (Size::W, false),
            Some("u64") => (Size::DW, false),
            Some("s8") => (Size::B, true),
            Some("s16") => (Size::H, true),
            Some("s32") => (Size::W, true),
            _ => return self.expected("an access type such as u64"),
        };
        self.skip();
        self.expect("*")?;
        self.expect(")")?;
        Ok(found)
    }

    /// `(u64 *)` where the access does not extend.
    pub(super) fn unsigned_type(&mut self) -> Parsed<Size> {
        match self.access_type()? {
            (size, false) => Ok(size),
            (_, true) => self.expected("an unsigned access type"),
        }
    }

    /// `(r1 +8)`; the offset may be left out.
    pub(super) fn mem(&mut self) -> Parsed<Mem> {
        self.expect("(")?;
        let base = self.reg()?;
        let off = if self.accept(")") {
            return Ok(Mem { base, off: 0 });
        } else {
            self.number()?.narrow()?
        };
        self.expect(")")?;
        Ok(Mem { base, off })
    }

    /// `pc+3` or a label.
    pub(super) fn target(&mut self) -> Parsed<Target> {
        if self.accept_word("pc") {
            return Ok(Target::Relative(self.number()?.narrow()?));
        }
        match self.peek_word() {
            Some(label) => {
                self.skip();
                Ok(Target::Label(label.to_owned()))
            }
            None => self.expected("pc+N or a label"),
        }
    }
}

/// Reads `r1` or `w1`; `None` for a word that is no register, an error for `r11` and above.
fn register(word: &str) -> Parsed<Option<(Width, Reg)>> {
    let (width, digits) = if let Some(digits) = word.strip_prefix('r') {
        (Width::W64, digits)
    } else if let Some(digits) = word.strip_prefix('w') {
        (Width::W32, digits)
    } else {
        return Ok(None);
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    match digits.parse() {
        Ok(number) if number <= Reg::R10.0 => Ok(Some((width, Reg(number)))),
        _ => Err(AsmErrorKind::BadRegister(word.to_owned())),
    }
}
