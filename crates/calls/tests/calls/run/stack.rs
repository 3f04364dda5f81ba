//! Call stacks.

use skep_abi::{MapType, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER, ProgType, X86Regs};
use skep_machine::perf::SampleType;
use skep_machine::{MapDef, PerfEventAttr};

use crate::bench::Bench;

const EFAULT: u64 = -14i64 as u64;
const EEXIST: u64 = -17i64 as u64;
const EINVAL: u64 = -22i64 as u64;

const USER: u64 = 0x100;
const BUILD_ID: u64 = 0x800;

/// Kernel code segment, user code segment.
const CS: [u64; 2] = [0x10, 0x33];

/// A sample in the kernel (0) or in user space (1).
fn bench(mode: usize) -> Bench {
    let mut bench = Bench::new();
    let sample = bench.sample.as_mut().unwrap();
    sample.regs = Some(X86Regs { cs: CS[mode], ..X86Regs::default() });
    sample.user_stack = vec![0x401, 0x402, 0x403];
    if mode == 0 {
        sample.kernel_stack = vec![0xffff_ffff_8100_0001, 0xffff_ffff_8100_0002];
    }
    bench.open(&PerfEventAttr::default());
    bench
}

fn with_callchain(mode: usize, change: impl FnOnce(&mut PerfEventAttr)) -> Bench {
    let mut bench = bench(mode);
    let sample_type = SampleType::CALLCHAIN;
    let mut attr = PerfEventAttr { sample_type, ..PerfEventAttr::default() };
    change(&mut attr);
    bench.open(&attr);
    bench
}

/// `bpf_get_stack` of `entries` words; the error, or the words that it counts and whether the rest is zero.
fn get(bench: &Bench, entries: u64, flags: u64) -> Result<Vec<u64>, u64> {
    bench.write(0, &[0xaa; 256]);
    let size = entries * 8;
    let r0 = bench.call("bpf_get_stack", [bench.at(0), bench.at(0), size, flags]);
    let bytes = bench.read(0, size);
    assert_eq!(bench.read(size, 8), [0xaa; 8]);
    let written = if (r0 as i64) < 0 { 0 } else { r0 as usize };
    assert!(bytes[written..].iter().all(|b| *b == 0), "the rest is zero: {bytes:?}");
    if (r0 as i64) < 0 {
        return Err(r0);
    }
    let words = bytes[..written].chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap()));
    Ok(words.collect())
}

#[test]
pub(super) fn stacks_of_the_sample_are_copied() {
    let user = bench(1);
    assert_eq!(get(&user, 8, USER), Ok(vec![0x401, 0x402, 0x403]));
    assert_eq!(get(&user, 2, USER), Ok(vec![0x401, 0x402]));
    assert_eq!(get(&user, 8, USER | 1), Ok(vec![0x402, 0x403]));
    assert_eq!(get(&user, 8, USER | 3), Ok(vec![]));
    assert_eq!(get(&user, 8, USER | 4), Err(EFAULT));
    assert_eq!(get(&user, 8, 0), Ok(vec![]), "user space was interrupted: no kernel stack");
    assert_eq!(get(&user, 8, 1), Err(EFAULT));
    let kernel = bench(0);
    assert_eq!(get(&kernel, 8, 0), Ok(vec![0xffff_ffff_8100_0001, 0xffff_ffff_8100_0002]));
    assert_eq!(get(&kernel, 8, USER), Ok(vec![0x401, 0x402, 0x403]));
}

#[test]
fn a_recorded_call_chain_carries_its_markers() {
    let user = with_callchain(1, |_| {});
    assert_eq!(get(&user, 8, USER), Ok(vec![PERF_CONTEXT_USER, 0x401, 0x402, 0x403]));
    assert_eq!(get(&user, 8, USER | 1), Ok(vec![0x401, 0x402, 0x403]));
    assert_eq!(get(&user, 8, 0), Ok(vec![]));
    let kernel = with_callchain(0, |_| {});
    let ips = vec![PERF_CONTEXT_KERNEL, 0xffff_ffff_8100_0001, 0xffff_ffff_8100_0002];
    assert_eq!(get(&kernel, 8, 0), Ok(ips.clone()));
    assert_eq!(get(&kernel, 8, 2), Ok(ips[2..].to_vec()));
    assert_eq!(get(&kernel, 8, USER), Ok(vec![PERF_CONTEXT_USER, 0x401, 0x402, 0x403]));
    assert_eq!(get(&kernel, 8, USER | 253), Err(EFAULT), "past 255 with the kernel part");
}

