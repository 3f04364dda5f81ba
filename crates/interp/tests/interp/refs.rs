//! What a program holds: references and sections. The programs that trap here are those that the verifier rejects.

use std::collections::HashMap;

use skep_abi::{KernelVersion, ProgId, ProgType};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};
use skep_interp::{Interp, ProgramSpec, Trap, TrapKind};
use skep_isa::assemble;
use skep_machine::Machine;

use crate::bench::Bench;

/// Kernel functions by the numbers that the programs here give them.
pub(crate) const KFUNCS: [&str; 13] = [
    "bpf_cpumask_create",
    "bpf_cpumask_acquire",
    "bpf_cpumask_release",
    "bpf_cpumask_weight",
    "bpf_rcu_read_lock",
    "bpf_rcu_read_unlock",
    "bpf_preempt_disable",
    "bpf_preempt_enable",
    "bpf_cpumask_setall",
    "bpf_obj_new_impl",
    "bpf_obj_drop_impl",
    "bpf_list_push_front_impl",
    "bpf_list_pop_front",
];

/// `struct bpf_cpumask` of 64 CPUs.
pub(crate) fn btf() -> Btf {
    let mut types = BtfBuilder::new();
    let mut push = |def: &TypeDef| types.push(def).unwrap();
    let int = |name: &str, size: u32| {
        let (is_signed, is_char, is_bool) = (true, false, false);
        let (name, bits) = (name.to_owned(), 8 * size);
        TypeDef::Int { name, size, bits, offset: 0, is_signed, is_char, is_bool }
    };
    let strukt =
        |name: &str, size, members| TypeDef::Struct { name: name.to_owned(), size, members };
    let (word, number) = (push(&int("long", 8)), push(&int("int", 4)));
    let mask = push(&strukt("cpumask", 8, vec![MemberDef::at("bits", word, 0)]));
    let atomic = push(&strukt("", 4, vec![MemberDef::at("counter", number, 0)]));
    let usage = push(&strukt("refcount_struct", 4, vec![MemberDef::at("refs", atomic, 0)]));
    let members = vec![MemberDef::at("cpumask", mask, 0), MemberDef::at("usage", usage, 8)];
    push(&strukt("bpf_cpumask", 16, members));
    Btf::parse(&types.finish().unwrap()).unwrap()
}

