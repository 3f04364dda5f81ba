//! Program types.

use skep_abi::{AttachType, Errno, ProgType};
use skep_isa::opcode;

use super::Probed;
use crate::program::{LogBuffer, LogLevel, Program};

/// `r0 = 0; exit`.
pub(super) const TRIVIAL: [[u8; 8]; 2] =
    [[0xb7, 0, 0, 0, 0, 0, 0, 0], [opcode::JMP | opcode::EXIT, 0, 0, 0, 0, 0, 0, 0]];

/// A program of a type that the kernel takes if it knows the type, or refuses in words that only such a kernel has.
pub(super) fn described(prog_type: ProgType, insns: Vec<[u8; 8]>) -> Program<'static> {
    let mut program = Program::new(prog_type, &[]);
    program.insns = insns;
    let attach = match prog_type {
        ProgType::SkLookup => Some(AttachType::SkLookup),
        ProgType::CgroupSockAddr => Some(AttachType::CgroupInet4Connect),
        ProgType::CgroupSockopt => Some(AttachType::CgroupGetsockopt),
        ProgType::Netfilter => Some(AttachType::Netfilter),
        ProgType::Tracing => Some(AttachType::TraceFentry),
        ProgType::Lsm => Some(AttachType::LsmMac),
        _ => None,
    };
    program.expected_attach_type = attach.map_or(0, |attach| attach as u32);
    if prog_type == ProgType::Syscall {
        const SLEEPABLE: u32 = 1 << 4;
        program.flags = SLEEPABLE;
    }
    if matches!(prog_type, ProgType::Tracing | ProgType::Lsm | ProgType::Ext) {
        // Type 1 of the kernel is a number, no function.
        program.attach_btf_id = 1;
    }
    program
}

/// Whether the kernel knows a program type: loads `r0 = 0; exit` as one.
#[must_use]
pub fn program_type(prog_type: ProgType) -> Probed {
    let program = described(prog_type, TRIVIAL.to_vec());
    let verdict = program.judge_once(LogLevel::PATH, &mut LogBuffer::whole());
    let Some(errno) = verdict.errno else {
        return Probed::yes("a program that returns 0 was loaded");
    };
    let message = verdict.last_message();
    let how = format!("loading a program that returns 0 gives {errno}: {message}");
    // The words and numbers by which kernels that know these types refuse a program without a target.
    let is_known = match prog_type {
        ProgType::Tracing | ProgType::Lsm => message.contains("attach_btf_id 1 is not a function"),
        ProgType::Ext => message.contains("Cannot replace kernel functions"),
        ProgType::StructOps => {
            errno == Errno::ENOTSUPP || message.contains("struct_ops") || !message.is_empty()
        }
        _ => false,
    };
    match errno {
        _ if is_known => Probed::yes(how),
        Errno::EPERM => Probed::unknown(how),
        _ => Probed::no(how),
    }
}
