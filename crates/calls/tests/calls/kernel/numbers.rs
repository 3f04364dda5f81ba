//! Numbers of this process, against the running kernel.

use std::fs;

use skep_abi::Pid;
use skep_machine::Task;

use super::pair::Pair;

#[test]
fn numbers_of_this_process_are_the_same() {
    let mut pair = Pair::new();
    let tid = fs::read_link("/proc/thread-self").ok();
    let tid = tid.as_ref().and_then(|link| link.file_name()?.to_str()?.parse::<u32>().ok());
    let Some(tid) = tid else {
        skep_skip::skipped!("no /proc");
        return;
    };
    let task = Task::new(Pid(tid), Pid(std::process::id()), "");
    pair.bench.machine.tasks().insert(task);
    (pair.bench.task, pair.bench.sample) = (Pid(tid), None);
    // In a PID namespace the kernel's numbers are others.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_nested = status
        .lines()
        .any(|line| line.starts_with("NSpid:") && line.split_whitespace().count() > 2);
    if is_nested {
        skep_skip::skipped!("in a PID namespace");
        return;
    }
    pair.agree("bpf_get_current_pid_tgid", &[], &[], "");
}
