//! The kernel's verdict on a generated program.

use skep_abi::Errno;
use skep_host::{LogBuffer, LogLevel, Program, Verdict};
use skep_isa::opcode as op;

use super::generate::Generated;
use super::world::World;

/// Bytes of the log's end that are kept.
const LOG: usize = 1 << 14;
/// `BPF_F_SLEEPABLE`.
const SLEEPABLE: u32 = 1 << 4;

/// Asks the kernel, with memory for its logs.
pub(crate) struct Judge {
    log: LogBuffer,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self { log: LogBuffer::tail(LOG) }
    }

    /// Asks about one program: once, with a log, which costs less than asking twice. Only a log that does not fit
    /// hides the answer, which is then asked for alone.
    pub(crate) fn judge(&mut self, world: &World, generated: &Generated) -> Verdict {
        let program = program(world, generated);
        let verdict = program.judge_once(LogLevel::PATH.and(LogLevel::STATS), &mut self.log);
        if verdict.errno != Some(Errno::ENOSPC) {
            return verdict;
        }
        let alone = program.judge_once(LogLevel::STATS, &mut self.log);
        Verdict { errno: alone.errno, ..verdict }
    }
}

/// The kernel's whole log, every path.
pub(crate) fn log(world: &World, generated: &Generated) -> String {
    program(world, generated).judge_once(LogLevel::ALL, &mut LogBuffer::whole()).log
}

fn program<'w>(world: &'w World, generated: &Generated) -> Program<'w> {
    let mut insns = generated.insns.clone();
    let mut at = 0;
    while at < insns.len() {
        let insn = &mut insns[at];
        if insn.code == op::LD_IMM64 {
            if matches!(insn.src.0, op::PSEUDO_MAP_FD | op::PSEUDO_MAP_VALUE) {
                insn.imm = world.fd(&generated.target, insn.imm).unwrap_or(-1);
            }
            at += 1;
        }
        at += 1;
    }
    let target = generated.target;
    let mut program = Program::new(target.prog_type, &insns);
    program.license = if generated.gpl { "GPL" } else { "proprietary" };
    program.flags = if target.sleepable { SLEEPABLE } else { 0 };
    program.expected_attach_type = target.attach_type as u32;
    program.attach_btf_id = target.attach_btf_id.map_or(0, |id| id.0);
    if !generated.funcs.is_empty() {
        program.btf = Some(world.kernel_btf());
        program.funcs = generated.funcs.iter().map(|func| [func.start, func.ty.0]).collect();
    }
    program
}

/// A message without its numbers: what kind of rejection it is.
pub(crate) fn skeleton(message: &str) -> String {
    let mut skeleton = String::with_capacity(message.len());
    let mut in_number = false;
    for c in message.chars() {
        let is_number = c.is_ascii_digit() || in_number && (c.is_ascii_hexdigit() || c == 'x');
        if !is_number {
            skeleton.push(c);
        } else if !in_number {
            skeleton.push('N');
        }
        in_number = is_number;
    }
    skeleton
}
