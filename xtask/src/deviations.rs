//! `cargo xtask deviations [--check]`: gathers what the code says of its differences from Linux into docs/deviations.md.

use std::fs;
use std::path::{Path, PathBuf};

/// What such a comment begins with.
const MARK: &str = "DEVIATION(linux):";

const HEAD: &str = "\
# Where skep differs from Linux

Each is a comment in the code, beside what differs. `cargo xtask deviations` gathers them here.
";

/// One comment: its file from the root, and its text on one line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deviation {
    file: String,
    text: String,
}

/// Writes the page, or compares it with the code.
///
/// # Errors
/// With `--check`, when the page is not what the code says; or when a file cannot be read or written.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let top = crate::top();
    let page = top.join("docs/deviations.md");
    let text = render(&gather(&top)?);
    if !args.iter().any(|arg| arg == "--check") {
        return fs::write(&page, text).map_err(|e| format!("{}: {e}", page.display()));
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    if found == text {
        println!("docs/deviations.md is what the code says");
        return Ok(());
    }
    Err("docs/deviations.md is not what the code says: run `cargo xtask deviations`".to_owned())
}

fn gather(top: &Path) -> Result<Vec<Deviation>, String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![top.join("crates")];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text =
                    fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                let file = path.strip_prefix(top).unwrap_or(&path).display().to_string();
                found.extend(texts(&text).map(|text| Deviation { file: file.clone(), text }));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The comments of one file, each with the lines that go on from it.
fn texts(source: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let marked = lines.iter().enumerate().filter_map(|(at, line)| {
        let slashes = line.len() - line.trim_start_matches('/').len();
        let first = line.get(slashes..)?.trim().strip_prefix(MARK)?;
        (slashes >= 2).then_some((at, slashes, first))
    });
    let texts: Vec<String> = marked
        .map(|(at, slashes, first)| {
            let prefix = "/".repeat(slashes);
            let more = lines[at + 1..].iter().map_while(|line| {
                let text = line.strip_prefix(&prefix).filter(|text| !text.starts_with('/'))?.trim();
                (!text.is_empty() && !text.starts_with(MARK)).then_some(text)
            });
            std::iter::once(first.trim()).chain(more).collect::<Vec<_>>().join(" ")
        })
        .collect();
    texts.into_iter()
}

fn render(found: &[Deviation]) -> String {
    let mut page = HEAD.to_owned();
    let mut file = "";
    for deviation in found {
        if deviation.file != file {
            file = &deviation.file;
            page += &format!("\n## `{file}`\n\n");
        }
        page += &format!("- {}\n", deviation.text);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn a_comment_goes_on_over_its_lines_and_ends_with_them() {
        let mark = super::MARK;
        let source = format!(
            "// {mark} one thing\n// that differs.\n/// Docs.\nlet x = 1;\n    /// {mark} another.\n    ///\n    /// Not it."
        );
        let found: Vec<String> = texts(&source).collect();
        assert_eq!(found, ["one thing that differs.", "another."]);
    }
}
