//! perf_event and tracepoint programs: what a child does in the kernel, recorded where the program sees it, then replayed.

mod kernel;
mod machine;
mod place;
mod recorder;

use serde_json::json;
use skep_object::{KernelProfile, Resolved, ResolvedProgram};

use super::compare::{Twisted, compare};
use super::leaves::Leaves;
use super::twist::Twist;
use super::{DiffedProgram, Skipped, SkippedBy};
use crate::ErrorKind;
use place::Place;

/// The cookie of the links of both.
const COOKIE: u64 = 0x0005_4b45_5000_c0de;
/// Nanoseconds of the child's time between two samples.
const PERIOD: u64 = 1_000_000;

/// What the run of a program left behind, in either engine.
#[derive(Debug, Default)]
struct Left {
    leaves: Leaves,
    /// Runs.
    runs: u64,
    /// What the machine does not know, and read as zero.
    unmodelled: Vec<String>,
}

/// Notes how many samples were delivered, which those are after which the program returned another number than 0.
fn delivered(left: &mut Left, place: &Place, samples: u64) {
    // A tracepoint's events may drop records for reasons of their own: too many in a tick, others' programs.
    if matches!(place, Place::CpuClock) {
        let what = "samples delivered, as the program returned other than 0".to_owned();
        left.leaves.put(what.clone(), what, json!(samples));
    }
}

/// Runs a program in both, and compares.
pub(super) fn run(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    diffed: &mut DiffedProgram,
) {
    let skip = |by, why: &dyn std::fmt::Display| Some(Skipped::new(by, why));
    let place = match Place::of(program) {
        Ok(place) => place,
        Err(error) => {
            diffed.skipped = skip(SkippedBy::Driver, &error);
            return;
        }
    };
    let (recorded, theirs) = match kernel::record(resolved, profile, program, &place) {
        Ok(found) => found,
        // Which program cannot be driven is told of that one.
        Err(error) => {
            diffed.skipped = skip(SkippedBy::Kernel, &error);
            return;
        }
    };
    if recorded.contexts.is_empty() {
        diffed.skipped = skip(
            SkippedBy::Driver,
            &match &place {
                Place::CpuClock => "the kernel took no sample of the child".to_owned(),
                Place::Tracepoint { name, .. } => {
                    format!("the child that skep starts never passes {name}")
                }
            },
        );
        return;
    }
    let replay = |twist| machine::replay(resolved, profile, program, &place, &recorded, twist);
    let ours = match replay(None) {
        Ok(ours) => ours,
        Err(error) if error.kind == ErrorKind::Program => {
            let (kernel, machine) = (json!("it ran"), json!(error.message));
            let what = "run".to_owned();
            diffed.differences.push(super::Difference { what, kernel, machine });
            return;
        }
        Err(error) => {
            diffed.skipped = skip(SkippedBy::Machine, &error);
            return;
        }
    };
    let mut twisted = Vec::new();
    for twist in Twist::OF_SAMPLES {
        // With other numbers a program may do what it did not do before; that tells nothing of the values.
        let Ok(after) = replay(Some(twist)) else { continue };
        let (before, after) = (ours.leaves.clone(), after.leaves);
        twisted.push(Twisted { cause: twist.cause(), before, after });
    }
    diffed.runs = ours.runs;
    compare(&theirs.leaves, &ours.leaves, &twisted, diffed);
    diffed.excluded.extend(recorded.notices);
    let unseen = match &place {
        Place::CpuClock => "compared as 0 or not, since a perf event shows no more of it",
        Place::Tracepoint { .. } => "not compared, since a tracepoint does not show it",
    };
    diffed.excluded.push(format!("return value: {unseen}"));
    if !ours.unmodelled.is_empty() {
        let fields = ours.unmodelled.join(", ");
        diffed.excluded.push(format!("read as zero on the machine: {fields}"));
    }
}
