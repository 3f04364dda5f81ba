//! The table of tasks, and what happens to them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::RwLock;
use skep_abi::{Addr, Cpu, Pid};
use skep_btf::Btf;
use skep_topology::CpuMask;

use super::Task;
use super::object::{Objects, Relatives, TaskObjects};
use crate::cgroup::{CgroupId, Cgroups};
use crate::object::{Unmodelled, World};
use crate::{Access, Fault};

/// Tasks that are remembered after their exit, for samples that come late.
const REMEMBERED: usize = 4096;
/// The idle task, which is the parent of those whose parent is unknown.
const IDLE: Pid = Pid(0);
/// The process that takes orphans.
const INIT: Pid = Pid(1);

/// A task, and its objects once a program has asked for them.
#[derive(Debug)]
struct Entry {
    task: Arc<Task>,
    objects: Option<Objects>,
    /// The CPU that it runs on or ran on last, where that was told.
    cpu: Option<Cpu>,
    /// Whether it runs there now.
    on_cpu: bool,
}

impl Entry {
    fn new(task: Task) -> Self {
        Self { task: Arc::new(task), objects: None, cpu: None, on_cpu: false }
    }
}

#[derive(Debug, Default)]
struct Table {
    by_tid: HashMap<Pid, Entry>,
    exited: VecDeque<Pid>,
    /// Threads that have objects.
    shown: HashSet<Pid>,
}

impl Table {
    /// The process that a thread's `real_parent` is: init once its own has ended.
    fn parent_of(&self, task: &Task) -> Pid {
        let parent = task.parent.unwrap_or(IDLE);
        let has_ended = self.by_tid.get(&parent).is_some_and(|entry| !entry.task.is_alive);
        if has_ended { INIT } else { parent }
    }

    fn take_objects(&mut self, tid: Pid) -> Option<Objects> {
        self.shown.remove(&tid);
        self.by_tid.get_mut(&tid)?.objects.take()
    }
}

/// The tasks of a machine.
#[derive(Debug)]
pub struct Tasks {
    table: RwLock<Table>,
    objects: Option<TaskObjects>,
    cgroups: Arc<Cgroups>,
    world: World,
}

impl Tasks {
    pub(crate) fn new(
        world: World,
        cgroups: Arc<Cgroups>,
        types: Option<(&Btf, &Arc<Unmodelled>)>,
        possible: &CpuMask,
    ) -> Self {
        let objects =
            types.and_then(|(btf, unmodelled)| TaskObjects::new(btf, unmodelled, possible));
        Self { table: RwLock::default(), objects, cgroups, world }
    }

    /// What is known of a thread, be it alive or not.
    #[must_use]
    pub fn get(&self, tid: Pid) -> Option<Arc<Task>> {
        self.table.read().by_tid.get(&tid).map(|entry| Arc::clone(&entry.task))
    }

    /// Enters a thread, or replaces what was known of it.
    pub fn insert(&self, task: Task) {
        let mut table = self.table.write();
        self.put(&mut table, task);
    }

    fn put(&self, table: &mut Table, task: Task) {
        let tid = task.tid;
        let task = Arc::new(task);
        // A thread whose number is used again is another one.
        if table.by_tid.get(&tid).is_some_and(|entry| !entry.task.is_alive) {
            self.retire(table, tid);
            if let Some(entry) = table.by_tid.get_mut(&tid) {
                (entry.cpu, entry.on_cpu) = (None, false);
            }
        }
        match table.by_tid.get_mut(&tid) {
            Some(entry) => entry.task = task,
            None => {
                let entry = Entry { task, objects: None, cpu: None, on_cpu: false };
                table.by_tid.insert(tid, entry);
            }
        }
        self.refill(table, tid);
    }

    /// Gives up the objects of a thread, where it has some.
    fn retire(&self, table: &mut Table, tid: Pid) {
        if let (Some(pools), Some(objects)) = (&self.objects, table.take_objects(tid)) {
            self.world.storages.destroy(pools.addr(objects));
            pools.retire(&self.world.rcu, objects);
        }
    }

    /// Changes what is known of a thread; one that is not known is made first.
    fn change(&self, tid: Pid, pid: Pid, change: impl FnOnce(&mut Task)) {
        let mut table = self.table.write();
        let known = table.by_tid.get(&tid).map(|entry| Task::clone(&entry.task));
        let mut task = known.unwrap_or_else(|| Task::new(tid, pid, ""));
        change(&mut task);
        self.put(&mut table, task);
    }

