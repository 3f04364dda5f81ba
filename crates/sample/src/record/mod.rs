//! Records of perf's ring buffers and of perf.data: `enum perf_event_type` (`include/uapi/linux/perf_event.h`).
//!
//! Bytes go in, borrowed views come out. A record is read by the [`Format`] of the event that wrote it; types that
//! the kernel does not have (yet) are kept raw. Little-endian only. Any bytes give a value or a [`RecordError`].

mod aux;
mod branch;
mod callchain;
mod cursor;
mod error;
mod format;
mod header;
mod lost;
mod mmap;
mod read;
mod regs;
mod sample;
mod sample_id;
mod task;
#[cfg(test)]
mod tests;
mod text;

use perf_event_open_sys::bindings as sys;
use skep_abi::Pid;

pub use aux::{AuxRecord, DeferredCallchain};
pub use branch::BranchStack;
pub use callchain::{CallchainContext, Split, split};
use cursor::Cursor;
pub use cursor::Words;
pub use error::RecordError;
pub use format::Format;
pub(crate) use format::{read_bit, sample_bit};
pub use header::{CpuMode, Header, Misc};
pub use lost::{LostRecord, ThrottleRecord};
pub use mmap::{BuildId, FileIdentity, MmapFile, MmapRecord};
pub use read::{ReadFormat, ReadValue};
pub(crate) use regs::X86_64_MASK;
pub use regs::{Regs, RegsAbi};
pub use sample::{SampleRecord, StackUser, Weight};
pub use sample_id::SampleId;
pub use task::{CgroupRecord, CommRecord, NamespacesRecord, SwitchRecord, TaskRecord};
pub use text::{BpfEventRecord, KsymbolRecord, TextPokeRecord};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfRecord<'a> {
    /// Its first 8 bytes.
    pub header: Header,
    /// What it says.
    pub body: Body<'a>,
    /// Who wrote it and when; samples have their own fields for that.
    pub sample_id: SampleId,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the kernel's names without PERF_RECORD_")]
