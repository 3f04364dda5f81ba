//! How long verification takes, beside the running kernel's own figure: `cargo bench -p skep-verifier --bench verify`.
//!
//! Both judge each program in turn, and the shortest time of each counts. Where the running kernel shows no types, the
//! shipped profile of 6.18 takes its place; where `bpf(2)` is refused, only skep's time is printed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use skep::check::{Checker, Options, with_kernel};
use skep_abi::{AttachType, KernelVersion, ProgType};
use skep_host::{HostObject, LogBuffer, LogLevel};
use skep_isa::{Insn, assemble};
use skep_object::{KernelProfile, ObjectSpec, Outcome};
use skep_verifier::{Program, Report, Verdict, verify};

/// How often each side judges each program.
const RUNS: usize = 10;

fn main() {
    let running = skep::profile::running().ok();
    let shipped = || skep::profile::shipped(KernelVersion::new(6, 18));
    let profile = running.or_else(shipped).expect("a profile of 6.18 is shipped");
    println!("{:24} {:>8}  {:>9}  {:>9}  {:>9}", "", "insns", "skep us", "kernel us", "ratio");
    for object in ["ips", "profile", "stacks", "task"] {
        time_object(&profile, object);
    }
    for (name, text) in generated() {
        let insns = assemble(&text).expect("generated programs are well-formed");
        let program = skep_host::Program::new(ProgType::SocketFilter, &insns);
        let mut log = LogBuffer::tail(1 << 12);
        time(
            name,
            || verify_insns(&profile, &insns),
            || program.judge_once(LogLevel::STATS, &mut log),
        );
    }
}

/// The programs of `programs/NAME.bpf.o`.
fn time_object(profile: &KernelProfile, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs");
    let bytes = fs::read(folder.join(format!("{name}.bpf.o"))).expect("the repository has it");
    let spec = ObjectSpec::parse(name, &bytes).expect("it is an object");
    let resolved = spec.resolve(profile).expect("its maps are known");
    let host = HostObject::create(&resolved);
    let checker = Checker::new(&resolved, profile);
    for program in resolved.programs.iter().filter(|one| one.outcome == Outcome::Ready) {
        let mut log = LogBuffer::tail(1 << 12);
        let loaded = host.program_as(program, None);
        let ask = || match &loaded {
            Ok(loaded) => loaded.judge_once(LogLevel::STATS, &mut log),
            Err(_) => skep_host::Verdict { errno: None, log: String::new(), stats: None },
        };
        let label = format!("{name}: {}", program.name);
        time(&label, || checker.check(program, Options::default()), ask);
    }
}

/// Name and text of programs that each stress one part of the analysis.
fn generated() -> Vec<(&'static str, String)> {
    let random = "call bpf_get_prandom_u32#7\n";
    let arithmetic = "r1 += r0\nr1 ^= 85\nr1 &= 4095\nr1 <<= 2\n".repeat(1_000);
    let diamonds: String = (0..500)
        .map(|at| format!("{random}r6 = 0\nif r0 > 0x7 goto l{at}\nr6 = 1\nl{at}: r7 = r6\n"))
        .collect();
    let spills = "*(u64 *)(r10 -8) = r6\n*(u64 *)(r10 -16) = r0\nr2 = *(u64 *)(r10 -8)\n\
                  r3 = *(u64 *)(r10 -16)\n";
    let top = "r6 = 0\nr0 = 0\ntop: ";
    let bottom = |rounds: u32| format!("r6 += 1\nif r6 != {rounds:#x} goto top\nr0 = 0\nexit\n");
    vec![
        ("arithmetic", format!("{random}r1 = 1\n{arithmetic}r0 = 0\nexit\n")),
        ("branches", format!("{diamonds}r0 = 0\nexit\n")),
        ("a loop", format!("{top}r2 = r6\n{}", bottom(100_000))),
        ("spills in a loop", format!("{top}{spills}{}", bottom(50_000))),
        (
            "calls in a loop",
            format!("{top}r1 = r6\ncall leaf\n{}leaf: r0 = r1\nexit\n", bottom(50_000)),
        ),
        ("beyond a million insns", format!("{top}{}", bottom(1_000_000))),
    ]
}

fn verify_insns(profile: &KernelProfile, insns: &[Insn]) -> Report {
    let program = Program {
        name: "bench",
        prog_type: ProgType::SocketFilter,
        attach_type: AttachType::CgroupInetIngress,
        attach_btf_id: None,
        struct_ops_member: None,
        sleepable: false,
        xdp_frags: false,
        strict_alignment: false,
        gpl_compatible: true,
        insns,
        funcs: &[],
        lines: &[],
        btf: None,
        maps: &[],
    };
    with_kernel(profile, profile.nr_cpus, |kernel| verify(&program, kernel, Options::default()))
}

/// Prints one line: the shortest time of each side.
fn time(name: &str, skep: impl Fn() -> Report, mut kernel: impl FnMut() -> skep_host::Verdict) {
    let (mut ours, mut theirs) = (Duration::MAX, None);
    let mut insns = 0;
    for _ in 0..RUNS {
        let stats = kernel().stats.filter(|stats| stats.time > Duration::ZERO);
        if let Some(stats) = stats {
            theirs = Some(theirs.map_or(stats.time, |theirs: Duration| theirs.min(stats.time)));
        }
        let start = Instant::now();
        let report = skep();
        ours = ours.min(start.elapsed());
        insns = report.cost.insn_processed;
        if let Verdict::Unsupported(what) | Verdict::Bug(what) = report.verdict {
            panic!("{name}: {what}");
        }
    }
    let micros = |time: Duration| format!("{:.0}", time.as_secs_f64() * 1e6);
    let ratio = theirs.map(|theirs| format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64()));
    println!(
        "{name:24} {insns:8}  {:>9}  {:>9}  {:>9}",
        micros(ours),
        theirs.map_or("-".to_owned(), micros),
        ratio.unwrap_or("-".to_owned()),
    );
}
