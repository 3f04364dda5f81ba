//! Worlds in which perf is refused: a seccomp filter, another user. Both are of one thread only, in which the session
//! is then opened.

#![expect(unsafe_code, reason = "seccomp filters and per-thread credentials have no safe wrapper")]

use skep_abi::Pid;
use skep_sample::{Cause, OpenError, Options, Rate, Session, SourceChoice, SourceKind, Target};

use crate::workload::Running;
use crate::{check_stream, command, counting, run, samples};

const NOBODY: libc::c_long = 65_534;
const PERF_EVENT_OPEN: u32 = libc::SYS_perf_event_open as u32;

/// Makes `perf_event_open` answer an error in the calling thread and what it makes.
fn refuse_perf(errno: i32) {
    let load = |offset| libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: offset };
    let jump_if = |value| libc::sock_filter { code: 0x15, jt: 0, jf: 1, k: value };
    let give = |value| libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: value };
    let mut code = [
        load(0),
        jump_if(PERF_EVENT_OPEN),
        give(libc::SECCOMP_RET_ERRNO | errno as u32),
        give(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: code.len() as u16, filter: code.as_mut_ptr() };
    // SAFETY: takes numbers only.
    let kept = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(kept, 0);
    // SAFETY: `program` describes `code`; both outlive the call.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(set, 0);
}

/// Makes the calling thread, and only it, belong to nobody; tells whether that was possible.
fn become_nobody() -> bool {
    if !rustix::process::geteuid().is_root() {
        skep_skip::skipped!("only root can become another user");
        return false;
    }
    // SAFETY: takes numbers only; the raw system call changes the calling thread alone.
    let set = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
    assert_eq!(set, 0);
    // A change of user hides the memory of this process, and so of its children, as an exec would not.
    // SAFETY: takes numbers only.
    let shown = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) };
    shown == 0
}

fn in_a_thread(test: impl FnOnce() + Send + 'static) {
    std::thread::spawn(test).join().unwrap();
}

#[test]
fn a_command_is_sampled_by_ptrace_where_a_filter_refuses_perf() {
    for errno in [libc::EACCES, libc::EPERM, libc::ENOSYS] {
        in_a_thread(move || {
            refuse_perf(errno);
            let mut options = Options::new(counting(600_000));
            options.rate = Rate::Frequency(500);
            let mut session = Session::open(&options).unwrap();
            assert_eq!(session.source(), SourceKind::Ptrace);
            let notice = session.notices()[0].to_string();
            assert!(
                notice.starts_with("sampling by ptrace, since perf_event_open is refused (E"),
                "{notice}"
            );
            let (records, _) = run(&mut session);
            check_stream(&session, &records);
            assert!(samples(&records).len() > 5);
        });
    }
}

#[test]
fn other_targets_and_a_demand_for_perf_say_that_it_is_refused() {
    in_a_thread(|| {
        refuse_perf(libc::EACCES);
        let mut by_perf = Options::new(command(&["true"]));
        by_perf.source = SourceChoice::Perf;
        let us = Target::Pids(vec![Pid(std::process::id())]);
        for options in [Options::new(Target::All), Options::new(us), by_perf] {
            let error = Session::open(&options).unwrap_err();
            assert!(error.is_perf_refused() && error.cause() == Cause::Environment);
            assert!(error.to_string().starts_with("perf_event_open is refused (EACCES"), "{error}");
            assert!(error.hint().unwrap().contains("seccomp"));
        }
    });
}

#[test]
fn another_user_samples_its_own_commands_without_the_kernel() {
    in_a_thread(|| {
        if !become_nobody() {
            return;
        }
        let mut options = Options::new(counting(200_000));
        options.rate = Rate::Frequency(1_000);
        let mut session = Session::open(&options).unwrap();
        if session.source() == SourceKind::Perf {
            let notice = session.notices()[0].to_string();
            assert!(notice.starts_with("only user space is sampled"), "{notice}");
        }
        let (records, _) = run(&mut session);
        let samples = samples(&records);
        assert!(samples.len() > 5, "{} samples", samples.len());
        let kernel = samples.iter().find(|sample| !sample.kernel_stack.is_empty());
        assert!(kernel.is_none(), "{kernel:x?}");
    });
}

#[test]
fn another_users_processes_are_named_as_such() {
    let sleeper = Running::start("sleep", &["1000"]);
    let pid = sleeper.pid();
    in_a_thread(move || {
        if !become_nobody() {
            return;
        }
        match Session::open(&Options::new(Target::Pids(vec![pid]))).unwrap_err() {
            error @ OpenError::ForeignProcess { .. } => {
                assert_eq!(
                    error.to_string(),
                    format!("process {pid} belongs to user 0, not to you")
                );
            }
            error => assert!(error.is_perf_refused(), "{error}"),
        }
        match Session::open(&Options::new(Target::All)).unwrap_err() {
            error @ OpenError::TargetRefused { .. } => {
                assert!(
                    error.to_string().starts_with("the whole system may not be sampled (E"),
                    "{error}"
                );
                assert!(error.hint().is_some());
            }
            error => assert!(error.is_perf_refused(), "{error}"),
        }
    });
    drop(sleeper);
}
