//! Who may call, since when, and what changed.

use super::{CallKind, CallSpec, Grant, OlderProto, Permit, Registration, RetType};
use crate::{KernelVersion, KfuncFlags, ProgType};

const fn v(major: u8, minor: u8) -> KernelVersion {
    KernelVersion::new(major, minor)
}

const SPEC: CallSpec = CallSpec {
    kind: CallKind::Helper(173),
    name: "bpf_new",
    doc: "",
    args: &[],
    arg_names: &[],
    ret: RetType::Integer,
    since: v(4, 1),
    until: Some(v(7, 3)),
    avail: &[
        Grant { progs: &[ProgType::Xdp, ProgType::Lsm], since: v(5, 11), until: Some(v(5, 16)) },
        Grant { progs: &[ProgType::Xdp], since: v(6, 1), until: None },
        Grant { progs: &[ProgType::Syscall], since: v(4, 1), until: None },
        Grant { progs: &[ProgType::PerfEvent], since: v(5, 15), until: None },
    ],
    hooks: &[Registration {
        hook: &[
            Grant { progs: &[ProgType::Netfilter], since: v(6, 5), until: None },
            Grant { progs: &[ProgType::SkSkb], since: v(6, 4), until: None },
        ],
        since: v(6, 5),
        until: Some(v(7, 1)),
    }],
    unsupported: &[ProgType::PerfEvent],
    history: &[(v(4, 1), KfuncFlags::RCU), (v(6, 2), KfuncFlags::ACQUIRE)],
    older: &[OlderProto { until: v(6, 0), args: &[], arg_names: &[], ret: RetType::Void }],
    old_names: &[(v(5, 0), "bpf_first"), (v(6, 0), "bpf_second")],
    gpl_only: true,
    gpl_except: &[ProgType::PerfEvent],
    might_sleep: false,
    effect: None,
    file: "",
    line: 0,
};

#[test]
fn a_call_can_be_taken_away_and_given_back() {
    let permit = |minor| SPEC.permit(ProgType::Xdp, v(5, minor));
    assert_eq!(permit(10), Permit::Denied);
    assert_eq!(permit(11), Permit::Allowed);
    assert_eq!(permit(15), Permit::Allowed);
    assert_eq!(permit(16), Permit::Denied);
    assert_eq!(SPEC.permit(ProgType::Xdp, v(6, 1)), Permit::Allowed);
    assert_eq!(SPEC.permit(ProgType::Xdp, v(7, 2)), Permit::Allowed);
    assert_eq!(SPEC.permit(ProgType::Xdp, v(7, 3)), Permit::Denied);
    assert_eq!(SPEC.since(ProgType::Xdp), Some(v(5, 11)));
}

#[test]
fn a_program_type_cannot_call_before_it_exists() {
    assert_eq!(SPEC.since(ProgType::Syscall), Some(v(5, 14)));
    assert_eq!(SPEC.permit(ProgType::Syscall, v(5, 13)), Permit::Denied);
    assert_eq!(SPEC.permit(ProgType::Syscall, v(5, 14)), Permit::Allowed);
    assert_eq!(SPEC.since(ProgType::Kprobe), None);
}

#[test]
fn a_hook_has_its_types_from_their_own_release_on() {
    let permit = |prog, major, minor| SPEC.permit(prog, v(major, minor));
    for prog in [ProgType::Netfilter, ProgType::SkSkb] {
        assert_eq!(SPEC.since(prog), Some(v(6, 5)), "registered later than the hook has the type");
        let permits = [(6, 4), (6, 5), (7, 0), (7, 1)].map(|(a, b)| permit(prog, a, b));
        assert_eq!(
            permits,
            [Permit::Denied, Permit::Allowed, Permit::Allowed, Permit::Denied],
            "{prog:?}"
        );
    }
}

#[test]
fn a_listed_call_can_be_unsupported() {
    assert_eq!(SPEC.permit(ProgType::PerfEvent, v(5, 14)), Permit::Denied);
    assert_eq!(SPEC.permit(ProgType::PerfEvent, v(6, 18)), Permit::Unsupported);
    assert_eq!(SPEC.flags_at(ProgType::PerfEvent, v(6, 18)), None);
    assert_eq!(
        SPEC.unsupported_text(ProgType::PerfEvent),
        "func bpf_new#173 not supported for program type 7"
    );
}

#[test]
fn a_licence_can_depend_on_the_program_type() {
    assert!(SPEC.needs_gpl(ProgType::Xdp));
    assert!(!SPEC.needs_gpl(ProgType::PerfEvent));
}

#[test]
fn flags_prototype_and_name_are_those_of_the_release() {
    assert_eq!(SPEC.flags_at(ProgType::Xdp, v(6, 1)), Some(KfuncFlags::RCU));
    assert_eq!(SPEC.flags_at(ProgType::Xdp, v(6, 2)), Some(KfuncFlags::ACQUIRE));
    assert_eq!(SPEC.proto_at(v(5, 19)).1, RetType::Void);
    assert_eq!(SPEC.proto_at(v(6, 0)).1, RetType::Integer);
    assert_eq!(SPEC.name_at(v(4, 9)), "bpf_first");
    assert_eq!(SPEC.name_at(v(5, 0)), "bpf_second");
    assert_eq!(SPEC.name_at(v(6, 0)), "bpf_new");
}
