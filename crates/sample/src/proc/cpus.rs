//! Lists of CPUs: `0-3,8` as sysfs prints them and users type them.

use std::fs;
use std::io;

use skep_abi::Cpu;
use thiserror::Error;

/// The most CPUs that x86-64 Linux can be built for.
const MAX_CPUS: u32 = 8192;

/// A text that is no list of CPUs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is no list of CPUs such as 0-3,8")]
pub struct CpuListError {
    text: String,
}

/// Parses a list of CPUs; the result is sorted and has none twice.
///
/// # Errors
/// When the text is empty, not such a list, or names a CPU beyond 8,191.
pub fn parse_cpu_list(text: &str) -> Result<Vec<Cpu>, CpuListError> {
    let refuse = || CpuListError { text: text.into() };
    let mut cpus = Vec::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let first: u32 = first.trim().parse().map_err(|_| refuse())?;
        let last: u32 = last.trim().parse().map_err(|_| refuse())?;
        if first > last || last >= MAX_CPUS {
            return Err(refuse());
        }
        cpus.extend((first..=last).map(Cpu));
    }
    cpus.sort_unstable();
    cpus.dedup();
    Ok(cpus)
}

/// The CPUs that run.
pub(crate) fn online_cpus() -> io::Result<Vec<Cpu>> {
    let text = fs::read_to_string("/sys/devices/system/cpu/online")
        .or_else(|_| fs::read_to_string("/proc/self/status").map(|status| allowed(&status)))?;
    parse_cpu_list(&text).map_err(io::Error::other)
}

/// Where sysfs is hidden: the CPUs that we ourselves may run on.
fn allowed(status: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap_or_default().trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_cpus_read_sorted_and_once() {
        let cpus =
            |text| parse_cpu_list(text).map(|cpus| cpus.iter().map(|c| c.0).collect::<Vec<_>>());
        assert_eq!(cpus("0-3,8\n"), Ok(vec![0, 1, 2, 3, 8]));
        assert_eq!(cpus("5,1,1-2"), Ok(vec![1, 2, 5]));
        for bad in ["", "a", "3-1", "1-", "0-8192", "4294967296", "1,,2"] {
            assert!(cpus(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn some_cpu_is_online() {
        assert!(!online_cpus().unwrap().is_empty());
    }
}
