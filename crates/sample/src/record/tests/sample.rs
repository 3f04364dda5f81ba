//! Samples with any set of `PERF_SAMPLE_*` bits.

use skep_abi::{BranchEntry, Cpu, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER};

use super::*;

/// The fields in the order in which the kernel writes them.
const ORDER: [u64; 25] = [
    sample_bit::IDENTIFIER,
    sample_bit::IP,
    sample_bit::TID,
    sample_bit::TIME,
    sample_bit::ADDR,
    sample_bit::ID,
    sample_bit::STREAM_ID,
    sample_bit::CPU,
    sample_bit::PERIOD,
    sample_bit::READ,
    sample_bit::CALLCHAIN,
    sample_bit::RAW,
    sample_bit::BRANCH_STACK,
    sample_bit::REGS_USER,
    sample_bit::STACK_USER,
    sample_bit::WEIGHT,
    sample_bit::WEIGHT_STRUCT,
    sample_bit::DATA_SRC,
    sample_bit::TRANSACTION,
    sample_bit::REGS_INTR,
    sample_bit::PHYS_ADDR,
    sample_bit::CGROUP,
    sample_bit::DATA_PAGE_SIZE,
    sample_bit::CODE_PAGE_SIZE,
    sample_bit::AUX,
];

const USER_MASK: u64 = 1 << 6 | 1 << 8 | 1 << 23;
const INTR_MASK: u64 = X86_64_MASK;

pub(super) fn format(sample_type: u64) -> Format {
    Format {
        sample_type,
        read_format: read_bit::TOTAL_TIME_ENABLED | read_bit::TOTAL_TIME_RUNNING | read_bit::LOST,
        regs_user: USER_MASK,
        regs_intr: INTR_MASK,
        sample_id_all: true,
        ..Format::default()
    }
}

/// A set of bits that an event can have: WEIGHT and WEIGHT_STRUCT exclude one another.
pub(super) fn possible(bits: u64) -> u64 {
    let known = ORDER.iter().fold(0, |sum, bit| sum | bit);
    let bits = bits & known;
    if bits & sample_bit::WEIGHT != 0 { bits & !sample_bit::WEIGHT_STRUCT } else { bits }
}

/// A sample whose fields hold numbers that tell where they belong.
pub(super) fn body(sample_type: u64) -> Bytes {
    ORDER.iter().filter(|bit| sample_type & **bit != 0).fold(Bytes::default(), |bytes, bit| {
        match *bit {
            sample_bit::TID => bytes.u32(11).u32(12),
            sample_bit::CPU => bytes.u32(3).u32(0),
            sample_bit::READ => bytes.u64(21).u64(22).u64(23).u64(24),
            sample_bit::CALLCHAIN => {
                bytes.u64(5).u64(PERF_CONTEXT_KERNEL).u64(31).u64(PERF_CONTEXT_USER).u64(32).u64(33)
            }
            sample_bit::RAW => bytes.u32(12).raw(b"twelve bytes"),
            sample_bit::BRANCH_STACK => {
                bytes.u64(2).u64(41).u64(42).u64(1).u64(43).u64(44).u64(0x52)
            }
            sample_bit::REGS_USER => bytes.u64(2).u64(51).u64(52).u64(53),
            sample_bit::STACK_USER => bytes.u64(16).raw(b"0123456789abcdef").u64(10),
            sample_bit::REGS_INTR => (0..20).fold(bytes.u64(2), |bytes, at| bytes.u64(60 + at)),
            sample_bit::AUX => bytes.u64(8).raw(b"aux data"),
            other => bytes.u64(1000 + u64::from(other.trailing_zeros())),
        }
    })
}

