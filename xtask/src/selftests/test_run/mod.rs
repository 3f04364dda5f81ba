//! `cargo xtask selftests --run`: accepted programs of the selftests, run for a test by the machine and by the kernel.
//!
//! Each program gets fresh maps and the same input on both sides. Return value, packet, context and contents of maps
//! are compared; a return value that the selftest itself demands (`__retval`) is held against both.

mod compare;
mod input;
mod kernel;
mod machine;
mod report;
mod worker;

use serde::{Deserialize, Serialize};

use super::Object;

pub(crate) use report::lacking;
pub(crate) use worker::serve;

/// Whether a selftest says what a program must return.
pub(crate) fn has_retval(
    resolved: &skep_object::Resolved,
    program: &skep_object::ResolvedProgram,
) -> bool {
    input::retval(resolved, program).is_some()
}

/// A map after a run: its name and its entries, sorted.
pub(crate) type Contents = (String, Vec<(Vec<u8>, Vec<u8>)>);

/// What came of a run on one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ran {
    pub(crate) retval: u32,
    pub(crate) data: Vec<u8>,
    pub(crate) ctx: Vec<u8>,
    pub(crate) maps: Vec<Contents>,
}

/// The answer of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Ran(Ran),
    /// The program is not taken, or the input is not: why.
    Refused(String),
    /// skep lacks something: its name.
    Unsupported(String),
    /// skep's interpreter stopped an accepted program, or skep panicked.
    Trapped(String),
}

/// What became of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// The kernel does not run it: why.
    NotDriven(String),
    /// Both ran it, with equal results.
    Equal,
    /// Both ran it; results are equal but for parts that are no results of the program.
    Partly,
    /// They differ: how.
    Different(String),
    /// Only the kernel can: what skep lacks.
    Unsupported(String),
    /// The machine stopped it: where.
    Trapped(String),
}

/// A row of the result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) object: String,
    pub(crate) program: String,
    pub(crate) prog_type: String,
    pub(crate) outcome: Outcome,
    /// What the selftest demands, and whether the kernel and skep give it.
    pub(crate) expected: Option<(u32, bool, bool)>,
    /// What of the results was left out of the comparison.
    pub(crate) excluded: String,
}

/// Runs the programs of these objects and prints the table.
///
/// # Errors
/// When a worker cannot be started; with `strict` also when results differ.
pub(crate) fn run(
    folders: &super::Folders,
    objects: &[Object],
    prog_type: Option<&str>,
    list: bool,
    strict: bool,
) -> Result<(), String> {
    let mut rows = worker::run_all(objects)?;
    rows.retain(|row| prog_type.is_none_or(|wanted| wanted == row.prog_type));
    report::write(&folders.reports.join("run.tsv"), &rows)?;
    print!("{}", report::text(&rows, list));
    let bad = rows.iter().filter(|row| row.is_bad()).count();
    if strict && bad > 0 {
        return Err(format!("{bad} programs give other results on the machine than in the kernel"));
    }
    Ok(())
}

impl Row {
    fn is_bad(&self) -> bool {
        matches!(self.outcome, Outcome::Different(_) | Outcome::Trapped(_))
    }
}
