//! Settings of the system that decide what may be loaded and attached, and by whom.

use std::fs;

use skep_abi::{AttachType, Errno, ProgType};

use super::program_type::{TRIVIAL, described};
use super::{Probed, helper};
use crate::error::errno;
use crate::sys::limit;
use crate::sys::link::{Tie, create};

/// What the system's settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// `kernel.unprivileged_bpf_disabled`: 0 lets everybody load a few program types, 1 and 2 nobody without CAP_BPF.
    pub unprivileged_bpf_disabled: Option<i32>,
    /// `kernel.perf_event_paranoid`: 2 and less lets users measure their own processes, 1 and less with the kernel,
    /// -1 everything; Debian has 3, which forbids it.
    pub perf_event_paranoid: Option<i32>,
    /// Kernel lockdown: `none`, `integrity` or `confidentiality`; none where the kernel has no lockdown.
    pub lockdown: Option<String>,
    /// `net.core.bpf_jit_enable`: 0 interprets, 1 and 2 compile.
    pub jit_enable: Option<i32>,
    /// Whether a loaded program was compiled to native code.
    pub jit: Probed,
    /// The limit of locked memory in bytes; none without limit.
    pub memlock: Option<u64>,
    /// Where a BPF file system is mounted.
    pub bpffs: Option<String>,
}

fn setting(path: &str) -> Option<i32> {
    fs::read_to_string(format!("/proc/sys/{path}")).ok()?.trim().parse().ok()
}

impl System {
    /// Reads the settings, and loads a program to see whether it is compiled.
    #[must_use]
    pub fn read() -> Self {
        let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").ok();
        Self {
            unprivileged_bpf_disabled: setting("kernel/unprivileged_bpf_disabled"),
            perf_event_paranoid: setting("kernel/perf_event_paranoid"),
            lockdown: lockdown.and_then(|text| chosen(&text)),
            jit_enable: setting("net/core/bpf_jit_enable"),
            jit: jit(),
            memlock: limit::memlock(),
            bpffs: fs::read_to_string("/proc/self/mounts").ok().and_then(|text| mounted(&text)),
        }
    }
}

/// The word in brackets of `none [integrity] confidentiality`.
fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

/// The first mount of type bpf.
fn mounted(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?;
        (words.next()? == "bpf").then(|| place.to_owned())
    })
}

fn jit() -> Probed {
    let program = described(ProgType::SocketFilter, TRIVIAL.to_vec());
    let loaded = program.install().map_err(|verdict| {
        verdict.errno.map_or_else(String::new, |errno| format!("loading a program gives {errno}"))
    });
    let info = loaded.and_then(|program| program.info().map_err(|error| error.to_string()));
    match info {
        Ok(info) if info.jited_len > 0 => {
            Probed::yes(format!("a loaded program has {} bytes of native code", info.jited_len))
        }
        Ok(_) => Probed::no("a loaded program has no native code"),
        Err(why) => Probed::unknown(why),
    }
}

/// Whether the memory of maps and programs is charged to the memory cgroup (5.11) rather than to the limit of locked
/// memory, which then need not be raised: told by `bpf_ktime_get_coarse_ns`, which came with it.
#[must_use]
pub fn memory_accounting() -> Probed {
    const KTIME_GET_COARSE_NS: u32 = 160;
    let probed = helper(ProgType::SocketFilter, KTIME_GET_COARSE_NS);
    Probed { how: format!("helper bpf_ktime_get_coarse_ns: {}", probed.how), ..probed }
}

/// Whether programs attach to perf events by links, which carry a cookie (5.15): asks for a link without an event.
#[must_use]
pub fn links() -> Probed {
    let program = match described(ProgType::PerfEvent, TRIVIAL.to_vec()).install() {
        Ok(program) => program,
        Err(verdict) => {
            let errno = verdict.errno.unwrap_or(Errno::EIO);
            return Probed::unknown(format!("loading a program gives {errno}"));
        }
    };
    // The program's own descriptor is no event.
    let program = std::os::fd::AsFd::as_fd(&program);
    match create(program, AttachType::PerfEvent as u32, 0, Tie::PerfEvent(program, 0)) {
        Ok(_) => Probed::unknown("a link to what is no event was created"),
        Err(error) => match errno(&error) {
            errno @ Errno::EBADF => {
                Probed::yes(format!("a link to what is no event gives {errno}"))
            }
            errno => Probed::no(format!("a link to what is no event gives {errno}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_the_kernel_writes_them() {
        assert_eq!(chosen("none [integrity] confidentiality\n").as_deref(), Some("integrity"));
        assert_eq!(chosen("none"), None);
        let mounts = "proc /proc proc rw 0 0\nbpf /sys/fs/bpf bpf rw,nosuid 0 0\n";
        assert_eq!(mounted(mounts).as_deref(), Some("/sys/fs/bpf"));
        assert_eq!(mounted("x\n\n"), None);
    }
}
