//! Every program of this folder, by every compiler that is installed: skep's insns are libbpf's.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write as _;
use std::path::Path;

use oracle::{compare, libbpf, program};
use skep_object::{KernelProfile, ObjectSpec, Outcome, Resolved};

/// What became of one object.
enum Verdict {
    Equal {
        insns: usize,
    },
    Differs(Vec<String>),
    /// libbpf itself, or the kernel beneath it, refuses.
    Refused(String),
}

fn ours(object: &Path, profile: &KernelProfile) -> Result<Resolved, String> {
    let bytes = std::fs::read(object).unwrap();
    let name = object.file_name().unwrap().to_str().unwrap();
    let spec = ObjectSpec::parse(name, &bytes).map_err(|e| e.to_string())?;
    spec.resolve(profile).map_err(|e| e.to_string())
}

fn judge(object: &Path, profile: &KernelProfile) -> Verdict {
    let theirs = match libbpf::prepare(object) {
        Ok(theirs) => theirs,
        Err(words) => return Verdict::Refused(words),
    };
    match ours(object, profile) {
        Err(words) => Verdict::Differs(vec![format!("ours is refused: {words}")]),
        Ok(ours) => match compare::differences(&ours, &theirs) {
            found if found.is_empty() => Verdict::Equal {
                insns: ours.programs.iter().map(|program| program.insns.len()).sum(),
            },
            found => Verdict::Differs(found),
        },
    }
}

/// The kernel and the compilers; `None`, with the reason printed, where one is not to be had.
fn bench() -> Option<(KernelProfile, Vec<u32>)> {
    let compilers = program::compilers();
    if compilers.is_empty() {
        skep_skip::skipped!("no clang is installed");
        return None;
    }
    let first =
        program::sources().unwrap().into_iter().find(|source| source.name == "optional").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let object = first.compile(compilers[0], &[], folder.path()).unwrap();
    if let Err(words) = libbpf::prepare(&object) {
        skep_skip::skipped!("the kernel does not let us load: {words}");
        return None;
    }
    match skep::profile::running() {
        Ok(profile) => Some((profile, compilers)),
        Err(e) => {
            skep_skip::skipped!("{e}");
            None
        }
    }
}

#[test]
fn our_loader_agrees_with_libbpf() {
    let Some((profile, compilers)) = bench() else { return };
    let sources = program::sources().unwrap();
    assert!(sources.len() >= 40, "{} programs", sources.len());
    let folder = tempfile::tempdir().unwrap();
    let (mut table, mut differences, mut objects) = (String::new(), String::new(), 0);
    for source in &sources {
        let _ = write!(table, "{:22}", source.name);
        for clang in compilers.iter().filter(|clang| **clang >= source.since) {
            let _ = write!(table, "  clang-{clang}:");
            for variant in source.variants() {
                let object = source
                    .compile(*clang, variant, folder.path())
                    .unwrap_or_else(|words| panic!("{words}"));
                objects += 1;
                let what = format!("{} by clang-{clang} {}", source.name, variant.join(" "));
                let cell = match judge(&object, &profile) {
                    Verdict::Equal { insns } => format!("{insns} equal"),
                    Verdict::Differs(found) => {
                        let _ = writeln!(differences, "{what}:\n  {}", found.join("\n  "));
                        "DIFFERS".to_owned()
                    }
                    Verdict::Refused(words) => {
                        let _ = writeln!(differences, "{what}: libbpf refuses:\n{words}");
                        "REFUSED".to_owned()
                    }
                };
                let _ = write!(table, " {cell:10}");
            }
        }
        table.push('\n');
    }
    println!("{table}\n{objects} objects of {} programs", sources.len());
    assert!(differences.is_empty(), "- is libbpf's, + is ours\n{differences}");
}

#[test]
fn what_libbpf_refuses_we_refuse() {
    let Some((profile, compilers)) = bench() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for source in program::refused().unwrap() {
        for clang in compilers.iter().filter(|clang| **clang >= source.since) {
            let object = source
                .compile(*clang, &[], folder.path())
                .unwrap_or_else(|words| panic!("{words}"));
            let theirs = libbpf::prepare(&object).is_err();
            let words = match ours(&object, &profile) {
                Err(words) => Some(words),
                Ok(resolved) => {
                    resolved.programs.into_iter().find_map(|program| match program.outcome {
                        Outcome::Failed(error) => Some(error.to_string()),
                        Outcome::Unsupported(missing) => Some(missing.to_string()),
                        Outcome::Ready => None,
                    })
                }
            };
            println!("{:18} clang-{clang}: {}", source.name, words.as_deref().unwrap_or("taken"));
            if !theirs || words.is_some() == source.ours_accepts {
                let _ = writeln!(
                    wrong,
                    "{} by clang-{clang}: libbpf refuses: {theirs}; ours: {words:?}",
                    source.name
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_objects_that_ship_are_relocated_as_libbpf_does() {
    let Some((profile, _)) = bench() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_str().unwrap().ends_with(".bpf.o") {
            continue;
        }
        match judge(&path, &profile) {
            Verdict::Equal { insns } => println!("{}: {insns} equal", path.display()),
            Verdict::Differs(found) => panic!("{}: {}", path.display(), found.join("\n")),
            Verdict::Refused(words) => {
                let ours = refused_by_ours(&path, &profile);
                let named = |why: &String| quoted(&words).is_some_and(|name| why.contains(name));
                assert!(ours.iter().any(named), "{}: {words}\nours: {ours:?}", path.display());
                println!("{}: both miss something: {words}", path.display());
                continue;
            }
        }
        judged += 1;
    }
    assert!(judged > 5, "{judged} objects fit the running kernel");
}

/// Why ours says that programs do not fit the kernel.
fn refused_by_ours(object: &Path, profile: &KernelProfile) -> Vec<String> {
    let resolved = match ours(object, profile) {
        Ok(resolved) => resolved,
        Err(words) => return vec![words],
    };
    let refused = resolved.programs.iter().filter_map(|program| match &program.outcome {
        Outcome::Failed(why) => Some(why.to_string()),
        _ => None,
    });
    refused.collect()
}

/// What libbpf's words name: the first text in quotes.
fn quoted(words: &str) -> Option<&str> {
    words.split('\'').nth(1)
}
