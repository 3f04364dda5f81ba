//! Limits and numbers of the system: locked memory, CPUs.

use std::fs;

/// Lifts the limit of locked memory, which kernels before 5.11 charge maps and programs to. Says nothing when
/// refused: the kernel's own refusal follows.
#[expect(unsafe_code, reason = "setrlimit")]
pub(crate) fn lift_memlock() {
    let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` is a valid value that outlives the call.
    unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) };
}

/// The limit of locked memory in bytes; none where there is no limit.
#[expect(unsafe_code, reason = "getrlimit")]
pub(crate) fn memlock() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place that outlives the call.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
    (limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// Ranges of CPUs such as `0-3,8`: first and last of each.
fn ranges(list: &str) -> Option<Vec<(u32, u32)>> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    let ranges: Option<Vec<_>> = list.trim().split(',').map(range).collect();
    ranges.filter(|ranges| ranges.iter().all(|(first, last)| first <= last))
}

fn cpus(which: &str) -> Option<Vec<(u32, u32)>> {
    ranges(&fs::read_to_string(format!("/sys/devices/system/cpu/{which}")).ok()?)
}

/// How many values a map with one per CPU has for a key: the possible CPUs, counted. None where the system does not
/// show them; then such values cannot be read, since their length is not known.
pub(crate) fn values_per_key() -> Option<u32> {
    let ranges = cpus("possible")?;
    Some(ranges.iter().fold(0_u32, |sum, (first, last)| sum.saturating_add(last - first + 1)))
}

/// Number of CPUs that the kernel has room for, highest possible number and one (`nr_cpu_ids`); 1 where the system
/// does not show them.
#[must_use]
pub fn possible_cpus() -> u32 {
    let last = cpus("possible").and_then(|ranges| ranges.iter().map(|(_, last)| *last).max());
    last.map_or(1, |last| last.saturating_add(1))
}

/// CPUs that run, in order; none where the system does not show them.
#[must_use]
pub fn online_cpus() -> Vec<u32> {
    cpus("online").unwrap_or_default().into_iter().flat_map(|(first, last)| first..=last).collect()
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn lists_of_cpus_are_ranges() {
        assert_eq!(ranges("0-3,8\n"), Some(vec![(0, 3), (8, 8)]));
        assert_eq!(ranges("0\n"), Some(vec![(0, 0)]));
        for wrong in ["", "3-1", "a", "0-", "99999999999"] {
            assert_eq!(ranges(wrong), None, "{wrong}");
        }
    }
}
