//! Tasks of the machine, as the records of a source tell of them.

use skep_machine::{CgroupId, Machine, NewTask, Task};
use skep_sample::{Record, RecordKind};

use super::user_memory::Processes;

/// Follows one record.
pub(crate) fn follow(machine: &Machine, record: &Record, processes: &Processes) {
    match &record.kind {
        RecordKind::Task(task) => describe(machine, task),
        RecordKind::Fork(new) => {
            // Records do not tell the flags: these are what glibc passes.
            let is_thread = new.pid == new.parent_pid;
            let clone_flags = if is_thread { NewTask::PTHREAD } else { NewTask::FORK };
            let new = NewTask {
                tid: new.tid,
                pid: new.pid,
                parent_tid: new.parent_tid,
                parent_pid: new.parent_pid,
                cpu: record.cpu,
                time: record.time,
                clone_flags,
            };
            machine.new_task(&new, processes);
        }
        RecordKind::Comm { pid, tid, comm, exec: true } => {
            machine.exec(*tid, *pid, &comm.to_string());
        }
        RecordKind::Comm { pid, tid, comm, exec: false } => {
            machine.tasks().rename(*tid, *pid, &comm.to_string());
        }
        RecordKind::Exit(ended) => machine.exit_task(ended.tid),
        _ => {}
    }
}

/// Enters what `/proc` says of a task; what it does not say stays as it was.
fn describe(machine: &Machine, seen: &skep_sample::Task) {
    let known = machine.tasks().get(seen.tid);
    let mut task =
        known.map_or_else(|| Task::new(seen.tid, seen.pid, ""), |task| Task::clone(&task));
    task.pid = seen.pid;
    task.comm = seen.comm.to_string();
    task.is_alive = true;
    task.parent = seen.parent.or(task.parent);
    task.uid = seen.uid.unwrap_or(task.uid);
    task.gid = seen.gid.unwrap_or(task.gid);
    if let Some(cpus) = &seen.cpus_allowed {
        task.affinity = cpus.words().to_vec();
    }
    task.cgroup = cgroup(machine, seen).or(task.cgroup);
    machine.tasks().insert(task);
}

/// Enters the control group that a task is in, and those above it.
fn cgroup(machine: &Machine, seen: &skep_sample::Task) -> Option<CgroupId> {
    let mut at = CgroupId::ROOT;
    for dir in seen.cgroup.as_ref()? {
        let id = CgroupId(dir.id);
        // Most are known already.
        if machine.cgroups().create_as(at, &dir.name, id).is_err()
            && machine.cgroups().is_alive(id).is_none()
        {
            return None;
        }
        at = id;
    }
    Some(at)
}
