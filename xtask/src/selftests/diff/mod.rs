//! `cargo xtask selftests --diff`: what `skep diff` finds in the selftests, by the same library.

mod report;
mod worker;

use serde::{Deserialize, Serialize};
use skep::diff::{DiffedProgram, SkippedBy};

use super::Object;

pub(crate) use worker::serve;

/// What became of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It ran in both and nothing differs; what was not compared.
    Equal(Vec<String>),
    /// Something differs: the first few.
    Different(Vec<String>),
    /// Both refuse to load it, with the same words.
    Rejected,
    /// The kernel runs it; skep lacks something.
    Unsupported(String),
    /// The kernel takes neither the program nor its maps nor any input.
    NotRun(String),
    /// Its type cannot be driven.
    NotDriven(String),
}

/// A row of the result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) object: String,
    pub(crate) program: String,
    pub(crate) prog_type: String,
    pub(crate) outcome: Outcome,
    /// Whether the selftest says what it must return.
    pub(crate) has_retval: bool,
}

impl Outcome {
    fn of(diffed: DiffedProgram) -> Self {
        if !diffed.is_equal() {
            let told = diffed.differences.into_iter().take(5);
            let told = told
                .map(|one| format!("{}: kernel {}, machine {}", one.what, one.kernel, one.machine));
            return Self::Different(told.collect());
        }
        match diffed.skipped {
            Some(skipped) => match skipped.by {
                SkippedBy::Kernel => Self::NotRun(skipped.why),
                SkippedBy::Driver => Self::NotDriven(skipped.why),
                SkippedBy::Machine => Self::Unsupported(skipped.why),
            },
            None if diffed.runs == 0 => Self::Rejected,
            None => Self::Equal(diffed.excluded),
        }
    }

    /// Whether the kernel ran it, or could have for all that is known.
    const fn is_runnable(&self) -> bool {
        matches!(self, Self::Equal(_) | Self::Different(_) | Self::Unsupported(_))
    }
}

/// Compares all programs of these objects and prints the table.
///
/// # Errors
/// When a worker cannot be started; with `strict` also when programs differ.
pub(crate) fn run(
    folders: &super::Folders,
    objects: &[Object],
    prog_type: Option<&str>,
    list: bool,
    strict: bool,
) -> Result<(), String> {
    let mut rows = worker::run_all(objects)?;
    rows.retain(|row| prog_type.is_none_or(|wanted| wanted == row.prog_type));
    report::write(&folders.reports.join("differences.tsv"), &rows)?;
    print!("{}", report::text(&rows, list));
    let bad = rows.iter().filter(|row| matches!(row.outcome, Outcome::Different(_))).count();
    if strict && bad > 0 {
        return Err(format!("{bad} programs differ"));
    }
    Ok(())
}
