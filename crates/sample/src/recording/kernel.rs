//! Whether the kernel that was recorded is the one that runs, booted once.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::survey::KernelText;

/// Lines of `/proc/kallsyms` within which the first symbols of the text lie.
const FIRST_LINES: usize = 100_000;

/// Whether kernel addresses of a recording mean the same today: the release is the same, and the kernel's text lies
/// where it lay.
pub(super) fn is_running(release: Option<&str>, text: Option<&KernelText>) -> bool {
    let here = rustix::system::uname();
    let (Some(release), Some(text)) = (release, text) else { return false };
    here.release().to_str() == Ok(release) && address_of(&text.symbol) == Some(text.address)
}

/// The address of a symbol; `None` where the kernel hides it.
fn address_of(symbol: &str) -> Option<u64> {
    let lines = BufReader::new(File::open("/proc/kallsyms").ok()?).lines();
    let mut words = lines.take(FIRST_LINES).map_while(Result::ok).filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        (words.nth(1)? == symbol).then_some(address)
    });
    words.next().filter(|address| *address != 0)
}