fn check(sample_type: u64) {
    let bytes = body(sample_type).record(sys::PERF_RECORD_SAMPLE, 2);
    let record = PerfRecord::parse(&bytes, &format(sample_type)).unwrap();
    let Body::Sample(sample) = &record.body else { panic!("{record:?}") };
    let has = |bit: u64| sample_type & bit != 0;
    let word = |bit: u64| has(bit).then_some(1000 + u64::from(bit.trailing_zeros()));
    assert_eq!(sample.id, word(sample_bit::ID).or(word(sample_bit::IDENTIFIER)));
    assert_eq!(sample.ip, word(sample_bit::IP));
    assert_eq!(sample.pid_tid, has(sample_bit::TID).then_some((Pid(11), Pid(12))));
    assert_eq!((sample.time, record.time()), (word(sample_bit::TIME), word(sample_bit::TIME)));
    assert_eq!(sample.addr, word(sample_bit::ADDR));
    assert_eq!(sample.stream_id, word(sample_bit::STREAM_ID));
    assert_eq!(sample.cpu, has(sample_bit::CPU).then_some(Cpu(3)));
    assert_eq!(sample.period, word(sample_bit::PERIOD));
    let value = ReadValue { value: 21, id: None, lost: Some(24) };
    let read = ReadFormat { time_enabled: Some(22), time_running: Some(23), values: vec![value] };
    assert_eq!(sample.read, has(sample_bit::READ).then_some(read));
    let chain = sample.callchain.map(|chain| split(chain, false));
    let expected = Split { kernel: vec![31], user: vec![32, 33] };
    assert_eq!(chain, has(sample_bit::CALLCHAIN).then_some(expected));
    assert_eq!(sample.raw, has(sample_bit::RAW).then_some(&b"twelve bytes"[..]));
    let branches = sample.branch_stack.map(|stack| stack.entries().collect::<Vec<_>>());
    let entry = |from, to, flags| BranchEntry { from, to, flags };
    let expected = vec![entry(41, 42, 1), entry(43, 44, 0x52)];
    assert!(
        expected[0].is_mispredicted() && expected[1].is_predicted() && expected[1].cycles() == 5
    );
    assert_eq!(branches, has(sample_bit::BRANCH_STACK).then_some(expected));
    let user = sample.regs_user.map(|regs| regs.to_x86());
    let user = user.map(|regs| (regs.bp, regs.ip, regs.r15, regs.ax, regs.orig_ax));
    assert_eq!(user, has(sample_bit::REGS_USER).then_some((51, 52, 53, 0, u64::MAX)));
    let stack = StackUser { bytes: b"0123456789", room: 16 };
    assert_eq!(sample.stack_user, has(sample_bit::STACK_USER).then_some(stack));
    let is_struct = has(sample_bit::WEIGHT_STRUCT);
    let weight = word(sample_bit::WEIGHT).or(word(sample_bit::WEIGHT_STRUCT));
    assert_eq!(sample.weight, weight.map(|full| Weight { full, is_struct }));
    assert_eq!(sample.data_src, word(sample_bit::DATA_SRC));
    assert_eq!(sample.transaction, word(sample_bit::TRANSACTION));
    let intr = sample.regs_intr.map(|regs| regs.to_x86());
    let intr = intr.map(|r| {
        [r.ax, r.bx, r.cx, r.dx, r.si, r.di, r.bp, r.sp, r.ip, r.flags, r.cs, r.ss, r.r8, r.r15]
    });
    let expected = [60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 79];
    assert_eq!(intr, has(sample_bit::REGS_INTR).then_some(expected));
    assert_eq!(sample.phys_addr, word(sample_bit::PHYS_ADDR));
    assert_eq!(sample.cgroup, word(sample_bit::CGROUP));
    assert_eq!(sample.data_page_size, word(sample_bit::DATA_PAGE_SIZE));
    assert_eq!(sample.code_page_size, word(sample_bit::CODE_PAGE_SIZE));
    assert_eq!(sample.aux, has(sample_bit::AUX).then_some(&b"aux data"[..]));
    assert!(
        sample_type == 0
            || PerfRecord::parse(&bytes[..bytes.len() - 1], &format(sample_type)).is_err()
    );
}

#[test]
fn fields_are_found_whatever_else_is_there() {
    for bit in ORDER {
        check(bit);
        check(possible(!bit));
    }
    check(0);
    let mut random = Random(7);
    for _ in 0..2_000 {
        check(possible(random.next()));
    }
}

