//! What cannot be sampled, and what the errors say.

use std::path::PathBuf;

use skep_abi::{Cpu, Pid};
use skep_sample::event_name::EventSpec;
use skep_sample::{Cause, OpenError, Options, Rate, Session, SourceChoice, Target};

use crate::{command, open};

fn refusal(options: &Options) -> Option<OpenError> {
    match Session::open(options) {
        Err(error) if error.is_perf_refused() => {
            skep_skip::skipped!("{error}");
            None
        }
        Err(error) => Some(error),
        Ok(mut session) => Some(session.start().expect_err("it should not start")),
    }
}

#[test]
fn commands_that_cannot_run_say_why_whatever_the_source() {
    for source in [SourceChoice::Auto, SourceChoice::Perf, SourceChoice::Ptrace] {
        for (name, why) in [
            ("skep-has-no-such-command", "No such file or directory"),
            ("/no/such/command", "No such file or directory"),
            ("/etc/passwd", "Permission denied"),
            ("/", "Permission denied"),
            ("", "No such file or directory"),
        ] {
            let mut options = Options::new(command(&[name, "argument"]));
            options.source = source;
            let Some(error) = refusal(&options) else { continue };
            assert_eq!(error.to_string(), format!("cannot run `{name}`: {why}"));
            assert_eq!(error.cause(), Cause::Input);
        }
    }
    let error = refusal(&Options::new(Target::Command(Vec::new())));
    assert!(error.is_none_or(|error| error.to_string() == "no command was given"));
}

#[test]
fn scripts_without_an_interpreter_line_run_in_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, "exit $#\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    let Some(mut session) = open(&Options::new(command(&[path.to_str().unwrap(), "a", "b"])))
    else {
        return;
    };
    crate::run(&mut session);
    assert_eq!(session.target_status(), Some(skep_sample::TargetStatus::Exited(2)));
}

#[test]
fn processes_that_are_gone_are_named() {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    let Some(error) = refusal(&Options::new(Target::Pids(vec![Pid(pid)]))) else { return };
    assert_eq!(
        (error.to_string(), error.cause()),
        (format!("there is no process {pid}"), Cause::Input)
    );
    let Some(error) = refusal(&Options::new(Target::Pids(Vec::new()))) else { return };
    assert_eq!(error.to_string(), "no process was given");
}

#[test]
fn impossible_wishes_are_refused_before_anything_runs() {
    let wish = |change: &dyn Fn(&mut Options)| {
        let mut options = Options::new(command(&["true"]));
        change(&mut options);
        refusal(&options)
    };
    let Some(error) = wish(&|o| o.rate = Rate::Frequency(10_000_000)) else { return };
    assert!(matches!(error, OpenError::RateTooHigh { asked: 10_000_000, .. }), "{error}");
    assert!(error.hint().unwrap().contains("kernel.perf_event_max_sample_rate"));
    let error = wish(&|o| o.cpus = Some(vec![Cpu(8191)])).unwrap();
    assert!(error.to_string().starts_with("CPU 8191 is not online"), "{error}");
    let error = wish(&|o| o.cpus = Some(Vec::new())).unwrap();
    assert_eq!(error.to_string(), "no CPU was given");
    let error = wish(&|o| o.fields.user_stack = Some(100)).unwrap();
    assert!(matches!(error, OpenError::StackSize { bytes: 100 }));
    let Some(error) = wish(&|o| o.target = Target::Cgroup(PathBuf::from("no/such/group"))) else {
        return;
    };
    assert!(matches!(error, OpenError::NoSuchCgroup { .. }));
    let error =
        wish(&|o| o.event = Some(EventSpec::parse("mem:0xffff888000000000/8:w:u").unwrap()));
    // The kernel refuses to watch its own memory for user space; machines without breakpoints say something else.
    assert!(error.unwrap().hint().is_some());
}

#[test]
fn ptrace_samples_only_cpu_time_of_commands() {
    let with = |target: Target, event: Option<&str>| {
        let mut options = Options::new(target);
        options.source = SourceChoice::Ptrace;
        options.event = event.map(|event| EventSpec::parse(event).unwrap());
        Session::open(&options).map(drop).unwrap_err()
    };
    let error = with(Target::All, None);
    assert_eq!(
        error.to_string(),
        "ptrace samples only a command that skep starts, not the whole system"
    );
    assert_eq!(error.cause(), Cause::Unsupported);
    let error = with(Target::Pids(vec![Pid(1)]), None);
    assert!(matches!(error, OpenError::PtraceTarget { what: "running processes" }));
    for event in ["cycles", "page-faults", "cpu-clock:k"] {
        let error = with(command(&["true"]), Some(event));
        assert!(matches!(error, OpenError::PtraceEvent { .. }), "{error}");
    }
}
