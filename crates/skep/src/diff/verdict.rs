//! The verifiers: verdict, error number, last sentence, number of insns.

use serde_json::{Value, json};
use skep_abi::Errno;
use skep_host::{Cause, HostObject, LogBuffer};
use skep_object::{Outcome, ResolvedProgram};
use skep_verifier::{Options, Verdict};

use super::{DiffedProgram, Difference, Skipped, SkippedBy};
use crate::Error;
use crate::check::{Aux, Checker};

/// Judges a program in both; what skep's verifier found out, when both take it.
pub(super) fn compare(
    host: &HostObject<'_>,
    checker: &Checker<'_>,
    program: &ResolvedProgram,
    log: &mut LogBuffer,
    diffed: &mut DiffedProgram,
) -> Result<Option<Aux>, Error> {
    match &program.outcome {
        Outcome::Ready => {}
        Outcome::Failed(error) => {
            return skip(diffed, SkippedBy::Kernel, format!("it does not fit the kernel: {error}"));
        }
        Outcome::Unsupported(missing) => {
            return skip(diffed, SkippedBy::Machine, missing.to_string());
        }
    }
    let theirs = match host.judge(program, None, log) {
        Ok(theirs) => theirs,
        Err(error) if error.cause == Cause::Permission => return Err(error.into()),
        Err(error) => return skip(diffed, SkippedBy::Kernel, error.to_string()),
    };
    if theirs.errno == Some(Errno::EPERM) && theirs.last_message().is_empty() {
        let lacks = "the kernel refuses to load programs: -EPERM (-1)";
        return Err(Error::environment(lacks).hint("run as root, or with CAP_BPF and CAP_PERFMON"));
    }
    if let Some(errno) = theirs.errno.filter(|_| theirs.last_message().is_empty()) {
        // Nothing was judged: no kernel module, policy, or arguments that the kernel does not look into.
        return skip(diffed, SkippedBy::Kernel, format!("the kernel refuses it unread: {errno}"));
    }
    let ours = checker.check(program, Options::default());
    let (errno, sentence) = match &ours.verdict {
        Verdict::Accepted => (None, String::new()),
        Verdict::Rejected(why) => (Some(why.errno), why.message.clone()),
        Verdict::Unsupported(what) | Verdict::Bug(what) => {
            // What the kernel does not take would not run.
            let by = if theirs.is_accepted() { SkippedBy::Machine } else { SkippedBy::Kernel };
            return skip(diffed, by, format!("skep's verifier cannot judge it: {what}"));
        }
    };
    let mut hold = |what: &str, kernel: Value, machine: Value| {
        if kernel != machine {
            diffed.differences.push(Difference { what: what.to_owned(), kernel, machine });
        }
    };
    let word = |errno: Option<Errno>| {
        json!(errno.map_or_else(|| "accepted".to_owned(), |errno| format!("rejected: {errno}")))
    };
    hold("verdict", word(theirs.errno), word(errno));
    if theirs.errno.is_some() && errno.is_some() {
        hold("last sentence", json!(theirs.last_message()), json!(sentence));
    }
    if let Some(stats) = theirs.stats {
        hold("insns processed", json!(stats.insn_processed), json!(ours.cost.insn_processed));
    }
    Ok((theirs.is_accepted() && errno.is_none()).then_some(ours.aux))
}

fn skip(diffed: &mut DiffedProgram, by: SkippedBy, why: String) -> Result<Option<Aux>, Error> {
    diffed.skipped = Some(Skipped::new(by, why));
    Ok(None)
}