fn one(sample_type: u64, body: Bytes, change: impl Fn(&mut Format)) -> Result<String, RecordError> {
    let mut format = format(sample_type);
    change(&mut format);
    let bytes = body.record(sys::PERF_RECORD_SAMPLE, 1);
    PerfRecord::parse(&bytes, &format).map(|record| format!("{:?}", record.body))
}

#[test]
fn branch_stacks_may_have_an_index_and_counters() {
    let bits = sys::PERF_SAMPLE_BRANCH_HW_INDEX | sys::PERF_SAMPLE_BRANCH_COUNTERS;
    let body = Bytes::default().u64(1).u64(9).u64(41).u64(42).u64(0).u64(77);
    let bytes = body.record(sys::PERF_RECORD_SAMPLE, 1);
    let mut format = format(sample_bit::BRANCH_STACK);
    format.branch_sample_type = bits.into();
    let record = PerfRecord::parse(&bytes, &format).unwrap();
    let Body::Sample(sample) = record.body else { panic!() };
    let stack = sample.branch_stack.unwrap();
    assert_eq!((stack.hw_index, stack.entries().count()), (Some(9), 1));
    assert_eq!(stack.counters.unwrap().iter().collect::<Vec<_>>(), [77]);
}

#[test]
fn tasks_without_user_space_have_no_registers_and_no_stack() {
    let bits = sample_bit::REGS_USER | sample_bit::STACK_USER;
    let text = one(bits, Bytes::default().u64(0).u64(0), |_| {}).unwrap();
    assert!(text.contains("regs_user: None") && text.contains("room: 0"), "{text}");
}

#[test]
fn markers_part_a_callchain_until_user_space_begins() {
    // The last two words are what a user's stack happened to hold.
    let words = [
        1,
        sys::PERF_CONTEXT_GUEST,
        2,
        PERF_CONTEXT_KERNEL,
        3,
        PERF_CONTEXT_USER,
        4,
        PERF_CONTEXT_KERNEL,
        5,
    ];
    let bytes = words.iter().fold(Bytes::default().u64(9), |bytes, word| bytes.u64(*word));
    let bytes = bytes.record(sys::PERF_RECORD_SAMPLE, 1);
    let record = PerfRecord::parse(&bytes, &format(sample_bit::CALLCHAIN)).unwrap();
    let Body::Sample(sample) = record.body else { panic!() };
    let chain = sample.callchain.unwrap();
    let user = |first: &[u64]| [first, &[4, PERF_CONTEXT_KERNEL, 5]].concat();
    assert_eq!(split(chain, true), Split { kernel: vec![1, 3], user: user(&[]) });
    assert_eq!(split(chain, false), Split { kernel: vec![3], user: user(&[1]) });
    assert_eq!(CallchainContext::of(sys::PERF_CONTEXT_MAX - 1), None);
}

#[test]
fn absurd_counts_are_refused_before_anything_is_taken() {
    let huge = || Bytes::default().u64(u64::MAX);
    let count = |bits, body| one(bits, body, |_| {}).unwrap_err();
    assert!(matches!(
        count(sample_bit::CALLCHAIN, huge()),
        RecordError::Count { field: "callchain", .. }
    ));
    assert!(matches!(count(sample_bit::BRANCH_STACK, huge()), RecordError::Count { .. }));
    assert!(matches!(count(sample_bit::STACK_USER, huge()), RecordError::Count { .. }));
    assert!(matches!(count(sample_bit::AUX, huge()), RecordError::Count { .. }));
    let raw = Bytes::default().u32(u32::MAX).u32(0);
    assert!(matches!(count(sample_bit::RAW, raw), RecordError::Truncated { field: "raw", .. }));
    let stack = Bytes::default().u64(8).u64(0).u64(9);
    assert_eq!(count(sample_bit::STACK_USER, stack), RecordError::StackSize { valid: 9, room: 8 });
    let group = |format: &mut Format| format.read_format = read_bit::GROUP;
    assert!(matches!(one(sample_bit::READ, huge(), group), Err(RecordError::Count { .. })));
    // A count whose product wraps round to something small.
    let wrapping = Bytes::default().u64(1 << 61);
    assert!(matches!(count(sample_bit::CALLCHAIN, wrapping), RecordError::Count { .. }));
}
