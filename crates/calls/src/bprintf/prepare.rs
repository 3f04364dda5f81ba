//! First pass: is the format one that BPF may use, and what are its arguments?

use skep_abi::Errno;

use super::{BIN_ARGS, byte, skip_flags_and_width};

/// Where the string of a conversion lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrSpace {
    /// `%s`: user memory below the end of user space, kernel memory above.
    Either,
    /// `%pks`
    Kernel,
    /// `%pus`
    User,
}

/// Reads what the arguments point to; never faults.
pub(crate) trait Fetch {
    /// Fills the buffer from kernel memory at `addr`; zeroes it where that cannot be read.
    fn bytes(&mut self, addr: u64, into: &mut [u8]);

    /// The string at `addr` with its NUL, cut to `max` bytes; `None` where it cannot be read.
    fn string(&mut self, addr: u64, space: StrSpace, max: usize) -> Option<Vec<u8>>;
}

/// Arguments packed as the second pass reads them.
struct Bin(Vec<u8>);

impl Bin {
    fn room(&self) -> usize {
        BIN_ARGS - self.0.len()
    }

    fn word(&mut self, value: u64, bytes: usize) -> Result<(), Errno> {
        let aligned = self.0.len().next_multiple_of(4);
        if BIN_ARGS - aligned < bytes {
            return Err(Errno::ENOSPC);
        }
        self.0.resize(aligned, 0);
        self.0.extend_from_slice(&value.to_le_bytes()[..bytes]);
        Ok(())
    }

    /// Stores a text with its NUL, cut to the room that is left.
    fn text(&mut self, text: &str) {
        let keep = text.len().min(self.room().saturating_sub(1));
        self.0.extend_from_slice(&text.as_bytes()[..keep]);
        if self.room() > 0 {
            self.0.push(0);
        }
    }
}

/// Checks `fmt`, which has no NUL, and packs the arguments.
///
/// # Errors
/// `EINVAL` for a control character, a conversion that BPF does not have, or more conversions than arguments;
/// `ENOSPC` when the arguments do not fit into 512 bytes.
pub(crate) fn prepare(fmt: &[u8], args: &[u64], fetch: &mut dyn Fetch) -> Result<Vec<u8>, Errno> {
    let mut bin = Bin(Vec::new());
    let mut args = args.iter().copied();
    let mut at = 0;
    while at < fmt.len() {
        let c = fmt[at];
        if c.is_ascii() && !is_print(c) && !is_space(c) {
            return Err(Errno::EINVAL);
        }
        if c != b'%' {
            at += 1;
        } else if byte(fmt, at + 1) == b'%' {
            at += 2;
        } else {
            let arg = args.next().ok_or(Errno::EINVAL)?;
            at = conversion(fmt, at + 1, arg, &mut bin, fetch)?;
        }
    }
    Ok(bin.0)
}

/// Packs the argument of the conversion whose `%` stands before `at`; returns the place after it.
fn conversion(
    fmt: &[u8],
    at: usize,
    arg: u64,
    bin: &mut Bin,
    fetch: &mut dyn Fetch,
) -> Result<usize, Errno> {
    let at = skip_flags_and_width(fmt, at);
    match byte(fmt, at) {
        b'p' => pointer(fmt, at + 1, arg, bin, fetch),
        b's' => string(fmt, at + 1, StrSpace::Either, arg, bin, fetch),
        b'c' => {
            if bin.room() == 0 {
                return Err(Errno::ENOSPC);
            }
            bin.0.push(arg as u8);
            Ok(at + 1)
        }
        _ => integer(fmt, at, arg, bin),
    }
}

fn integer(fmt: &[u8], mut at: usize, arg: u64, bin: &mut Bin) -> Result<usize, Errno> {
    let mut bytes = 4;
    for _ in 0..2 {
        if byte(fmt, at) == b'l' {
            bytes = 8;
            at += 1;
        }
    }
    if !matches!(byte(fmt, at), b'i' | b'd' | b'u' | b'x' | b'X') {
        return Err(Errno::EINVAL);
    }
    bin.word(arg, bytes)?;
    Ok(at + 1)
}

/// `at` is the place after the `p`.
fn pointer(
    fmt: &[u8],
    at: usize,
    arg: u64,
    bin: &mut Bin,
    fetch: &mut dyn Fetch,
) -> Result<usize, Errno> {
    match (byte(fmt, at), byte(fmt, at + 1)) {
        (next, _) if ends_word(next) => {
            bin.word(arg, 8)?;
            Ok(at)
        }
        (b'k', b's') => string(fmt, at + 2, StrSpace::Kernel, arg, bin, fetch),
        (b'u', b's') => string(fmt, at + 2, StrSpace::User, arg, bin, fetch),
        (b'K' | b'x' | b's' | b'S', _) => {
            bin.word(arg, 8)?;
            Ok(at + 1)
        }
        (b'B', _) => {
            bin.text(&symbol(arg));
            Ok(at + 1)
        }
        (kind @ (b'i' | b'I'), version @ (b'4' | b'6')) => {
            ip(kind, version, arg, bin, fetch)?;
            Ok(at + 2)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// `at` is the place after the conversion.
fn string(
    fmt: &[u8],
    at: usize,
    space: StrSpace,
    arg: u64,
    bin: &mut Bin,
    fetch: &mut dyn Fetch,
) -> Result<usize, Errno> {
    if !ends_word(byte(fmt, at)) {
        return Err(Errno::EINVAL);
    }
    if bin.room() == 0 {
        return Err(Errno::ENOSPC);
    }
    let text = fetch.string(arg, space, bin.room()).unwrap_or_else(|| vec![0]);
    bin.0.extend_from_slice(&text);
    Ok(at)
}

/// Internet addresses are fetched and spelled now, for the second pass only copies them.
fn ip(kind: u8, version: u8, arg: u64, bin: &mut Bin, fetch: &mut dyn Fetch) -> Result<(), Errno> {
    let mut addr = [0u8; 16];
    let addr = &mut addr[..if version == b'4' { 4 } else { 16 }];
    if bin.room() < addr.len() {
        return Err(Errno::ENOSPC);
    }
    fetch.bytes(arg, addr);
    let text = match (version, kind) {
        (b'4', b'I') => addr.iter().map(u8::to_string).collect::<Vec<_>>().join("."),
        (b'4', _) => addr.iter().map(|b| format!("{b:03}")).collect::<Vec<_>>().join("."),
        (_, kind) => {
            let groups = addr.chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1]));
            groups.collect::<Vec<_>>().join(if kind == b'I' { ":" } else { "" })
        }
    };
    bin.text(&text);
    Ok(())
}

/// The name of a kernel address.
// DEVIATION(linux): the machine has no kernel text, so every address is spelled as one without a symbol is.
pub(super) fn symbol(addr: u64) -> String {
    format!("{addr:#x}")
}

fn ends_word(c: u8) -> bool {
    c == 0 || is_space(c) || is_punct(c)
}

fn is_print(c: u8) -> bool {
    matches!(c, 0x20..=0x7e)
}

fn is_space(c: u8) -> bool {
    // The kernel's table counts the no-break space of Latin-1.
    matches!(c, 9..=13 | b' ' | 0xa0)
}

fn is_punct(c: u8) -> bool {
    // The kernel's table is that of Latin-1.
    c.is_ascii_punctuation() || matches!(c, 0xa1..=0xbf | 0xd7 | 0xf7)
}
