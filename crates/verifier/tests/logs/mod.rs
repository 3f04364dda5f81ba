//! Whole logs, line by line, beside the running kernel's.

use skep_case::Case;

use crate::cases;
use crate::judges::{Running, tell};

/// Cases whose logs differ at a level of the log, and why.
const KNOWN: &[(&str, u32, &str)] = &[
    ("ui/call/const_str.s", 2, DEAD_SLOT),
    ("ui/call/for_each_elem.s", 2, CALLBACK_MARKS),
    ("ui/call/loop_callback.s", 2, CALLBACK_MARKS),
    ("ui/call/loop_callback_leaks.s", 2, CALLBACK_MARKS),
    ("ui/each_kfunc/accepted/bpf_cpumask_populate.s", 2, DEAD_SLOT),
    ("ui/explore/callback_rounds.s", 2, CALLBACK_MARKS),
    ("ui/explore/callback_unsafe_later.s", 2, CALLBACK_MARKS),
    ("ui/explore/may_goto_forever.s", 2, AFTER_MAY_GOTO),
    ("ui/explore/may_goto_keeps_precise.s", 1, AFTER_MAY_GOTO),
    ("ui/explore/may_goto_keeps_precise.s", 2, AFTER_MAY_GOTO),
    ("ui/region/iter_after_rcu.s", 1, RCU_ITERATOR),
    ("ui/region/iter_after_rcu.s", 2, RCU_ITERATOR),
];

const DEAD_SLOT: &str =
    "the kernel has forgotten a slot that nothing reads later when it shows the state";
const CALLBACK_MARKS: &str = "what a callback's rounds mark as exact is told at another place";
const AFTER_MAY_GOTO: &str = "skep shows the state after a may_goto, the kernel does not";
const RCU_ITERATOR: &str =
    "the kernel does not show an iterator that the end of its RCU section took";

/// Cases whose logs of every path are too long to compare: the kernel alone writes hundreds of megabytes.
const LONG: &[&str] = &["ui/explore/too_many_insns.s"];

#[test]
fn logs_read_as_the_kernel_writes_them() {
    let running = match Running::new() {
        Ok(running) => running,
        Err(why) => return skep_skip::skipped!("{why}"),
    };
    let cases: Vec<Case> = cases().into_iter().filter(|case| running.is_of(case)).collect();
    if cases.is_empty() {
        return skep_skip::skipped!("the running kernel is not 6.18");
    }
    let (mut equal, mut wrong) = (0, 0);
    for (case, level) in cases.iter().flat_map(|case| [(case, 1), (case, 2)]) {
        let name = case.name.split("tests/").nth(1).unwrap_or(&case.name);
        if level == 2 && LONG.contains(&name) {
            continue;
        }
        let found = match running.logs(case, level) {
            Ok([kernel, skep]) => first_difference(&kernel, &skep, level),
            Err(error) => Some(error),
        };
        let known = KNOWN.iter().find(|known| (known.0, known.1) == (name, level));
        match (found, known) {
            (None, None) => equal += 1,
            (Some(_), Some(_)) => {}
            (None, Some((.., why))) => {
                wrong += 1;
                tell(&format!("{name}, level {level}: logs are equal now, not: {why}\n"));
            }
            (Some(difference), None) => {
                wrong += 1;
                tell(&format!("{name}, level {level}:\n{difference}"));
            }
        }
    }
    assert_eq!(wrong, 0, "some logs are not as expected, {equal} are equal");
}

/// The first line that differs.
fn first_difference(kernel: &str, skep: &str, level: u32) -> Option<String> {
    let (kernel, skep) = (lines(kernel, level), lines(skep, level));
    let at = (0..kernel.len().max(skep.len())).find(|&at| kernel.get(at) != skep.get(at))?;
    let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
    Some(format!("  line {at}\n  kernel {}\n  skep   {}\n", line(&kernel), line(&skep)))
}

/// The lines of a log, without addresses, which are the kernel's own.
///
/// At level 2 also without what the kernel tells of how it solves live slots and walks loops; and since these lines come
/// between an insn and the state after it, which otherwise stands in the insn's line, a state has a line of its own.
fn lines(log: &str, level: u32) -> Vec<String> {
    let lines = log.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let lines = lines.map(without_address);
    if level < 2 {
        return lines.collect();
    }
    let lines = lines.filter(|line| !is_of_solver(line));
    lines.flat_map(|line| with_state_apart(&line)).collect()
}

/// Whether the kernel tells of live slots or of a loop here.
fn is_of_solver(line: &str) -> bool {
    let tells = [" +live ", " -live ", " +written ", " -written ", "live stack update done in "];
    line.starts_with("SCC ")
        || line.starts_with('(') && tells.iter().any(|words| line.contains(words))
}

/// An insn, and the state after it, without the number of the insn that comes next.
fn with_state_apart(line: &str) -> Vec<String> {
    if let Some((insn, state)) = line.split_once(" ; ") {
        return vec![insn.trim_end().to_owned(), state.trim().to_owned()];
    }
    match line.split_once(": ") {
        Some((number, state)) if is_number(number) && !state.starts_with('(') => {
            vec![state.trim().to_owned()]
        }
        _ => vec![line.to_owned()],
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A line whose insn loads an address.
fn without_address(line: &str) -> String {
    match line.split_once("(18) ") {
        None => line.to_owned(),
        Some((before, insn)) => {
            let (loaded, state) = insn.split_once(';').unwrap_or((insn, ""));
            let (register, _) = loaded.split_once(" = ").unwrap_or((loaded, ""));
            format!("{before}(18) {register} = … ;{state}")
        }
    }
}