/// A program whose calls of kernel functions are by name.
pub(crate) fn spec(text: &str) -> ProgramSpec {
    let mut text = text.to_owned();
    for (name, id) in KFUNCS.iter().zip(1..) {
        text = text.replace(&format!("call {name}\n"), &format!("call kernel-function#{id}\n"));
    }
    let insns = assemble(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut spec = ProgramSpec::raw(ProgId(1), "test", ProgType::PerfEvent, insns);
    let ids = KFUNCS.iter().zip(1..);
    spec.kfuncs = ids.map(|(name, id)| (id, (*name).to_owned())).collect::<HashMap<_, _>>();
    spec
}

fn run_on(version: KernelVersion, text: &str) -> Result<u64, Box<Trap>> {
    let machine = Machine::builder().btf(btf()).version(version).build().unwrap();
    let bench = Bench { machine, interp: Interp::new() };
    bench.run(&bench.load_spec(spec(text)), &[])
}

fn run(text: &str) -> Result<u64, Box<Trap>> {
    run_on(KernelVersion::new(6, 18), text)
}

fn trap(text: &str) -> Trap {
    match run(text) {
        Ok(r0) => panic!("{text}\nreturned {r0:#x}"),
        Err(trap) => *trap,
    }
}

const CREATE: &str = "call bpf_cpumask_create\nif r0 == 0 goto out\nr6 = r0\n";
const RELEASE: &str = "r1 = r6\ncall bpf_cpumask_release\n";
const OUT: &str = "out: r0 = 0\nexit";

#[test]
fn what_is_acquired_and_released_is_fine() {
    assert_eq!(run(&format!("{CREATE}{RELEASE}{OUT}")).unwrap(), 0);
    let twice = "r1 = r6\ncall bpf_cpumask_acquire\nr7 = r0\nr1 = r7\ncall bpf_cpumask_release\n";
    assert_eq!(run(&format!("{CREATE}{twice}{RELEASE}{OUT}")).unwrap(), 0);
    // Spilled, handed to a subprogram, and released there.
    let far = "*(u64 *)(r10 -8) = r6\nr1 = r10\ncall leaf\nr0 = 0\nexit\n\
               leaf: r1 = *(u64 *)(r1 -8)\ncall bpf_cpumask_release\nr0 = 0\nexit\n";
    assert_eq!(run(&format!("{CREATE}{far}{OUT}")).unwrap(), 0);
}

#[test]
fn a_leak_names_the_object_and_where_it_was_acquired() {
    let trap = trap(&format!("{CREATE}{OUT}"));
    let text = trap.to_string();
    assert!(matches!(trap.kind, TrapKind::Leaked { .. }), "{text}");
    assert!(text.contains("still holds byte 0 of bpf_cpumask #1"), "{text}");
    assert!(
        text.contains("acquired by bpf_cpumask_create\n  at insn 0: call bpf_cpumask_create#1"),
        "{text}"
    );
}

#[test]
fn one_reference_of_two_is_a_leak_too() {
    let text = format!("{CREATE}r1 = r6\ncall bpf_cpumask_acquire\n{RELEASE}{OUT}");
    let TrapKind::Leaked { call, acquired, .. } = trap(&text).kind else { panic!("no leak") };
    assert_eq!((call, acquired.insn.0), ("bpf_cpumask_acquire", 4));
}

#[test]
fn no_copy_of_a_pointer_may_be_used_after_its_release() {
    let uses = [
        ("load", "r0 = *(u64 *)(r6 +0)\n"),
        ("argument", "r1 = r6\ncall bpf_cpumask_weight\n"),
        ("copy", "r0 = *(u64 *)(r8 +0)\n"),
        ("moved copy", "r8 += 8\nr0 = *(u32 *)(r8 +0)\n"),
        ("spilled copy", "r1 = *(u64 *)(r10 -8)\nr0 = *(u64 *)(r1 +0)\n"),
        ("released again", "r1 = r6\ncall bpf_cpumask_release\n"),
        ("in a subprogram", "r1 = r6\ncall leaf\n"),
    ];
    for (what, uses) in uses {
        let leaf = "leaf: r0 = *(u64 *)(r1 +0)\nexit";
        let copies = "r8 = r6\n*(u64 *)(r10 -8) = r6\n";
        let text = format!("{CREATE}{copies}{RELEASE}{uses}{OUT}\n{leaf}");
        let trap = trap(&text);
        let TrapKind::UsedAfterRelease { object, call, by, released, acquired } = &trap.kind else {
            panic!("{what}: {trap}")
        };
        assert_eq!((*call, *by), ("bpf_cpumask_create", "bpf_cpumask_release"), "{what}");
        assert_eq!((acquired.insn.0, released.insn.0), (0, 6), "{what}");
        assert!(object.contains("bpf_cpumask #1"), "{what}: {object}");
    }
}

#[test]
fn a_slot_that_was_overwritten_by_another_way_holds_no_stale_pointer() {
    let text = format!(
        "{CREATE}*(u64 *)(r10 -8) = r6\n{RELEASE}r1 = r10\nr1 += -16\nr2 = r10\n*(u64 *)(r1 +8) = r2\n\
         r1 = *(u64 *)(r10 -8)\n*(u64 *)(r1 -24) = 5\nr0 = *(u64 *)(r1 -24)\nexit\n{OUT}"
    );
    assert_eq!(run(&text).unwrap(), 5);
}

#[test]
fn what_is_not_held_cannot_be_released() {
    // A number that looks like the mask, long after its marks are lost.
    let text =
        format!("{CREATE}r7 = r6\nr7 ^= 0\n{RELEASE}r1 = r7\ncall bpf_cpumask_release\n{OUT}");
    let trap = trap(&text);
    assert!(matches!(trap.kind, TrapKind::NotHeld { call: "bpf_cpumask_release", .. }), "{trap}");
}

#[test]
fn records_of_a_ring_buffer_are_references() {
    use skep_abi::MapType;
    use skep_machine::MapDef;
    let bench = Bench::new();
    let id = bench.machine.create_map(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096)).unwrap();
    let ring = bench.machine.map(id).unwrap().addr().0;
    let reserve = "r2 = 8\nr3 = 0\ncall bpf_ringbuf_reserve#131\nr6 = r0\n";
    let submit = "r1 = r6\nr2 = 0\ncall bpf_ringbuf_submit#132\n";
    let kind = |text: String| bench.go(&text, &[ring]).unwrap_err().kind;
    assert_eq!(bench.go(&format!("{reserve}{submit}r0 = 0\nexit"), &[ring]).unwrap(), 0);
    let leaked = kind(format!("{reserve}r0 = 0\nexit"));
    assert!(matches!(leaked, TrapKind::Leaked { call: "bpf_ringbuf_reserve", .. }), "{leaked}");
    let stale = kind(format!("{reserve}{submit}*(u64 *)(r6 +0) = 1\nr0 = 0\nexit"));
    assert!(matches!(stale, TrapKind::UsedAfterRelease { .. }), "{stale}");
}

