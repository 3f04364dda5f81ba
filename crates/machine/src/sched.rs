//! What each CPU does, as far as records and scripts tell: `kernel/sched/core.c`.
//!
//! The machine schedules nothing; it is told who runs where, and keeps the masks of idle CPUs and what tasks show of
//! themselves in step with that.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use skep_abi::{Cpu, Pid};
use skep_topology::CpuMask;

use crate::{HotplugError, Machine};

/// The performance of a CPU at its best (`SCX_CPUPERF_ONE`).
pub const CPUPERF_ONE: u32 = 1024;
/// Nobody has told who runs.
const UNKNOWN: u32 = u32::MAX;
/// Some task runs, and nobody has told which.
const SOMEBODY: u32 = u32::MAX - 1;

/// What one CPU does (`struct rq`).
#[derive(Debug)]
pub(crate) struct Runqueue {
    curr: AtomicU32,
    /// The last time that was told to a program (`scx.clock`), so that time never goes back.
    clock: AtomicU64,
    /// What the CPU's frequency is in relation to its highest.
    perf_now: AtomicU32,
    /// What a scheduler asked for.
    perf_target: AtomicU32,
}

impl Default for Runqueue {
    fn default() -> Self {
        Self {
            curr: AtomicU32::new(UNKNOWN),
            clock: AtomicU64::new(0),
            perf_now: AtomicU32::new(CPUPERF_ONE),
            perf_target: AtomicU32::new(CPUPERF_ONE),
        }
    }
}

impl Machine {
    /// A thread runs on a CPU from now on; thread 0 is the idle task of any CPU.
    ///
    /// Idle CPUs are tracked as in Linux: one that goes idle, also once more, is marked so; one that stays busy keeps
    /// its mark.
    pub fn switch_to(&self, cpu: Cpu, tid: Pid) {
        let Some(rq) = self.runqueue(cpu) else { return };
        let prev = rq.curr.swap(tid.0, Relaxed);
        if prev != tid.0 {
            self.tasks().left(Pid(prev), cpu);
            if let Some(other) = self.tasks().came(tid, cpu)
                && let Some(rq) = self.runqueue(other)
            {
                // It left there unseen.
                let _ = rq.curr.compare_exchange(tid.0, UNKNOWN, Relaxed, Relaxed);
            }
        }
        self.follow_idle(cpu, prev, tid.0);
    }

    /// Some task runs on a CPU from now on, and nobody knows which.
    pub fn set_busy(&self, cpu: Cpu) {
        let Some(rq) = self.runqueue(cpu) else { return };
        let prev = rq.curr.swap(SOMEBODY, Relaxed);
        self.tasks().left(Pid(prev), cpu);
        self.follow_idle(cpu, prev, SOMEBODY);
    }

    /// A thread has left a CPU, and nobody knows for whom.
    pub fn switch_from(&self, cpu: Cpu, tid: Pid) {
        let Some(rq) = self.runqueue(cpu) else { return };
        if rq.curr.compare_exchange(tid.0, UNKNOWN, Relaxed, Relaxed).is_ok() {
            self.tasks().left(tid, cpu);
        }
    }

    fn follow_idle(&self, cpu: Cpu, prev: u32, next: u32) {
        let is_idle = next == 0;
        let was_busy = !matches!(prev, 0 | UNKNOWN);
        if is_idle || !was_busy {
            self.sched_ext().update_idle(cpu, is_idle);
        }
    }

    /// The thread that runs on a CPU, where that was told; 0 is the idle task.
    #[must_use]
    pub fn current(&self, cpu: Cpu) -> Option<Pid> {
        let curr = self.runqueue(cpu)?.curr.load(Relaxed);
        (curr < SOMEBODY).then_some(Pid(curr))
    }

    /// Whether a CPU runs its idle task, where that was told.
    #[must_use]
    pub fn is_idle(&self, cpu: Cpu) -> Option<bool> {
        match self.runqueue(cpu)?.curr.load(Relaxed) {
            UNKNOWN => None,
            curr => Some(curr == 0),
        }
    }

