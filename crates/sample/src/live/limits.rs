//! What the kernel's settings allow: sysctls and resource limits.

use std::fs;
use std::str::FromStr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::OpenError;
use crate::options::{Fields, Rate};

/// `kernel.perf_event_paranoid`, when it can be read.
pub(crate) fn paranoid() -> Option<i32> {
    sysctl("perf_event_paranoid")
}

/// Refuses what the kernel would refuse with a mere EINVAL.
pub(crate) fn check(rate: Rate, fields: &Fields) -> Result<(), OpenError> {
    if let Some(bytes) = fields.user_stack
        && (bytes % 8 != 0 || bytes >= 1 << 16 || bytes == 0)
    {
        return Err(OpenError::StackSize { bytes });
    }
    match rate {
        Rate::Frequency(0) | Rate::Period(0) => Err(OpenError::RateZero),
        Rate::Frequency(asked) => match sysctl("perf_event_max_sample_rate") {
            Some(max) if asked > max => Err(OpenError::RateTooHigh { asked, max }),
            _ => Ok(()),
        },
        Rate::Period(_) => Ok(()),
    }
}

/// Allows as many open files as can be had, if that is needed; *Returns* the limit.
pub(crate) fn raise_open_files(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let unlimited = u64::MAX;
    let current = limit.current.unwrap_or(unlimited);
    if current >= needed {
        return current;
    }
    let hard = limit.maximum.unwrap_or(unlimited);
    // Root may raise the hard limit too.
    for maximum in [hard, needed] {
        let wish = Rlimit { current: Some(maximum.max(current)), maximum: Some(maximum.max(hard)) };
        if maximum > current && setrlimit(Resource::Nofile, wish).is_ok() && maximum >= needed {
            break;
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(unlimited)
}

fn sysctl<T: FromStr>(name: &str) -> Option<T> {
    fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_rates_and_stacks_are_refused_with_their_numbers() {
        let fields = |user_stack| Fields { user_stack, ..Fields::default() };
        let check = |rate, stack| check(rate, &fields(stack));
        assert!(check(Rate::Frequency(99), Some(16_384)).is_ok());
        assert!(matches!(check(Rate::Frequency(0), None), Err(OpenError::RateZero)));
        assert!(matches!(check(Rate::Period(0), None), Err(OpenError::RateZero)));
        for bytes in [0, 12, 65_536] {
            let refused = check(Rate::Period(1), Some(bytes));
            assert!(matches!(refused, Err(OpenError::StackSize { .. })), "{bytes}");
        }
        if sysctl::<u64>("perf_event_max_sample_rate").is_some() {
            let refused = check(Rate::Frequency(u64::MAX), None);
            assert!(matches!(refused, Err(OpenError::RateTooHigh { .. })));
        }
    }
}
