//! Which CPUs there are and which of them run: `kernel/cpu.c`.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::{Mutex, RwLock};
use skep_abi::{Cpu, Errno};
use skep_topology::{CpuMask, Topology};

/// Why a CPU was not put into service or taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CPU {cpu} cannot go {}: {why}", if *online { "online" } else { "offline" })]
pub struct HotplugError {
    /// The CPU.
    pub cpu: Cpu,
    /// What was asked for.
    pub online: bool,
    /// The kernel's error number.
    pub errno: Errno,
    /// The reason.
    pub why: &'static str,
}

/// The CPUs of a machine: as declared, and as they are now.
#[derive(Debug)]
pub(crate) struct Cpus {
    topology: Topology,
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
        Self { topology, online, running, changes: Mutex::new(()) }
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

    /// Checks whether a CPU can change; *Returns* whether it has to.
    pub(crate) fn check(&self, cpu: Cpu, online: bool) -> Result<bool, HotplugError> {
        let refuse = |errno, why| Err(HotplugError { cpu, online, errno, why });
        if !self.topology.present().contains(cpu) {
            return refuse(Errno::EINVAL, "it is not plugged in");
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
