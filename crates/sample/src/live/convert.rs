//! From the kernel's records to the stream's.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use skep_abi::{CounterValue, Cpu, Mapping, Pid, Sample, UserStack};

use crate::record::{
    Body, CpuMode, FileIdentity, MmapRecord, PerfRecord, ReadFormat, SampleRecord, TaskRecord, split,
};
use crate::stream::{Lineage, Record, RecordKind};
use crate::task::Comm;

/// Turns a record of one CPU's ring into one of the stream; `None` for what the stream has no word for.
pub(super) fn convert(record: &PerfRecord<'_>, cpu: Cpu) -> Option<Record> {
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
            RecordKind::Switch { pid, tid, out: switch.is_out, preempted: switch.is_preempted }
        }
        Body::Cgroup(cgroup) => {
            RecordKind::Cgroup { id: cgroup.id, path: OsStr::from_bytes(cgroup.path).into() }
        }
        _ => return None,
    };
    let cpu = record.sample_id.cpu.unwrap_or(cpu);
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
    let user_stack_bytes = sample.stack_user.filter(|stack| stack.room > 0).map(|stack| UserStack {
        start: user_regs.map_or(0, |regs| regs.sp),
        bytes: stack.bytes.to_vec(),
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

fn counter(read: &ReadFormat) -> Option<CounterValue> {
    Some(CounterValue {
        counter: read.values.first()?.value,
        enabled: read.time_enabled?,
        running: read.time_running?,
    })
}
