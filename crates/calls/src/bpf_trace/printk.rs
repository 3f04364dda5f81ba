//! `kernel/trace/bpf_trace.c`: lines for the trace buffer.

use skep_abi::Errno;
use skep_machine::{Kernel, Output};
use skep_macros::calls;

use crate::arg::{DontCare, ReadMem, ReadMemOrNull, Size, SizeOrZero};
use crate::bprintf::{self, MAX_LINE};
use crate::ret::Answer;

/// Lines for the trace buffer.
pub(crate) struct Printk;

#[calls(gpl)]
impl Printk {
    /// Prints a line with up to three arguments to the trace buffer.
    ///
    /// Returns the length of the line, also of the part past 1023 bytes, which is cut off.
    ///
    /// *Errors*: `EINVAL` when the format has no NUL in `fmt_size` bytes or is not one that BPF may use,
    /// `ENOSPC` when strings do not fit into 512 bytes.
    #[helper(6, since = "4.1", avail { TRACING, BASE: "4.2", LIRC })]
    fn bpf_trace_printk(
        k: &mut Kernel<'_, '_>,
        fmt: ReadMem,
        fmt_size: Size,
        arg1: DontCare,
        arg2: DontCare,
        arg3: DontCare,
    ) -> Answer<i32> {
        print(k, fmt, fmt_size, &[arg1.0, arg2.0, arg3.0])
    }

    /// Prints a line with up to twelve arguments to the trace buffer.
    ///
    /// Returns as `bpf_trace_printk`.
    ///
    /// *Errors*: as `bpf_trace_printk`; `EINVAL` also when `data_len` is no multiple of 8, is above 96, or is
    /// not 0 with a null pointer.
    #[helper(177, since = "5.16", avail { BASE })]
    fn bpf_trace_vprintk(
        k: &mut Kernel<'_, '_>,
        fmt: ReadMem,
        fmt_size: Size,
        args: ReadMemOrNull,
        data_len: SizeOrZero,
    ) -> Answer<i32> {
        let args = bprintf::read_args(k, args, data_len)?;
        print(k, fmt, fmt_size, &args)
    }
}

fn print(k: &mut Kernel<'_, '_>, fmt: ReadMem, fmt_size: Size, args: &[u64]) -> Answer<i32> {
    let mut fmt = k.run.memory().read_vec(fmt.0, u64::from(fmt_size.cut()))?;
    let end = fmt.iter().position(|c| *c == 0).ok_or(Errno::EINVAL)?;
    fmt.truncate(end);
    let line = bprintf::format(k, &fmt, args, MAX_LINE)?;
    let text = String::from_utf8_lossy(&line.text);
    let output = Output::TracePrintk {
        cpu: k.run.cpu,
        tid: k.run.task,
        comm: k.run.machine.tasks().get(k.run.task).map_or_else(String::new, |t| t.comm.clone()),
        time: k.run.now(),
        text: text.strip_suffix('\n').unwrap_or(&text).to_owned(),
    };
    k.run.machine.outputs().push(k.run.cpu, output);
    Ok(line.len as i32)
}
