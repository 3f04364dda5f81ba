//! The objects of the kernel's selftests, as far as `cargo xtask selftests` has built them: what libbpf loads, skep
//! loads.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::known::{self, Difference};
use oracle::load::Side;

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
    let (mut loaded, mut agree, mut unlisted, mut stale) = (0, 0, Vec::new(), Vec::new());
    for ((object, program), their) in &theirs {
        let missing = "no answer".to_owned();
        let our = ours.get(&(object.clone(), program.clone())).unwrap_or(&missing);
        let difference = match (their == "ok", our == "ok") {
            (true, false) => Some(Difference::SkepRefuses),
            (false, true) => Some(Difference::LibbpfRefuses),
            _ => None,
        };
        loaded += usize::from(their == "ok");
        agree += usize::from(their == "ok" && our == "ok");
        let is_about = |known: &&known::Known| known.object == *object && known.program == *program;
        match (difference, known.iter().find(is_about)) {
            (None, None) => {}
            (Some(found), Some(known)) if known.difference == found => {}
            (Some(found), _) => unlisted.push(format!(
                "{object}\t{program}\t{}\n    libbpf: {their}\n    skep:   {our}",
                found.name()
            )),
            (None, Some(known)) => stale.push(format!("{object} {program}: {}", known.reason)),
        }
    }
    println!(
        "{} objects, {} cases; libbpf loads {loaded}, skep {agree} of these; known differences: {}",
        objects.len(),
        theirs.len(),
        known.len()
    );
    assert!(stale.is_empty(), "remove from known.tsv:\n{}", stale.join("\n"));
    assert!(unlisted.is_empty(), "{} are not listed:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(agree * 100 >= loaded * 98, "{agree} of {loaded}");
}
