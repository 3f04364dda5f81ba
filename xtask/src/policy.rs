//! `cargo xtask policy`: the house rules that can be counted, over the files that git tracks.

use std::process::Command;
use std::{fs, io};

use crate::top;

/// No source file is longer, unless its head says that it is a pure table.
const MAX_LINES: usize = 600;
/// Half of the Rust files outside tests are no longer than this.
const MEDIAN_LINES: usize = 180;
/// Nine of ten Rust files outside tests are no longer than this.
const P90_LINES: usize = 450;
/// What a long table says in its `//!` comment.
const TABLE: &str = "pure table";
/// File and folder names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "misc", "helpers", "manager", "handler", "part2"];
/// Text that no tracked file holds, with the reason. Written in two halves: this file is tracked as well.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("../sha", "red", "the tree stands alone: nothing looks outside of it"),
    ("/work/", "shared", "the tree stands alone: nothing looks outside of it"),
    ("DESIGN", ".md", "the tree stands alone: nothing looks outside of it"),
    ("STYLE", ".md", "the tree stands alone: nothing looks outside of it"),
];
/// The same for Rust sources only.
const FORBIDDEN_RUST: &[(&str, &str, &str)] = &[
    ("todo", "!(", "nothing unfinished is committed"),
    ("unimplemented", "!(", "nothing unfinished is committed"),
    ("#[ign", "ore", "a test that does not run proves nothing; say why it skips instead"),
    ("should_", "panic", "assert on the error itself"),
];

/// Holds the tree against the rules.
///
/// # Errors
/// All breaches, a line each.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err(format!("`policy` takes no arguments, not {args:?}"));
    }
    let files = tracked().map_err(|e| format!("cannot ask git for the tracked files: {e}"))?;
    let mut breaches: Vec<String> = files.iter().flat_map(breaches_of).collect();
    let mut lengths: Vec<usize> =
        files.iter().filter(|file| file.is_code()).map(|file| file.text.lines().count()).collect();
    lengths.sort_unstable();
    for (share, limit, name) in [(50, MEDIAN_LINES, "median"), (90, P90_LINES, "p90")] {
        let found = percentile(&lengths, share);
        if found > limit {
            breaches.push(format!("the {name} of the Rust files is {found} lines, over {limit}"));
        }
    }
    if !breaches.is_empty() {
        return Err(format!("{} breaches of policy:\n  {}", breaches.len(), breaches.join("\n  ")));
    }
    println!(
        "policy: {} files, Rust outside tests: median {} lines, p90 {}, longest {}",
        files.len(),
        percentile(&lengths, 50),
        percentile(&lengths, 90),
        lengths.last().unwrap_or(&0)
    );
    Ok(())
}

/// A tracked text file.
struct File {
    /// Relative to the top, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Rust outside tests, benches and examples.
    fn is_code(&self) -> bool {
        self.is_rust()
            && !self.path.split('/').any(|part| {
                matches!(
                    part.trim_end_matches(".rs"),
                    "test" | "tests" | "doctest" | "benches" | "fuzz" | "examples"
                )
            })
    }

    fn is_table(&self) -> bool {
        self.text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .any(|line| line.contains(TABLE))
    }
}

fn breaches_of(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    let is_source = [".rs", ".c", ".h"].iter().any(|ending| file.path.ends_with(ending));
    if is_source && lines > MAX_LINES && !file.is_table() {
        found.push(format!("{}: {lines} lines, over {MAX_LINES}", file.path));
    }
    if file.is_rust() {
        for part in file.path.split('/') {
            if EMPTY_NAMES.contains(&part.trim_end_matches(".rs")) {
                found.push(format!("{}: the name `{part}` says nothing", file.path));
            }
        }
        if file.is_code() && !file.text.starts_with("//!") {
            found.push(format!("{}: does not open by saying what it models", file.path));
        }
    }
    let rules =
        FORBIDDEN.iter().chain(file.is_rust().then_some(FORBIDDEN_RUST).into_iter().flatten());
    for (head, tail, reason) in rules {
        let text = format!("{head}{tail}");
        for (number, _) in file.text.lines().enumerate().filter(|(_, line)| line.contains(&text)) {
            found.push(format!("{}:{}: `{text}`: {reason}", file.path, number + 1));
        }
    }
    found
}

/// The value that `share` percent of the sorted `values` do not exceed; 0 without values.
fn percentile(values: &[usize], share: usize) -> usize {
    let rank = (values.len() * share).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn tracked() -> io::Result<Vec<File>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(top()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut files = Vec::new();
    for path in names.split_terminator('\0') {
        // Binary files have no lines to count, and a file that was just removed is no longer there.
        if let Ok(text) = fs::read_to_string(top().join(path)) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn long_files_break_the_policy_unless_they_are_tables() {
        let long = "// line\n".repeat(MAX_LINES);
        assert!(breaches_of(&file("crates/x/src/a.rs", &format!("//! A.\n{long}"))).len() == 1);
        assert!(
            breaches_of(&file("crates/x/src/a.rs", &format!("//! A pure table.\n{long}")))
                .is_empty()
        );
        assert!(breaches_of(&file("docs/a.md", &long)).is_empty());
    }

    #[test]
    fn names_that_say_nothing_break_the_policy() {
        for path in ["crates/x/src/utils.rs", "crates/x/src/common/mod.rs"] {
            assert_eq!(breaches_of(&file(path, "//! A.\n")).len(), 1, "{path}");
        }
        assert!(breaches_of(&file("crates/x/src/helper.rs", "//! A.\n")).is_empty());
    }

    #[test]
    fn every_forbidden_text_is_found_with_its_line() {
        for (head, tail, _) in FORBIDDEN.iter().chain(FORBIDDEN_RUST) {
            let breaches = breaches_of(&file("a/src/b.rs", &format!("//! A.\n{head}{tail}\n")));
            assert_eq!(breaches.len(), 1, "{head}{tail}");
            assert!(breaches[0].starts_with("a/src/b.rs:2:"), "{}", breaches[0]);
        }
    }

    #[test]
    fn percentiles_are_members_of_the_list() {
        let values: Vec<usize> = (1..=10).collect();
        assert_eq!(percentile(&values, 50), 5);
        assert_eq!(percentile(&values, 90), 9);
        assert_eq!(percentile(&[7], 50), 7);
        assert_eq!(percentile(&[], 50), 0);
    }
}
