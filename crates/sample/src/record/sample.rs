//! `PERF_RECORD_SAMPLE`, field by field in the order of `perf_output_sample` (`kernel/events/core.c`).

use skep_abi::{Cpu, Pid};

use super::cursor::{Cursor, Words};
use super::format::sample_bit as bit;
use super::sample_id::pid_tid;
use super::{BranchStack, Format, ReadFormat, RecordError, Regs};

/// Bytes of user stack (`PERF_SAMPLE_STACK_USER`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackUser<'a> {
    /// The bytes that were copied (`dyn_size` of them), from the stack pointer upwards.
    pub bytes: &'a [u8],
    /// Bytes that the record holds for them.
    pub room: u64,
}

/// `PERF_SAMPLE_WEIGHT`, or its later form of three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The whole word.
    pub full: u64,
    /// Whether it is made of three parts (`PERF_SAMPLE_WEIGHT_STRUCT`).
    pub is_struct: bool,
}

impl Weight {
    /// The three parts: `var1_dw` (32 bits), `var2_w` and `var3_w` (16 bits each).
    #[must_use]
    pub const fn parts(self) -> (u32, u16, u16) {
        (self.full as u32, (self.full >> 32) as u16, (self.full >> 48) as u16)
    }
}

/// A sample; each field is there when its `PERF_SAMPLE_*` bit is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleRecord<'a> {
    /// Id of the event (`IDENTIFIER` or `ID`).
    pub id: Option<u64>,
    /// Address of the interrupted insn.
    pub ip: Option<u64>,
    /// Process and thread.
    pub pid_tid: Option<(Pid, Pid)>,
    /// Nanoseconds of the event's clock.
    pub time: Option<u64>,
    /// Data address.
    pub addr: Option<u64>,
    /// Id of the event, different for each inherited one.
    pub stream_id: Option<u64>,
    /// CPU.
    pub cpu: Option<Cpu>,
    /// Period, in units of the event.
    pub period: Option<u64>,
    /// Counter values.
    pub read: Option<ReadFormat>,
    /// Callchain with its markers.
    pub callchain: Option<Words<'a>>,
    /// Raw data of the event, such as a tracepoint's record; may have padding at its end.
    pub raw: Option<&'a [u8]>,
    /// Last branches.
    pub branch_stack: Option<BranchStack<'a>>,
    /// Registers of user space, when the task has one.
    pub regs_user: Option<Regs<'a>>,
    /// User stack bytes.
    pub stack_user: Option<StackUser<'a>>,
    /// Weight.
    pub weight: Option<Weight>,
    /// `union perf_mem_data_src`.
    pub data_src: Option<u64>,
    /// Flags of an aborted transaction.
    pub transaction: Option<u64>,
    /// Registers at the interrupt.
    pub regs_intr: Option<Regs<'a>>,
    /// Physical data address.
    pub phys_addr: Option<u64>,
    /// cgroup id.
    pub cgroup: Option<u64>,
    /// Size of the page that the data address lies in.
    pub data_page_size: Option<u64>,
    /// Size of the page that the insn lies in.
    pub code_page_size: Option<u64>,
    /// Trace data snapshot.
    pub aux: Option<&'a [u8]>,
}

impl<'a> SampleRecord<'a> {
    pub(super) fn parse(cursor: &mut Cursor<'a>, format: &Format) -> Result<Self, RecordError> {
        let mut sample = Self::default();
        sample.identity(cursor, format)?;
        sample.payload(cursor, format)?;
        sample.machine_state(cursor, format)?;
        Ok(sample)
    }

