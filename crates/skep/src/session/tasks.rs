//! Tasks of the machine, as the records of a source tell of them.

use skep_machine::{Machine, Task};
use skep_sample::RecordKind;

/// Follows one record.
pub(super) fn follow(machine: &Machine, time: u64, kind: &RecordKind) {
    let tasks = machine.tasks();
    match kind {
        RecordKind::Task(task) => describe(machine, task),
        RecordKind::Fork(new) => {
            tasks.fork(new.tid, new.pid, new.parent_tid, new.parent_pid, time);
        }
        RecordKind::Comm { pid, tid, comm, .. } => tasks.rename(*tid, *pid, &comm.to_string()),
        RecordKind::Exit(ended) => tasks.exit(ended.tid),
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
    machine.tasks().insert(task);
}