#[test]
fn spin_locks_are_given_up_by_whoever_holds_them() {
    use skep_abi::{Cpu, MapType};
    use skep_machine::{BtfField, BtfFieldKind, MapDef, spin_lock};
    let mut bench = Bench::new();
    bench.interp = Interp::new().budget(100);
    let field = |offset| BtfField { offset, size: 4, kind: BtfFieldKind::SpinLock };
    let def = MapDef::new("m", MapType::Array, 4, 8, 1).with_fields(vec![field(0), field(4)]);
    let id = bench.machine.create_map(def).unwrap();
    let value = bench.machine.map(id).unwrap().lookup(Cpu(0), &[0; 4]).unwrap();
    let lock = "r1 = r6\ncall bpf_spin_lock#93\n";
    let unlock = "r1 = r6\ncall bpf_spin_unlock#94\n";
    let run = |text: &str| bench.go(&format!("r6 = r1\n{text}r0 = 0\nexit"), &[value.0]);
    assert_eq!(run(&format!("{lock}{unlock}{lock}{unlock}")).unwrap(), 0);
    for (text, words) in [
        (format!("{lock}{lock}"), "a spin lock that it holds, taken\n  at insn 2"),
        (lock.to_owned(), "ends within the section of a spin lock that began\n  at insn 2"),
        (
            format!("{lock}call bpf_get_smp_processor_id#8\n"),
            "processor_id is called while the program holds a spin lock, taken\n  at insn 2",
        ),
        (
            format!("{lock}r1 = r6\nr1 += 4\ncall bpf_spin_lock#93\n"),
            "bpf_spin_lock is called while",
        ),
        (unlock.to_owned(), "no spin lock has begun"),
        (format!("{lock}r6 += 4\n{unlock}"), "no spin lock has begun"),
        (format!("{lock}here: goto here\n"), "takes more than 100 insns"),
        (format!("{lock}r0 = *(u64 *)(r6 +4096)\n"), "at insn 3"),
    ] {
        let trap = run(&text).expect_err(&text).to_string();
        assert!(trap.contains(words), "{trap}");
        // Nobody else waits for a run that has ended.
        for lock in [value, value.offset(4)] {
            assert_eq!(spin_lock::unlock(bench.machine.memory(), lock), Ok(false), "{text}");
        }
    }
}

#[test]
fn sections_are_balanced() {
    let fine = "call bpf_rcu_read_lock\ncall bpf_preempt_disable\ncall bpf_preempt_disable\n\
                call bpf_preempt_enable\ncall bpf_preempt_enable\ncall bpf_rcu_read_unlock\n";
    assert_eq!(run(&format!("{fine}{OUT}")).unwrap(), 0);
    for (text, words) in [
        ("call bpf_rcu_read_lock\n", "ends within the RCU section that began\n  at insn 0"),
        ("call bpf_preempt_disable\n", "ends within the section without preemption"),
        ("call bpf_rcu_read_unlock\n", "no RCU section has begun"),
        ("call bpf_preempt_enable\n", "no section without preemption has begun"),
        ("call bpf_rcu_read_lock\ncall bpf_rcu_read_lock\n", "began\n  at insn 0"),
    ] {
        let trap = trap(&format!("{text}{OUT}")).to_string();
        assert!(trap.contains(words), "{trap}");
    }
}

#[test]
fn rcu_sections_lie_within_each_other_since_6_19() {
    let text = "call kernel-function#5\ncall kernel-function#5\ncall kernel-function#6\ncall kernel-function#6\nr0 = 0\nexit";
    assert_eq!(run_on(KernelVersion::new(6, 19), text).unwrap(), 0);
    assert!(run_on(KernelVersion::new(6, 18), text).is_err());
}
