//! What the kernel that was recorded has to do with the one that runs.

use std::fs::File;
use std::io::{BufRead, BufReader};

use skep_abi::RecordedKernel;

use super::survey::KernelText;

/// Lines of `/proc/kallsyms` within which the first symbols of the text lie.
const FIRST_LINES: usize = 100_000;

/// Compares the kernel of a recording with the running one.
pub(super) fn compare(release: Option<&str>, text: Option<&KernelText>) -> RecordedKernel {
    let here = rustix::system::uname();
    if release.is_none_or(|release| here.release().to_str() != Ok(release)) {
        return RecordedKernel::Other;
    }
    let is_there = |text: &KernelText| address_of(&text.symbol) == Some(text.address);
    match text.is_some_and(is_there) {
        true => RecordedKernel::Running,
        false => RecordedKernel::SameRelease,
    }
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
