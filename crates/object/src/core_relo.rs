//! CO-RE relocations applied to insns: `bpf_core_patch_insn` of `relo_core.c`.

use std::collections::HashMap;
use std::sync::Arc;

use skep_btf::TypeId;
use skep_btf::core::{CoreError, Outcome, POISON_IMM, Patch, Relocation, RelocationKind};
use skep_isa::{Insn, InsnIdx, Reg, opcode};

use crate::code::Function;
use crate::error::{Missing, MissingKind, bounded, shown};
use crate::ext::CoreRecord;
use crate::profile::KernelProfile;
use crate::spec::ObjectSpec;

/// Different questions of one object that are put into words; of the others only the kind is told.
const DESCRIBED_MAX: usize = 4096;

/// Code after CO-RE relocation.
pub(crate) struct Relocated {
    /// Insns of each section.
    pub(crate) insns: Vec<Vec<Insn>>,
    /// What went wrong, by function.
    pub(crate) faults: HashMap<usize, Fault>,
    /// Relocations by section and insn.
    pub(crate) asked: Vec<Asked>,
}

/// Why a function cannot be used on this kernel.
pub(crate) enum Fault {
    Missing(Missing),
    /// What was found, at which insn of the function.
    Failed(String, InsnIdx),
}

/// A relocation; without an answer its insn is poisoned.
pub(crate) struct Asked {
    pub(crate) section: usize,
    pub(crate) insn: u32,
    pub(crate) what: Arc<str>,
    pub(crate) is_poisoned: bool,
}

/// Applies all CO-RE relocations of an object.
pub(crate) fn apply(spec: &ObjectSpec, profile: &KernelProfile) -> Relocated {
    let code = &spec.body.code;
    let insns = code.sections.iter().map(|section| section.insns.clone()).collect();
    let mut done = Relocated { insns, faults: HashMap::new(), asked: Vec::new() };
    let mut answers = Answers::new();
    for (section, records) in code.sections.iter().map(|section| &section.cores).enumerate() {
        for record in records {
            // Records outside functions belong to a weak function that lost to another.
            let Some(index) = code.function_at(section, u64::from(record.insn)) else { continue };
            if matches!(done.faults.get(&index), Some(Fault::Failed(..))) {
                continue;
            }
            if let Err(fault) = one(spec, profile, index, record, &mut answers, &mut done) {
                // What is wrong on every kernel counts more than what a profile lacks.
                if matches!(fault, Fault::Failed(..)) || !done.faults.contains_key(&index) {
                    done.faults.insert(index, fault);
                }
            }
        }
    }
    done
}

