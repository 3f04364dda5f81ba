//! What RCU sections keep alive, in programs that may sleep and in those that may not.

use skep_abi::{Cpu, KernelVersion, MapType};
use skep_interp::{Interp, Trap};
use skep_machine::{BtfField, BtfFieldKind, Machine, MapDef};

use crate::bench::Bench;
use crate::refs::{btf, spec};

fn bench() -> Bench {
    let version = KernelVersion::new(6, 18);
    let machine = Machine::builder().btf(btf()).version(version).cpus(2).build().unwrap();
    Bench { machine, interp: Interp::new() }
}

/// How many CPUs a full mask of that kernel has: all its bits.
const CPUS: u64 = 64;

/// An array with one value, in which a mask can be kept; its address.
fn kept(machine: &Machine) -> u64 {
    let kind = BtfFieldKind::Kptr { strukt: "bpf_cpumask".to_owned() };
    let mut def = MapDef::new("kept", MapType::Array, 4, 8, 1);
    def.fields = vec![BtfField { offset: 0, size: 8, kind }];
    let id = machine.create_map(def).unwrap();
    machine.map(id).unwrap().lookup(Cpu(0), &[0; 4]).unwrap().0
}

fn run(sleepable: bool, text: &str) -> Result<u64, Box<Trap>> {
    let bench = bench();
    let mut spec = spec(text);
    spec.sleepable = sleepable;
    let kept = kept(&bench.machine);
    bench.run(&bench.load_spec(spec), &[kept])
}

/// A full mask in a map, and found there within a section: R7.
const FOUND: &str = "\
    r8 = r1
    call bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r0
    call bpf_cpumask_setall
    r1 = r8
    r2 = r6
    call bpf_kptr_xchg#194
    call bpf_rcu_read_lock
    r7 = *(u64 *)(r8 +0)
";
/// The map gives it up, and it is released.
const FREED: &str = "\
    r1 = r8
    r2 = 0
    call bpf_kptr_xchg#194
    r1 = r0
    call bpf_cpumask_release
";
const UNLOCK: &str = "call bpf_rcu_read_unlock\n";
const LOOK: &str = "r0 = *(u64 *)(r7 +0)\n";
const WEIGH: &str = "r1 = r7\ncall bpf_cpumask_weight\n";
const END: &str = "exit\nout: r0 = 7\nexit\n";

#[test]
fn what_is_freed_within_a_section_is_there_until_it_ends() {
    for sleepable in [false, true] {
        let look = format!("{FOUND}{FREED}{LOOK}r9 = r0\n{UNLOCK}r0 = r9\n{END}");
        assert_eq!(run(sleepable, &look).unwrap(), u64::MAX, "{sleepable}");
        let weigh = format!("{FOUND}{FREED}{WEIGH}r9 = r0\n{UNLOCK}r0 = r9\n{END}");
        assert_eq!(run(sleepable, &weigh).unwrap(), CPUS, "{sleepable}");
    }
}

#[test]
fn a_call_with_what_was_freed_traps_after_the_section_of_a_program_that_may_sleep() {
    let late = format!("{FOUND}{FREED}{UNLOCK}{WEIGH}{END}");
    let trap = run(true, &late).unwrap_err().to_string();
    assert!(trap.contains("bpf_cpumask #1") && trap.contains("no longer alive"), "{trap}");
    // A program that may not sleep is a section as a whole.
    assert_eq!(run(false, &late).unwrap(), CPUS);
    // What nobody frees stays.
    assert_eq!(run(true, &format!("{FOUND}{UNLOCK}{WEIGH}{END}")).unwrap(), CPUS);
    // In the next section it is gone all the same.
    let again = format!("{FOUND}{FREED}{UNLOCK}call bpf_rcu_read_lock\n{WEIGH}{UNLOCK}{END}");
    assert!(run(true, &again).is_err());
}

#[test]
fn loads_of_what_was_freed_yield_zero_after_the_section() {
    let late = format!("{FOUND}{FREED}{UNLOCK}{LOOK}{END}");
    assert_eq!(run(true, &late).unwrap(), 0);
    assert_eq!(run(false, &late).unwrap(), u64::MAX);
    // Copies elsewhere, and on the stack.
    let copy = "r9 = r7\n*(u64 *)(r10 -8) = r7\n";
    for look in ["r0 = *(u64 *)(r9 +0)\n", "r1 = *(u64 *)(r10 -8)\nr0 = *(u64 *)(r1 +0)\n"] {
        let text = format!("{FOUND}{copy}{FREED}{UNLOCK}{look}{END}");
        assert_eq!(run(true, &text).unwrap(), 0, "{look}");
    }
    // What was never found within a section.
    let outside = format!("{FOUND}{UNLOCK}r7 = *(u64 *)(r8 +0)\n{FREED}{LOOK}{END}");
    assert_eq!(run(true, &outside).unwrap(), 0);
}

#[test]
fn a_section_without_preemption_keeps_objects_too() {
    let text = format!("{FOUND}{UNLOCK}call bpf_preempt_disable\n{FREED}{WEIGH}r9 = r0\n");
    let enabled = "call bpf_preempt_enable\n";
    assert_eq!(run(true, &format!("{text}{enabled}r0 = r9\n{END}")).unwrap(), CPUS);
    assert!(run(true, &format!("{text}{enabled}{WEIGH}{END}")).is_err());
}

#[test]
fn a_trap_within_a_section_ends_it() {
    let bench = bench();
    let mut spec = spec("call bpf_rcu_read_lock\nr1 = 0\nr0 = *(u64 *)(r1 +0)\nexit\n");
    spec.sleepable = true;
    assert!(bench.run(&bench.load_spec(spec), &[]).is_err());
    let masks = bench.machine.cpumasks();
    let mask = masks.create().unwrap().unwrap();
    masks.release(mask).unwrap();
    assert!(masks.weight(mask).is_err());
}
