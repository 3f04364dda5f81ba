//! The scheduler's side: loading, ending, and what is said about it.

use skep_abi::{Cpu, Errno, KernelVersion};

use super::super::state::Instance;
use super::super::*;

fn instance() -> Instance {
    Instance::new(KernelVersion::new(6, 19))
}

fn enable(instance: &Instance, ops: SchedExtOps) -> Result<(), LoadError> {
    instance.enable(ops, || {})
}

#[test]
fn a_scheduler_is_loaded_until_it_is_taken_away() {
    let scx = instance();
    assert!(!scx.is_loaded() && !scx.has_builtin_idle());
    enable(&scx, SchedExtOps::new("rusty").flags(OPS_BUILTIN_IDLE_PER_NODE)).unwrap();
    assert!(scx.is_loaded() && scx.has_builtin_idle() && scx.is_per_node());
    let second = enable(&scx, SchedExtOps::new("other")).unwrap_err();
    assert_eq!((second.errno, second.why.as_str()), (Errno::EBUSY, "`rusty` is loaded already"));
    scx.exit(ExitInfo { kind: ExitKind::Unreg, exit_code: 0, msg: String::new() });
    assert!(scx.is_loaded(), "it ends once the work is done");
    scx.finish();
    assert!(!scx.is_loaded() && !scx.has_builtin_idle() && !scx.is_per_node());
    assert_eq!(
        scx.log(),
        [
            "sched_ext: BPF scheduler \"rusty\" enabled",
            "sched_ext: BPF scheduler \"rusty\" disabled (unregistered from user space)",
        ]
    );
    assert_eq!(scx.last_exit().unwrap().to_string(), "unregistered from user space");
    enable(&scx, SchedExtOps::new("next").update_idle()).unwrap();
    assert!(scx.is_loaded() && !scx.has_builtin_idle());
}

#[test]
fn idle_tracking_follows_the_flags() {
    let tracked = |ops: SchedExtOps| {
        let scx = instance();
        enable(&scx, ops).unwrap();
        (scx.has_builtin_idle(), scx.is_per_node())
    };
    let ops = || SchedExtOps::new("x");
    assert_eq!(tracked(ops()), (true, false));
    assert_eq!(tracked(ops().update_idle()), (false, false));
    assert_eq!(tracked(ops().update_idle().flags(OPS_KEEP_BUILTIN_IDLE)), (true, false));
    let both = OPS_KEEP_BUILTIN_IDLE | OPS_BUILTIN_IDLE_PER_NODE;
    assert_eq!(tracked(ops().update_idle().flags(both)), (true, true));
}

#[test]
fn masks_per_node_need_builtin_tracking_and_the_exit_says_so() {
    let scx = instance();
    let ops = SchedExtOps::new("x").update_idle().flags(OPS_BUILTIN_IDLE_PER_NODE);
    let refused = enable(&scx, ops).unwrap_err();
    let why = "SCX_OPS_BUILTIN_IDLE_PER_NODE requires CPU idle selection enabled";
    assert_eq!((refused.errno, refused.why.as_str()), (Errno::EINVAL, why));
    assert!(!scx.is_loaded());
    let info = scx.last_exit().unwrap();
    assert_eq!(
        (info.kind.number(), info.reason(), info.msg.as_str()),
        (1024, "runtime error", why)
    );
    assert_eq!(scx.log()[0], "sched_ext: BPF scheduler \"x\" disabled (runtime error)");
    assert_eq!(scx.log()[1], format!("sched_ext: x: {why}"));
}

