//! Addresses in insns: what `resolve_pseudo_ldimm64` and `fixup_kfunc_call` of `kernel/bpf/verifier.c` put there.

use std::collections::HashMap;

use skep_isa::{Insn, opcode};
use skep_object::ResolvedProgram;

use super::Loader;
use crate::Error;

impl Loader<'_> {
    /// The program's insns with machine addresses for maps and kernel variables, and the names of the kernel
    /// functions that it calls.
    pub(super) fn addresses(
        &mut self,
        program: &ResolvedProgram,
    ) -> Result<(Vec<Insn>, HashMap<i32, String>), Error> {
        let mut insns = program.insns.clone();
        let mut kfuncs = HashMap::new();
        let mut at = 0;
        while at < insns.len() {
            let insn = insns[at];
            if insn.code == opcode::LD_IMM64 && at + 1 < insns.len() {
                if let Some(address) = self.imm64(insn, insns[at + 1].imm)? {
                    insns[at].src.0 = 0;
                    insns[at].imm = address as i32;
                    insns[at + 1].imm = (address >> 32) as i32;
                }
                at += 1;
            } else if insn.code == opcode::JMP | opcode::CALL
                && insn.src.0 == opcode::PSEUDO_KFUNC_CALL
            {
                let name = self.kfunc(insn.imm);
                if skep_calls::by_name(&name).is_none() {
                    let message = format!(
                        "program {}, insn {at}: skep does not implement the kernel function {name} yet",
                        program.name
                    );
                    return Err(
                        Error::unsupported(message).hint("`skep list kfuncs` tells which it does")
                    );
                }
                kfuncs.insert(insn.imm, name);
            }
            at += 1;
        }
        Ok((insns, kfuncs))
    }

    /// The address that a two-slot load stands for; `None` when it is a number, or the engine's to find.
    fn imm64(&mut self, insn: Insn, second: i32) -> Result<Option<u64>, Error> {
        match insn.src.0 {
            opcode::PSEUDO_MAP_FD => Ok(Some(self.map_of(insn.imm)?.addr().0)),
            opcode::PSEUDO_MAP_VALUE => {
                let map = self.map_of(insn.imm)?;
                let value = super::map::first_value(map).ok_or_else(|| {
                    Error::unsupported(format!(
                        "direct access to a value of map {}",
                        map.def().name
                    ))
                })?;
                Ok(Some(value.offset(second.into()).0))
            }
            opcode::PSEUDO_BTF_ID => self.ksym(insn.imm).map(|addr| Some(addr.0)),
            _ => Ok(None),
        }
    }

    fn map_of(&self, index: i32) -> Result<&skep_machine::Map, Error> {
        usize::try_from(index)
            .ok()
            .and_then(|index| super::map::by_index(self.maps, index))
            .and_then(|map| self.machine.map(map.id))
            .ok_or_else(|| Error::unsupported(format!("map {index} of the object is not created")))
    }

    fn kfunc(&self, btf_id: i32) -> String {
        let id = u32::try_from(btf_id).ok().map(skep_btf::TypeId);
        id.and_then(|id| self.profile.btf.get(id))
            .map_or_else(|| format!("kernel function {btf_id}"), |ty| ty.name().to_owned())
    }
}
