//! A whole object before the verifier: every program's verdict, and why.

use std::time::{Duration, Instant};

use skep_abi::{Errno, ProgType};
use skep_btf::Btf;
use skep_object::{InsnIdx, KernelProfile, Outcome, Resolved, ResolvedProgram};
use skep_verifier::diag::Kind;
use skep_verifier::{Cost, Options, Rejection, Verdict};

use super::Checker;
use super::explain::{self, Fact};

/// The one rejection that is the loader's, not the verifier's.
pub static UNRESOLVED: Kind = Kind {
    name: "unresolved",
    errno: Errno::EINVAL,
    doc: "The object does not fit this kernel: a loader gives up before the verifier sees it.\n\n\
          Something that the object asks the kernel for is not there: a kernel function, a variable, a type, or a \
          function of that prototype.",
    text: "{found}",
    help: "declare what is missing __weak and test for it, or choose a kernel that has it",
    module: "skep::loader",
    example: include_str!("../../../../tests/ui/classic/unknown_kfunc.bpf.c"),
};

/// What an object's programs were judged to be.
#[derive(Clone, Debug)]
pub struct CheckedObject {
    /// The object as the user named it.
    pub object: String,
    /// The kernel that judged.
    pub release: String,
    /// Its programs, in the order of the object.
    pub programs: Vec<CheckedProgram>,
}

/// One program and its verdict.
#[derive(Clone, Debug)]
pub struct CheckedProgram {
    /// Name.
    pub name: String,
    /// ELF section.
    pub section: String,
    /// Type.
    pub prog_type: ProgType,
    /// The verdict.
    pub judged: Judged,
    /// What the analysis cost, in the kernel's units.
    pub cost: Cost,
    /// How long it took here.
    pub time: Duration,
    /// The log in the kernel's form, when asked for.
    pub log: Option<String>,
}

/// A verdict with its reasons.
#[derive(Clone, Debug)]
pub enum Judged {
    /// The kernel takes it.
    Accepted,
    /// The kernel refuses it.
    Rejected(Box<Finding>),
    /// skep cannot tell; this is missing.
    Unsupported(String),
}

/// Why a program is refused.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The kind of rejection, as `skep explain` knows it.
    pub kind: &'static str,
    /// What loading it returns.
    pub errno: Errno,
    /// The kernel's sentence.
    pub message: String,
    /// What the kernel prints just before it.
    pub lines_before: Vec<String>,
    /// The insn at fault.
    pub insn: Option<u32>,
    /// Its line of source.
    pub source: Option<SourceLine>,
    /// What led there, first to last.
    pub facts: Vec<Fact>,
    /// What the rejection means: the first sentence of its documentation.
    pub meaning: String,
    /// What to do.
    pub help: String,
}

/// A line of source that an insn was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// File as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0 when unknown.
    pub column: u32,
    /// The line with its indentation.
    pub text: String,
}

impl SourceLine {
    /// The line of an insn, where the object tells.
    #[must_use]
    pub fn of(program: &ResolvedProgram, btf: &Btf, insn: u32) -> Option<Self> {
        let line = program.line_of(InsnIdx(insn))?;
        Some(Self {
            file: line.file(btf).to_owned(),
            line: line.line,
            column: line.column,
            text: btf.str_at(line.text_off).unwrap_or("").trim_end().to_owned(),
        })
    }
}

/// Judges the programs of an object that `want` chooses; `progress` is told of each beforehand.
#[must_use]
pub fn check_object(
    object: &str,
    resolved: &Resolved,
    profile: &KernelProfile,
    options: Options,
    want: impl Fn(&ResolvedProgram) -> bool,
    mut progress: impl FnMut(&ResolvedProgram),
) -> CheckedObject {
    let checker = Checker::new(resolved, profile);
    let chosen = resolved.programs.iter().filter(|program| want(program));
    let programs = chosen
        .map(|program| {
            progress(program);
            checked(&checker, resolved, profile, program, options)
        })
        .collect();
    CheckedObject { object: object.to_owned(), release: profile.release.clone(), programs }
}

fn checked(
    checker: &Checker<'_>,
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    options: Options,
) -> CheckedProgram {
    let start = Instant::now();
    let (judged, cost, log) = match &program.outcome {
        Outcome::Ready => {
            let report = checker.check(program, options);
            let judged = match report.verdict {
                Verdict::Accepted => Judged::Accepted,
                Verdict::Rejected(why) => {
                    Judged::Rejected(Box::new(finding(resolved, profile, program, &why)))
                }
                Verdict::Unsupported(what) => Judged::Unsupported(what),
                Verdict::Bug(what) => {
                    Judged::Unsupported(format!("skep contradicts itself: {what}"))
                }
            };
            (judged, report.cost, report.log)
        }
        Outcome::Unsupported(missing) => {
            (Judged::Unsupported(missing.to_string()), Cost::default(), None)
        }
        Outcome::Failed(error) => {
            let finding = Finding {
                kind: UNRESOLVED.name,
                errno: UNRESOLVED.errno,
                message: error.found.clone(),
                lines_before: Vec::new(),
                insn: error.insn.map(|insn| insn.0),
                source: error
                    .insn
                    .and_then(|insn| SourceLine::of(program, resolved.btf.as_ref()?, insn.0)),
                facts: Vec::new(),
                meaning: UNRESOLVED.meaning(),
                help: error.help.clone().unwrap_or_default(),
            };
            (Judged::Rejected(Box::new(finding)), Cost::default(), None)
        }
    };
    CheckedProgram {
        name: program.name.clone(),
        section: program.section.to_string(),
        prog_type: program.prog_type,
        judged,
        cost,
        time: start.elapsed(),
        log,
    }
}

pub(super) fn finding(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    why: &Rejection,
) -> Finding {
    let btf = resolved.btf.as_ref();
    let source = why.insn.and_then(|insn| SourceLine::of(program, btf?, insn));
    let facts = explain::facts(program, btf, (&profile.btf, profile.version), why);
    Finding {
        kind: why.kind.name,
        errno: why.errno,
        message: why.message.clone(),
        lines_before: why.lines_before.clone(),
        insn: why.insn,
        source,
        meaning: explain::meaning(why, &facts),
        help: explain::help(why, &facts),
        facts,
    }
}
