//! The program that records what a program is about to see, and its records.

use std::fmt::Write;

use skep_abi::{CounterValue, Cpu, Pid, Sample, X86Regs};
use skep_isa::{AsmError, Insn, assemble};

use super::place::Place;

/// Words of `struct bpf_perf_event_data`: 21 registers, the period, the data address.
const PERF_CONTEXT: usize = 23;
/// Bytes of a stack: 127 frames, the kernel's limit.
const STACK: usize = 127 * 8;

/// What follows the context in a record, by its distance from the context's end.
const PID_TGID: usize = 0;
const UID_GID: usize = PID_TGID + 8;
const CPU: usize = UID_GID + 8;
const TIME: usize = CPU + 8;
const COMM: usize = TIME + 8;
const VALUE: usize = COMM + 16;
const VALUE_ANSWER: usize = VALUE + 24;
const KERNEL_BYTES: usize = VALUE_ANSWER + 8;
const USER_BYTES: usize = KERNEL_BYTES + 8;
const KERNEL_STACK: usize = USER_BYTES + 8;
const USER_STACK: usize = KERNEL_STACK + STACK;
const END: usize = USER_STACK + STACK;

/// How records are laid out, and what fills them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorder {
    /// Bytes of the context.
    context: usize,
    is_traced: bool,
}

impl Recorder {
    /// The recorder of a place.
    pub(super) fn new(place: &Place) -> Self {
        match place.tracepoint() {
            None => Self { context: PERF_CONTEXT * 8, is_traced: false },
            Some((_, size)) => Self { context: size as usize, is_traced: true },
        }
    }

    /// Where what follows the context begins.
    const fn tail(self) -> usize {
        self.context.next_multiple_of(8)
    }

    /// Bytes of a record.
    pub(super) const fn bytes(self) -> usize {
        self.tail() + END
    }

    /// The program: descriptor 0 is a ring buffer, 1 a program array whose first slot has the program to go on with, 2 an
    /// array whose first value is the process that is recorded; a tracepoint is passed by all. A context that finds no
    /// room in the ring is not handed on, so that both engines see the same ones.
    ///
    /// # Errors
    /// When the text is none that the assembler reads.
    pub(super) fn insns(self) -> Result<Vec<Insn>, AsmError> {
        let mut text = String::from("r6 = r1\n");
        if self.is_traced {
            text.push_str(
                "call bpf_get_current_pid_tgid#14\nr0 >>= 32\nr1 = map[idx:2][0]+0\nr1 = *(u32 *)(r1 +0)\n\
                 if r0 == r1 goto ours\nr0 = 1\nexit\nours: ",
            );
        }
        let record = self.bytes();
        let _ = write!(
            text,
            "r1 = map[idx:0]\nr2 = {record}\nr3 = 0\ncall bpf_ringbuf_reserve#131\nif r0 == 0 goto full\nr7 = r0\n"
        );
        let mut add = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        // The first word of a tracepoint's record is the kernel's own.
        let first = if self.is_traced { 8 } else { 0 };
        let whole = self.context / 8 * 8;
        if self.is_traced {
            add("r1 = 0\n*(u64 *)(r7 +0) = r1".to_owned());
        }
        for at in (first..whole).step_by(8) {
            add(format!("r1 = *(u64 *)(r6 +{at})\n*(u64 *)(r7 +{at}) = r1"));
        }
        for at in whole.max(first)..self.context {
            add(format!("r1 = *(u8 *)(r6 +{at})\n*(u8 *)(r7 +{at}) = r1"));
        }
        let tail = self.tail();
        for (call, at) in [
            ("bpf_get_current_pid_tgid#14", PID_TGID),
            ("bpf_get_current_uid_gid#15", UID_GID),
            ("bpf_get_smp_processor_id#8", CPU),
            ("bpf_ktime_get_ns#5", TIME),
        ] {
            add(format!("call {call}\n*(u64 *)(r7 +{}) = r0", tail + at));
        }
        add(format!("r1 = r7\nr1 += {}\nr2 = 16\ncall bpf_get_current_comm#16", tail + COMM));
        if !self.is_traced {
            add(format!("r1 = r6\nr2 = r7\nr2 += {}\nr3 = 24", tail + VALUE));
            add("call bpf_perf_prog_read_value#56".to_owned());
            add(format!("*(u64 *)(r7 +{}) = r0", tail + VALUE_ANSWER));
        }
        for (stack, bytes, flags) in
            [(KERNEL_STACK, KERNEL_BYTES, 0), (USER_STACK, USER_BYTES, 256)]
        {
            let (stack, bytes) = (tail + stack, tail + bytes);
            add(format!("r1 = r6\nr2 = r7\nr2 += {stack}\nr3 = {STACK}\nr4 = {flags}"));
            add(format!("call bpf_get_stack#67\n*(u64 *)(r7 +{bytes}) = r0"));
        }
        add("r1 = r7\nr2 = 0\ncall bpf_ringbuf_submit#132".to_owned());
        add("r1 = r6\nr2 = map[idx:1]\nr3 = 0\ncall bpf_tail_call#12".to_owned());
        let _ = write!(text, "full: r0 = 0\nexit\n");
        assemble(&text)
    }

