//! Formats that are known when the program is loaded (`check_bpf_snprintf_call`, `bpf_bprintf_prepare`).

use skep_isa::Reg;

use crate::call::arg::const_str;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;

rejections! {
    /// The data of a format must be whole numbers of eight bytes.
    FormatDataSize("format-data-size", EINVAL, help: "pass an array of u64, and its size in bytes") {
    } => "";

    /// The format asks for something that BPF programs cannot format, or for more numbers than were passed.
    ///
    /// `%d %i %u %x %X` with `l` or `ll`, `%c`, `%s`, `%p` and its variants `k u s x K S B i4 i6 I4 I6` are known,
    /// widths too; text between them must be printable.
    InvalidFormat("format-invalid", EINVAL, help: "use conversions that are known, one for each number passed") {
    } => "Invalid format string";
}

/// Checks the format in R3 against the size of the data in R5.
pub(super) fn check(env: &Env<'_>) -> Step {
    // The kernel looks at the known bits alone, also where the size is not constant.
    let size = env.reg(Reg::R5).num.var_off.value;
    if !size.is_multiple_of(8) {
        return Err(FormatDataSize {}.into());
    }
    let Some(format) = const_str::text(env, Reg::R3) else {
        return Stop::bug("the text of a format went away");
    };
    match Scan::new(format, size / 8).run() {
        Some(()) => Ok(()),
        None => Err(InvalidFormat {}.into()),
    }
}

/// A walk over a format; past its end are zeros.
struct Scan<'f> {
    format: &'f [u8],
    at: usize,
    left: u64,
}

impl<'f> Scan<'f> {
    fn new(format: &'f [u8], args: u64) -> Self {
        Self { format, at: 0, left: args }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.format.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_while(&mut self, is: impl Fn(u8) -> bool) {
        while is(self.peek(0)) {
            self.at += 1;
        }
    }

    fn run(mut self) -> Option<()> {
        while self.at < self.format.len() {
            let byte = self.peek(0);
            if byte.is_ascii() && !is_print(byte) && !is_space(byte) {
                return None;
            }
            if byte != b'%' {
                self.at += 1;
            } else if self.peek(1) == b'%' {
                self.at += 2;
            } else {
                self.left = self.left.checked_sub(1)?;
                self.at += 1;
                self.conversion()?;
            }
        }
        Some(())
    }

    /// Past one conversion, from behind its percent sign.
    fn conversion(&mut self) -> Option<()> {
        self.skip_while(|byte| matches!(byte, b'0' | b'+' | b'-' | b' '));
        if matches!(self.peek(0), b'1'..=b'9') {
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        match self.peek(0) {
            b'p' => self.pointer(),
            b's' => self.text(1),
            b'c' => self.past(1),
            _ => {
                for _ in 0..2 {
                    if self.peek(0) == b'l' {
                        self.at += 1;
                    }
                }
                matches!(self.peek(0), b'i' | b'd' | b'u' | b'x' | b'X').then_some(())?;
                self.past(1)
            }
        }
    }

    fn pointer(&mut self) -> Option<()> {
        match (self.peek(1), self.peek(2)) {
            (next, _) if ends(next) => self.past(1),
            (b'k' | b'u', b's') => self.text(3),
            (b'K' | b'x' | b's' | b'S' | b'B', _) => self.past(2),
            (b'i' | b'I', b'4' | b'6') => self.past(3),
            _ => None,
        }
    }

    /// A conversion of text: nothing that could belong to it may follow.
    fn text(&mut self, len: usize) -> Option<()> {
        ends(self.peek(len)).then_some(())?;
        self.past(len)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "so that every way through a conversion reads alike"
    )]
    fn past(&mut self, len: usize) -> Option<()> {
        self.at += len;
        Some(())
    }
}

fn ends(byte: u8) -> bool {
    byte == 0 || is_space(byte) || byte.is_ascii_punctuation()
}

const fn is_print(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}

/// As C has it: with the vertical tab.
const fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use super::Scan;

    fn fits(format: &str, args: u64) -> bool {
        Scan::new(format.as_bytes(), args).run().is_some()
    }

    #[test]
    fn conversions_that_the_kernel_knows_are_taken() {
        for format in
            ["%d", "%llu", "%-08lx", "%s", "%s,", "%p", "%pks", "%pB", "%pI4", "%c", "é%u"]
        {
            assert!(fits(format, 1), "{format}");
        }
        assert!(fits("100%%", 0));
    }

    #[test]
    fn unknown_conversions_and_missing_numbers_are_refused() {
        for format in ["%n", "%lc", "%sx", "%pI5", "%f", "%", "%é", "\x01"] {
            assert!(!fits(format, 1), "{format:?}");
        }
        assert!(!fits("%d %d", 1));
    }
}
