//! References of code to maps, data and the kernel: libbpf's `bpf_object__relocate_data`.

use std::collections::HashMap;

use skep_isa::{Insn, InsnIdx, Reg, opcode};

use crate::code::Function;
use crate::error::{ResolveError, shown};
use crate::externs::Answer;
use crate::index::MapIdx;
use crate::jump_table;
use crate::link::{Linked, Part};
use crate::reloc::{CodeReloc, Target};
use crate::resolve::{Verdict, Work};

/// Number of a helper that does not exist, to which the index of an unresolved weak kfunc adds (libbpf's
/// `POISON_CALL_KFUNC_BASE`).
const POISON_KFUNC: i32 = 2_002_000_000;

/// Maps of one program's jump tables, by offset of the table.
type Tables = HashMap<u32, Result<u32, String>>;

impl Work<'_> {
    /// Fills in all references of a program.
    pub(crate) fn references(&mut self, program: &str, linked: &mut Linked, verdict: &mut Verdict) {
        let code = &self.spec.body.code;
        let mut tables = Tables::new();
        for part in &linked.parts {
            let function = &code.functions[part.function];
            let relocs = &code.sections[function.section].relocs;
            let start = relocs.partition_point(|reloc| reloc.insn < function.start);
            if let Some((insn, found)) = descriptor(&linked.insns, *part, function, relocs) {
                verdict.fail(ResolveError::within(program, &function.name, &found).at(insn));
            }
            for reloc in relocs[start..].iter().take_while(|reloc| reloc.insn < function.end()) {
                let found = self.reference(
                    &mut linked.insns,
                    *part,
                    function,
                    *reloc,
                    &mut tables,
                    verdict,
                );
                if let Err((found, help)) = found {
                    let insn = InsnIdx(reloc.insn - function.start);
                    let mut error = ResolveError::within(program, &function.name, &found).at(insn);
                    error.help = help.map(str::to_owned);
                    verdict.fail(error);
                }
            }
        }
    }

    fn reference(
        &mut self,
        insns: &mut [Insn],
        part: Part,
        function: &Function,
        reloc: CodeReloc,
        tables: &mut Tables,
        verdict: &mut Verdict,
    ) -> Result<(), (String, Option<&'static str>)> {
        let insns = &mut insns[(part.at + (reloc.insn - function.start)) as usize..];
        if insns[0].code == opcode::LD_IMM64 && reloc.insn + 1 >= function.end() {
            return Err(("its ld_imm64 lacks the second half".into(), None));
        }
        match reloc.target {
            Target::Call { .. } | Target::FuncAddr { .. } => Ok(()),
            Target::Fault(fault) => Err(self.spec.body.faults[fault as usize].clone()),
            Target::Map(map) => load(insns, opcode::PSEUDO_MAP_FD, map.0),
            Target::Data { map, offset } => self.data(insns, map, offset),
            Target::Extern(index) => self.extern_reference(insns, index as usize, verdict),
            Target::JumpTable { offset, size } => {
                let map = tables.entry(offset).or_insert_with(|| {
                    let map = jump_table::map(
                        &self.spec.body.jump_tables,
                        function,
                        part.at,
                        (offset, size),
                    )?;
                    self.maps.push(map);
                    u32::try_from(self.maps.len() - 1).map_err(|error| error.to_string())
                });
                let map = map.clone().map_err(|found| (found, None))?;
                insns[0].off = 0;
                load(insns, opcode::PSEUDO_MAP_VALUE, map)
            }
        }
    }

    fn data(
        &self,
        insns: &mut [Insn],
        map: MapIdx,
        offset: u32,
    ) -> Result<(), (String, Option<&'static str>)> {
        let is_arena = self.spec.body.arena.is_some_and(|arena| arena.map == map);
        let base = if is_arena { self.arena_offset } else { 0 };
        // The compiler leaves an offset from the symbol in the first half. Sums wrap as libbpf's do.
        let offset = (base as u32).wrapping_add(offset).wrapping_add(insns[0].imm.cast_unsigned());
        load(insns, opcode::PSEUDO_MAP_VALUE, map.0)?;
        insns[1].imm = offset.cast_signed();
        Ok(())
    }

    fn extern_reference(
        &self,
        insns: &mut [Insn],
        index: usize,
        verdict: &mut Verdict,
    ) -> Result<(), (String, Option<&'static str>)> {
        let name = shown(&self.spec.externs[index].name);
        let is_call = insns[0].code == opcode::JMP | opcode::CALL;
        match &self.answers[index] {
            Answer::Missing(missing) => {
                verdict.lack(missing.clone());
                Ok(())
            }
            Answer::Failed(found, help) => Err((format!("extern {name}: {found}"), Some(*help))),
            Answer::Kfunc(id) if is_call => {
                insns[0].src = Reg(opcode::PSEUDO_KFUNC_CALL);
                insns[0].imm = id.0.cast_signed();
                insns[0].off = 0;
                Ok(())
            }
            Answer::Absent if is_call => {
                let number =
                    i32::try_from(index).ok().and_then(|index| POISON_KFUNC.checked_add(index));
                insns[0] = Insn {
                    code: opcode::JMP | opcode::CALL,
                    imm: number.unwrap_or(i32::MAX),
                    ..Insn::default()
                };
                Ok(())
            }
            Answer::Kconfig(_) | Answer::Variable(_) | Answer::Address(_) if is_call => {
                Err((format!("it calls {name}, which is declared as a variable"), None))
            }
            Answer::Kconfig(offset) => {
                let map = self.spec.body.kconfig.map_or(0, |map| map.0);
                load(insns, opcode::PSEUDO_MAP_VALUE, map)?;
                insns[1].imm = offset.cast_signed();
                Ok(())
            }
            Answer::Variable(id) | Answer::Kfunc(id) => {
                load(insns, opcode::PSEUDO_BTF_ID, id.0)?;
                insns[1].imm = 0;
                Ok(())
            }
            Answer::Address(address) => {
                insns[0].imm = *address as u32 as i32;
                insns[1].imm = (*address >> 32) as u32 as i32;
                Ok(())
            }
            Answer::Absent => {
                (insns[0].imm, insns[1].imm) = (0, 0);
                Ok(())
            }
        }
    }
}

