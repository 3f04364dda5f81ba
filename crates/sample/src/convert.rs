//! From the kernel's records to the stream's.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use skep_abi::{CounterValue, Cpu, Mapping, Pid, Sample, UserStack};

use crate::record::{
    Body, CpuMode, FileIdentity, MmapRecord, PerfRecord, ReadFormat, SampleRecord, TaskRecord,
    split,
};
use crate::stream::{Lineage, Record, RecordKind};
use crate::task::Comm;

/// Turns a record of one CPU's ring, or of a recording, into one of the stream; `None` for what the stream has no word for.
pub(crate) fn convert(record: &PerfRecord<'_>, cpu: Cpu) -> Option<Record> {
    let time = record.time().unwrap_or(0);
    let kind = match &record.body {
        Body::Sample(sample) => RecordKind::Sample(Box::new(to_sample(sample, record, cpu))),
        Body::Fork(task) => RecordKind::Fork(lineage(task)),
        Body::Exit(task) => RecordKind::Exit(lineage(task)),
        Body::Comm(comm) => RecordKind::Comm {
            pid: comm.pid,
            tid: comm.tid,
            comm: Comm::new(comm.comm),
            exec: comm.is_exec,
        },
        // pid -1 are the kernel's own texts and modules.
        Body::Mmap(mmap) if !mmap.is_data && mmap.pid != Pid(u32::MAX) => {
            RecordKind::Mmap { pid: mmap.pid, mapping: mapping(mmap) }
        }
        Body::Lost(lost) => RecordKind::Lost { records: lost.lost },
        Body::LostSamples { lost } => RecordKind::Lost { records: *lost },
        Body::Throttle(_) => RecordKind::Throttle,
        Body::Unthrottle(_) => RecordKind::Unthrottle,
        Body::Switch(switch) => {
            let (pid, tid) = record.sample_id.pid_tid?;
            let (out, preempted, next_prev) =
                (switch.is_out, switch.is_preempted, switch.next_prev);
            RecordKind::Switch { pid, tid, out, preempted, next_prev }
        }
        Body::Cgroup(cgroup) => {
            RecordKind::Cgroup { id: cgroup.id, path: OsStr::from_bytes(cgroup.path).into() }
        }
        _ => return None,
    };
    let cpu = match &kind {
        RecordKind::Sample(sample) => sample.cpu,
        _ => record.sample_id.cpu.unwrap_or(cpu),
    };
    Some(Record { time, cpu, kind })
}

const fn lineage(task: &TaskRecord) -> Lineage {
    Lineage { pid: task.pid, tid: task.tid, parent_pid: task.ppid, parent_tid: task.ptid }
}

fn mapping(mmap: &MmapRecord<'_>) -> Mapping {
    let build_id = match &mmap.file {
        Some(file) => match &file.identity {
            FileIdentity::BuildId(id) => id.as_bytes().to_vec(),
            FileIdentity::Inode { .. } => Vec::new(),
        },
        None => Vec::new(),
    };
    Mapping {
        start: mmap.addr,
        end: mmap.addr.saturating_add(mmap.len),
        file_offset: mmap.pgoff,
        path: OsStr::from_bytes(mmap.filename).into(),
        build_id,
    }
}

fn to_sample(sample: &SampleRecord<'_>, record: &PerfRecord<'_>, cpu: Cpu) -> Sample {
    let (pid, tid) = sample.pid_tid.unwrap_or_default();
    let in_kernel = record.header.misc.cpu_mode() == CpuMode::Kernel;
    let chain = sample.callchain.map(|chain| split(chain, in_kernel)).unwrap_or_default();
    let user_regs = sample.regs_user.map(|regs| regs.to_x86());
    let user_stack_bytes = sample.stack_user.filter(|stack| stack.room > 0).map(|stack| {
        UserStack { start: user_regs.map_or(0, |regs| regs.sp), bytes: stack.bytes.to_vec() }
    });
    Sample {
        ip: sample.ip.unwrap_or(0),
        pid,
        tid,
        time: sample.time.unwrap_or(0),
        addr: sample.addr.unwrap_or(0),
        cpu: sample.cpu.unwrap_or(cpu),
        period: sample.period.unwrap_or(0),
        value: sample.read.as_ref().and_then(counter),
        regs: sample.regs_intr.map(|regs| regs.to_x86()),
        user_regs,
        kernel_stack: chain.kernel,
        user_stack: chain.user,
        user_stack_bytes,
        raw: sample.raw.unwrap_or_default().to_vec(),
        cgroup: sample.cgroup,
        branch_stack: sample.branch_stack.map(|branches| branches.entries().collect()),
        weight: sample.weight.map(|weight| weight.full),
        data_src: sample.data_src,
        transaction: sample.transaction,
        phys_addr: sample.phys_addr,
    }
}

/// The event's own value and its times.
fn counter(read: &ReadFormat) -> Option<CounterValue> {
    Some(CounterValue {
        counter: read.values.first()?.value,
        enabled: read.time_enabled?,
        running: read.time_running?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Format;

    fn kind(kind: u32, misc: u16, words: &[u64]) -> Option<RecordKind> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend(misc.to_le_bytes());
        bytes.extend((8 + words.len() as u16 * 8).to_le_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let record = PerfRecord::parse(&bytes, &Format::default()).unwrap();
        convert(&record, Cpu(3)).map(|record| record.kind)
    }

    #[test]
    fn losses_and_silences_are_told() {
        assert_eq!(kind(2, 0, &[1, 5]), Some(RecordKind::Lost { records: 5 }));
        assert_eq!(kind(13, 0, &[7]), Some(RecordKind::Lost { records: 7 }));
        assert_eq!(kind(5, 0, &[1, 2, 3]), Some(RecordKind::Throttle));
        assert_eq!(kind(6, 0, &[1, 2, 3]), Some(RecordKind::Unthrottle));
        let cgroup = u64::from_le_bytes(*b"/a/b\0\0\0\0");
        let path = "/a/b".into();
        assert_eq!(kind(19, 0, &[7, cgroup]), Some(RecordKind::Cgroup { id: 7, path }));
    }

    #[test]
    fn data_and_the_kernels_own_mappings_are_left_out() {
        let name = u64::from_le_bytes(*b"/lib/x\0\0");
        let mapping =
            |pid: u32, misc| kind(1, misc, &[u64::from(pid), 0x1000, 0x2000, 0x3000, name]);
        let Some(RecordKind::Mmap { pid, mapping: code }) = mapping(7, 2) else { panic!() };
        assert_eq!((pid, code.start, code.end, code.file_offset), (Pid(7), 0x1000, 0x3000, 0x3000));
        assert_eq!(code.path.to_str(), Some("/lib/x"));
        assert_eq!(mapping(7, 1 << 13), None);
        assert_eq!(mapping(u32::MAX, 1), None);
        assert_eq!(kind(64, 0, &[]), None);
    }
}
