//! The CPUs that run.

use std::fs;
use std::io;

use skep_abi::Cpu;
use skep_topology::{MAX_CPUS, parse_list};

/// The CPUs that run; never none.
pub(crate) fn online_cpus() -> io::Result<Vec<Cpu>> {
    let text = fs::read_to_string("/sys/devices/system/cpu/online")
        .or_else(|_| fs::read_to_string("/proc/self/status").map(|status| allowed(&status)))?;
    let cpus = parse_list(&text, MAX_CPUS).map_err(io::Error::other)?;
    match cpus.is_empty() {
        true => Err(io::Error::other("the kernel names no CPU that runs")),
        false => Ok(cpus.into_iter().map(Cpu).collect()),
    }
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
    fn some_cpu_is_online() {
        assert!(!online_cpus().unwrap().is_empty());
    }

    #[test]
    fn where_sysfs_is_hidden_the_allowed_ones_are_taken() {
        assert_eq!(allowed("Name:\tskep\nCpus_allowed:\t5\nCpus_allowed_list:\t0,2\n"), "0,2");
        assert_eq!(allowed("Name:\tskep\n"), "");
    }
}
