//! The running kernel's rejections, told like skep's own.

use skep::check::{Judged, Options, check_object, finding_of_kernel};
use skep_abi::{Errno, ProgType};
use skep_host::{HostObject, LoadOptions, NotLoaded};
use skep_object::ObjectSpec;

#[test]
fn a_rejection_of_the_kernel_names_the_same_line_and_cause_as_skeps_own() {
    let Ok(profile) = skep::profile::running() else {
        return skep_skip::skipped!("the kernel shows no types");
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs");
    let bytes = std::fs::read(format!("{folder}/stacks.bpf.o")).unwrap();
    let mut resolved =
        ObjectSpec::parse("stacks.bpf.o", &bytes).unwrap().resolve(&profile).unwrap();
    // The program reads its context beyond the end where it read the period.
    let insns = &mut resolved.programs[0].insns;
    let at = insns.iter().position(|insn| insn.code == 0x79 && insn.off == 168).unwrap();
    insns[at].off = 4096;
    let loaded = HostObject::load(&resolved, &LoadOptions::default());
    let verdict = match &loaded.programs()[0] {
        Err(NotLoaded::Rejected(verdict)) => verdict,
        Err(NotLoaded::Refused(error)) if error.errno == Errno::EPERM => {
            return skep_skip::skipped!("{error}");
        }
        other => panic!("{other:?}"),
    };
    let program = &resolved.programs[0];
    let theirs = finding_of_kernel(&resolved, &profile, program, verdict).unwrap();
    let options = Options::default();
    let checked = check_object("stacks", &resolved, &profile, options, |_| true, |_| ());
    let Judged::Rejected(ours) = &checked.programs[0].judged else { panic!("{checked:?}") };
    assert_eq!(theirs.message, ours.message);
    assert_eq!((theirs.kind, theirs.errno), (ours.kind, ours.errno));
    assert_eq!((theirs.insn, &theirs.source), (ours.insn, &ours.source));
    assert!(theirs.source.unwrap().text.contains("sample_period"), "{ours:?}");
    assert_eq!(theirs.help, ours.help);
    let accepted = skep_host::Verdict { errno: None, log: String::new(), stats: None };
    assert!(finding_of_kernel(&resolved, &profile, program, &accepted).is_none());
    assert_eq!(program.prog_type, ProgType::PerfEvent);
}

#[test]
fn refusals_of_the_kernel_are_the_environments() {
    let refused = skep_host::PerfEvent::open(
        &skep_host::PerfEventAttr { type_: 1, config: 99, ..Default::default() },
        skep_host::Target::ThisThread,
        None,
    );
    let error = skep::Error::from(refused.unwrap_err());
    assert_eq!((error.kind, error.kind.exit_status()), (skep::ErrorKind::Environment, 3));
    assert!(error.hint.is_some() && !error.message.contains(';'), "{error}");
}
