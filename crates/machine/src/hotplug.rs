//! Which CPUs there are and which of them run: `kernel/cpu.c`, `drivers/base/cpu.c`.
//!
//! A CPU that is possible can be plugged in and out, one that is plugged in can run or not.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::{Mutex, RwLock};
use skep_abi::{Cpu, Errno};
use skep_topology::{CpuMask, Topology};

/// What is asked of a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hotplug {
    /// To run.
    Online,
    /// To run no more.
    Offline,
    /// To be there.
    PlugIn,
    /// To be there no more.
    PlugOut,
}

impl std::fmt::Display for Hotplug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Online => "go online",
            Self::Offline => "go offline",
            Self::PlugIn => "be plugged in",
            Self::PlugOut => "be plugged out",
        })
    }
}

/// Why a CPU was not put into service or taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CPU {cpu} cannot {asked}: {why}")]
pub struct HotplugError {
    /// The CPU.
    pub cpu: Cpu,
    /// What was asked for.
    pub asked: Hotplug,
    /// The kernel's error number.
    pub errno: Errno,
    /// The reason.
    pub why: &'static str,
}

/// The CPUs of a machine: as declared, and as they are now.
#[derive(Debug)]
pub(crate) struct Cpus {
    topology: Topology,
    present: RwLock<CpuMask>,
    online: RwLock<CpuMask>,
    /// The same by CPU, for whoever asks on every sample.
    running: Box<[AtomicBool]>,
    /// Held while a CPU comes or goes (`cpu_add_remove_lock`).
    pub(crate) changes: Mutex<()>,
}

impl Cpus {
    pub(crate) fn new(topology: Topology) -> Self {
        let running = |cpu| AtomicBool::new(topology.online().contains(Cpu(cpu)));
        let running = (0..topology.nr_cpu_ids()).map(running).collect();
        let online = RwLock::new(topology.online().clone());
        let present = RwLock::new(topology.present().clone());
        Self { topology, present, online, running, changes: Mutex::new(()) }
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    #[inline]
    pub(crate) fn is_online(&self, cpu: Cpu) -> bool {
        self.running.get(cpu.0 as usize).is_some_and(|running| running.load(Relaxed))
    }

    pub(crate) fn online(&self) -> CpuMask {
        self.online.read().clone()
    }

    pub(crate) fn present(&self) -> CpuMask {
        self.present.read().clone()
    }

    /// Checks whether a CPU can change; *Returns* whether it has to.
    ///
    /// *Kernel*: on x86, CPU 0 has been fixed since 6.5, and before unless the kernel was booted with `cpu0_hotplug`
    /// (`arch_cpu_is_hotpluggable`, then `device_offline`).
    pub(crate) fn check(&self, cpu: Cpu, online: bool) -> Result<bool, HotplugError> {
        let asked = if online { Hotplug::Online } else { Hotplug::Offline };
        let refuse = |errno, why| Err(HotplugError { cpu, asked, errno, why });
        if !self.present.read().contains(cpu) {
            return refuse(Errno::EINVAL, "it is not plugged in");
        }
        if !online && cpu == Cpu(0) {
            return refuse(Errno::EPERM, "x86 needs it, and `cpu0/online` does not exist");
        }
        let now = self.online.read();
        if now.contains(cpu) == online {
            return Ok(false);
        }
        if !online && now.weight() == 1 {
            return refuse(Errno::EBUSY, "it is the last one that runs");
        }
        Ok(true)
    }

    /// Plugs a CPU in or out that does not run.
    pub(crate) fn set_present(&self, cpu: Cpu, present: bool) -> Result<(), HotplugError> {
        let asked = if present { Hotplug::PlugIn } else { Hotplug::PlugOut };
        if !self.topology.possible().contains(cpu) {
            let why = "it is not possible on this machine";
            return Err(HotplugError { cpu, asked, errno: Errno::EINVAL, why });
        }
        let mut now = self.present.write();
        if present {
            now.insert(cpu)
        } else {
            now.remove(cpu)
        }
        Ok(())
    }

    pub(crate) fn set(&self, cpu: Cpu, online: bool) {
        let mut now = self.online.write();
        if online {
            now.insert(cpu)
        } else {
            now.remove(cpu)
        }
        if let Some(running) = self.running.get(cpu.0 as usize) {
            running.store(online, Relaxed);
        }
    }
}
