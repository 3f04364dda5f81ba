//! Which maps and programs belong together: a program needs the maps that its insns name, a map the maps and programs
//! in its slots.

use std::collections::BTreeSet;

use skep_isa::opcode;
use skep_object::{MapInit, Resolved, Slot};

/// Places in the resolved object.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) programs: BTreeSet<usize>,
    pub(super) maps: BTreeSet<usize>,
}

impl Needs {
    /// Everything.
    pub(super) fn all(resolved: &Resolved) -> Self {
        let (programs, maps) = (0..resolved.programs.len(), 0..resolved.maps.len());
        Self { programs: programs.collect(), maps: maps.collect() }
    }

    /// What some programs need, themselves included.
    pub(super) fn of(resolved: &Resolved, programs: &[usize]) -> Self {
        let mut needs = Self::default();
        for &at in programs {
            needs.program(resolved, at);
        }
        needs
    }

    fn program(&mut self, resolved: &Resolved, at: usize) {
        let Some(program) = resolved.programs.get(at).filter(|_| self.programs.insert(at)) else {
            return;
        };
        for insn in &program.insns {
            let names_map = insn.code == opcode::LD_IMM64
                && matches!(insn.src.0, opcode::PSEUDO_MAP_FD | opcode::PSEUDO_MAP_VALUE);
            if let (true, Ok(map)) = (names_map, usize::try_from(insn.imm)) {
                self.map(resolved, map);
            }
        }
    }

    fn map(&mut self, resolved: &Resolved, at: usize) {
        let Some(spec) = resolved.maps.get(at).filter(|_| self.maps.insert(at)) else { return };
        let MapInit::Slots(slots) = &spec.init else { return };
        for (_, slot) in slots {
            match slot {
                Slot::Map(map) => self.map(resolved, map.0 as usize),
                Slot::Program(program) => self.program(resolved, program.0 as usize),
            }
        }
    }
}
