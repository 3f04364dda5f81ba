//! `cargo xtask rejections [--check]`: writes docs/rejections.md, every rejection that `skep explain` knows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use skep::check::{Example, Examples, Kind, Language, kinds};

const HEAD: &str = "\
# Rejections

Every way in which a program can be refused: what it means, what Linux says, a program that meets with it, and what to
do. `skep explain KIND` prints the same; `cargo xtask rejections` writes this page. They are grouped by the part of the
verifier that refuses.

Examples are insns as the kernel's log spells them. Comments before them say what else is needed: the program type
(`socket_filter` where none is named), maps as `kind key-size value-size entries flags struct`, structs with their
members and offsets, types of functions. Tests hold that skep refuses each with this kind, and the running kernel with
the same sentence. An arrow marks the insn at fault.
";

/// What each part of the verifier looks at.
const ROOMS: &[(&str, &str)] = &[
    ("access", "Loads and stores"),
    ("attach", "What the program attaches to"),
    ("call", "Calls, their arguments and results"),
    ("cfg", "Control flow"),
    ("check_btf", "Types and lines of functions"),
    ("explore", "Paths"),
    ("fixups", "What is refused last"),
    ("ld_imm64", "Maps and kernel variables"),
    ("loader", "Before the verifier"),
    ("precision", "Which numbers must be exact"),
    ("prune", "Loops"),
    ("stack_depth", "Stack and depth of calls"),
    ("subprog", "Functions of the program"),
    ("transfer", "Insns that compute, jump or load packets"),
];

/// Writes the page, or compares it with what is known.
///
/// # Errors
/// With `--check`, when the page is out of date; or when it cannot be read or written.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let page = crate::top().join("docs/rejections.md");
    let text = render(kinds());
    if !args.iter().any(|arg| arg == "--check") {
        return fs::write(&page, text).map_err(|e| format!("{}: {e}", page.display()));
    }
    if fs::read_to_string(&page).unwrap_or_default() == text {
        println!("docs/rejections.md is what skep knows");
        return Ok(());
    }
    Err("docs/rejections.md is not what skep knows: run `cargo xtask rejections`".to_owned())
}

fn render(kinds: impl Iterator<Item = &'static Kind>) -> String {
    let mut rooms: BTreeMap<&str, BTreeMap<&str, &Kind>> = BTreeMap::new();
    for kind in kinds {
        rooms.entry(kind.room()).or_default().insert(kind.name, kind);
    }
    let mut page = HEAD.to_owned();
    for (room, kinds) in &rooms {
        let _ = writeln!(page, "\n**{}** (`{room}`):\n", title(room));
        for name in kinds.keys() {
            let _ = writeln!(page, "- [{name}](#{name})");
        }
    }
    let mut examples = Examples::default();
    for (room, kinds) in &rooms {
        let _ = writeln!(page, "\n## {}", title(room));
        for kind in kinds.values() {
            section(&mut page, kind, &examples.of(kind));
        }
    }
    page
}

fn title(room: &str) -> &str {
    ROOMS.iter().find(|(name, _)| *name == room).map_or(room, |(_, title)| title)
}

fn section(page: &mut String, kind: &Kind, example: &Result<Example, String>) {
    let _ = writeln!(page, "\n### {}\n", kind.name);
    for line in kind.doc.trim().lines() {
        let _ = writeln!(page, "{}", line.trim());
    }
    let said = match kind.text {
        "" => "nothing".to_owned(),
        text => text.lines().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(" and "),
    };
    let _ = writeln!(page, "\nLinux says {said} and returns {}.\n", kind.errno);
    match example {
        Err(why) => {
            let _ = writeln!(page, "No example: {why}");
        }
        Ok(example) => {
            let language = match example.language {
                Language::C => "c",
                Language::Assembly => "asm",
            };
            let _ = writeln!(page, "{} (Linux {})\n", example.about, example.kernel);
            let _ = writeln!(page, "```{language}");
            for (at, line) in example.source.iter().enumerate() {
                let end = match (example.fault == Some(at), example.language) {
                    (false, _) => String::new(),
                    (true, Language::C) => format!("   // <- {}", example.message),
                    (true, Language::Assembly) => format!("   ; <- {}", example.message),
                };
                let _ = writeln!(page, "{line}{end}");
            }
            if example.fault.is_none() && !example.message.is_empty() {
                let _ = writeln!(page, "; {}", example.message);
            }
            page.push_str("```\n");
        }
    }
    let _ = writeln!(page, "\nWhat to do: {}.", kind.help.trim_end_matches('.'));
}

#[cfg(test)]
mod tests {
    use skep::check::kinds;

    use super::ROOMS;

    #[test]
    fn every_part_of_the_verifier_has_a_title() {
        for kind in kinds() {
            assert!(ROOMS.iter().any(|(room, _)| *room == kind.room()), "{}", kind.room());
        }
    }
}
