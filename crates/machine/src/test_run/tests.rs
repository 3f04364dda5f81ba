//! Input, output and refusals of test runs, as the running 6.18 gave them.

use skep_abi::{Addr, AttachType, Cpu, Errno, ProgType};

use super::{TestResult, TestRun, TestRunError, Tested};
use crate::packet::{ETH_HLEN, Pointers, SkbField};
use crate::{Machine, Width};

fn tested(prog_type: ProgType) -> Tested {
    Tested { prog_type, max_ctx_offset: 0, attach_type: None }
}

/// Runs `program`, which gets the machine and its context.
fn run(
    tested: Tested,
    input: &TestRun<'_>,
    program: impl Fn(&Machine, Addr) -> u64,
) -> Result<TestResult, TestRunError<String>> {
    let machine = Machine::builder().cpus(2).build().unwrap();
    machine.test_run(tested, input, &mut |_, ctx| Ok(program(&machine, ctx)))
}

fn errno(tested: Tested, input: &TestRun<'_>) -> Option<Errno> {
    match run(tested, input, |_, _| 0) {
        Err(TestRunError::Refused { errno, .. }) => Some(errno),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    }
}

fn pointers(machine: &Machine, ctx: Addr) -> Pointers {
    machine.packets().pointers(ctx).unwrap()
}

/// An IPv4 packet to a broadcast address.
fn frame() -> Vec<u8> {
    let mut frame = vec![0; 64];
    frame[..6].fill(0xff);
    frame[12..14].copy_from_slice(&[8, 0]);
    frame[14] = 0x45;
    frame[26..34].copy_from_slice(&[192, 168, 1, 1, 192, 168, 2, 2]);
    frame
}

#[test]
fn packets_have_the_sizes_that_the_kernel_takes() {
    for (prog_type, most) in [(ProgType::SchedCls, 3712), (ProgType::Xdp, 65536)] {
        for (size, refused) in [(0, true), (13, true), (14, false), (most, false)] {
            let data = vec![0; size];
            let refusal = errno(tested(prog_type), &TestRun::new().data(&data));
            assert_eq!(refusal, refused.then_some(Errno::EINVAL), "{prog_type:?} {size}");
        }
    }
    let data = vec![0; 3713];
    assert_eq!(errno(tested(ProgType::SchedCls), &TestRun::new().data(&data)), Some(Errno::EINVAL));
}

#[test]
fn the_context_of_an_skb_is_that_of_an_arrived_packet() {
    let frame = frame();
    let input = TestRun::new().data(&frame);
    let word = |prog_type, offset: u64| {
        let load = |machine: &Machine, ctx: Addr| {
            machine.memory().load(ctx.offset(offset.cast_signed()), Width::W).unwrap()
        };
        u64::from(run(tested(prog_type), &input, load).unwrap().retval)
    };
    assert_eq!(word(ProgType::SchedCls, SkbField::LEN), 64);
    assert_eq!(word(ProgType::SocketFilter, SkbField::LEN), 50);
    for (offset, value) in [
        (SkbField::PKT_TYPE, 1),
        (SkbField::PROTOCOL, 8),
        (SkbField::IFINDEX, 1),
        (SkbField::WIRE_LEN, 0),
        (SkbField::FAMILY, 2),
        (SkbField::LOCAL_IP4, u64::from(u32::from_le_bytes([192, 168, 1, 1]))),
        (SkbField::REMOTE_IP4, u64::from(u32::from_le_bytes([192, 168, 2, 2]))),
    ] {
        assert_eq!(word(ProgType::SchedCls, offset), value, "{offset}");
    }
}

