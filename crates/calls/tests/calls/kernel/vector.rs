//! One call of one helper with given arguments and memory, made by the running kernel.

use std::io;
use std::os::fd::AsRawFd as _;

use super::asm::Asm;
use super::bpf::{self, Load, Map, Refused};

/// Bytes of scratch memory that a call may use.
pub(crate) const SCRATCH: usize = 4096;
/// Where the result goes, in front of the scratch memory.
const RESULT: usize = 8;

/// What one argument register holds.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a> {
    /// A number.
    Value(u64),
    /// An address in the scratch memory.
    Scratch(u64),
    /// The program's context.
    Ctx,
    /// A map.
    Map(&'a Map),
    /// A string in a frozen read-only map.
    ConstStr(&'a str),
    /// A callback: stores its first argument at this place of the scratch memory, returns 1 when the argument
    /// equals the number, else 0.
    Callback(u64, i32),
    /// A callback that counts its calls at this place of the scratch memory, and returns 1 when the count
    /// reaches the number, else 0.
    Counter(u64, i32),
}

/// The answer: R0 and the scratch memory afterwards.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) r0: u64,
    pub(crate) memory: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The kernel refuses BPF altogether.
    Environment(io::Error),
    /// The verifier refuses this program.
    Verdict(Refused),
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        Self::Environment(error)
    }
}

/// A program type that the kernel runs on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// `BPF_PROG_TYPE_SYSCALL`: process context, 64-byte context.
    Syscall,
    /// `BPF_PROG_TYPE_RAW_TRACEPOINT`.
    RawTracepoint,
}

impl Host {
    fn number(self) -> u32 {
        match self {
            Self::Syscall => 31,
            Self::RawTracepoint => 17,
        }
    }
}

/// Makes the call once in the kernel.
pub(crate) fn call(
    host: Host,
    helper: u32,
    args: &[Arg<'_>],
    memory: &[u8],
) -> Result<Answer, NoAnswer> {
    let scratch = Map::create(2, 4, (RESULT + SCRATCH) as u32, 1, 0)?;
    let mut value = vec![0u8; RESULT + SCRATCH];
    value[RESULT..RESULT + memory.len()].copy_from_slice(memory);
    scratch.update(&0u32.to_le_bytes(), &value)?;
    let fd = scratch.fd.as_raw_fd();

    let mut strings = Vec::new();
    let mut asm = Asm::default().mov(6, 1);
    let mut callback = None;
    for (reg, arg) in (1u8..).zip(args) {
        asm = match *arg {
            Arg::Value(value) => asm.set(reg, value),
            Arg::Scratch(off) => asm.map_value(reg, fd, RESULT as i32 + off as i32),
            Arg::Ctx => asm.mov(reg, 6),
            Arg::Map(map) => asm.map(reg, map.fd.as_raw_fd()),
            Arg::ConstStr(text) => {
                let map = Map::create(2, 4, text.len() as u32 + 1, 1, 1 << 7)?;
                let mut bytes = text.as_bytes().to_vec();
                bytes.push(0);
                map.update(&0u32.to_le_bytes(), &bytes)?;
                map.freeze()?;
                let asm = asm.map_value(reg, map.fd.as_raw_fd(), 0);
                strings.push(map);
                asm
            }
            Arg::Callback(..) | Arg::Counter(..) => {
                callback = Some(*arg);
                asm.func(reg)
            }
        };
    }
    asm = asm.call(helper).map_value(1, fd, 0).store(1, 0, 0).set(0, 0).exit();
    let end = |body: Asm, stop| body.set(0, 1).jump_if_eq(3, stop, 2).set(0, 0).exit();
    match callback {
        Some(Arg::Callback(place, stop)) => {
            let body = Asm::default()
                .map_value(2, fd, RESULT as i32 + place as i32)
                .store(2, 0, 1)
                .mov(3, 1);
            asm = asm.callback(&end(body, stop));
        }
        Some(Arg::Counter(place, stop)) => {
            let body = Asm::default()
                .map_value(2, fd, RESULT as i32 + place as i32)
                .load(3, 2, 0)
                .add(3, 1)
                .store(2, 0, 3);
            asm = asm.callback(&end(body, stop));
        }
        _ => {}
    }
    let program =
        Load { prog_type: host.number(), attach_type: 0, attach_btf_id: 0, gpl: true, asm: &asm };
    let prog = bpf::load(program).map_err(|refused| match refused.errno {
        libc::EPERM if refused.log.is_empty() => {
            NoAnswer::Environment(io::Error::from_raw_os_error(libc::EPERM))
        }
        _ => NoAnswer::Verdict(refused),
    })?;
    let mut ctx = vec![0u8; 64];
    bpf::test_run(&prog, None, &mut ctx)?;
    let value = scratch.lookup(&0u32.to_le_bytes())?;
    let r0 = u64::from_le_bytes(value[..RESULT].try_into().unwrap());
    Ok(Answer { r0, memory: value[RESULT..].to_vec() })
}
