//! Real recordings by `perf record`: every record reads as the crate `linux-perf-event-reader` reads it, and samples
//! are as many and as deep as `perf script` prints.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use linux_perf_event_reader::{
    self as reader, Endianness, EventRecord, PerfEventAttr, RawData, RawEventRecord,
    RecordParseInfo, RecordType,
};
use skep_perfdata::perf_record;
use skep_sample::record::{Body, Format, Header, PerfRecord};

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The attributes of the only event and the bytes of all records (`perf.data-file-format.txt`).
fn open(file: &[u8]) -> (Format, RecordParseInfo, &[u8]) {
    assert_eq!(&file[..8], b"PERFILE2");
    let attr = &file[word(file, 24) as usize..];
    let format = Format {
        sample_type: word(attr, 24),
        read_format: word(attr, 32),
        branch_sample_type: word(attr, 72),
        regs_user: word(attr, 80),
        regs_intr: word(attr, 96),
        // Bit 18 of the flags.
        sample_id_all: word(attr, 40) >> 18 & 1 != 0,
    };
    let (theirs, _) =
        PerfEventAttr::parse::<_, byteorder::LittleEndian>(Cursor::new(attr)).unwrap();
    let info = RecordParseInfo::new(&theirs, Endianness::LittleEndian);
    let (start, size) = (word(file, 40) as usize, word(file, 48) as usize);
    (format, info, &file[start..start + size])
}

/// What perf records into a file of the folder; `None` where it does not.
fn record(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let path = folder.join("perf.data");
    perf_record(&path, arguments).then(|| fs::read(path).unwrap())
}

/// Compares every kernel record of a recording; *Returns* how many there were, and how many samples.
fn compare(file: &[u8]) -> (usize, usize) {
    let (format, info, mut rest) = open(file);
    let (mut records, mut samples) = (0, 0);
    while !rest.is_empty() {
        let header = Header::parse(rest).unwrap();
        let (bytes, after) = rest.split_at(usize::from(header.size));
        rest = after;
        // From 64 on, records are perf's own, and some are followed by data that their size does not count.
        if header.kind >= 64 {
            continue;
        }
        records += 1;
        let ours = PerfRecord::parse(bytes, &format).unwrap();
        let data = RawData::from(&bytes[8..]);
        let theirs = RawEventRecord::new(RecordType(header.kind), header.misc.0, data, info);
        let common = theirs.common_data().unwrap();
        assert_eq!(ours.time(), theirs.timestamp(), "{ours:?}");
        if !matches!(ours.body, Body::Sample(_)) {
            assert_eq!(ours.sample_id.pid_tid.map(|(pid, _)| pid.0 as i32), common.pid);
            assert_eq!(ours.sample_id.pid_tid.map(|(_, tid)| tid.0 as i32), common.tid);
            assert_eq!(ours.sample_id.cpu.map(|cpu| cpu.0), common.cpu);
            assert_eq!(ours.sample_id.id, common.id);
        }
        samples += usize::from(matches!(ours.body, Body::Sample(_)));
        same(&ours, &theirs.parse().unwrap());
    }
    (records, samples)
}

fn same(ours: &PerfRecord<'_>, theirs: &EventRecord<'_>) {
    match (&ours.body, theirs) {
        (Body::Sample(ours), EventRecord::Sample(theirs)) => same_sample(ours, theirs),
        (Body::Comm(ours), EventRecord::Comm(theirs)) => {
            assert_eq!((ours.pid.0 as i32, ours.tid.0 as i32), (theirs.pid, theirs.tid));
            assert_eq!((ours.comm, ours.is_exec), (&theirs.name.as_slice()[..], theirs.is_execve));
        }
        (Body::Exit(ours), EventRecord::Exit(theirs))
        | (Body::Fork(ours), EventRecord::Fork(theirs)) => {
            let numbers = [ours.pid, ours.ppid, ours.tid, ours.ptid].map(|pid| pid.0 as i32);
            assert_eq!(numbers, [theirs.pid, theirs.ppid, theirs.tid, theirs.ptid]);
            assert_eq!(ours.time, theirs.timestamp);
        }
        (Body::Mmap(ours), EventRecord::Mmap(theirs)) => {
            let place = (theirs.address, theirs.length, theirs.page_offset);
            assert_eq!((ours.addr, ours.len, ours.pgoff), place);
            assert_eq!(ours.filename, &theirs.path.as_slice()[..]);
        }
        (Body::Mmap(ours), EventRecord::Mmap2(theirs)) => {
            let place = (theirs.address, theirs.length, theirs.page_offset);
            assert_eq!((ours.addr, ours.len, ours.pgoff), place);
            let file = ours.file.expect("MMAP2 has a file");
            assert_eq!((file.prot, file.flags), (theirs.protection, theirs.flags));
            assert_eq!(ours.filename, &theirs.path.as_slice()[..]);
        }
        (Body::Switch(ours), EventRecord::ContextSwitch(theirs)) => {
            assert_eq!(ours.is_out, matches!(theirs, reader::ContextSwitchRecord::Out { .. }));
        }
        (Body::Lost(ours), EventRecord::Lost(theirs)) => assert_eq!(ours.lost, theirs.count),
        // What the other reader does not know.
        (_, EventRecord::Raw(_)) => {}
        (ours, theirs) => panic!("{ours:?} against {theirs:?}"),
    }
}