    /// A thread was made (`PERF_RECORD_FORK`): it has its parent's name, ids and CPUs.
    pub fn fork(&self, tid: Pid, pid: Pid, parent_tid: Pid, parent_pid: Pid, time: u64) {
        let mut table = self.table.write();
        let parent = table.by_tid.get(&parent_tid).or_else(|| table.by_tid.get(&parent_pid));
        let mut task =
            parent.map_or_else(|| Task::new(tid, pid, ""), |entry| Task::clone(&entry.task));
        if pid != parent_pid {
            task.parent = Some(parent_pid);
        }
        (task.tid, task.pid, task.start_time, task.is_alive) = (tid, pid, time, true);
        self.put(&mut table, task);
    }

    /// A thread has a new name (`PERF_RECORD_COMM`), by itself or by executing a program.
    pub fn rename(&self, tid: Pid, pid: Pid, comm: &str) {
        self.change(tid, pid, |task| {
            task.pid = pid;
            comm.clone_into(&mut task.comm);
        });
    }

    /// A thread has ended (`PERF_RECORD_EXIT`). What is known of it stays for a while.
    pub fn exit(&self, tid: Pid) {
        let mut table = self.table.write();
        let Some(entry) = table.by_tid.get_mut(&tid).filter(|entry| entry.task.is_alive) else {
            return;
        };
        Arc::make_mut(&mut entry.task).is_alive = false;
        let pid = entry.task.pid;
        table.exited.push_back(tid);
        if tid == pid {
            self.orphan(&mut table, pid);
        }
        self.retire_ended(&mut table, tid);
        // The leader's object outlives it as long as one of its threads has one.
        if tid != pid && table.by_tid.get(&pid).is_some_and(|leader| !leader.task.is_alive) {
            self.retire_ended(&mut table, pid);
        }
        if table.exited.len() > REMEMBERED
            && let Some(old) = table.exited.pop_front()
            && let Some(entry) = table.by_tid.get(&old)
            && !entry.task.is_alive
        {
            if entry.objects.is_some() {
                table.exited.push_back(old);
            } else {
                table.by_tid.remove(&old);
            }
        }
    }

    /// Children of a process that ended are init's; those that programs have seen are told.
    fn orphan(&self, table: &mut Table, parent: Pid) {
        let is_child = |tid: &Pid| {
            table.by_tid.get(tid).is_some_and(|entry| entry.task.parent == Some(parent))
        };
        let orphans: Vec<Pid> = table.shown.iter().copied().filter(is_child).collect();
        for tid in orphans {
            self.refill(table, tid);
        }
    }

    /// Gives up the objects of a thread that ended, unless those of other threads point to them.
    fn retire_ended(&self, table: &mut Table, tid: Pid) {
        let points_here = |other: &Pid| {
            let task = table.by_tid.get(other).map(|entry| &entry.task);
            *other != tid && task.is_some_and(|task| task.is_alive && task.pid == tid)
        };
        if !table.shown.iter().any(points_here) {
            self.retire(table, tid);
        }
    }

    /// A thread came to a CPU; *Returns* the CPU on which it was still believed to run.
    pub(crate) fn came(&self, tid: Pid, cpu: Cpu) -> Option<Cpu> {
        self.place(tid, |entry| {
            let before = entry.cpu.replace(cpu).filter(|before| entry.on_cpu && *before != cpu);
            entry.on_cpu = true;
            before
        })
    }

    /// A thread left a CPU.
    pub(crate) fn left(&self, tid: Pid, cpu: Cpu) {
        self.place(tid, |entry| {
            if entry.cpu == Some(cpu) {
                entry.on_cpu = false;
            }
        });
    }

    /// Says where a thread is; those of which nothing else is known are not entered. There is an idle task for each CPU,
    /// all of which are thread 0, so that it is nowhere.
    fn place<T: Default>(&self, tid: Pid, change: impl FnOnce(&mut Entry) -> T) -> T {
        if tid == IDLE {
            return T::default();
        }
        let mut table = self.table.write();
        let Some(entry) = table.by_tid.get_mut(&tid) else { return T::default() };
        let changed = change(entry);
        if let (Some(pools), Some(objects)) = (&self.objects, entry.objects) {
            pools.fill_place(objects, entry.cpu, entry.on_cpu);
        }
        changed
    }

    /// The CPU that a thread runs on or ran on last (`task_cpu`), where that was told.
    #[must_use]
    pub fn cpu_of(&self, tid: Pid) -> Option<Cpu> {
        self.table.read().by_tid.get(&tid)?.cpu
    }

    /// The thread whose `task_struct` is at an address.
    #[must_use]
    pub fn at(&self, addr: Addr) -> Option<Pid> {
        let pools = self.objects.as_ref()?;
        let tid = pools.tid_at(&self.world.memory, addr)?;
        let table = self.table.read();
        let objects = table.by_tid.get(&tid)?.objects?;
        (pools.addr(objects) == addr).then_some(tid)
    }

