//! The program that records what a program is about to see, and its records.

use std::fmt::Write;

use skep_abi::{CounterValue, Cpu, Pid, Sample, X86Regs};
use skep_isa::{AsmError, Insn, assemble};

/// Words of `struct bpf_perf_event_data`: 21 registers, the period, the data address.
const CONTEXT: usize = 23;
/// Bytes of a stack: 127 frames, the kernel's limit.
const STACK: usize = 127 * 8;
const PID_TGID: usize = CONTEXT * 8;
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
/// Bytes of a record.
const RECORD: usize = USER_STACK + STACK;

/// The program: descriptor 0 is a ring buffer, 1 a program array whose first slot has the program to go on with. A
/// context that finds no room in the ring is not handed on, so that both engines see the same ones.
///
/// # Errors
/// When the text is none that the assembler reads.
pub(super) fn insns() -> Result<Vec<Insn>, AsmError> {
    let mut text = format!(
        "r6 = r1\nr1 = map[idx:0]\nr2 = {RECORD}\nr3 = 0\ncall bpf_ringbuf_reserve#131\nif r0 == 0 goto full\nr7 = r0\n"
    );
    let mut add = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for word in 0..CONTEXT {
        let at = word * 8;
        add(format!("r1 = *(u64 *)(r6 +{at})\n*(u64 *)(r7 +{at}) = r1"));
    }
    for (call, at) in [
        ("bpf_get_current_pid_tgid#14", PID_TGID),
        ("bpf_get_current_uid_gid#15", UID_GID),
        ("bpf_get_smp_processor_id#8", CPU),
        ("bpf_ktime_get_ns#5", TIME),
    ] {
        add(format!("call {call}\n*(u64 *)(r7 +{at}) = r0"));
    }
    add(format!("r1 = r7\nr1 += {COMM}\nr2 = 16\ncall bpf_get_current_comm#16"));
    add(format!("r1 = r6\nr2 = r7\nr2 += {VALUE}\nr3 = 24\ncall bpf_perf_prog_read_value#56"));
    add(format!("*(u64 *)(r7 +{VALUE_ANSWER}) = r0"));
    for (stack, bytes, flags) in [(KERNEL_STACK, KERNEL_BYTES, 0), (USER_STACK, USER_BYTES, 256)] {
        add(format!("r1 = r6\nr2 = r7\nr2 += {stack}\nr3 = {STACK}\nr4 = {flags}"));
        add(format!("call bpf_get_stack#67\n*(u64 *)(r7 +{bytes}) = r0"));
    }
    add("r1 = r7\nr2 = 0\ncall bpf_ringbuf_submit#132".to_owned());
    add("r1 = r6\nr2 = map[idx:1]\nr3 = 0\ncall bpf_tail_call#12".to_owned());
    let _ = write!(text, "full: r0 = 0\nexit\n");
    assemble(&text)
}

/// What a program saw.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) sample: Sample,
    pub(super) comm: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Reads a record; none when it is not one.
pub(super) fn read(record: &[u8]) -> Option<Context> {
    let word = |at: usize| record.get(at..at + 8)?.try_into().ok().map(u64::from_ne_bytes);
    let words: Option<Vec<u64>> = (0..CONTEXT).map(|at| word(at * 8)).collect();
    let words = words?;
    let (pid_tgid, uid_gid) = (word(PID_TGID)?, word(UID_GID)?);
    let comm = record.get(COMM..COMM + 16)?;
    let end = comm.iter().position(|byte| *byte == 0).unwrap_or(16);
    let stack = |start: usize, bytes: usize| -> Option<Vec<u64>> {
        // Negative where there is no such stack.
        let bytes = usize::try_from(word(bytes)?.cast_signed()).unwrap_or(0).min(STACK);
        (0..bytes / 8).map(|at| word(start + at * 8)).collect()
    };
    let regs = regs(&words)?;
    let value = CounterValue {
        counter: word(VALUE)?,
        enabled: word(VALUE + 8)?,
        running: word(VALUE + 16)?,
    };
    let sample = Sample {
        ip: regs.ip,
        pid: Pid((pid_tgid >> 32) as u32),
        tid: Pid(pid_tgid as u32),
        time: word(TIME)?,
        addr: words[22],
        cpu: Cpu(word(CPU)? as u32),
        period: words[21],
        value: (word(VALUE_ANSWER)? == 0).then_some(value),
        regs: Some(regs),
        kernel_stack: stack(KERNEL_STACK, KERNEL_BYTES)?,
        user_stack: stack(USER_STACK, USER_BYTES)?,
        ..Sample::default()
    };
    Some(Context {
        sample,
        comm: String::from_utf8_lossy(&comm[..end]).into_owned(),
        uid: uid_gid as u32,
        gid: (uid_gid >> 32) as u32,
    })
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

    #[test]
    fn a_record_is_read_as_the_program_lays_it_out() {
        let mut record = vec![0; RECORD];
        for (at, word) in record.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *word = (at as u64).to_ne_bytes();
        }
        let put = |record: &mut Vec<u8>, at: usize, word: u64| {
            record[at..at + 8].copy_from_slice(&word.to_ne_bytes());
        };
        put(&mut record, PID_TGID, 7 << 32 | 8);
        put(&mut record, UID_GID, 100 << 32 | 1000);
        put(&mut record, VALUE_ANSWER, 0);
        put(&mut record, KERNEL_BYTES, (-14_i64).cast_unsigned());
        put(&mut record, USER_BYTES, 16);
        record[COMM..COMM + 16].copy_from_slice(b"bee\0............");
        let context = read(&record).unwrap();
        let Context { sample, comm, uid, gid } = context;
        assert_eq!((sample.pid, sample.tid, uid, gid), (Pid(7), Pid(8), 1000, 100));
        assert_eq!(comm, "bee");
        let regs = sample.regs.unwrap();
        assert_eq!((regs.r15, regs.ss, sample.period, sample.addr), (0, 20, 21, 22));
        assert!(sample.kernel_stack.is_empty());
        let first = (USER_STACK / 8) as u64;
        assert_eq!(sample.user_stack, [first, first + 1]);
        assert!(sample.value.is_some());
        assert!(read(&record[1..]).is_none());
    }

    #[test]
    fn the_program_is_one_that_the_assembler_reads() {
        assert!(insns().unwrap().len() > 2 * CONTEXT);
    }
}