#[test]
fn a_socket_filter_sees_no_link_layer_header_and_gives_zeroes_back_for_it() {
    let frame = frame();
    let result =
        run(tested(ProgType::SocketFilter), &TestRun::new().data(&frame), |machine, ctx| {
            let at = pointers(machine, ctx);
            assert_eq!(at.data_end.0 - at.data.0, 50);
            assert!(machine.memory().load(at.data.offset(-1), Width::B).is_err());
            machine.memory().load(at.data, Width::B).unwrap()
        });
    let result = result.unwrap();
    assert_eq!((result.retval, &result.data[..14]), (0x45, &[0; 14][..]));
    assert_eq!(result.data[14..], frame[14..]);
}

#[test]
fn bytes_beyond_the_packet_are_not_alive() {
    let frame = frame();
    let fault = std::cell::RefCell::new(String::new());
    let read_past = |machine: &Machine, ctx: Addr| {
        let at = pointers(machine, ctx);
        assert_eq!(at.data.0 & 0xfff, 64, "a packet's place within its page is the kernel's");
        machine.memory().store(at.data, Width::H, 0xabcd).unwrap();
        let refused = machine.memory().load(at.data_end.offset(-1), Width::H).unwrap_err();
        *fault.borrow_mut() = refused.to_string();
        0
    };
    let result = run(tested(ProgType::SchedCls), &TestRun::new().data(&frame), read_past).unwrap();
    assert_eq!(result.data[..3], [0xcd, 0xab, 0xff]);
    let fault = fault.into_inner();
    assert!(fault.contains("runs past the end of packet (64 bytes) from its byte 63"), "{fault}");
}

#[test]
fn some_fields_of_an_skb_may_be_set_and_come_back() {
    let frame = frame();
    let mut ctx = [0; 192];
    ctx[8..12].copy_from_slice(&7_u32.to_le_bytes());
    let input = TestRun::new().data(&frame).ctx(&ctx);
    let result = run(tested(ProgType::SchedCls), &input, |machine, ctx| {
        let mark = machine.memory().load(ctx.offset(8), Width::W).unwrap();
        machine.memory().store(ctx.offset(8), Width::W, mark + 1).unwrap();
        machine.memory().load(ctx.offset(160), Width::W).unwrap()
    });
    let result = result.unwrap();
    assert_eq!((result.retval, result.ctx[8]), (64, 8), "wire_len is set with a context");
    for (at, refused) in [
        (0, Some(Errno::EINVAL)),
        (40, Some(Errno::ENODEV)),
        (48, None),
        (68, Some(Errno::EINVAL)),
        (160, Some(Errno::EINVAL)),
        (180, Some(Errno::EINVAL)),
    ] {
        let mut ctx = [0; 192];
        ctx[at] = 9;
        let input = TestRun::new().data(&frame).ctx(&ctx);
        assert_eq!(errno(tested(ProgType::SchedCls), &input), refused, "{at}");
    }
    let mut long = [0; 200];
    long[199] = 1;
    let input = TestRun::new().data(&frame).ctx(&long);
    assert_eq!(errno(tested(ProgType::SchedCls), &input), Some(Errno::E2BIG));
}

#[test]
fn a_packet_for_which_there_is_no_room_is_refused() {
    let frame = frame();
    let input = TestRun::new().data(&frame).data_out(10);
    assert_eq!(errno(tested(ProgType::SchedCls), &input), Some(Errno::ENOSPC));
    let result =
        run(tested(ProgType::SchedCls), &TestRun::new().data(&frame).data_out(0), |_, _| 0);
    assert!(result.unwrap().data.is_empty());
}

#[test]
fn xdp_metadata_comes_first_in_the_data() {
    let frame = frame();
    let mut ctx = [0; 24];
    ctx[0] = 4;
    ctx[4] = 64;
    let input = TestRun::new().data(&frame).ctx(&ctx);
    let result = run(tested(ProgType::Xdp), &input, |machine, ctx| {
        let at = pointers(machine, ctx);
        assert_eq!((at.data.0 - at.data_meta.0, at.data_end.0 - at.data.0), (4, 60));
        machine.memory().load(ctx.offset(12), Width::W).unwrap()
    });
    let result = result.unwrap();
    assert_eq!((result.retval, result.data.len()), (1, 64), "packets come in at loopback");
    ctx[0] = 3;
    let input = TestRun::new().data(&frame).ctx(&ctx);
    assert_eq!(errno(tested(ProgType::Xdp), &input), Some(Errno::EINVAL));
    let of_devmap = Tested { attach_type: Some(AttachType::XdpDevmap), ..tested(ProgType::Xdp) };
    assert_eq!(errno(of_devmap, &TestRun::new().data(&frame)), Some(Errno::EINVAL));
}