#[test]
fn excluded_parts_of_the_call_chain_are_empty() {
    let no_kernel = with_callchain(0, |attr| attr.exclude_callchain_kernel = true);
    assert_eq!(get(&no_kernel, 8, 0), Ok(vec![]));
    assert_eq!(get(&no_kernel, 8, USER), Ok(vec![PERF_CONTEXT_USER, 0x401, 0x402, 0x403]));
    let no_user = with_callchain(0, |attr| attr.exclude_callchain_user = true);
    assert_eq!(get(&no_user, 8, USER), Ok(vec![]));
    assert_eq!(get(&no_user, 8, 0).unwrap().len(), 3);
}

#[test]
fn other_program_types_unwind_whatever_the_event_records() {
    let mut bench = with_callchain(1, |_| {});
    bench.prog_type = ProgType::Tracepoint;
    assert_eq!(get(&bench, 8, USER), Ok(vec![0x401, 0x402, 0x403]));
}

#[test]
fn flags_and_sizes_are_checked() {
    let bench = bench(1);
    assert_eq!(get(&bench, 8, USER | 0x200), Err(EINVAL));
    assert_eq!(get(&bench, 8, 1 << 40), Err(EINVAL));
    assert_eq!(get(&bench, 8, BUILD_ID), Err(EINVAL), "of user stacks only");
    assert_eq!(get(&bench, 7, USER | BUILD_ID), Err(EINVAL), "not a multiple of 32");
    bench.write(0, &[0xaa; 16]);
    assert_eq!(bench.call("bpf_get_stack", [bench.at(0), bench.at(0), 15, USER]), EINVAL);
    assert_eq!(bench.read(0, 16), [vec![0; 15], vec![0xaa]].concat());
    assert_eq!(get(&bench, 0, USER), Ok(vec![]));
}

#[test]
fn build_ids_are_unknown_and_say_so() {
    let bench = bench(1);
    // Two entries of 32 bytes: status BPF_STACK_BUILD_ID_IP, no id, the address.
    assert_eq!(get(&bench, 8, USER | BUILD_ID), Ok(vec![2, 0, 0, 0x401, 2, 0, 0, 0x402]));
}

#[test]
pub(super) fn equal_stacks_have_equal_ids() {
    let mut bench = bench(1);
    let map = bench.map(MapDef::new("stacks", MapType::StackTrace, 4, 8 * 4, 64)).addr().0;
    let id = |bench: &Bench, flags: u64| bench.call("bpf_get_stackid", [bench.at(0), map, flags]);
    let first = id(&bench, USER);
    assert!(first < 64, "{first}");
    assert_eq!(id(&bench, USER), first);
    assert_eq!(id(&bench, USER | 3), EFAULT, "nothing is left");
    assert_eq!(id(&bench, 0), EFAULT, "no kernel stack");
    assert_eq!(id(&bench, USER | 0x800), EINVAL);
    // The map holds four entries, so a fifth makes no difference.
    bench.sample.as_mut().unwrap().user_stack = vec![1, 2, 3, 4, 5];
    let cut = id(&bench, USER);
    bench.sample.as_mut().unwrap().user_stack = vec![1, 2, 3, 4, 6];
    assert_eq!(id(&bench, USER), cut);
    bench.sample.as_mut().unwrap().user_stack = vec![9, 1, 2, 3, 4];
    assert_eq!(id(&bench, USER | 1), cut, "skipped entries do not count");
}

#[test]
fn another_stack_in_the_bucket_is_in_the_way() {
    let mut bench = bench(1);
    let map = bench.map(MapDef::new("stacks", MapType::StackTrace, 4, 8, 1)).addr().0;
    let id = |bench: &Bench, flags: u64| bench.call("bpf_get_stackid", [bench.at(0), map, flags]);
    assert_eq!(id(&bench, USER), 0);
    bench.sample.as_mut().unwrap().user_stack = vec![0x999];
    assert_eq!(id(&bench, USER), EEXIST);
    // BPF_F_REUSE_STACKID; a map of one bucket has one more element than buckets to swap in.
    assert!([0, -12i64 as u64].contains(&id(&bench, USER | 0x400)));
}

#[test]
fn only_a_stack_trace_map_stores_stacks() {
    let bench = bench(1);
    let map = bench.map(MapDef::new("counts", MapType::Hash, 4, 8, 1)).addr().0;
    assert_eq!(
        bench.fault("bpf_get_stackid", [bench.at(0), map, USER]),
        "bpf_get_stackid: cannot take map `counts`, which is of type hash"
    );
}
