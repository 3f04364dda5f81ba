//! Verdicts on small programs, each about one rule (`ui/`): skep's, and the running kernel's where that is 6.18.

mod judges;

use std::path::Path;

use judges::{Running, Skep, compare};
use skep_case::Case;

fn ui() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let files = skep_case::files(&folder).expect("the folder of cases can be read");
    let cases = files.iter().map(|path| Case::read(path));
    cases.map(|case| case.unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn with_insns(outcome: String, case: &Case, processed: u64) -> String {
    match case.insn_processed {
        Some(_) => format!("{outcome}; {processed} insns"),
        None => outcome,
    }
}

fn expected(case: &Case) -> String {
    with_insns(case.expected(), case, case.insn_processed.unwrap_or(0).into())
}

#[test]
fn programs_are_judged_as_their_heads_say() {
    let mut skep = Skep::default();
    compare(ui().iter().map(|case| {
        let found = match skep.judge(case) {
            Ok(judged) => with_insns(judged.text, case, judged.insn_processed.into()),
            Err(error) => error.to_string(),
        };
        (case.name.clone(), expected(case), found)
    }));
}

#[test]
fn the_running_kernel_judges_as_the_heads_say() {
    let running = match Running::new() {
        Ok(running) => running,
        Err(why) => return skep_skip::skipped!("{why}"),
    };
    let cases: Vec<Case> = ui().into_iter().filter(|case| running.is_of(case)).collect();
    if cases.is_empty() {
        return skep_skip::skipped!("the running kernel is not 6.18");
    }
    compare(cases.iter().map(|case| {
        let found = match running.judge(case) {
            Ok((text, processed)) => with_insns(text, case, processed),
            Err(error) => error,
        };
        (case.name.clone(), expected(case), found)
    }));
}
