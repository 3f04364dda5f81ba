//! Every type of record, with and without a trailer.

use skep_abi::Cpu;

use super::*;

const TRAILER: u64 =
    sample_bit::TID | sample_bit::TIME | sample_bit::ID | sample_bit::STREAM_ID | sample_bit::CPU;

fn plain() -> Format {
    Format::default()
}

fn with_trailer() -> Format {
    let sample_type = TRAILER | sample_bit::IDENTIFIER;
    Format { sample_type, sample_id_all: true, ..Format::default() }
}

/// Parses a body without and with a trailer, and hands both results to a check.
fn each(kind: u32, misc: u16, body: &Bytes, check: impl Fn(&Body<'_>)) {
    let bytes = body.clone().record(kind, misc);
    check(&PerfRecord::parse(&bytes, &plain()).unwrap().body);
    let trailer = body.clone().u32(11).u32(12).u64(13).u64(14).u64(15).u32(16).u32(0).u64(17);
    let bytes = trailer.record(kind, misc);
    let record = PerfRecord::parse(&bytes, &with_trailer()).unwrap();
    check(&record.body);
    let expected = SampleId {
        pid_tid: Some((Pid(11), Pid(12))),
        time: Some(13),
        id: Some(17),
        stream_id: Some(15),
        cpu: Some(Cpu(16)),
    };
    assert_eq!(record.sample_id, expected);
    assert_eq!(record.time(), Some(13));
    for short in 8..bytes.len() {
        let mut cut = bytes[..short].to_vec();
        cut[6..8].copy_from_slice(&(short as u16).to_le_bytes());
        let result = PerfRecord::parse(&cut, &with_trailer());
        // Strings and padding give way.
        let may_be_short = matches!(
            kind,
            sys::PERF_RECORD_MMAP
                | sys::PERF_RECORD_MMAP2
                | sys::PERF_RECORD_COMM
                | sys::PERF_RECORD_CGROUP
                | sys::PERF_RECORD_KSYMBOL
                | sys::PERF_RECORD_TEXT_POKE
        );
        assert!(result.is_err() || may_be_short, "{kind} of {short} bytes: {result:?}");
    }
}

#[test]
fn mappings() {
    let body = Bytes::default().u32(1).u32(2).u64(0x1000).u64(0x2000).u64(0x3000);
    each(sys::PERF_RECORD_MMAP, 1 << 13, &body.string("/a"), |body| {
        let Body::Mmap(mmap) = body else { panic!("{body:?}") };
        assert_eq!((mmap.pid, mmap.tid), (Pid(1), Pid(2)));
        assert_eq!((mmap.addr, mmap.len, mmap.pgoff), (0x1000, 0x2000, 0x3000));
        assert_eq!((mmap.filename, mmap.is_data, mmap.file), (&b"/a"[..], true, None));
    });
    let head = || Bytes::default().u32(1).u32(2).u64(0x1000).u64(0x2000).u64(0x3000);
    let inode = head().u32(8).u32(1).u64(99).u64(7).u32(5).u32(2).string("/lib/x.so");
    each(sys::PERF_RECORD_MMAP2, 0, &inode, |body| {
        let Body::Mmap(mmap) = body else { panic!("{body:?}") };
        let identity = FileIdentity::Inode { maj: 8, min: 1, ino: 99, ino_generation: 7 };
        assert_eq!(mmap.file, Some(MmapFile { identity, prot: 5, flags: 2 }));
        assert_eq!((mmap.filename, mmap.is_data), (&b"/lib/x.so"[..], false));
    });
    let id: Vec<u8> = (1..=20).collect();
    let build_id = head().raw(&[20, 0, 0, 0]).raw(&id).u32(5).u32(2).string("/lib/x.so");
    each(sys::PERF_RECORD_MMAP2, 1 << 14, &build_id, |body| {
        let Body::Mmap(mmap) = body else { panic!("{body:?}") };
        let Some(MmapFile { identity: FileIdentity::BuildId(found), .. }) = mmap.file else {
            panic!("{mmap:?}")
        };
        assert_eq!(found.as_bytes(), id);
    });
    let absurd = head().raw(&[21, 0, 0, 0]).raw(&id).u32(5).u32(2).string("/x").record(10, 1 << 14);
    let refused = PerfRecord::parse(&absurd, &plain());
    assert_eq!(refused, Err(RecordError::BuildIdSize { size: 21 }));
}

#[test]
fn tasks() {
    each(sys::PERF_RECORD_COMM, 1 << 13, &Bytes::default().u32(1).u32(2).string("bash"), |body| {
        let expected = CommRecord { pid: Pid(1), tid: Pid(2), comm: b"bash", is_exec: true };
        assert_eq!(*body, Body::Comm(expected));
    });
    let task = Bytes::default().u32(1).u32(2).u32(3).u32(4).u64(5);
    let expected = TaskRecord { pid: Pid(1), ppid: Pid(2), tid: Pid(3), ptid: Pid(4), time: 5 };
    each(sys::PERF_RECORD_FORK, 0, &task, |body| assert_eq!(*body, Body::Fork(expected)));
    each(sys::PERF_RECORD_EXIT, 0, &task, |body| assert_eq!(*body, Body::Exit(expected)));
    let spaces = Bytes::default().u32(1).u32(2).u64(2).u64(10).u64(11).u64(20).u64(21);
    each(sys::PERF_RECORD_NAMESPACES, 0, &spaces, |body| {
        let Body::Namespaces(spaces) = body else { panic!("{body:?}") };
        assert_eq!(spaces.namespaces().collect::<Vec<_>>(), [(10, 11), (20, 21)]);
    });
    each(sys::PERF_RECORD_SWITCH, 3 << 13, &Bytes::default(), |body| {
        let expected = SwitchRecord { is_out: true, is_preempted: true, next_prev: None };
        assert_eq!(*body, Body::Switch(expected));
    });
    each(sys::PERF_RECORD_SWITCH_CPU_WIDE, 0, &Bytes::default().u32(1).u32(2), |body| {
        let next_prev = Some((Pid(1), Pid(2)));
        assert_eq!(
            *body,
            Body::Switch(SwitchRecord { is_out: false, is_preempted: false, next_prev })
        );
    });
    each(sys::PERF_RECORD_ITRACE_START, 0, &Bytes::default().u32(1).u32(2), |body| {
        assert_eq!(*body, Body::ItraceStart { pid: Pid(1), tid: Pid(2) });
    });
    each(sys::PERF_RECORD_CGROUP, 0, &Bytes::default().u64(77).string("/a/b"), |body| {
        assert_eq!(*body, Body::Cgroup(CgroupRecord { id: 77, path: b"/a/b" }));
    });
}

#[test]
fn losses() {
    each(sys::PERF_RECORD_LOST, 0, &Bytes::default().u64(1).u64(2), |body| {
        assert_eq!(*body, Body::Lost(LostRecord { id: 1, lost: 2 }));
    });
    each(sys::PERF_RECORD_LOST_SAMPLES, 0, &Bytes::default().u64(2), |body| {
        assert_eq!(*body, Body::LostSamples { lost: 2 });
    });
    let throttle = Bytes::default().u64(1).u64(2).u64(3);
    let expected = ThrottleRecord { time: 1, id: 2, stream_id: 3 };
    each(sys::PERF_RECORD_THROTTLE, 0, &throttle, |b| assert_eq!(*b, Body::Throttle(expected)));
    each(sys::PERF_RECORD_UNTHROTTLE, 0, &throttle, |b| assert_eq!(*b, Body::Unthrottle(expected)));
}

#[test]
fn kernel_text() {
    let ksymbol = Bytes::default().u64(0x1000).u32(64).u16(1).u16(1).string("bpf_prog_x");
    each(sys::PERF_RECORD_KSYMBOL, 0, &ksymbol, |body| {
        let (addr, len, kind) = (0x1000, 64, 1);
        let expected = KsymbolRecord { addr, len, kind, is_unregister: true, name: b"bpf_prog_x" };
        assert_eq!(*body, Body::Ksymbol(expected));
    });
    let event = Bytes::default().u16(1).u16(0).u32(9).raw(&[1, 2, 3, 4, 5, 6, 7, 8]);
    each(sys::PERF_RECORD_BPF_EVENT, 0, &event, |body| {
        let tag = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(*body, Body::BpfEvent(BpfEventRecord { kind: 1, flags: 0, id: 9, tag }));
    });
    let poke =
        Bytes::default().u64(0x1000).u16(5).u16(3).raw(&[1, 2, 3, 4, 5, 6, 7, 8]).raw(&[0; 4]);
    each(sys::PERF_RECORD_TEXT_POKE, 0, &poke, |body| {
        let expected = TextPokeRecord { addr: 0x1000, old: &[1, 2, 3, 4, 5], new: &[6, 7, 8] };
        assert_eq!(*body, Body::TextPoke(expected));
    });
}

#[test]
fn aux_and_deferred() {
    each(sys::PERF_RECORD_AUX, 0, &Bytes::default().u64(1).u64(2).u64(1), |body| {
        let expected = AuxRecord { offset: 1, size: 2, flags: 1 };
        assert!(expected.is_truncated());
        assert_eq!(*body, Body::Aux(expected));
    });
    each(sys::PERF_RECORD_AUX_OUTPUT_HW_ID, 0, &Bytes::default().u64(4), |body| {
        assert_eq!(*body, Body::AuxOutputHwId { hw_id: 4 });
    });
    let chain = Bytes::default().u64(5).u64(2).u64(0x10).u64(0x20);
    each(sys::PERF_RECORD_CALLCHAIN_DEFERRED, 0, &chain, |body| {
        let Body::CallchainDeferred(deferred) = body else { panic!("{body:?}") };
        assert_eq!((deferred.cookie, deferred.callchain.get(1)), (5, Some(0x20)));
    });
}

#[test]
fn unknown_records_are_kept_raw() {
    for kind in [0, 23, 64, 82, u32::MAX] {
        let bytes = Bytes::default().raw(b"anything").record(kind, 0);
        let record = PerfRecord::parse(&bytes, &with_trailer()).unwrap();
        assert_eq!((record.body, record.header.kind), (Body::Unknown(b"anything"), kind));
    }
}

#[test]
fn values_read_in_every_format() {
    let bits =
        [read_bit::TOTAL_TIME_ENABLED, read_bit::TOTAL_TIME_RUNNING, read_bit::ID, read_bit::LOST];
    for set in 0..32u64 {
        let group = set & 16 != 0;
        let on = |at: usize| set >> at & 1 != 0;
        let chosen =
            bits.iter().enumerate().filter(|(at, _)| on(*at)).fold(0, |sum, (_, bit)| sum | bit);
        let read_format = chosen | if group { read_bit::GROUP } else { 0 };
        let mut body = Bytes::default().u32(1).u32(2);
        let times = |mut body: Bytes| {
            for (at, time) in [(0, 100), (1, 101)] {
                body = if on(at) { body.u64(time) } else { body };
            }
            body
        };
        let value = |mut body: Bytes, base: u64| {
            body = body.u64(base);
            body = if on(2) { body.u64(base + 1) } else { body };
            if on(3) { body.u64(base + 2) } else { body }
        };
        // In a group the times come before the values; alone, between value and id.
        if group {
            body = value(value(times(body.u64(2)), 10), 20);
        } else {
            body = times(body.u64(10));
            body = if on(2) { body.u64(11) } else { body };
            body = if on(3) { body.u64(12) } else { body };
        }
        let expect = |base: u64| ReadValue {
            value: base,
            id: on(2).then_some(base + 1),
            lost: on(3).then_some(base + 2),
        };
        let values = if group { vec![expect(10), expect(20)] } else { vec![expect(10)] };
        let expected = ReadFormat {
            time_enabled: on(0).then_some(100),
            time_running: on(1).then_some(101),
            values,
        };
        let bytes = body.record(sys::PERF_RECORD_READ, 0);
        let record = PerfRecord::parse(&bytes, &Format { read_format, ..plain() }).unwrap();
        let Body::Read { values, .. } = record.body else { panic!("{record:?}") };
        assert_eq!(values, expected, "read_format {read_format:#x}");
    }
}
