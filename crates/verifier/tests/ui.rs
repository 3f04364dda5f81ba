//! Verdicts on small programs: each about one rule (`ui/`), or what `cargo xtask verdict-fuzz` once found to be judged
//! otherwise (`fuzz/`). skep's verdict, and the running kernel's where that is 6.18.

mod judges;
mod logs;

use std::collections::BTreeSet;
use std::path::Path;

use judges::{Running, Skep, compare};
use skep_abi::{CallKind, KernelVersion};
use skep_calls::Call;
use skep_case::{Case, CaseError, Judged};

fn cases() -> Vec<Case> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = ["ui", "fuzz"].map(|folder| {
        skep_case::files(&tests.join(folder)).expect("the folder of cases can be read")
    });
    let cases = files.iter().flatten().map(|path| Case::read(path));
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

fn of_skep(case: &Case, judged: Result<Judged, CaseError>) -> (String, String, String) {
    let found = match judged {
        Ok(judged) => with_insns(judged.text, case, judged.insn_processed.into()),
        Err(error) => error.to_string(),
    };
    (case.name.clone(), expected(case), found)
}

#[test]
fn programs_are_judged_as_their_heads_say() {
    let mut skep = Skep::default();
    let cases = cases().into_iter().filter(|case| case.own_types.is_none());
    compare(cases.map(|case| of_skep(&case, skep.judge(&case))));
}

#[test]
fn the_running_kernel_judges_as_the_heads_say() {
    let running = match Running::new() {
        Ok(running) => running,
        Err(why) => return skep_skip::skipped!("{why}"),
    };
    let cases: Vec<Case> = cases().into_iter().filter(|case| running.is_of(case)).collect();
    if cases.is_empty() {
        return skep_skip::skipped!("the running kernel is not 6.18");
    }
    let of_kernel = cases.iter().map(|case| {
        let found = match running.judge(case) {
            Ok((text, processed)) => with_insns(text, case, processed),
            Err(error) => error,
        };
        (case.name.clone(), expected(case), found)
    });
    // By this kernel's own types, skep can judge what it cannot by those of a shipped profile.
    let own = cases.iter().filter(|case| case.own_types.is_some());
    compare(of_kernel.chain(own.map(|case| of_skep(case, running.skep(case)))));
}

/// Cases of `ui/each_kfunc` of one sort, by the kfuncs that they are named after.
fn cases_of_kfuncs(sort: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/each_kfunc").join(sort);
    let files = skep_case::files(&folder).expect("the folder of cases can be read");
    let name = |path: &Path| path.file_stem().expect("a file").to_string_lossy().into_owned();
    for path in &files {
        let case = Case::read(path).unwrap_or_else(|error| panic!("{error}"));
        let call = format!("kcall {}", name(path));
        assert!(case.code.iter().any(|(_, line)| line.trim() == call), "{}: {call}", case.name);
        assert_eq!(case.rejected.is_some(), sort == "rejected", "{}", case.name);
    }
    files.iter().map(|path| name(path)).collect()
}

#[test]
fn every_kfunc_of_the_catalogue_has_a_program_that_may_call_it_and_one_that_may_not() {
    let kfuncs = skep_calls::calls().filter(|call| call.spec.kind == CallKind::Kfunc);
    let name = |call: &Call| call.spec.name_at(KernelVersion::new(6, 18)).to_owned();
    let kfuncs: BTreeSet<String> = kfuncs.map(name).collect();
    for sort in ["accepted", "rejected"] {
        let cases = cases_of_kfuncs(sort);
        let lacking: Vec<_> = kfuncs.difference(&cases).collect();
        assert!(lacking.is_empty(), "without a program that is {sort}: {lacking:?}");
    }
}