pub enum Body<'a> {
    Mmap(MmapRecord<'a>),
    Lost(LostRecord),
    Comm(CommRecord<'a>),
    Exit(TaskRecord),
    Throttle(ThrottleRecord),
    Unthrottle(ThrottleRecord),
    Fork(TaskRecord),
    Read {
        pid: Pid,
        tid: Pid,
        values: ReadFormat,
    },
    Sample(Box<SampleRecord<'a>>),
    Aux(AuxRecord),
    ItraceStart {
        pid: Pid,
        tid: Pid,
    },
    LostSamples {
        lost: u64,
    },
    Switch(SwitchRecord),
    Namespaces(NamespacesRecord<'a>),
    Ksymbol(KsymbolRecord<'a>),
    BpfEvent(BpfEventRecord),
    Cgroup(CgroupRecord<'a>),
    TextPoke(TextPokeRecord<'a>),
    AuxOutputHwId {
        hw_id: u64,
    },
    CallchainDeferred(DeferredCallchain<'a>),
    /// A type that is not the kernel's: the bytes after the header.
    Unknown(&'a [u8]),
}

impl<'a> PerfRecord<'a> {
    /// Reads the record at the start of `bytes`; it takes `header.size` of them.
    ///
    /// # Errors
    /// When the record does not lie within `bytes`, or its fields not within the record.
    pub fn parse(bytes: &'a [u8], format: &Format) -> Result<Self, RecordError> {
        let header = Header::parse(bytes)?;
        let Some(rest) = bytes.get(Header::SIZE..usize::from(header.size)) else {
            let Header { kind, size, .. } = header;
            return Err(RecordError::Size { kind, size, available: bytes.len() });
        };
        let mut cursor = Cursor::new(rest, Header::SIZE);
        let body = Body::parse(&mut cursor, header, format)?;
        let sample_id = match body {
            Body::Sample(_) | Body::Unknown(_) => SampleId::default(),
            _ => {
                // Later kernels may lengthen a record; the trailer stays at its end.
                let trailer = SampleId::size(format);
                cursor.all_but("sample_id", trailer)?;
                SampleId::parse(&mut cursor, format)?
            }
        };
        Ok(Self { header, body, sample_id })
    }

    /// Nanoseconds of the event's clock at which the record was made, when it says.
    #[must_use]
    pub fn time(&self) -> Option<u64> {
        match &self.body {
            Body::Sample(sample) => sample.time,
            Body::Fork(task) | Body::Exit(task) => self.sample_id.time.or(Some(task.time)),
            Body::Throttle(throttle) | Body::Unthrottle(throttle) => {
                self.sample_id.time.or(Some(throttle.time))
            }
            _ => self.sample_id.time,
        }
    }
}

impl<'a> Body<'a> {
    fn parse(
        cursor: &mut Cursor<'a>,
        header: Header,
        format: &Format,
    ) -> Result<Self, RecordError> {
        let trailer = SampleId::size(format);
        let misc = header.misc;
        Ok(match header.kind {
            sys::PERF_RECORD_MMAP => Self::Mmap(MmapRecord::parse(cursor, misc, false, trailer)?),
            sys::PERF_RECORD_LOST => Self::Lost(LostRecord::parse(cursor)?),
            sys::PERF_RECORD_COMM => Self::Comm(CommRecord::parse(cursor, misc, trailer)?),
            sys::PERF_RECORD_EXIT => Self::Exit(TaskRecord::parse(cursor)?),
            sys::PERF_RECORD_THROTTLE => Self::Throttle(ThrottleRecord::parse(cursor)?),
            sys::PERF_RECORD_UNTHROTTLE => Self::Unthrottle(ThrottleRecord::parse(cursor)?),
            sys::PERF_RECORD_FORK => Self::Fork(TaskRecord::parse(cursor)?),
            sys::PERF_RECORD_READ => {
                let (pid, tid) = sample_id::pid_tid(cursor)?;
                Self::Read { pid, tid, values: ReadFormat::parse(cursor, format)? }
            }
            sys::PERF_RECORD_SAMPLE => Self::Sample(Box::new(SampleRecord::parse(cursor, format)?)),
            sys::PERF_RECORD_MMAP2 => Self::Mmap(MmapRecord::parse(cursor, misc, true, trailer)?),
            sys::PERF_RECORD_AUX => Self::Aux(AuxRecord::parse(cursor)?),
            sys::PERF_RECORD_ITRACE_START => {
                let (pid, tid) = sample_id::pid_tid(cursor)?;
                Self::ItraceStart { pid, tid }
            }
            sys::PERF_RECORD_LOST_SAMPLES => Self::LostSamples { lost: cursor.u64("lost")? },
            sys::PERF_RECORD_SWITCH => Self::Switch(SwitchRecord::parse(cursor, misc, false)?),
            sys::PERF_RECORD_SWITCH_CPU_WIDE => {
                Self::Switch(SwitchRecord::parse(cursor, misc, true)?)
            }
            sys::PERF_RECORD_NAMESPACES => Self::Namespaces(NamespacesRecord::parse(cursor)?),
            sys::PERF_RECORD_KSYMBOL => Self::Ksymbol(KsymbolRecord::parse(cursor, trailer)?),
            sys::PERF_RECORD_BPF_EVENT => Self::BpfEvent(BpfEventRecord::parse(cursor)?),
            sys::PERF_RECORD_CGROUP => Self::Cgroup(CgroupRecord::parse(cursor, trailer)?),
            sys::PERF_RECORD_TEXT_POKE => Self::TextPoke(TextPokeRecord::parse(cursor)?),
            sys::PERF_RECORD_AUX_OUTPUT_HW_ID => {
                Self::AuxOutputHwId { hw_id: cursor.u64("hw_id")? }
            }
            sys::PERF_RECORD_CALLCHAIN_DEFERRED => {
                Self::CallchainDeferred(DeferredCallchain::parse(cursor)?)
            }
            _ => Self::Unknown(cursor.all_but("record", 0)?),
        })
    }
}