    fn identity(&mut self, cursor: &mut Cursor<'a>, format: &Format) -> Result<(), RecordError> {
        let word = |cursor: &mut Cursor<'a>, bits, field| {
            format.has(bits).then(|| cursor.u64(field)).transpose()
        };
        let identifier = word(cursor, bit::IDENTIFIER, "identifier")?;
        self.ip = word(cursor, bit::IP, "ip")?;
        if format.has(bit::TID) {
            self.pid_tid = Some(pid_tid(cursor)?);
        }
        self.time = word(cursor, bit::TIME, "time")?;
        self.addr = word(cursor, bit::ADDR, "addr")?;
        self.id = word(cursor, bit::ID, "id")?.or(identifier);
        self.stream_id = word(cursor, bit::STREAM_ID, "stream_id")?;
        if format.has(bit::CPU) {
            self.cpu = Some(Cpu(cursor.u32("cpu")?));
            cursor.u32("reserved")?;
        }
        self.period = word(cursor, bit::PERIOD, "period")?;
        Ok(())
    }

    fn payload(&mut self, cursor: &mut Cursor<'a>, format: &Format) -> Result<(), RecordError> {
        if format.has(bit::READ) {
            self.read = Some(ReadFormat::parse(cursor, format)?);
        }
        if format.has(bit::CALLCHAIN) {
            let nr = cursor.u64("callchain nr")?;
            self.callchain = Some(cursor.words("callchain", nr)?);
        }
        if format.has(bit::RAW) {
            let size = cursor.u32("raw size")?;
            self.raw = Some(cursor.bytes("raw", u64::from(size))?);
            // The size and the data end on a word; the kernel counts the padding in, other writers may not.
            let padding = (8 - (4 + u64::from(size)) % 8) % 8;
            cursor.bytes("raw padding", padding)?;
        }
        if format.has(bit::BRANCH_STACK) {
            self.branch_stack = Some(BranchStack::parse(cursor, format)?);
        }
        if format.has(bit::REGS_USER) {
            self.regs_user = Regs::parse(cursor, format.regs_user)?;
        }
        if format.has(bit::STACK_USER) {
            self.stack_user = Some(stack_user(cursor)?);
        }
        Ok(())
    }

    fn machine_state(
        &mut self,
        cursor: &mut Cursor<'a>,
        format: &Format,
    ) -> Result<(), RecordError> {
        let word = |cursor: &mut Cursor<'a>, bits, field| {
            format.has(bits).then(|| cursor.u64(field)).transpose()
        };
        let weight = word(cursor, bit::WEIGHT | bit::WEIGHT_STRUCT, "weight")?;
        self.weight = weight.map(|full| Weight { full, is_struct: format.has(bit::WEIGHT_STRUCT) });
        self.data_src = word(cursor, bit::DATA_SRC, "data_src")?;
        self.transaction = word(cursor, bit::TRANSACTION, "transaction")?;
        if format.has(bit::REGS_INTR) {
            self.regs_intr = Regs::parse(cursor, format.regs_intr)?;
        }
        self.phys_addr = word(cursor, bit::PHYS_ADDR, "phys_addr")?;
        self.cgroup = word(cursor, bit::CGROUP, "cgroup")?;
        self.data_page_size = word(cursor, bit::DATA_PAGE_SIZE, "data_page_size")?;
        self.code_page_size = word(cursor, bit::CODE_PAGE_SIZE, "code_page_size")?;
        if format.has(bit::AUX) {
            let size = cursor.u64("aux size")?;
            self.aux = Some(cursor.items("aux", size, 1)?);
        }
        Ok(())
    }
}

fn stack_user<'a>(cursor: &mut Cursor<'a>) -> Result<StackUser<'a>, RecordError> {
    let room = cursor.u64("user stack size")?;
    if room == 0 {
        return Ok(StackUser::default());
    }
    let bytes = cursor.items("user stack", room, 1)?;
    let valid = cursor.u64("user stack dyn_size")?;
    let copied = usize::try_from(valid).ok().and_then(|valid| bytes.get(..valid));
    match copied {
        Some(bytes) => Ok(StackUser { bytes, room }),
        None => Err(RecordError::StackSize { valid, room }),
    }
}
