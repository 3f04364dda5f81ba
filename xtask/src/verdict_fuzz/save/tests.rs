//! What a saved program shows is what the program showed.

use skep_case::Case;
use skep_host::Verdict;

use super::super::generate::generate;
use super::super::skep_side::{Judge, Said};
use super::super::world::World;
use super::super::{kernel, save};

/// Programs that are tried.
const PROGRAMS: u64 = 400;

fn of_kernel(verdict: &Verdict) -> String {
    skep_case::outcome(verdict.errno, verdict.last_message())
}

#[test]
fn saved_programs_are_judged_as_they_were() {
    if let Some(why) = crate::selftests::cannot_ask() {
        return skep_skip::skipped!("{why}");
    }
    let world = World::new().expect("the kernel makes maps and types");
    let (mut kernel, skep) = (kernel::Judge::new(), Judge::new(&world));
    let mut accepted = 0;
    for number in 0..PROGRAMS {
        let program = generate(&world, 3, number);
        let direct = of_kernel(&kernel.judge(&world, &program));
        let text = save::case(&world, &program, &["A generated program."], &direct, None);
        let case = Case::parse("saved", &text).unwrap_or_else(|e| panic!("{number}: {e}\n{text}"));
        let asked =
            case.ask(&world.profile.btf).unwrap_or_else(|e| panic!("{number}: {e}\n{text}"));
        assert_eq!(of_kernel(&asked), direct, "the kernel, {number}:\n{text}");
        let said = match skep.judge(&program) {
            Said::Accepted { .. } => "accepted".to_owned(),
            Said::Rejected { message, .. } => message,
            Said::Unsupported(what) | Said::Crashed(what) => what,
        };
        let saved = save::judged(&case, &world.profile).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let last = said.lines().last().unwrap_or("");
        assert!(
            saved.ends_with(last),
            "skep, {number}: {saved}, and of the program {said}:\n{text}"
        );
        accepted += u64::from(direct == "accepted");
    }
    assert!((PROGRAMS / 5..PROGRAMS).contains(&accepted), "{accepted} of {PROGRAMS} accepted");
}
