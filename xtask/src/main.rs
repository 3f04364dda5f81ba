//! Maintainers' tasks, run as `cargo xtask TASK`; users never need them.

mod deviations;
mod measure;
mod policy;
mod profiles;
mod programs;
mod rejections;
mod selftests;
mod verdict_fuzz;

use std::process::ExitCode;

/// The tasks: name, what it takes, what it does, and the function that gets the remaining arguments.
type Task = (&'static str, &'static str, fn(&[String]) -> Result<(), String>);

const TASKS: &[Task] = &[
    (
        "programs",
        "[--check]: compile programs/*.bpf.c, or compare with the committed objects",
        programs::run,
    ),
    (
        "deviations",
        "[--check]: gather the known differences from Linux into docs/deviations.md, or compare",
        deviations::run,
    ),
    (
        "rejections",
        "[--check]: write every rejection with its example into docs/rejections.md, or compare",
        rejections::run,
    ),
    (
        "measure",
        "[NAME…]: profile workloads of known behaviour and print the figures",
        measure::run,
    ),
    (
        "profiles",
        "[--check] FOLDER: reduce the whole BTF files of a folder to facts/profiles",
        profiles::run,
    ),
    (
        "selftests",
        "[--filter GLOB] [--type T] [--jobs N] [--kernel V] [--refresh] [--list-differences] [--sample] [--strict], [--run], [--diff], [--time RUNS], or --log (--skep-log) OBJECT PROGRAM [LEVEL] [TYPE]: judge the kernel's BPF selftests with skep and with the running kernel, or that of Debian's release V in QEMU; --run runs them on the machine and in the kernel; --diff compares them as `skep diff` does",
        selftests::run,
    ),
    (
        "verdict-fuzz",
        "--seconds N [--seed S] [--jobs N]: judge generated programs with skep and with the running kernel",
        verdict_fuzz::run,
    ),
    ("policy", ": hold the tree against the house rules that can be counted", policy::run),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let task = args.split_first().and_then(|(name, rest)| {
        TASKS.iter().find(|(task, _, _)| task == name).map(|(_, _, run)| (*run, rest))
    });
    let Some((run, rest)) = task else {
        eprintln!("usage: cargo xtask TASK");
        for (name, help, _) in TASKS {
            eprintln!("  {name} {help}");
        }
        return ExitCode::from(2);
    };
    match run(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the work tree.
fn top() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
