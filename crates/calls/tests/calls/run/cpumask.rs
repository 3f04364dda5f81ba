//! CPU masks, on a machine with 70 CPUs of a kernel with room for 256.

use skep_abi::{Addr, Cpu};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};
use skep_machine::{FailAlloc, Width};

use crate::bench::Bench;

const CPUS: u64 = 70;
const EACCES: u64 = -13i64 as u64;
const EINVAL: u64 = -22i64 as u64;

/// `struct bpf_cpumask` of a kernel with room for 256 CPUs.
fn btf() -> Btf {
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
    let bits = push(&TypeDef::Array { element: word, index: number, len: 4 });
    let mask = push(&strukt("cpumask", 32, vec![MemberDef::at("bits", bits, 0)]));
    let atomic = push(&strukt("", 4, vec![MemberDef::at("counter", number, 0)]));
    let usage = push(&strukt("refcount_struct", 4, vec![MemberDef::at("refs", atomic, 0)]));
    let members = vec![MemberDef::at("cpumask", mask, 0), MemberDef::at("usage", usage, 32)];
    push(&strukt("bpf_cpumask", 40, members));
    Btf::parse(&types.finish().unwrap()).unwrap()
}

fn bench() -> Bench {
    Bench::with(|builder| builder.cpus(CPUS as u32).btf(btf()))
}

fn create(bench: &Bench) -> u64 {
    match bench.call("bpf_cpumask_create", []) {
        0 => panic!("no mask"),
        mask => mask,
    }
}

/// A new mask with these CPUs.
fn mask(bench: &Bench, cpus: &[u64]) -> u64 {
    let mask = create(bench);
    for cpu in cpus {
        bench.call("bpf_cpumask_set_cpu", [*cpu, mask]);
    }
    mask
}

/// The words of a mask.
fn words(bench: &Bench, mask: u64) -> [u64; 4] {
    let word = |at: i64| bench.machine.memory().load(Addr(mask).offset(8 * at), Width::Dw).unwrap();
    [word(0), word(1), word(2), word(3)]
}

fn refs(bench: &Bench, mask: u64) -> u64 {
    bench.machine.memory().load(Addr(mask).offset(32), Width::W).unwrap()
}

#[test]
pub(super) fn a_mask_is_made_empty_and_lives_as_long_as_someone_holds_it() {
    let bench = bench();
    let mask = create(&bench);
    assert_eq!((words(&bench, mask), refs(&bench, mask)), ([0; 4], 1));
    assert_eq!(bench.call("bpf_cpumask_acquire", [mask]), mask);
    assert_eq!(refs(&bench, mask), 2);
    bench.call("bpf_cpumask_release", [mask]);
    assert_eq!(refs(&bench, mask), 1);
    bench.call("bpf_cpumask_release", [mask]);
    assert_eq!(create(&bench), mask, "its memory is used again");
    bench.machine.failslab().fail(FailAlloc::Always);
    assert_eq!(bench.call("bpf_cpumask_create", []), 0);
    assert!(bench.fault("bpf_cpumask_acquire", [0]).contains("null pointer"));
}

#[test]
pub(super) fn single_cpus_are_set_tested_and_cleared() {
    let bench = bench();
    let mask = create(&bench);
    assert_eq!(bench.call("bpf_cpumask_test_and_set_cpu", [69, mask]), 0);
    assert_eq!(bench.call("bpf_cpumask_test_and_set_cpu", [69, mask]), 1);
    bench.call("bpf_cpumask_set_cpu", [3, mask]);
    assert_eq!(words(&bench, mask), [1 << 3, 1 << 5, 0, 0]);
    // The CPU is a u32: what the register holds above is nobody's business.
    assert_eq!(bench.call("bpf_cpumask_test_cpu", [5 << 32 | 3, mask]), 1);
    assert_eq!(bench.call("bpf_cpumask_test_and_clear_cpu", [3, mask]), 1);
    assert_eq!(bench.call("bpf_cpumask_test_and_clear_cpu", [3, mask]), 0);
    bench.call("bpf_cpumask_clear_cpu", [69, mask]);
    for none in [CPUS, 127, 255, 100_000, u64::MAX] {
        bench.call("bpf_cpumask_set_cpu", [none, mask]);
        assert_eq!(bench.call("bpf_cpumask_test_and_set_cpu", [none, mask]), 0);
        assert_eq!(bench.call("bpf_cpumask_test_cpu", [none, mask]), 0);
        assert_eq!(bench.call("bpf_cpumask_test_and_clear_cpu", [none, mask]), 0);
        bench.call("bpf_cpumask_clear_cpu", [none, mask]);
    }
    assert_eq!(words(&bench, mask), [0; 4]);
}

#[test]
pub(super) fn whole_masks_are_filled_emptied_and_copied() {
    let bench = bench();
    let (a, b) = (create(&bench), create(&bench));
    bench.call("bpf_cpumask_setall", [a]);
    assert_eq!(words(&bench, a), [u64::MAX, u64::MAX, 0, 0]);
    assert_eq!((bench.call("bpf_cpumask_full", [a]), bench.call("bpf_cpumask_full", [b])), (1, 0));
    assert_eq!(bench.call("bpf_cpumask_weight", [a]), CPUS);
    bench.call("bpf_cpumask_copy", [b, a]);
    assert_eq!(words(&bench, b), [u64::MAX, u64::MAX, 0, 0]);
    bench.call("bpf_cpumask_clear", [b]);
    assert_eq!(words(&bench, b), [0; 4]);
    assert_eq!(
        (bench.call("bpf_cpumask_empty", [a]), bench.call("bpf_cpumask_empty", [b])),
        (0, 1)
    );
}

