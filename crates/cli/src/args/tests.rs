use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use skep::session::Method;
use skep_abi::{Cpu, KernelVersion, Pid, ProgType};

use super::*;

fn parse(line: &str) -> Cli {
    Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"))
}

fn refused(line: &str) -> clap::Error {
    Cli::try_parse_from(line.split(' ')).err().unwrap_or_else(|| panic!("{line} is taken"))
}

fn profile(line: &str) -> ProfileArgs {
    match parse(line).command {
        Command::Profile(args) => args,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn the_table_of_commands_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_the_name_it_reports() {
    let lines = [
        "skep profile -a",
        "skep run x.o -a",
        "skep check x.o",
        "skep explain",
        "skep diff x.o",
        "skep dump x.o",
        "skep list maps",
        "skep machine show",
        "skep conformance-plugin",
        "skep completions bash",
    ];
    for line in lines {
        assert_eq!(line.split(' ').nth(1), Some(parse(line).command.name()));
    }
    assert_eq!(Cli::command().get_subcommands().count(), lines.len());
}

#[test]
fn commands_that_do_not_exist_yet_are_unknown() {
    assert_eq!(refused("skep test").kind(), ErrorKind::InvalidSubcommand);
}

#[test]
fn to_replay_is_to_run_over_a_recording() {
    for line in ["skep replay x.o --data perf.data", "skep run x.o --data perf.data"] {
        let Command::Run(args) = parse(line).command else { panic!("{line}") };
        let target = args.target.target("run").unwrap();
        assert_eq!(target, Target::Recording("perf.data".into()), "{line}");
    }
    for line in ["-a", "-F 99", "-c 1", "--source perf"] {
        let line = format!("skep replay x.o --data perf.data {line}");
        assert_eq!(refused(&line).kind(), ErrorKind::ArgumentConflict, "{line}");
    }
}

#[test]
fn each_way_to_name_a_target_is_read() {
    let target = |line: &str| profile(line).target.target("profile").unwrap();
    let words = ["make".into(), "-j2".into(), "--json".into()];
    assert_eq!(target("skep profile -- make -j2 --json"), Target::Command(words.to_vec()));
    assert_eq!(target("skep profile -p 1,22"), Target::Pids(vec![Pid(1), Pid(22)]));
    assert_eq!(target("skep profile --cgroup a/b"), Target::Cgroup("a/b".into()));
    assert_eq!(target("skep profile -a"), Target::All);
    let none = profile("skep profile").target.target("profile").unwrap_err();
    assert_eq!(none.kind.exit_status(), 2);
}

#[test]
fn two_targets_are_refused() {
    for line in ["skep profile -a -p 1", "skep profile -a -- true", "skep profile -p 1 --cgroup x"]
    {
        assert_eq!(refused(line).kind(), ErrorKind::ArgumentConflict, "{line}");
    }
}

#[test]
fn what_limits_the_samples_is_read() {
    let args = profile("skep profile -C 0-1,3 --duration 500ms -F 999 -e page-faults -a");
    let cpus: Vec<Cpu> = args.target.cpus.unwrap().as_slice().to_vec();
    assert_eq!(cpus, [Cpu(0), Cpu(1), Cpu(3)]);
    assert_eq!(args.target.duration, Some(Duration::from_millis(500)));
    assert_eq!(args.event.rate(), Rate::Frequency(999));
    assert_eq!(args.event.event.as_deref(), Some("page-faults"));
}

#[test]
fn a_rate_is_a_frequency_or_a_period_and_99_hz_without_either() {
    assert_eq!(profile("skep profile -a").event.rate(), Rate::Frequency(99));
    assert_eq!(profile("skep profile -a -c 1000").event.rate(), Rate::Period(1000));
    assert_eq!(refused("skep profile -a -c 1 -F 1").kind(), ErrorKind::ArgumentConflict);
    for line in ["-F 0", "-c 0", "-F -1", "-F 1000001", "-c x", "-p 0", "-p 1,", "-p 4194305"] {
        let kind = refused(&format!("skep profile {line}")).kind();
        assert!(
            matches!(kind, ErrorKind::ValueValidation | ErrorKind::UnknownArgument),
            "{line}: {kind:?}"
        );
    }
}

#[test]
fn json_goes_to_standard_output_or_to_a_file() {
    let to = |line: &str| JsonTo::from_option(parse(line).json.as_deref());
    assert_eq!(to("skep list maps"), JsonTo::Nowhere);
    assert_eq!(to("skep list maps --json"), JsonTo::Stdout);
    assert_eq!(to("skep --json list maps"), JsonTo::Stdout);
    assert_eq!(to("skep list maps --json=a.json"), JsonTo::File("a.json".into()));
    assert_eq!(to("skep profile --json -- true"), JsonTo::Stdout);
    assert_eq!(to("skep profile -- sh --json"), JsonTo::Nowhere);
}

#[test]
fn json_is_found_on_a_command_line_that_cannot_be_parsed() {
    let to = |line: &str| JsonTo::from_unparsed(line.split(' ').map(Into::into));
    assert_eq!(to("skep nonsense --json"), JsonTo::Stdout);
    assert_eq!(to("skep --json=x nonsense"), JsonTo::File("x".into()));
    assert_eq!(to("skep profile -- --json"), JsonTo::Nowhere);
    assert_eq!(to("skep --jsonx"), JsonTo::Nowhere);
}

#[test]
fn run_has_the_kernels_defaults() {
    let Command::Run(args) = parse("skep run a.o --cookie 0x10 --kernel 6.12 -- true").command
    else {
        panic!("not run");
    };
    assert!(!args.engine.is_host());
    assert_eq!(args.attach.method().unwrap(), Method::Link { cookie: 16 });
    assert_eq!(args.kernel.kernel, Some(KernelVersion::new(6, 12)));
    assert_eq!((args.source.source, args.source.unwind), (Source::Auto, None));
}

#[test]
fn list_narrows_by_kernel_and_program_type() {
    let Command::List(args) =
        parse("skep list helpers --prog-type perf_event --kernel 6.1").command
    else {
        panic!("not list");
    };
    assert_eq!((args.what, args.prog_type), (Listing::Helpers, Some(ProgType::PerfEvent)));
    assert_eq!(args.kernel, Some(KernelVersion::new(6, 1)));
    assert_eq!(refused("skep list nonsense").kind(), ErrorKind::InvalidValue);
}
