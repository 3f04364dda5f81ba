//! `kernel/trace/bpf_trace.c`: what programs that observe the kernel may call.

mod cookie;
mod func_ip;
mod perf;
mod printk;
mod probe_read;
mod task;

pub(crate) use cookie::Cookie;
pub(crate) use func_ip::FuncIp;
pub(crate) use perf::Perf;
pub(crate) use printk::Printk;
pub(crate) use probe_read::ProbeRead;
pub(crate) use task::CurrentTask;