#[test]
fn raw_tracepoints_and_syscalls_get_plain_memory() {
    let raw = Tested { max_ctx_offset: 16, ..tested(ProgType::RawTracepoint) };
    let args: Vec<u8> = [1_u64, 41].iter().flat_map(|arg| arg.to_le_bytes()).collect();
    let sum = |machine: &Machine, ctx: Addr| {
        let arg = |at: i64| machine.memory().load(ctx.offset(8 * at), Width::Dw).unwrap();
        arg(0) + arg(1)
    };
    assert_eq!(run(raw, &TestRun::new().ctx(&args), sum).unwrap().retval, 42);
    assert_eq!(errno(raw, &TestRun::new().ctx(&args[..8])), Some(Errno::EINVAL));
    assert_eq!(errno(raw, &TestRun::new().ctx(&args).repeat(2)), Some(Errno::EINVAL));
    assert_eq!(errno(raw, &TestRun::new().ctx(&args).flags(1).cpu(2)), Some(Errno::ENXIO));
    let syscall = tested(ProgType::Syscall);
    let result = run(syscall, &TestRun::new().ctx(&[1, 2, 3]), |machine, ctx| {
        machine.memory().store(ctx.offset(2), Width::B, 9).unwrap();
        u64::MAX
    });
    let result = result.unwrap();
    assert_eq!((result.retval, result.ctx), (u32::MAX, vec![1, 2, 9]));
    assert_eq!(errno(syscall, &TestRun::new().data(&[0; 64])), Some(Errno::EINVAL));
}

#[test]
fn types_without_test_runs_say_so() {
    for prog_type in [ProgType::PerfEvent, ProgType::Kprobe, ProgType::RawTracepointWritable] {
        assert_eq!(errno(tested(prog_type), &TestRun::new()), Some(Errno::ENOTSUPP));
    }
}

#[test]
fn a_run_repeats_on_one_packet_and_ends_with_a_failure() {
    let machine = Machine::builder().cpus(1).build().unwrap();
    let frame = frame();
    let mut cpus = Vec::new();
    let mut count = 0;
    let input = TestRun::new().data(&frame).repeat(3);
    let result = machine.test_run::<String>(tested(ProgType::SchedCls), &input, &mut |cpu, _| {
        cpus.push(cpu);
        count += 1;
        Ok(count)
    });
    assert_eq!((result.unwrap().retval, cpus), (3, vec![Cpu(0); 3]));
    let failed = machine.test_run(tested(ProgType::Xdp), &input, &mut |_, _| Err("stopped"));
    assert!(matches!(failed, Err(TestRunError::Program("stopped"))));
    assert_eq!(ETH_HLEN, 14);
}

#[test]
fn a_flow_dissector_fills_keys() {
    let frame = frame();
    let result =
        run(tested(ProgType::FlowDissector), &TestRun::new().data(&frame), |machine, ctx| {
            let keys = Addr(machine.memory().load(ctx.offset(144), Width::Dw).unwrap());
            assert_eq!(machine.memory().load(keys, Width::H), Ok(14));
            // Past the end of the packet, which the kernel puts right.
            machine.memory().store(keys.offset(2), Width::H, 500).unwrap();
            machine.memory().load(keys.offset(10), Width::H).unwrap()
        });
    let result = result.unwrap();
    assert_eq!((result.retval, result.data.len()), (8, 56), "the protocol in network order");
    assert_eq!(result.data[..4], [14, 0, 64, 0]);
}