#[test]
fn names_and_flags_are_those_of_the_release() {
    let refused = |release: (u8, u8), ops: SchedExtOps| {
        let scx = Instance::new(KernelVersion::new(release.0, release.1));
        enable(&scx, ops).map_err(|error| error.errno)
    };
    let flags = |flags| SchedExtOps::new("x").flags(flags);
    assert_eq!(refused((6, 19), flags(1 << 30)), Err(Errno::EINVAL));
    assert_eq!(refused((6, 14), flags(OPS_BUILTIN_IDLE_PER_NODE)), Err(Errno::EINVAL));
    assert_eq!(refused((6, 19), flags(1 << 16)), Ok(()));
    assert_eq!(refused((7, 2), flags(1 << 16)), Err(Errno::EINVAL));
    assert_eq!(refused((6, 19), flags(1 << 8)), Err(Errno::EINVAL));
    assert_eq!(refused((7, 2), flags(1 << 8)), Ok(()));
    for name in ["", "two words", "ä", &"n".repeat(128)] {
        assert_eq!(refused((6, 19), SchedExtOps::new(name)), Err(Errno::EINVAL), "{name}");
    }
    assert_eq!(refused((6, 19), SchedExtOps::new(&"n".repeat(127))), Ok(()));
    let scx = instance();
    enable(&scx, flags(1 << 3)).unwrap();
    assert_eq!(scx.log(), ["sched_ext: BPF scheduler \"x\" enabled (partial)"]);
}

#[test]
fn only_the_first_error_is_heard_and_a_long_one_is_cut() {
    let scx = instance();
    scx.error(format_args!("nobody is there"));
    scx.finish();
    assert_eq!(scx.last_exit(), None);
    enable(&scx, SchedExtOps::new("x")).unwrap();
    scx.error(format_args!("invalid node {}", 7));
    scx.error(format_args!("invalid node {}", 8));
    scx.finish();
    assert_eq!(scx.last_exit().unwrap().to_string(), "runtime error: invalid node 7");
    assert_eq!(scx.log()[2], "sched_ext: x: invalid node 7");
    enable(&scx, SchedExtOps::new("x")).unwrap();
    scx.error(format_args!("{}", "ä".repeat(2000)));
    scx.finish();
    assert_eq!(scx.last_exit().unwrap().msg.len(), 1022);
}

#[test]
fn a_scheduler_that_does_not_handle_hotplug_exits_and_asks_to_be_loaded_again() {
    let code = ECODE_ACT_RESTART | ECODE_RSN_HOTPLUG;
    for (online, msg) in [
        (true, "cpu 3 going online, exiting scheduler"),
        (false, "cpu 3 going offline, exiting scheduler"),
    ] {
        let scx = instance();
        enable(&scx, SchedExtOps::new("x")).unwrap();
        scx.hotplug(Cpu(3), online);
        scx.finish();
        let info = scx.last_exit().unwrap();
        assert_eq!(
            (info.kind, info.exit_code, info.msg.as_str()),
            (ExitKind::UnregKern, code, msg)
        );
        let line = "sched_ext: BPF scheduler \"x\" disabled (unregistered from the main kernel)";
        assert_eq!(scx.log().last().map(String::as_str), Some(line));
    }
    let scx = instance();
    enable(&scx, SchedExtOps::new("x").hotplug()).unwrap();
    scx.hotplug(Cpu(3), false);
    scx.finish();
    assert!(scx.is_loaded());
    assert_eq!(scx.hotplug_seq(), 1);
}

#[test]
fn a_scheduler_that_was_made_for_other_cpus_ends_at_once() {
    let scx = instance();
    scx.hotplug(Cpu(1), false);
    let mut ops = SchedExtOps::new("x");
    ops.hotplug_seq = 1;
    enable(&scx, ops.clone()).unwrap();
    scx.finish();
    assert!(scx.is_loaded());
    scx.exit(ExitInfo { kind: ExitKind::Unreg, exit_code: 0, msg: String::new() });
    scx.finish();
    ops.hotplug_seq = 9;
    enable(&scx, ops).unwrap();
    scx.finish();
    assert_eq!(scx.last_exit().unwrap().msg, "expected hotplug seq 9 did not match actual 1");
}
