//! Programs: `BPF_PROG_LOAD`, asked as veristat asks, or loaded as libbpf loads.

mod buffer;
mod loaded;
mod test_run;

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use skep_abi::{Errno, ProgType};
use skep_isa::Insn;

use crate::btf::KernelBtf;
use crate::error::errno;
use crate::log::{Stats, Verdict};
use crate::map::object_name;
use crate::sys::limit;
use crate::sys::prog::{self, LoadArgs};

pub use buffer::{LogBuffer, LogLevel};
pub use loaded::LoadedProgram;
pub use test_run::{TestResult, TestRun};

/// A program as the kernel takes it.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// Name, of which kernels keep 15 bytes.
    pub name: &'a str,
    /// Type.
    pub prog_type: ProgType,
    /// Slots as bytes; maps by descriptor, as [`crate::HostObject`] writes them.
    pub insns: Vec<[u8; 8]>,
    /// Licence.
    pub license: &'a str,
    /// `LINUX_VERSION_CODE`, which kernels before 5.0 want for kprobes.
    pub kern_version: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// `expected_attach_type`.
    pub expected_attach_type: u32,
    /// `attach_btf_id` in the kernel's own types.
    pub attach_btf_id: u32,
    /// The program that an extension replaces a function of; `attach_btf_id` is then in that one's types.
    pub extends: Option<BorrowedFd<'a>>,
    /// The types that `funcs` and `lines` refer to.
    pub btf: Option<&'a KernelBtf>,
    /// First insn and type of each function.
    pub funcs: Vec<[u32; 2]>,
    /// First insn, file, text, line and column of each line.
    pub lines: Vec<[u32; 4]>,
    /// Descriptors that insns refer to by index.
    pub fd_array: Vec<i32>,
}

impl<'a> Program<'a> {
    /// A program of GPL licence without types.
    #[must_use]
    pub fn new(prog_type: ProgType, insns: &[Insn]) -> Self {
        Self {
            name: "",
            prog_type,
            insns: insns.iter().map(|insn| insn.encode()).collect(),
            license: "GPL",
            kern_version: 0,
            flags: 0,
            expected_attach_type: 0,
            attach_btf_id: 0,
            extends: None,
            btf: None,
            funcs: Vec::new(),
            lines: Vec::new(),
            fd_array: Vec::new(),
        }
    }

    /// Adds descriptors that insns refer to by index (`PSEUDO_MAP_IDX`).
    #[must_use]
    pub fn with_fds<'f>(mut self, fds: impl IntoIterator<Item = BorrowedFd<'f>>) -> Self {
        self.fd_array = fds.into_iter().map(|fd| fd.as_raw_fd()).collect();
        self
    }

    /// Asks the kernel once. Nothing stays loaded.
    pub fn judge_once(&self, level: LogLevel, log: &mut LogBuffer) -> Verdict {
        let errno = self.load(level, log).err();
        let text = log.text();
        Verdict { errno, stats: Stats::parse(&text), log: text }
    }

    /// Asks the kernel as veristat does: first for statistics alone, which costs nothing; when it refuses, once more
    /// for the log. Nothing stays loaded.
    pub fn judge(&self, log: &mut LogBuffer) -> Verdict {
        let first = self.judge_once(LogLevel::STATS, log);
        if first.is_accepted() {
            return first;
        }
        let again = self.judge_once(LogLevel::STATS.and(LogLevel::PATH), log);
        // A log that did not fit hides the reason behind -ENOSPC; times are those without a log.
        Verdict { errno: first.errno, log: again.log, stats: first.stats.or(again.stats) }
    }

    /// Loads the program as libbpf does: without a log, which costs nothing; when it is refused, once more for the log.
    ///
    /// # Errors
    /// The verdict: what the verifier says, or a bare error number when the kernel did not come to look at it.
    pub fn install(&self) -> Result<LoadedProgram, Verdict> {
        let mut log = LogBuffer::whole();
        let mut answer = self.load(LogLevel::NONE, &mut log);
        if matches!(answer, Err(Errno::EPERM)) {
            limit::lift_memlock();
            answer = self.load(LogLevel::NONE, &mut log);
        }
        let errno = match answer {
            Ok(fd) => return Ok(LoadedProgram::new(fd, self.name, self.prog_type)),
            Err(errno) => errno,
        };
        match self.load(LogLevel::STATS.and(LogLevel::PATH), &mut log) {
            // What was in the way is gone: a signal, or memory that others had.
            Ok(fd) => Ok(LoadedProgram::new(fd, self.name, self.prog_type)),
            Err(_) => {
                let text = log.text();
                Err(Verdict { errno: Some(errno), stats: Stats::parse(&text), log: text })
            }
        }
    }

    /// Loads the program. The log is what the kernel wrote, whatever the outcome.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn load(&self, level: LogLevel, log: &mut LogBuffer) -> Result<OwnedFd, Errno> {
        // What follows a zero byte is no part of a C string.
        let license = self.license.split('\0').next().unwrap_or_default();
        let license = CString::new(license).unwrap_or_default();
        let args = LoadArgs {
            prog_type: self.prog_type as u32,
            insns: &self.insns,
            license: &license,
            kern_version: self.kern_version,
            flags: self.flags,
            name: object_name(self.name),
            expected_attach_type: self.expected_attach_type,
            btf: self.btf.map(|btf| std::os::fd::AsFd::as_fd(&btf.fd)),
            funcs: &self.funcs,
            lines: &self.lines,
            attach_btf_id: self.attach_btf_id,
            attach_prog: self.extends,
            fd_array: &self.fd_array,
        };
        loop {
            if let Some(first) = log.bytes.first_mut() {
                *first = 0;
            }
            let (answer, true_size) = prog::load(&args, level.0, &mut log.bytes);
            let refused = match answer {
                Ok(fd) => return Ok(fd),
                Err(error) => errno(&error),
            };
            let len = log.bytes.len();
            let wanted = (true_size as usize).max(len * 4).min(log.max);
            if refused != Errno::ENOSPC || wanted <= len {
                return Err(refused);
            }
            log.bytes = vec![0; wanted];
        }
    }
}