/// Finds a `ld_imm64` that names a map by file descriptor, which an object cannot know. Left alone, it would be
/// taken for an index.
fn descriptor(
    insns: &[Insn],
    part: Part,
    function: &Function,
    relocs: &[CodeReloc],
) -> Option<(InsnIdx, String)> {
    let own = &insns[part.at as usize..][..function.len as usize];
    let mut at = 0;
    while let Some(insn) = own.get(at as usize) {
        let is_wide = insn.code == opcode::LD_IMM64;
        let names_map = matches!(insn.src.0, opcode::PSEUDO_MAP_FD | opcode::PSEUDO_MAP_VALUE);
        let reloc = || relocs.binary_search_by_key(&(function.start + at), |reloc| reloc.insn);
        if is_wide && names_map && reloc().is_err() {
            let found = format!(
                "fd {} is not pointing to valid bpf_map: the insn names a map by number, and no relocation says which",
                insn.imm
            );
            return Some((InsnIdx(at), found));
        }
        at += if is_wide { 2 } else { 1 };
    }
    None
}

/// Makes a `ld_imm64` refer to something.
fn load(insns: &mut [Insn], source: u8, index: u32) -> Result<(), (String, Option<&'static str>)> {
    if insns[0].code != opcode::LD_IMM64 {
        // Only a CO-RE relocation of the same insn can have changed it.
        return Err(("a reference and a CO-RE relocation are on the same insn".into(), None));
    }
    insns[0].src = Reg(source);
    insns[0].imm = index.cast_signed();
    Ok(())
}
