//! Probes on functions as perf events: the kprobe and uprobe PMUs (4.17).

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{PerfEvent, PerfEventAttr, Target};
use crate::HostError;
use crate::sys::perf::address_of;

const PMUS: &str = "/sys/bus/event_source/devices";

/// The number of a PMU, and the bit of `config` for the function's return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pmu {
    kind: u32,
    return_bit: u32,
}

fn pmu(name: &str, config: &str) -> Result<Pmu, HostError> {
    let folder = Path::new(PMUS).join(name);
    let kind = fs::read_to_string(folder.join("type")).ok();
    let kind = kind.and_then(|text| text.trim().parse().ok()).ok_or_else(|| {
        HostError::unsupported(
            format!("attach a {name}"),
            format!(
                "{PMUS}/{name} does not exist: the kernel is older than 4.17 or built without {config}"
            ),
        )
    })?;
    // `config:0`.
    let format = fs::read_to_string(folder.join("format/retprobe")).unwrap_or_default();
    let bit = format.trim().strip_prefix("config:").and_then(|bit| bit.parse().ok());
    Ok(Pmu { kind, return_bit: bit.filter(|&bit| bit < 64).unwrap_or(0) })
}

/// The number of the kprobe PMU.
///
/// # Errors
/// When the kernel has none.
pub fn kprobe_pmu() -> Result<u32, HostError> {
    pmu("kprobe", "CONFIG_KPROBE_EVENTS").map(|pmu| pmu.kind)
}

/// The number of the uprobe PMU.
///
/// # Errors
/// When the kernel has none.
pub fn uprobe_pmu() -> Result<u32, HostError> {
    pmu("uprobe", "CONFIG_UPROBE_EVENTS").map(|pmu| pmu.kind)
}

impl PerfEvent {
    /// An event at a function of the kernel, or at its return; programs of type kprobe attach to it.
    ///
    /// # Errors
    /// When the kernel has no kprobes or no such function, or refuses.
    pub fn kprobe(
        function: &str,
        offset: u64,
        at_return: bool,
        target: Target<'_>,
    ) -> Result<Self, HostError> {
        let pmu = pmu("kprobe", "CONFIG_KPROBE_EVENTS")?;
        Self::probe(pmu, function.as_bytes(), offset, at_return, target)
    }

    /// An event at an offset of a file, or at the return of the function there; programs of type kprobe attach to it.
    ///
    /// # Errors
    /// When the kernel has no uprobes, the file no such offset, or the kernel refuses.
    pub fn uprobe(
        file: &Path,
        offset: u64,
        at_return: bool,
        target: Target<'_>,
    ) -> Result<Self, HostError> {
        let pmu = pmu("uprobe", "CONFIG_UPROBE_EVENTS")?;
        Self::probe(pmu, file.as_os_str().as_bytes(), offset, at_return, target)
    }

    fn probe(
        pmu: Pmu,
        name: &[u8],
        offset: u64,
        at_return: bool,
        target: Target<'_>,
    ) -> Result<Self, HostError> {
        let name = CString::new(name)
            .map_err(|_| HostError::missing("attach a probe", "a name has no zero byte"))?;
        let mut attr = PerfEventAttr { type_: pmu.kind, ..PerfEventAttr::default() };
        attr.config = u64::from(at_return) << pmu.return_bit;
        // These two words are the name's address and the offset.
        attr.__bindgen_anon_3.config1 = address_of(&name);
        attr.__bindgen_anon_4.config2 = offset;
        let event = Self::open(&attr, target, None);
        drop(name);
        event
    }
}
