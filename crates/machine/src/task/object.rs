//! `struct task_struct` and what it points to.

use skep_abi::{Addr, Cpu, Pid};

use super::Task;
use crate::Fault;
use crate::cpu::Rcu;
use crate::memory::{Memory, OutOfMemory, Width};
use crate::object::{Layout, ObjectPool, Place, Unmodelled};
use skep_btf::Btf;
use skep_topology::CpuMask;
use std::sync::Arc;

/// `PF_KTHREAD`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// Places of the objects that one task has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objects {
    pub(super) task: Place,
    cred: Option<Place>,
    mm: Option<Place>,
}

/// Pools of the structs that tasks are made of.
#[derive(Debug)]
pub(super) struct TaskObjects {
    task: ObjectPool,
    cred: Option<ObjectPool>,
    mm: Option<ObjectPool>,
    /// CPUs of a task that may run anywhere.
    possible: CpuMask,
}

/// Addresses of what a task points to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Relatives {
    pub(super) leader: Addr,
    pub(super) parent: Addr,
    /// The sets of its control groups.
    pub(super) css_set: Addr,
}

impl TaskObjects {
    /// `None` without a `task_struct` in the BTF.
    pub(super) fn new(btf: &Btf, unmodelled: &Arc<Unmodelled>, possible: &CpuMask) -> Option<Self> {
        let pool = |name| Layout::new(btf, name, unmodelled).map(ObjectPool::new);
        let possible = possible.clone();
        Some(Self {
            task: pool("task_struct")?,
            cred: pool("cred"),
            mm: pool("mm_struct"),
            possible,
        })
    }

    pub(super) fn addr(&self, objects: Objects) -> Addr {
        self.task.addr(objects.task)
    }

    /// Makes the objects of a task, empty.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub(super) fn make(
        &self,
        memory: &Memory,
        rcu: &Rcu,
        task: &Task,
    ) -> Result<Objects, OutOfMemory> {
        let make = |pool: &ObjectPool| {
            let name = format!("the {} of task {} ({})", pool.layout.name, task.tid, task.comm);
            pool.make(memory, rcu, name)
        };
        // Threads of the kernel have no address space, which programs know them by.
        let mm = self.mm.as_ref().filter(|_| !task.is_kthread);
        Ok(Objects {
            task: make(&self.task)?,
            cred: self.cred.as_ref().map(make).transpose()?,
            mm: mm.map(make).transpose()?,
        })
    }

    /// Fills the objects with what is known of the task.
    pub(super) fn fill(&self, objects: Objects, task: &Task, relatives: Relatives) {
        let at = objects.task;
        let number = |path: &str, value: u64| self.task.put(at, path, value);
        number("pid", u64::from(task.tid.0));
        number("tgid", u64::from(task.pid.0));
        number("flags", if task.is_kthread { PF_KTHREAD } else { 0 });
        number("start_time", task.start_time);
        number("start_boottime", task.start_time);
        number("real_start_time", task.start_time);
        number("group_leader", relatives.leader.0);
        number("real_parent", relatives.parent.0);
        number("parent", relatives.parent.0);
        number("nsproxy", 0);
        number("cgroups", relatives.css_set.0);
        self.task.put_bytes(at, "comm", &task.comm_bytes());
        self.fill_cpus(at, task);
        if let (Some(pool), Some(cred)) = (&self.cred, objects.cred) {
            for (path, id) in [
                ("uid.val", task.uid),
                ("euid.val", task.uid),
                ("suid.val", task.uid),
                ("fsuid.val", task.uid),
                ("gid.val", task.gid),
                ("egid.val", task.gid),
                ("sgid.val", task.gid),
                ("fsgid.val", task.gid),
            ] {
                pool.put(cred, path, u64::from(id));
            }
            number("real_cred", pool.addr(cred).0);
            number("cred", pool.addr(cred).0);
        }
        let mm = self.mm.as_ref().zip(objects.mm).map_or(Addr::NULL, |(pool, mm)| pool.addr(mm));
        number("mm", mm.0);
        number("active_mm", mm.0);
    }

    /// Where the task runs or ran last: nothing where nobody has told.
    pub(super) fn fill_place(&self, objects: Objects, cpu: Option<Cpu>, on_cpu: bool) {
        let Some(cpu) = cpu else { return };
        for (path, value) in [
            ("thread_info.cpu", cpu.0),
            ("recent_used_cpu", cpu.0),
            ("wake_cpu", cpu.0),
            ("on_cpu", on_cpu.into()),
        ] {
            self.task.put(objects.task, path, value.into());
        }
    }

    /// Whether such an object begins at an address, be it alive or not.
    pub(super) fn is_one(&self, addr: Addr) -> bool {
        self.task.place_of(addr).is_some()
    }

    /// The thread that a `task_struct` says to be.
    pub(super) fn tid_at(&self, memory: &Memory, task: Addr) -> Option<Pid> {
        let field = self.task.layout.field("pid")?;
        let pid = memory.load(task.offset(field.offset.cast_signed()), Width::W).ok()?;
        Some(Pid(pid as u32))
    }

    /// What a `task_struct` says of the CPUs that it may run on.
    pub(super) fn cpus_allowed(
        &self,
        memory: &Memory,
        task: Addr,
    ) -> Result<Option<(Addr, u32)>, Fault> {
        let field = |path| self.task.layout.field(path);
        let (Some(mask), Some(count)) = (field("cpus_ptr"), field("nr_cpus_allowed")) else {
            return Ok(None);
        };
        let mask = memory.load(task.offset(mask.offset.cast_signed()), Width::Dw)?;
        let count = memory.load(task.offset(count.offset.cast_signed()), Width::W)?;
        Ok(Some((Addr(mask), count as u32)))
    }

    /// The mask of CPUs, which lies in the task and is pointed to.
    fn fill_cpus(&self, at: Place, task: &Task) {
        let words = self.possible.words();
        let mask: Vec<u64> = if task.affinity.iter().all(|word| *word == 0) {
            words.to_vec()
        } else {
            task.affinity.iter().copied().take(words.len()).collect()
        };
        let bytes: Vec<u8> = mask.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.task.put_bytes(at, "cpus_mask", &bytes);
        if let Some(field) = self.task.layout.field("cpus_mask") {
            self.task.put(at, "cpus_ptr", self.task.addr(at).0 + field.offset);
        }
        let allowed: u32 = mask.iter().map(|word| word.count_ones()).sum();
        self.task.put(at, "nr_cpus_allowed", u64::from(allowed));
    }

    pub(super) fn retire(&self, rcu: &Rcu, objects: Objects) {
        self.task.retire(rcu, objects.task);
        for (pool, place) in [(&self.cred, objects.cred), (&self.mm, objects.mm)] {
            if let (Some(pool), Some(place)) = (pool, place) {
                pool.retire(rcu, place);
            }
        }
    }
}