/// Answers by question, with the question in words: the same field is asked for again and again.
type Answers<'a> =
    HashMap<(RelocationKind, TypeId, &'a str), (Result<Outcome, CoreError>, Arc<str>)>;

fn one<'a>(
    spec: &'a ObjectSpec,
    profile: &KernelProfile,
    index: usize,
    record: &CoreRecord,
    answers: &mut Answers<'a>,
    done: &mut Relocated,
) -> Result<(), Fault> {
    let function = &spec.body.code.functions[index];
    let failed = |found: String| Fault::Failed(found, InsnIdx(record.insn - function.start));
    let Some(btf) = &spec.btf else { return Ok(()) };
    let kind = RelocationKind::from_number(record.kind)
        .ok_or_else(|| failed(format!("CO-RE relocation kind {} is unknown", record.kind)))?;
    let access = btf.str_at(record.access_off).ok_or_else(|| {
        failed(format!("the access string at {:#x} of BTF is not there", record.access_off))
    })?;
    let relocation = Relocation { kind, root: record.ty, access };
    let is_described = answers.len() < DESCRIBED_MAX;
    let (answer, what) = answers.entry((kind, record.ty, access)).or_insert_with(|| {
        let what =
            if is_described { bounded(&relocation.describe(btf)) } else { kind.name().to_owned() };
        (profile.core_target().relocate(btf, &relocation), what.into())
    });
    let outcome = answer.clone().map_err(|error| {
        let what = shown(&relocation.describe(btf));
        failed(format!("CO-RE relocation {what} cannot be answered: {error}"))
    })?;
    let patch = match outcome {
        Outcome::Value(patch) => Some(patch),
        Outcome::Unresolved => None,
        Outcome::MissingFromProfile(name) => {
            return Err(Fault::Missing(Missing { kind: MissingKind::Type, name: bounded(&name) }));
        }
    };
    let place = patch_insn(&mut done.insns[function.section], function, record.insn, patch)
        .map_err(|found| {
            failed(format!("CO-RE relocation {}: {found}", shown(&relocation.describe(btf))))
        })?;
    done.asked.push(Asked {
        section: function.section,
        insn: record.insn,
        what: Arc::clone(what),
        is_poisoned: place == Applied::Poisoned,
    });
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Applied {
    Patched,
    Poisoned,
}

/// Puts the answer into an insn; without one, or where it does not fit a load or store, poisons the insn.
fn patch_insn(
    insns: &mut [Insn],
    function: &Function,
    at: u32,
    patch: Option<Patch>,
) -> Result<Applied, String> {
    let place = at as usize;
    let is_wide = insns[place].code == opcode::LD_IMM64;
    if is_wide && at + 1 >= function.end() {
        return Err("its ld_imm64 lacks the second half".into());
    }
    let Some(patch) = patch else {
        poison(insns, place, is_wide);
        return Ok(Applied::Poisoned);
    };
    let check = |holds: u64| {
        if patch.validate && holds != patch.orig {
            let found =
                format!("the insn holds {holds}, not {} as the object's own types say", patch.orig);
            return Err(found);
        }
        Ok(())
    };
    let insn = &mut insns[place];
    match insn.code & opcode::CLASS_MASK {
        opcode::ALU | opcode::ALU64 if insn.code & opcode::SRC_MASK == opcode::K => {
            check(sign_extended(insn.imm))?;
            insn.imm = patch.new as u32 as i32;
        }
        opcode::LDX | opcode::ST | opcode::STX => {
            check(i64::from(insn.off).cast_unsigned())?;
            let off = i16::try_from(patch.new)
                .map_err(|_| format!("offset {} does not fit in 16 bits", patch.new))?;
            if patch.fail_memsz_adjust {
                poison(insns, place, is_wide);
                return Ok(Applied::Poisoned);
            }
            insn.off = off;
            resize(insn, &patch)?;
        }
        opcode::LD if is_wide => {
            let [first, second] = [insns[place], insns[place + 1]];
            let has_fields = first.src.0 != 0 || first.off != 0;
            if has_fields || second != (Insn { imm: second.imm, ..Insn::default() }) {
                return Err("its ld_imm64 has fields that are not zero".into());
            }
            check(
                u64::from(first.imm.cast_unsigned()) | u64::from(second.imm.cast_unsigned()) << 32,
            )?;
            insns[place].imm = patch.new as u32 as i32;
            insns[place + 1].imm = (patch.new >> 32) as u32 as i32;
        }
        _ => return Err(format!("insn code {:#04x} holds nothing to relocate", insn.code)),
    }
    Ok(Applied::Patched)
}

/// The imm as libbpf compares it with 64-bit values.
fn sign_extended(imm: i32) -> u64 {
    i64::from(imm).cast_unsigned()
}

/// Adjusts the bytes that a load or store moves to those of the kernel's field.
fn resize(insn: &mut Insn, patch: &Patch) -> Result<(), String> {
    if patch.new_size == patch.orig_size {
        return Ok(());
    }
    let sizes = [(opcode::B, 1), (opcode::H, 2), (opcode::W, 4), (opcode::DW, 8)];
    let current = insn.code & opcode::SIZE_MASK;
    let moves = sizes.iter().find(|size| size.0 == current).map_or(0, |size| size.1);
    if moves != patch.orig_size {
        return Err(format!("the insn moves {moves} bytes, but the field has {}", patch.orig_size));
    }
    let Some(&(size, _)) = sizes.iter().find(|size| size.1 == patch.new_size) else {
        return Err(format!(
            "the kernel's field has {} bytes, which no insn moves",
            patch.new_size
        ));
    };
    insn.code = insn.code & !opcode::SIZE_MASK | size;
    Ok(())
}

/// Replaces an insn by a call to a helper that does not exist.
fn poison(insns: &mut [Insn], place: usize, is_wide: bool) {
    let poisoned = Insn {
        code: opcode::JMP | opcode::CALL,
        dst: Reg(0),
        src: Reg(0),
        off: 0,
        imm: POISON_IMM,
    };
    insns[place] = poisoned;
    if is_wide {
        insns[place + 1] = poisoned;
    }
}
