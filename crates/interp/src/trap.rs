//! Why a run ended before the program's own end, and where.

use std::fmt;
use std::sync::Arc;

use skep_abi::{Addr, Cpu, ProgId, ProgType};
use skep_isa::{DecodeError, Imm64, InsnIdx, Reg};
use skep_machine::Fault;

use crate::Program;

/// What a program did that it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrapKind {
    /// Memory, or a call, in a way that is not allowed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A register was read that nothing has set, or that a call has made unusable.
    #[error("r{} is read but was never set", .0.0)]
    UninitReg(Reg),
    /// The stack was read where nothing has been written.
    #[error("{size} bytes of the stack at fp{off} are read, of which fp{first} was never written")]
    UninitStack {
        /// The first byte of the access, from the frame pointer.
        off: i64,
        /// Its length.
        size: u64,
        /// The first byte that was never written, from the frame pointer.
        first: i64,
    },
    /// R10 was written.
    #[error("the frame pointer r10 is read-only")]
    FramePointerWrite,
    /// Control left the program.
    #[error("control leaves the program")]
    OutOfProgram,
    /// Control reached the second slot of a `ld_imm64`.
    #[error("control reaches the second slot of a ld_imm64")]
    IntoWideLoad,
    /// Control reached a slot that is no insn.
    #[error("this is no instruction: {0}")]
    Malformed(DecodeError),
    /// The address of a subprogram outside the program.
    #[error("this is the address of no subprogram")]
    BadFunc,
    /// A callback or indirect call to what is no code of the running program.
    #[error("{0} is called, which is not the code of this program")]
    BadCallTarget(Addr),
    /// A `ld_imm64` that the loader has not resolved.
    #[error("the operand {0} was never resolved to an address")]
    Unresolved(Imm64),
    /// A helper that skep does not know.
    #[error("helper {0} is not known to skep")]
    UnknownHelper(i32),
    /// A kernel function that skep does not know.
    #[error("the kernel function with BTF id {0} is not known to skep")]
    UnknownKfunc(i32),
    /// A call that the kernel refuses to programs of this type.
    #[error("{0} may not be called by {name} programs on this kernel", name = .1.name())]
    DeniedCall(&'static str, ProgType),
    /// A call that the kernel lists for programs of this type and refuses all the same.
    #[error("{0} is not supported for {name} programs, as in Linux", name = .1.name())]
    UnsupportedCall(&'static str, ProgType),
    /// An indirect call, which Linux has not.
    #[error("Linux has no indirect calls")]
    IndirectCall,
    /// A legacy packet load outside a program that has a packet.
    #[error("packet loads work in socket programs only")]
    NoPacket,
    /// A cast of an address that lies in no arena.
    #[error("{0} belongs to no arena")]
    NoArena(Addr),
    /// The program ends with a reference that it neither gave up nor stored.
    #[error("the program ends and still holds {object}, acquired by {call}\n  at {acquired}")]
    Leaked {
        /// The object.
        object: String,
        /// The call that acquired it.
        call: &'static str,
        /// Where.
        acquired: Box<Location>,
    },
    /// A pointer is used whose reference was given up.
    #[error(
        "{object} is used after it was given up by {by}\n  at {released}\n  acquired by {call}\n  at {acquired}"
    )]
    UsedAfterRelease {
        /// The object.
        object: String,
        /// The call that acquired it.
        call: &'static str,
        /// Where.
        acquired: Box<Location>,
        /// The call that took the reference away.
        by: &'static str,
        /// Where.
        released: Box<Location>,
    },
    /// A reference is given up that the program does not hold.
    #[error("{call} gives up {object}, of which the program holds no reference")]
    NotHeld {
        /// The call.
        call: &'static str,
        /// What the argument points to.
        object: String,
    },
    /// An RCU section begins within another one, on a release that does not allow it.
    #[error("an RCU section begins within another one, which began\n  at {0}")]
    NestedRcuLock(Box<Location>),
    /// A program asks for a spin lock that it holds: it would wait for ever.
    #[error("the program asks for a spin lock that it holds, taken\n  at {0}")]
    Deadlock(Box<Location>),
    /// A helper is called while a spin lock is held, which allows none but the one that gives it up.
    #[error("{call} is called while the program holds a spin lock, taken\n  at {locked}")]
    CallUnderLock {
        /// The helper.
        call: &'static str,
        /// Where the lock was taken.
        locked: Box<Location>,
    },
    /// A section ends that has not begun.
    #[error("no {0} has begun that could end here")]
    UnmatchedUnlock(&'static str),
    /// The program ends within a section.
    #[error("the program ends within the {what} that began\n  at {begun}")]
    Unended {
        /// Which section.
        what: &'static str,
        /// Where it began.
        begun: Box<Location>,
    },
    /// Too many calls within each other.
    #[error("more than {} frames", crate::MAX_CALL_FRAMES)]
    CallDepth,
    /// The run took too many insns.
    #[error("the run takes more than {0} insns")]
    Budget(u64),
    /// A tail call to a program that is not loaded.
    #[error("tail call to program {0}, which is not loaded")]
    NoProgram(ProgId),
    /// The machine has no such CPU.
    #[error("the machine has no CPU {0}")]
    NoCpu(Cpu),
}

impl TrapKind {
    /// The address that a memory fault is about.
    #[must_use]
    pub const fn addr(&self) -> Option<Addr> {
        match self {
            Self::Fault(
                Fault::Access { addr, .. }
                | Fault::Misaligned { addr, .. }
                | Fault::WrongObject { addr, .. },
            )
            | Self::BadCallTarget(addr)
            | Self::NoArena(addr) => Some(*addr),
            _ => None,
        }
    }

    /// Tells whether skep lacks something that Linux has, as opposed to a mistake of the program.
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        matches!(self, Self::UnknownHelper(_) | Self::UnknownKfunc(_) | Self::NoPacket)
    }
}

/// One insn, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The program.
    pub program: Arc<str>,
    /// The subprogram, where the object names it.
    pub subprog: Option<Arc<str>>,
    /// The insn.
    pub insn: InsnIdx,
    /// Its text.
    pub text: String,
    /// Source file and line.
    pub source: Option<SourceLine>,
}

/// A line of C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// Its text; may be empty.
    pub text: Arc<str>,
}

impl Location {
    /// Describes an insn of a program.
    #[must_use]
    pub fn of(program: &Program, insn: InsnIdx) -> Self {
        let source = program.line_at(insn).map(|line| SourceLine {
            file: Arc::clone(&line.file),
            line: line.line,
            text: Arc::clone(&line.text),
        });
        Self {
            program: Arc::clone(program.name()),
            subprog: program.subprog_at(insn).cloned(),
            insn,
            text: program.text_at(insn),
            source,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, subprog, insn, text, source } = self;
        write!(f, "insn {insn}: {text}")?;
        match subprog {
            Some(subprog) if subprog != program => write!(f, "\n  in {subprog} of {program}")?,
            _ => write!(f, "\n  in {program}")?,
        }
        if let Some(SourceLine { file, line, text }) = source {
            write!(f, ", {file}:{line}")?;
            if !text.trim().is_empty() {
                write!(f, ": {}", text.trim())?;
            }
        }
        Ok(())
    }
}

/// The end of a run that did what it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// What it did.
    pub kind: TrapKind,
    /// Where.
    pub at: Location,
    /// The calls that led there, innermost first.
    pub callers: Vec<Location>,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  at {}", self.kind, self.at)?;
        for caller in &self.callers {
            write!(f, "\n  called from {caller}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Trap {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kind)
    }
}
