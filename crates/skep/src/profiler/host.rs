//! The built-in profiler in the running kernel.

use std::sync::atomic::AtomicBool;

use skep_object::KernelProfile;
use skep_report::Symbolizer;
use skep_sample::Options;

use super::{Outcome, PROFILE, Stacks, Stage, Tables, remarks, stacks, unnamed};
use crate::Error;
use crate::host::{Attachments, Follower, load};
use crate::session::{Method, open_with, watch};

/// Samples a target with the built-in program in the running kernel, and reads its maps there.
///
/// # Errors
/// What is missing or refused.
pub fn profile_on_host(
    options: &Options,
    kernel: &KernelProfile,
    method: Method,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Stage<'_>),
) -> Result<Outcome, Error> {
    let resolved = PROFILE.resolve(kernel)?;
    let program: Vec<_> =
        resolved.programs.iter().filter(|program| program.name == PROFILE.program).collect();
    let loaded = load(&resolved, kernel, &program, &mut |_| ())?;
    let attachments = Attachments::new(&loaded, &program, method, false)?;
    let session = open_with(options, &attachments)?;
    let mut follower = Follower::default();
    let watched = watch(session, stop, |record| follower.record(record), &mut |totals| {
        progress(Stage::Sampling(totals));
    })?;
    drop(attachments);
    let tables = Tables::of(|name| loaded.entries(name), |name| loaded.variable(name))?;
    let counted = tables.counted();
    let Stacks { set, groups } = stacks(&tables, watched.session.spaces(), follower.seen());
    let profile = Symbolizer::new().profile(&set, &mut |at| progress(Stage::Naming(at)));
    let remarks = remarks(counted).into_iter().chain(unnamed(&profile));
    let notices = watched.notices().chain(loaded.problems()).chain(remarks).collect();
    Ok(Outcome { watched, counted, profile, groups, smt: None, notices })
}
