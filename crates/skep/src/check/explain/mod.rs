//! What led to a rejection, out of the path that the verifier walked: where a value came from, where a reference was
//! acquired, which branches were taken.

mod advice;
mod branches;
mod origin;

use skep_abi::{
    AttachType, CallTable as _, Caller, HelperAnswer, KernelVersion, KfuncAnswer, KfuncFlags,
    TypeFlags,
};
use skep_btf::{Btf, TypeId};
use skep_calls::KernelCalls;
use skep_isa::{Insn, opcode as op};
use skep_object::ResolvedProgram;
use skep_verifier::Rejection;

use super::object::SourceLine;

pub(super) use advice::{help, meaning};

/// One thing that led to a rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The insn.
    pub insn: u32,
    /// Its line of source, where known.
    pub source: Option<SourceLine>,
    /// What happened there.
    pub text: String,
}

/// The program that was rejected, and what its insns are called.
struct Subject<'a> {
    program: &'a ResolvedProgram,
    btf: Option<&'a Btf>,
    kernel: &'a Btf,
    version: KernelVersion,
}

impl Subject<'_> {
    fn insn(&self, at: u32) -> Option<Insn> {
        self.program.insns.get(at as usize).copied()
    }

    fn fact(&self, insn: u32, text: impl Into<String>) -> Fact {
        let source = self.btf.and_then(|btf| SourceLine::of(self.program, btf, insn));
        Fact { insn, source, text: text.into() }
    }

    /// Whether a call takes a reference away, as far as the tables of calls tell.
    fn takes_reference(&self, insn: Insn) -> bool {
        let caller = Caller {
            prog_type: self.program.prog_type,
            attach_type: AttachType::CgroupInetIngress,
            sleepable: self.program.sleepable,
            attach_target: self.program.attach_target.as_deref(),
            struct_ops: None,
            version: self.version,
        };
        if insn.src.0 == op::PSEUDO_KFUNC_CALL {
            return match KernelCalls::OPEN.kfunc(&self.callee(insn), &caller) {
                KfuncAnswer::Proto(proto) => proto.flags.contains(KfuncFlags::RELEASE),
                _ => false,
            };
        }
        match KernelCalls::OPEN.helper(insn.imm.cast_unsigned(), &caller) {
            HelperAnswer::Proto(proto) => {
                proto.args.iter().any(|arg| arg.flags.contains(TypeFlags::OBJ_RELEASE))
            }
            _ => false,
        }
    }

    /// The name of what a call insn calls.
    fn callee(&self, insn: Insn) -> String {
        match insn.src.0 {
            op::PSEUDO_KFUNC_CALL => {
                let id = TypeId(insn.imm.cast_unsigned());
                self.kernel.get(id).map_or_else(|| "a kfunc".to_owned(), |ty| ty.name().to_owned())
            }
            op::PSEUDO_CALL => "a function of the program".to_owned(),
            _ => skep_calls::helper_name(insn.imm.cast_unsigned())
                .map_or_else(|| format!("helper {}", insn.imm), str::to_owned),
        }
    }
}

/// Whether it is a call.
fn is_call(insn: Insn) -> bool {
    insn.code == op::JMP | op::CALL
}

/// What led to a rejection, in the order of the path.
pub(super) fn facts(
    program: &ResolvedProgram,
    btf: Option<&Btf>,
    kernel: (&Btf, KernelVersion),
    why: &Rejection,
) -> Vec<Fact> {
    let subject = Subject { program, btf, kernel: kernel.0, version: kernel.1 };
    let mut facts = branches::facts(&subject, &why.path);
    facts.extend(leaks(&subject, why));
    if let Some(reg) = register_at_fault(&why.message) {
        let is_number = why.message.ends_with("'scalar'");
        let mut made = origin::facts(&subject, &why.path, reg);
        // A release matters where a pointer has become a number.
        made.retain(|fact| is_number || !fact.text.contains(" releases it"));
        facts.extend(made);
    }
    if let Some(reg) = register_at_fault(&why.message).filter(|_| leaves_memory(&why.message)) {
        facts.extend(origin::index(&subject, &why.path, reg));
    }
    // The order of the path; an insn that is passed twice counts where it was passed last.
    let place = |fact: &Fact| why.path.iter().rposition(|at| *at == Some(fact.insn));
    facts.sort_by_key(place);
    facts.dedup();
    facts
}

/// Where references that leak were acquired: the kernel's own words say so.
fn leaks(subject: &Subject<'_>, why: &Rejection) -> Vec<Fact> {
    let lines = why.lines_before.iter().chain([&why.message]);
    lines
        .filter_map(|line| {
            let insn = line.split("alloc_insn=").nth(1)?;
            let insn: u32 = insn.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
            let callee = subject.insn(insn).map(|insn| subject.callee(insn)).unwrap_or_default();
            Some(subject.fact(insn, format!("the reference is acquired here by {callee}")))
        })
        .collect()
}

/// The register that the kernel's sentence is about.
fn register_at_fault(message: &str) -> Option<u8> {
    let words = message.split(|c: char| !c.is_ascii_alphanumeric());
    let number = words.filter_map(|word| word.strip_prefix('R')).find_map(|n| n.parse().ok());
    number.filter(|reg| *reg <= 10)
}

/// Whether the kernel's sentence is about an access whose offset may be too large or too small.
fn leaves_memory(message: &str) -> bool {
    ["outside of the allowed memory range", "unbounded memory access"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_at_fault_is_read_out_of_the_kernels_sentence() {
        assert_eq!(register_at_fault("R1 type=scalar expected=fp"), Some(1));
        assert_eq!(register_at_fault("invalid access to map value, value_size=8"), None);
        assert_eq!(register_at_fault("args#0 expected pointer but R10 has a pointer"), Some(10));
        assert_eq!(register_at_fault("R11 is invalid"), None);
    }
}
