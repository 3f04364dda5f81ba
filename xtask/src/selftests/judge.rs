//! One side's answer about one program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use skep_host::{HostObject, LogBuffer, Stats};
use skep_object::{KernelProfile, Resolved};
use skep_verifier::Verdict;

use super::object::{Entry, unresolved};
use super::row::{Answer, Outcome};

/// Bytes of the log's end that are kept: the last message is wanted.
const LOG_TAIL: usize = 1 << 16;

/// The kernel's answer. Without a log nothing was decided: the kernel did not come to look at the program.
pub(crate) fn kernel(resolved: &Resolved, host: &HostObject<'_>, entry: &Entry) -> Answer {
    let program = &resolved.programs[entry.program];
    if let Some(reason) = unresolved(program) {
        return Answer::none(Outcome::NotLoadable, reason);
    }
    let mut log = LogBuffer::tail(LOG_TAIL);
    let verdict = match host.judge(program, entry.as_type, &mut log) {
        Ok(verdict) => verdict,
        Err(refused) => return Answer::none(Outcome::NotLoadable, refused.to_string()),
    };
    let stats = verdict.stats.unwrap_or_default();
    let message = verdict.last_message();
    let outcome = match verdict.errno {
        None => Outcome::Accepted,
        Some(_) if message.is_empty() => Outcome::NotLoadable,
        Some(_) => Outcome::Rejected,
    };
    let message = match verdict.errno {
        None => String::new(),
        Some(errno) if message.is_empty() => format!("refused with {errno} and no log"),
        Some(_) => message.to_owned(),
    };
    answer(outcome, verdict.errno.map_or(0, |errno| errno.0), message, stats)
}

fn answer(outcome: Outcome, errno: u16, message: String, stats: Stats) -> Answer {
    Answer {
        outcome,
        errno,
        message,
        insns: stats.insn_processed,
        total_states: stats.total_states,
        peak_states: stats.peak_states,
        time: u64::try_from(stats.time.as_micros()).unwrap_or(u64::MAX),
    }
}

/// skep's answer; a panic is one.
pub(crate) fn skep(profile: &KernelProfile, resolved: &Resolved, entry: &Entry) -> Answer {
    if let Some(reason) = unresolved(&resolved.programs[entry.program]) {
        return Answer::none(Outcome::NotLoadable, reason);
    }
    let start = Instant::now();
    let verdict = catch_unwind(AssertUnwindSafe(|| verify(profile, resolved, entry)));
    let time = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    match verdict {
        Ok(answer) => Answer { time, ..answer },
        Err(panic) => Answer::none(Outcome::Crashed, text_of(&*panic)),
    }
}

/// What a panic says.
fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic").lines().next().unwrap_or_default().to_owned()
}

fn verify(profile: &KernelProfile, resolved: &Resolved, entry: &Entry) -> Answer {
    let program = &resolved.programs[entry.program];
    let checker = skep::check::Checker::new(resolved, profile).nr_cpu_ids(possible_cpus());
    let prog_type = entry.as_type.unwrap_or(program.prog_type);
    let report = checker.check_as(program, prog_type, skep_verifier::Options::default());
    let (outcome, errno, message) = match report.verdict {
        Verdict::Accepted => (Outcome::Accepted, 0, String::new()),
        Verdict::Rejected(why) => (Outcome::Rejected, why.errno.0, why.message),
        Verdict::Unsupported(what) => return Answer::none(Outcome::Unsupported, what),
        Verdict::Bug(what) => return Answer::none(Outcome::Crashed, what),
    };
    let stats = Stats {
        insn_processed: report.cost.insn_processed.into(),
        total_states: report.cost.total_states.into(),
        peak_states: report.cost.peak_states.into(),
        ..Stats::default()
    };
    answer(outcome, errno, message, stats)
}

/// Possible CPUs of this machine, as the kernel counts them.
pub(crate) fn possible_cpus() -> u32 {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    let last = text.trim().rsplit(['-', ',']).next().and_then(|last| last.parse::<u32>().ok());
    last.map_or(1, |last| last + 1)
}
