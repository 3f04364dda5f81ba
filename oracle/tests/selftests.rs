//! The objects of the kernel's selftests, as far as `cargo xtask selftests` has built them: what libbpf loads, skep
//! loads.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::known::{self, Difference};
use oracle::load::Side;

/// So many objects are all that there are.
const ALL: usize = 700;

/// Answers by object and program.
type Answers = BTreeMap<(String, String), String>;

fn objects() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/selftests");
    let work = std::env::var_os("SKEP_SELFTESTS").map_or(own, PathBuf::from);
    let entries = std::fs::read_dir(work.join("objs")).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let wanted = std::env::var("SKEP_SELFTESTS_ONLY").unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "o"));
    paths.retain(|path| stem(path).contains(&wanted));
    paths.sort();
    paths
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Has all objects loaded by a process; one that it does not survive is told, and another goes on after it.
fn answers(side: Side, objects: &[PathBuf]) -> Answers {
    let mut answers = Answers::new();
    let mut rest = objects;
    while !rest.is_empty() {
        let output =
            Command::new(env!("CARGO_BIN_EXE_load")).arg(side.word()).args(rest).output().unwrap();
        let mut last = None;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let fields: Vec<&str> = line.splitn(3, '\t').collect();
            let [object, program, answer] = fields[..] else { panic!("{line}") };
            last = Some(object.to_owned());
            answers.insert((object.to_owned(), program.to_owned()), answer.to_owned());
        }
        if output.status.success() {
            break;
        }
        let at = last.and_then(|last| rest.iter().position(|path| stem(path) == last)).unwrap_or(0);
        let died = format!("the loader ended with {}", output.status);
        let object = stem(&rest[at]).to_owned();
        println!("{} {object}: {died}", side.word());
        answers.insert((object, "(the process)".to_owned()), died);
        rest = &rest[at + 1..];
    }
    answers
}

/// Whether the kernel takes programs from this process.
fn may_load() -> bool {
    let mut program = skep_host::Program::new(skep_abi::ProgType::SocketFilter, &[]);
    program.insns = vec![[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];
    program.install().is_ok()
}

#[test]
fn what_libbpf_loads_skep_loads() {
    let objects = objects();
    if objects.is_empty() {
        return skep_skip::skipped!("no object is built: run `cargo xtask selftests`");
    }
    if !may_load() {
        return skep_skip::skipped!("the kernel does not let us load: run as root");
    }
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| answers(Side::Libbpf, &objects));
        let ours = answers(Side::Skep, &objects);
        (theirs.join().unwrap(), ours)
    });
    let known = known::list().unwrap();
    let mut seen = vec![0; known.len()];
    let (mut loaded, mut agree, mut unlisted) = (0, 0, Vec::new());
    for (case, their) in &theirs {
        let missing = "no answer".to_owned();
        let our = ours.get(case).unwrap_or(&missing);
        let (difference, why) = match (their == "ok", our == "ok") {
            (true, false) => (Difference::SkepRefuses, our),
            (false, true) => (Difference::LibbpfRefuses, their),
            (both, _) => {
                (loaded, agree) = (loaded + usize::from(both), agree + usize::from(both));
                continue;
            }
        };
        loaded += usize::from(their == "ok");
        match known.iter().position(|known| known.is_about(difference, why)) {
            Some(entry) => seen[entry] += 1,
            None => unlisted.push(format!("{}: {} {}: {why}", difference.name(), case.0, case.1)),
        }
    }
    println!(
        "{} objects, {} cases; libbpf loads {loaded}, skep {agree} of these",
        objects.len(),
        theirs.len()
    );
    for (known, cases) in known.iter().zip(&seen) {
        println!("{cases} {}: `{}`: {}", known.difference.name(), known.words, known.reason);
    }
    assert!(unlisted.is_empty(), "{} are not listed:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(agree * 100 >= loaded * 98, "{agree} of {loaded}");
    // A few objects need not have every difference.
    let stale: Vec<_> = known.iter().zip(&seen).filter(|(_, cases)| **cases == 0).collect();
    assert!(objects.len() < ALL || stale.is_empty(), "remove from known.tsv: {stale:?}");
}