    /// Reads a record; none when it is not one.
    pub(super) fn read(self, record: &[u8]) -> Option<Context> {
        let tail = self.tail();
        let word = |at: usize| record.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes);
        let after = |at: usize| word(tail + at);
        let (pid_tgid, uid_gid) = (after(PID_TGID)?, after(UID_GID)?);
        let comm = record.get(tail + COMM..tail + COMM + 16)?;
        let end = comm.iter().position(|byte| *byte == 0).unwrap_or(16);
        let stack = |start: usize, bytes: usize| -> Option<Vec<u64>> {
            // Negative where there is no such stack.
            let bytes = usize::try_from(after(bytes)?.cast_signed()).unwrap_or(0).min(STACK);
            (0..bytes / 8).map(|at| after(start + at * 8)).collect()
        };
        let mut sample = Sample {
            pid: Pid((pid_tgid >> 32) as u32),
            tid: Pid(pid_tgid as u32),
            time: after(TIME)?,
            cpu: Cpu(after(CPU)? as u32),
            period: 1,
            kernel_stack: stack(KERNEL_STACK, KERNEL_BYTES)?,
            user_stack: stack(USER_STACK, USER_BYTES)?,
            ..Sample::default()
        };
        if self.is_traced {
            sample.raw = record.get(..self.context)?.into();
        } else {
            let words: Option<Vec<u64>> = (0..PERF_CONTEXT).map(|at| word(at * 8)).collect();
            let words = words?;
            let regs = regs(&words)?;
            let (counter, enabled) = (after(VALUE)?, after(VALUE + 8)?);
            let value = CounterValue { counter, enabled, running: after(VALUE + 16)? };
            sample.ip = regs.ip;
            (sample.period, sample.addr) = (words[21], words[22]);
            sample.value = (after(VALUE_ANSWER)? == 0).then_some(value);
            sample.regs = Some(regs);
        }
        Some(Context {
            sample,
            comm: String::from_utf8_lossy(&comm[..end]).into_owned(),
            uid: uid_gid as u32,
            gid: (uid_gid >> 32) as u32,
        })
    }
}

/// What a program saw.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) sample: Sample,
    pub(super) comm: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Registers in the order of `struct pt_regs`.
fn regs(words: &[u64]) -> Option<X86Regs> {
    let &[
        r15,
        r14,
        r13,
        r12,
        bp,
        bx,
        r11,
        r10,
        r9,
        r8,
        ax,
        cx,
        dx,
        si,
        di,
        orig_ax,
        ip,
        cs,
        flags,
        sp,
        ss,
    ] = words.first_chunk::<21>()?;
    Some(X86Regs {
        r15,
        r14,
        r13,
        r12,
        bp,
        bx,
        r11,
        r10,
        r9,
        r8,
        ax,
        cx,
        dx,
        si,
        di,
        orig_ax,
        ip,
        cs,
        flags,
        sp,
        ss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracepoint(size: u32) -> Recorder {
        Recorder::new(&Place::Tracepoint { name: "a:b".to_owned(), id: 1, size })
    }

    /// A record whose words are their numbers, but for some that follow the context.
    fn record(recorder: Recorder) -> Vec<u8> {
        let mut record = vec![0; recorder.bytes()];
        for (at, word) in record.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *word = (at as u64).to_ne_bytes();
        }
        let mut put = |at: usize, word: u64| {
            let at = recorder.tail() + at;
            record[at..at + 8].copy_from_slice(&word.to_ne_bytes());
        };
        put(PID_TGID, 7 << 32 | 8);
        put(UID_GID, 100 << 32 | 1000);
        put(VALUE_ANSWER, 0);
        put(KERNEL_BYTES, (-14_i64).cast_unsigned());
        put(USER_BYTES, 16);
        let comm = recorder.tail() + COMM;
        record[comm..comm + 16].copy_from_slice(b"bee\0............");
        record
    }

    #[test]
    fn a_record_is_read_as_the_program_lays_it_out() {
        let recorder = Recorder::new(&Place::CpuClock);
        let record = record(recorder);
        let context = recorder.read(&record).unwrap();
        let Context { sample, comm, uid, gid } = context;
        assert_eq!((sample.pid, sample.tid, uid, gid), (Pid(7), Pid(8), 1000, 100));
        assert_eq!(comm, "bee");
        let regs = sample.regs.unwrap();
        assert_eq!((regs.r15, regs.ss, sample.period, sample.addr), (0, 20, 21, 22));
        assert!(sample.kernel_stack.is_empty());
        let first = ((recorder.tail() + USER_STACK) / 8) as u64;
        assert_eq!(sample.user_stack, [first, first + 1]);
        assert!(sample.value.is_some());
        assert!(recorder.read(&record[1..]).is_none());
    }

    #[test]
    fn the_record_of_a_tracepoint_is_kept_whole() {
        let recorder = tracepoint(28);
        let record = record(recorder);
        let Context { sample, comm, .. } = recorder.read(&record).unwrap();
        assert_eq!((&sample.raw[..], &comm[..]), (&record[..28], "bee"));
        assert_eq!((sample.regs, sample.period), (None, 1));
    }

    #[test]
    fn the_programs_are_such_that_the_assembler_reads() {
        let insns = Recorder::new(&Place::CpuClock).insns().unwrap();
        assert!(insns.len() > 2 * PERF_CONTEXT);
        for size in [8, 9, 28, 64] {
            assert!(tracepoint(size).insns().unwrap().len() > 2 * (size as usize / 8));
        }
    }
}
