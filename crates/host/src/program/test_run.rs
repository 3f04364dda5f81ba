//! Running a program once, without attaching it: `BPF_PROG_TEST_RUN`.

use std::os::fd::AsFd;
use std::time::Duration;

use skep_abi::Errno;

use super::LoadedProgram;
use crate::HostError;
use crate::sys::prog::{self, RunArgs};

/// What a program is run on. Which of these a program type takes is the kernel's business: it refuses the others.
#[derive(Clone, Debug, Default)]
pub struct TestRun<'a> {
    /// A packet.
    pub data: &'a [u8],
    /// Room for the packet afterwards, in bytes.
    pub data_out: usize,
    /// The context: for raw tracepoints the arguments, for packets a `struct __sk_buff` or `xdp_md`.
    pub ctx: &'a [u8],
    /// Room for the context afterwards, in bytes. Programs of type SYSCALL need none: they change theirs in place.
    pub ctx_out: usize,
    /// Times to run; 0 is once.
    pub repeat: u32,
    /// `BPF_F_TEST_*`.
    pub flags: u32,
    /// CPU to run on, with [`TestRun::ON_CPU`].
    pub cpu: u32,
    /// Packets at once, for live frames.
    pub batch_size: u32,
}

impl TestRun<'_> {
    /// `BPF_F_TEST_RUN_ON_CPU`: run on [`TestRun::cpu`].
    pub const ON_CPU: u32 = 1;
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The lower half of R0.
    pub retval: u32,
    /// Mean time of a run; zero where the kernel does not measure.
    pub duration: Duration,
    /// The packet afterwards, as far as there was room.
    pub data: Vec<u8>,
    /// The context afterwards.
    pub ctx: Vec<u8>,
}

impl LoadedProgram {
    /// Runs the program.
    ///
    /// # Errors
    /// When its type cannot be run so (-ENOTSUPP (-524): perf_event among others), or the kernel refuses the input.
    pub fn test_run(&self, run: &TestRun<'_>) -> Result<TestResult, HostError> {
        let mut data_out = vec![0; run.data_out];
        let mut ctx_out = vec![0; run.ctx_out];
        let mut ctx = run.ctx.to_vec();
        let args = RunArgs {
            data: run.data,
            data_out: &mut data_out,
            ctx: &mut ctx,
            ctx_out: &mut ctx_out,
            repeat: run.repeat,
            flags: run.flags,
            cpu: run.cpu,
            batch_size: run.batch_size,
        };
        let answer = prog::test_run(self.as_fd(), args).map_err(|error| {
            let what = format!("run program {} for a test", self.name());
            let refusal = HostError::new(what, &error);
            match refusal.errno {
                Errno::ENOTSUPP => refusal.with_hint(format!(
                    "programs of type {} run only where they are attached",
                    self.prog_type().name()
                )),
                _ => refusal,
            }
        })?;
        data_out.truncate(answer.data_len as usize);
        ctx_out.truncate(answer.ctx_len as usize);
        Ok(TestResult {
            retval: answer.retval,
            duration: Duration::from_nanos(answer.duration.into()),
            data: data_out,
            ctx: if run.ctx_out == 0 { ctx } else { ctx_out },
        })
    }
}