    /// The thread whose `task_struct` a program has; `None` when it is gone.
    ///
    /// # Errors
    /// A [`Fault`] when no task is there.
    pub fn seen(&self, addr: Addr) -> Result<Option<Pid>, Fault> {
        if !self.objects.as_ref().is_some_and(|pools| pools.is_one(addr)) {
            let found = self.world.memory.describe(addr);
            return Err(Fault::WrongObject { addr, what: "task", found });
        }
        self.world.memory.check(addr, 8, Access::Read)?;
        Ok(self.at(addr))
    }

    /// Moves a thread to a control group.
    pub(crate) fn set_cgroup(&self, tid: Pid, pid: Pid, cgroup: CgroupId) {
        self.change(tid, pid, |task| task.cgroup = Some(cgroup));
    }

    /// Whether a thread that is alive is in a control group.
    pub(crate) fn is_any_in(&self, cgroup: CgroupId) -> bool {
        let table = self.table.read();
        table.by_tid.values().any(|entry| entry.task.is_alive && entry.task.cgroup == Some(cgroup))
    }

    /// The mask of CPUs in the `task_struct` at an address, which must be alive, and how many CPUs are in it
    /// (`cpus_ptr`, `nr_cpus_allowed`).
    ///
    /// # Errors
    /// A [`Fault`] when no live memory is there.
    pub fn cpus_allowed(&self, task: Addr) -> Result<Option<(Addr, u32)>, Fault> {
        self.objects.as_ref().map_or(Ok(None), |pools| pools.cpus_allowed(&self.world.memory, task))
    }

    /// The thread's `task_struct` in machine memory, made when it is asked for the first time.
    ///
    /// Null when the machine has no BTF with a `task_struct`, or no memory.
    #[must_use]
    pub fn object(&self, tid: Pid) -> Addr {
        let Some(pools) = &self.objects else { return Addr::NULL };
        let made =
            |table: &Table| table.by_tid.get(&tid)?.objects.map(|objects| pools.addr(objects));
        if let Some(addr) = made(&self.table.read()) {
            return addr;
        }
        let mut table = self.table.write();
        self.make(&mut table, tid);
        made(&table).unwrap_or(Addr::NULL)
    }

    /// Makes the objects of a thread and of all that it points to.
    fn make(&self, table: &mut Table, tid: Pid) {
        let Some(pools) = &self.objects else { return };
        let mut made = Vec::new();
        let mut wanted = vec![tid];
        while let Some(tid) = wanted.pop() {
            let entry = table.by_tid.entry(tid).or_insert_with(|| Entry::new(stub(tid)));
            if entry.objects.is_some() {
                continue;
            }
            let Ok(objects) = pools.make(&self.world.memory, &self.world.rcu, &entry.task) else {
                continue;
            };
            entry.objects = Some(objects);
            // Nobody has what lay there before.
            self.world.storages.destroy(pools.addr(objects));
            let task = Arc::clone(&entry.task);
            table.shown.insert(tid);
            made.push(tid);
            wanted.extend([task.pid, table.parent_of(&task)]);
        }
        for tid in made {
            self.refill(table, tid);
        }
    }

    /// Writes what is known of a thread into its objects, where it has some.
    fn refill(&self, table: &mut Table, tid: Pid) {
        let Some(pools) = &self.objects else { return };
        let Some(Entry { task, objects: Some(objects), cpu, on_cpu }) = table.by_tid.get(&tid)
        else {
            return;
        };
        let (task, objects) = (Arc::clone(task), *objects);
        pools.fill_place(objects, *cpu, *on_cpu);
        let parent = table.parent_of(&task);
        let mut addr = |tid: Pid| {
            self.make_relative(table, tid);
            let objects = table.by_tid.get(&tid).and_then(|entry| entry.objects);
            objects.map_or(Addr::NULL, |objects| pools.addr(objects))
        };
        let leader = addr(task.pid);
        let parent = addr(parent);
        let css_set = self.cgroups.css_set(task.cgroup.unwrap_or(CgroupId::ROOT));
        pools.fill(objects, &task, Relatives { leader, parent, css_set });
    }

    /// As [`Self::make`], for a task that a new fact about another one names.
    fn make_relative(&self, table: &mut Table, tid: Pid) {
        if table.by_tid.get(&tid).is_none_or(|entry| entry.objects.is_none()) {
            self.make(table, tid);
        }
    }
}

/// A thread of which only the number is known.
fn stub(tid: Pid) -> Task {
    let mut task = Task::new(tid, tid, "");
    if tid == IDLE {
        "swapper/0".clone_into(&mut task.comm);
        task.is_kthread = true;
    }
    task
}
