//! Every rejection has an example (`examples/rejections/KIND.s`) that skep rejects with that kind and no other, and
//! the running kernel with the same sentence.
//!
//! `SKEP_EXAMPLES=FOLDER` judges the files of another folder instead, without building the verifier anew.

mod judges;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use judges::{Running, Skep, compare, tell};
use skep_case::Case;
use skep_verifier::diag::KINDS;

/// More than so many rejections without an example would mean that nobody tried.
const MOST_WITHOUT: usize = 40;

fn examples() -> Vec<(String, Case)> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rejections");
    let folder = std::env::var_os("SKEP_EXAMPLES").map_or(own, PathBuf::from);
    let files = skep_case::files(&folder).expect("the folder of examples can be read");
    let mut cases = Vec::new();
    for path in files {
        let is_empty = std::fs::metadata(&path).is_ok_and(|data| data.len() == 0);
        if !is_empty {
            let kind = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            cases.push((kind, Case::read(&path).unwrap_or_else(|error| panic!("{error}"))));
        }
    }
    cases
}

/// Examples that are programs.
fn programs() -> impl Iterator<Item = (String, Case)> {
    examples().into_iter().filter(|(_, case)| case.no_example.is_none())
}

#[test]
fn every_rejection_has_an_example_or_says_why_not() {
    let kinds = || KINDS.iter().flat_map(|kinds| kinds.iter());
    let names: BTreeSet<&str> = kinds().map(|kind| kind.name).collect();
    let missing: Vec<&str> =
        kinds().filter(|kind| kind.example.is_empty()).map(|kind| kind.name).collect();
    assert!(missing.is_empty(), "no example is written of {missing:?}");
    let examples = examples();
    let unknown: Vec<&str> =
        examples.iter().map(|(kind, _)| &**kind).filter(|kind| !names.contains(kind)).collect();
    assert!(unknown.is_empty(), "examples of no rejection: {unknown:?}");
    let without: Vec<String> = examples
        .iter()
        .filter_map(|(kind, case)| Some(format!("{kind}: {}", case.no_example.as_ref()?)))
        .collect();
    for one in &without {
        tell(&format!("no example: {one}\n"));
    }
    assert!(without.len() <= MOST_WITHOUT, "{} have no example", without.len());
}

#[test]
fn examples_are_rejected_with_their_kind() {
    let mut skep = Skep::default();
    compare(programs().map(|(kind, case)| {
        let found = match skep.judge(&case) {
            Ok(judged) => format!("[{}] {}", judged.kind.unwrap_or("no rejection"), judged.text),
            Err(error) => error.to_string(),
        };
        (case.name.clone(), format!("[{kind}] {}", case.expected()), found)
    }));
}

#[test]
fn the_running_kernel_rejects_examples_with_the_same_sentence() {
    let running = match Running::new() {
        Ok(running) => running,
        Err(why) => return skep_skip::skipped!("{why}"),
    };
    let mut asked = 0;
    let mut others = 0;
    let mut outcomes = Vec::new();
    for (kind, case) in programs() {
        if !running.is_of(&case) {
            others += 1;
            continue;
        }
        asked += 1;
        // Numbers of types differ from kernel to kernel; skep must say the same words of this one.
        let expected = match running.skep(&case) {
            Ok(judged) => format!("[{}] {}", judged.kind.unwrap_or("no rejection"), judged.text),
            Err(error) => error.to_string(),
        };
        let found = running.judge(&case).map_or_else(|error| error, |(text, _)| text);
        outcomes.push((case.name.clone(), expected, format!("[{kind}] {found}")));
    }
    tell(&format!("the running kernel was asked of {asked} examples, not of {others}\n"));
    compare(outcomes);
}