#[test]
pub(super) fn masks_are_combined() {
    let bench = bench();
    let (a, b, to) = (mask(&bench, &[1, 2, 65]), mask(&bench, &[2, 65, 66]), create(&bench));
    assert_eq!(bench.call("bpf_cpumask_and", [to, a, b]), 1);
    assert_eq!(words(&bench, to), [1 << 2, 1 << 1, 0, 0]);
    bench.call("bpf_cpumask_or", [to, a, b]);
    assert_eq!(words(&bench, to), [0b110, 0b110, 0, 0]);
    bench.call("bpf_cpumask_xor", [to, a, b]);
    assert_eq!(words(&bench, to), [0b010, 0b100, 0, 0]);
    assert_eq!(bench.call("bpf_cpumask_and", [to, mask(&bench, &[0]), b]), 0);
    assert_eq!(words(&bench, to), [0; 4]);
}

#[test]
pub(super) fn masks_are_compared() {
    let bench = bench();
    let (a, b, c) = (mask(&bench, &[1, 69]), mask(&bench, &[1]), mask(&bench, &[2]));
    let all = |name: &str| [[a, a], [a, b], [b, a], [b, c]].map(|pair| bench.call(name, pair));
    assert_eq!(all("bpf_cpumask_equal"), [1, 0, 0, 0]);
    assert_eq!(all("bpf_cpumask_intersects"), [1, 1, 1, 0]);
    assert_eq!(all("bpf_cpumask_subset"), [1, 0, 1, 0]);
}

#[test]
pub(super) fn the_first_cpus_are_found() {
    let bench = bench();
    let (a, b, none) = (mask(&bench, &[0, 1, 69]), mask(&bench, &[2, 69]), create(&bench));
    assert_eq!(bench.call("bpf_cpumask_first", [b]), 2);
    assert_eq!(bench.call("bpf_cpumask_first", [none]), CPUS);
    assert_eq!(bench.call("bpf_cpumask_first_zero", [a]), 2);
    assert_eq!(bench.call("bpf_cpumask_first_and", [a, b]), 69);
    assert_eq!(bench.call("bpf_cpumask_first_and", [a, none]), CPUS);
    bench.call("bpf_cpumask_setall", [none]);
    assert_eq!(bench.call("bpf_cpumask_first_zero", [none]), CPUS);
}

#[test]
pub(super) fn cpus_take_turns_on_each_cpu() {
    let mut bench = bench();
    let (a, b) = (mask(&bench, &[0, 5, 69]), mask(&bench, &[0, 69]));
    let any = |bench: &Bench| bench.call("bpf_cpumask_any_distribute", [a]);
    let both = |bench: &Bench| bench.call("bpf_cpumask_any_and_distribute", [a, b]);
    // The first choice of a CPU leaves CPU 0 out; both functions move the same cursor.
    assert_eq!([any(&bench), any(&bench), any(&bench), any(&bench)], [5, 69, 0, 5]);
    assert_eq!([both(&bench), both(&bench), any(&bench)], [69, 0, 5]);
    bench.cpu = Cpu(9);
    assert_eq!(any(&bench), 5, "another CPU has a turn of its own");
    let none = create(&bench);
    assert_eq!(bench.call("bpf_cpumask_any_distribute", [none]), CPUS);
    assert_eq!(bench.call("bpf_cpumask_any_and_distribute", [a, none]), CPUS);
    assert_eq!(any(&bench), 69, "and an empty mask moves nothing");
}

#[test]
pub(super) fn memory_is_copied_into_a_mask() {
    let bench = bench();
    bench.write(0, &[0xff; 64]);
    let mask = create(&bench);
    let populate =
        |bench: &Bench, at, len| bench.call("bpf_cpumask_populate", [mask, bench.at(at), len]);
    for short in [0, 8, 15] {
        assert_eq!(populate(&bench, 0, short), EACCES);
    }
    assert_eq!(words(&bench, mask), [0; 4]);
    assert_eq!((populate(&bench, 1, 16), populate(&bench, 0, 32)), (0, 0));
    assert_eq!(words(&bench, mask), [u64::MAX, u64::MAX, 0, 0], "only words that hold CPUs");
    let strict = Bench::with(|builder| {
        builder.cpus(CPUS as u32).btf(btf()).efficient_unaligned_access(false)
    });
    let mask = create(&strict);
    let populate = |at, len| strict.call("bpf_cpumask_populate", [mask, strict.at(at), len]);
    assert_eq!([populate(1, 8), populate(1, 16), populate(8, 16)], [EACCES, EINVAL, 0]);
}

#[test]
fn any_memory_that_is_long_enough_is_a_mask() {
    let bench = bench();
    let (plain, to) = (bench.at(8), create(&bench));
    bench.write(8, &[0b110]);
    assert_eq!(bench.call("bpf_cpumask_weight", [plain]), 2);
    bench.call("bpf_cpumask_set_cpu", [8, plain]);
    bench.call("bpf_cpumask_copy", [to, plain]);
    assert_eq!(words(&bench, to), [0b1_0000_0110, 0, 0, 0]);
    let text = bench.fault("bpf_cpumask_weight", [bench.at(4092)]);
    assert!(text.contains("runs past the end of scratch"), "{text}");
}