    /// Puts a CPU into service or takes it out, as `/sys/devices/system/cpu/cpuN/online` does. A scheduler that has no
    /// operation for that exits.
    ///
    /// # Errors
    /// [`HotplugError`] for a CPU that is not plugged in, and for CPU 0 and the last one, which run on.
    pub fn set_online(&self, cpu: Cpu, online: bool) -> Result<(), HotplugError> {
        let _changes = self.hotplug.changes.lock();
        self.go(cpu, online)
    }

    /// Plugs a CPU in, which is offline then, or out, for which it is taken offline first, as when a virtual machine
    /// is given CPUs or loses them (`acpi_processor_hotadd_init`, `acpi_scan_hot_remove`).
    ///
    /// Which CPUs are possible never changes, so that masks and per-CPU values stay as large as they are.
    ///
    /// # Errors
    /// [`HotplugError`] for a CPU that is not possible, and for one that does not go offline ([`Self::set_online`]).
    pub fn set_present(&self, cpu: Cpu, present: bool) -> Result<(), HotplugError> {
        let _changes = self.hotplug.changes.lock();
        if !present && self.hotplug.present().contains(cpu) {
            self.go(cpu, false)?;
        }
        self.hotplug.set_present(cpu, present)
    }

    /// The CPUs that are plugged in now (`cpu_present_mask`).
    #[must_use]
    pub fn present(&self) -> CpuMask {
        self.hotplug.present()
    }

    fn go(&self, cpu: Cpu, online: bool) -> Result<(), HotplugError> {
        if !self.hotplug.check(cpu, online)? {
            return Ok(());
        }
        let scx = self.sched_ext();
        if online {
            self.hotplug.set(cpu, true);
            scx.hotplug(cpu, true);
        } else {
            scx.hotplug(cpu, false);
            // The thread that takes it out runs on it, while it still is its siblings' sibling.
            scx.update_idle(cpu, false);
            self.hotplug.set(cpu, false);
        }
        scx.set_online(cpu, online);
        if let Some(rq) = self.runqueue(cpu) {
            let prev = rq.curr.swap(0, Relaxed);
            self.tasks().left(Pid(prev), cpu);
        }
        scx.update_idle(cpu, true);
        Ok(())
    }

    /// What a CPU's frequency is in relation to its highest, of [`CPUPERF_ONE`] (`arch_scale_freq_capacity`); 0 for a
    /// CPU that cannot be.
    #[must_use]
    pub fn cpuperf(&self, cpu: Cpu) -> u32 {
        self.runqueue(cpu).map_or(0, |rq| rq.perf_now.load(Relaxed))
    }

    /// Says what a CPU's frequency is; more than the highest counts as that.
    pub fn set_cpuperf(&self, cpu: Cpu, perf: u32) {
        if let Some(rq) = self.runqueue(cpu) {
            rq.perf_now.store(perf.min(CPUPERF_ONE), Relaxed);
        }
    }

    /// The performance that a scheduler has asked for (`scx_bpf_cpuperf_set`).
    // DEVIATION(linux): the wish is kept and changes no frequency, as with another governor than schedutil.
    #[must_use]
    pub fn cpuperf_target(&self, cpu: Cpu) -> u32 {
        self.runqueue(cpu).map_or(0, |rq| rq.perf_target.load(Relaxed))
    }

    /// Asks for a performance.
    pub fn set_cpuperf_target(&self, cpu: Cpu, perf: u32) {
        if let Some(rq) = self.runqueue(cpu) {
            rq.perf_target.store(perf, Relaxed);
        }
    }

    /// A time that never goes back on one CPU: `now`, or what was told before where that is later.
    #[must_use]
    pub fn rq_clock(&self, cpu: Cpu, now: u64) -> u64 {
        self.runqueue(cpu).map_or(now, |rq| rq.clock.fetch_max(now, Relaxed).max(now))
    }

    fn runqueue(&self, cpu: Cpu) -> Option<&Runqueue> {
        self.runqueues.get(cpu.0 as usize)
    }
}