fn same_sample(ours: &skep_sample::record::SampleRecord<'_>, theirs: &reader::SampleRecord<'_>) {
    assert_eq!((ours.id, ours.ip, ours.addr), (theirs.id, theirs.ip, theirs.addr));
    assert_eq!(
        ours.pid_tid.map(|(pid, tid)| (pid.0 as i32, tid.0 as i32)),
        theirs.pid.zip(theirs.tid)
    );
    assert_eq!((ours.time, ours.period), (theirs.timestamp, theirs.period));
    assert_eq!(ours.cpu.map(|cpu| cpu.0), theirs.cpu);
    let chain =
        theirs.callchain.map(|chain| (0..chain.len()).map(|at| chain.get(at).unwrap()).collect());
    assert_eq!(ours.callchain.map(|chain| chain.iter().collect::<Vec<_>>()), chain);
    assert_eq!(ours.raw, theirs.raw.map(|raw| raw.as_slice().into_owned()).as_deref());
    let stack = theirs.user_stack.map(|(stack, size)| stack.as_slice()[..size as usize].to_vec());
    assert_eq!(
        ours.stack_user.map(|stack| stack.bytes.to_vec()).unwrap_or_default(),
        stack.unwrap_or_default()
    );
    assert_eq!((ours.phys_addr, ours.data_page_size), (theirs.phys_addr, theirs.data_page_size));
    assert_eq!(ours.code_page_size, theirs.code_page_size);
    for (ours, theirs) in [(ours.regs_user, &theirs.user_regs), (ours.regs_intr, &theirs.intr_regs)]
    {
        for (number, value) in ours.iter().flat_map(|regs| regs.iter()) {
            let theirs = theirs.as_ref().and_then(|regs| regs.get(u64::from(number)));
            assert_eq!(Some(value), theirs, "register {number}");
        }
    }
}

/// A child that computes in user space, makes a process, and enters the kernel.
const WORK: &str = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; ls / >/dev/null";

#[test]
fn recordings_with_every_field_read_as_the_other_reader_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let wide = [
        "-e",
        "cpu-clock",
        "-F",
        "2000",
        "-g",
        "--user-regs=ax,bx,sp,ip",
        "--intr-regs=ip,sp,r15",
        "-d",
        "--code-page-size",
        "--data-page-size",
        "--switch-events",
        "-T",
        "--sample-cpu",
        "--",
        "sh",
        "-c",
        WORK,
    ];
    let Some(file) = record(folder.path(), &wide) else { return };
    let (records, samples) = compare(&file);
    assert!(records > samples && samples > 10, "{samples} samples in {records} records");
}

/// What `perf script` prints of each sample, in words.
fn script(folder: &Path, fields: &str) -> Vec<Vec<String>> {
    let path = folder.join("perf.data");
    let run =
        Command::new("perf").args(["script", "--ns", "-G", "-F", fields, "-i"]).arg(path).output();
    let text = String::from_utf8(run.unwrap().stdout).unwrap();
    text.lines().map(|line| line.split_whitespace().map(String::from).collect()).collect()
}

// The other reader does not know cgroups and weights: perf itself does.
#[test]
fn samples_with_cgroups_and_weights_read_as_perf_prints_them() {
    let folder = tempfile::tempdir().unwrap();
    let wide = [
        "-e",
        "cpu-clock",
        "-F",
        "2000",
        "-g",
        "--intr-regs=ip,sp",
        "-d",
        "--code-page-size",
        "--all-cgroups",
        "-W",
        "-T",
        "--sample-cpu",
        "--",
        "sh",
        "-c",
        WORK,
    ];
    let Some(file) = record(folder.path(), &wide) else { return };
    let (format, _, mut rest) = open(&file);
    let mut ours = Vec::new();
    while !rest.is_empty() {
        let header = Header::parse(rest).unwrap();
        let (bytes, after) = rest.split_at(usize::from(header.size));
        rest = after;
        if let Body::Sample(sample) = PerfRecord::parse(bytes, &format).unwrap().body {
            assert!(
                sample.weight.is_some_and(|weight| weight.is_struct) && sample.cgroup.is_some()
            );
            let time = sample.time.unwrap();
            let page = match sample.code_page_size.unwrap() {
                0 => "N/A".into(),
                bytes if bytes >= 1 << 20 => format!("{}M", bytes >> 20),
                bytes => format!("{}K", bytes >> 10),
            };
            ours.push(vec![
                sample.pid_tid.unwrap().1.to_string(),
                format!("[{:03}]", sample.cpu.unwrap().0),
                format!("{}.{:09}:", time / 1_000_000_000, time % 1_000_000_000),
                sample.period.unwrap().to_string(),
                format!("{:x}", sample.addr.unwrap()),
                page,
            ]);
        }
    }
    // perf prints in order of time, the file is in order of CPUs.
    ours.sort_by(|a, b| a[2].cmp(&b[2]));
    assert!(ours.len() > 10);
    let theirs = script(folder.path(), "tid,cpu,time,period,addr,code_page_size");
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn recordings_with_stack_copies_read_as_the_other_reader_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let deep = [
        "-e",
        "cpu-clock",
        "-F",
        "2000",
        "--call-graph",
        "dwarf,4096",
        "-s",
        "--",
        "sh",
        "-c",
        WORK,
    ];
    let Some(file) = record(folder.path(), &deep) else { return };
    let (records, samples) = compare(&file);
    assert!(records > samples && samples > 10, "{samples} samples in {records} records");
}
