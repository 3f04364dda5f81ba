//! Second pass: print from the packed arguments.

use super::prepare::symbol;
use super::{byte, skip_flags_and_width};

/// The widest field (`FIELD_WIDTH_MAX`).
const FIELD_WIDTH_MAX: i64 = (1 << 23) - 1;

/// Pointers from here on are error codes, which are printed as they are.
const ERR_PTR_START: u64 = -4095i64 as u64;

/// What was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// The text, cut to the size minus one.
    pub(crate) text: Vec<u8>,
    /// The length that the whole text would have had.
    pub(crate) len: u64,
}

/// A buffer of fixed size that counts what does not fit.
struct Out {
    text: Vec<u8>,
    size: usize,
    len: u64,
}

impl Out {
    fn full(&self) -> bool {
        self.len >= self.size as u64
    }

    fn push(&mut self, c: u8) {
        if !self.full() {
            self.text.push(c);
        }
        self.len += 1;
    }

    fn extend(&mut self, text: &[u8]) {
        text.iter().for_each(|c| self.push(*c));
    }

    /// Widths reach eight million: only what fits is written, the rest is counted.
    fn pad(&mut self, c: u8, times: i64) {
        let times = u64::try_from(times).unwrap_or(0);
        let fits = times.min((self.size as u64).saturating_sub(self.len));
        self.text.resize(self.text.len() + fits as usize, c);
        self.len += times;
    }
}

/// Flags, width and sign of one conversion.
#[derive(Clone, Copy, Default)]
struct Field {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    /// Negative: none was given.
    width: i64,
}

impl Field {
    /// Reads from after the `%`; returns the place of the conversion too.
    fn parse(fmt: &[u8], start: usize) -> (Self, usize) {
        let end = skip_flags_and_width(fmt, start);
        let mut field = Self { width: -1, ..Self::default() };
        let mut at = start;
        while at < end {
            match fmt[at] {
                b'-' => field.left = true,
                b'+' => field.plus = true,
                b' ' => field.space = true,
                b'0' => field.zero = true,
                _ => break,
            }
            at += 1;
        }
        if at < end {
            // The kernel counts in an int, which wraps before it is clamped.
            let wrap = |n: i32, c: &u8| n.wrapping_mul(10).wrapping_add(i32::from(c - b'0'));
            let width = i64::from(fmt[at..end].iter().fold(0i32, wrap));
            field.width = width.clamp(-FIELD_WIDTH_MAX, FIELD_WIDTH_MAX);
        }
        (field, end)
    }

    fn string(&self, text: &[u8], out: &mut Out) {
        let pad = self.width - text.len() as i64;
        if !self.left {
            out.pad(b' ', pad);
        }
        out.extend(text);
        if self.left {
            out.pad(b' ', pad);
        }
    }

    /// `sign` is printed before the digits.
    fn digits(&self, sign: Option<u8>, digits: &str, out: &mut Out) {
        let pad = self.width - digits.len() as i64 - i64::from(sign.is_some());
        if !self.left && !self.zero {
            out.pad(b' ', pad);
        }
        sign.into_iter().for_each(|c| out.push(c));
        if !self.left && self.zero {
            out.pad(b'0', pad);
        }
        out.extend(digits.as_bytes());
        if self.left {
            out.pad(b' ', pad);
        }
    }

    fn signed(&self, value: i64, out: &mut Out) {
        let sign = match (value < 0, self.plus, self.space) {
            (true, _, _) => Some(b'-'),
            (_, true, _) => Some(b'+'),
            (_, _, true) => Some(b' '),
            _ => None,
        };
        self.digits(sign, &value.unsigned_abs().to_string(), out);
    }

    fn pointer(mut self, value: u64, out: &mut Out) {
        if self.width == -1 {
            (self.width, self.zero) = (16, true);
        }
        self.digits(None, &format!("{value:x}"), out);
    }
}

/// Reads the packed arguments back.
struct Args<'a> {
    bin: &'a [u8],
    at: usize,
}

impl Args<'_> {
    fn word(&mut self, bytes: usize) -> u64 {
        self.at = self.at.next_multiple_of(4);
        let mut word = [0u8; 8];
        for (to, from) in word[..bytes].iter_mut().zip(self.bin.get(self.at..).unwrap_or(&[])) {
            *to = *from;
        }
        self.at += bytes;
        u64::from_le_bytes(word)
    }

    fn char(&mut self) -> u8 {
        self.at += 1;
        byte(self.bin, self.at - 1)
    }

    fn string(&mut self) -> Vec<u8> {
        let rest = self.bin.get(self.at..).unwrap_or(&[]);
        let text: Vec<u8> = rest.iter().copied().take_while(|c| *c != 0).collect();
        self.at += text.len() + 1;
        text
    }
}

/// Prints a format that [`super::prepare`] accepted into at most `size` bytes, the NUL included.
///
/// `hash` names a pointer without giving it away, as the kernel's `%p` does.
pub(crate) fn render(fmt: &[u8], bin: &[u8], size: usize, hash: impl Fn(u64) -> u32) -> Rendered {
    let mut out = Out { text: Vec::new(), size, len: 0 };
    let mut args = Args { bin, at: 0 };
    let mut at = 0;
    while at < fmt.len() {
        if fmt[at] != b'%' {
            out.push(fmt[at]);
            at += 1;
        } else if byte(fmt, at + 1) == b'%' {
            out.push(b'%');
            at += 2;
        } else {
            at = conversion(fmt, at + 1, &mut args, &mut out, &hash);
        }
    }
    out.text.truncate(size.saturating_sub(1));
    Rendered { text: out.text, len: out.len }
}

fn conversion(
    fmt: &[u8],
    at: usize,
    args: &mut Args<'_>,
    out: &mut Out,
    hash: &impl Fn(u64) -> u32,
) -> usize {
    let (field, mut at) = Field::parse(fmt, at);
    match byte(fmt, at) {
        b'p' => return pointer(field, fmt, at + 1, args, out, hash),
        b's' => field.string(&args.string(), out),
        b'c' => field.string(&[args.char()], out),
        _ => {
            let mut bytes = 4;
            while byte(fmt, at) == b'l' {
                bytes = 8;
                at += 1;
            }
            let value = args.word(bytes);
            match byte(fmt, at) {
                b'x' => field.digits(None, &format!("{value:x}"), out),
                b'X' => field.digits(None, &format!("{value:X}"), out),
                b'u' => field.digits(None, &value.to_string(), out),
                _ if bytes == 4 => field.signed(i64::from(value as u32 as i32), out),
                _ => field.signed(value as i64, out),
            }
        }
    }
    at + 1
}

/// `at` is the place after the `p`.
fn pointer(
    field: Field,
    fmt: &[u8],
    mut at: usize,
    args: &mut Args<'_>,
    out: &mut Out,
    hash: &impl Fn(u64) -> u32,
) -> usize {
    match byte(fmt, at) {
        b'x' => field.pointer(args.word(8), out),
        b's' | b'S' => field.string(symbol(args.word(8)).as_bytes(), out),
        c if c != b'K' && c.is_ascii_alphanumeric() => {
            // Text that the first pass made is copied without regard to the width, and once the buffer is full
            // it is neither counted nor taken from the arguments.
            if !out.full() {
                let text = args.string();
                out.extend(&text);
            }
        }
        _ => {
            let value = args.word(8);
            let plain = value == 0 || value >= ERR_PTR_START;
            field.pointer(if plain { value } else { u64::from(hash(value)) }, out);
        }
    }
    while byte(fmt, at).is_ascii_alphanumeric() {
        at += 1;
    }
    at
}
