//! Subprograms behind their program: libbpf's `bpf_object__reloc_code`.
//!
//! Each program gets its own copy of every subprogram that it reaches, appended when its first call is met, with
//! that subprogram's own calls handled before the caller goes on. So the order is that of a walk into depth.

use std::collections::HashMap;

use skep_btf::TypeId;
use skep_isa::{Insn, InsnIdx, opcode};

use crate::code::{Code, CodeSection, Function};
use crate::error::ResolveError;
use crate::reloc::Target;
use crate::resolved::{FuncInfo, LineInfo};

/// Insns of a program that no kernel exceeds (`BPF_COMPLEXITY_LIMIT_INSNS`).
const PROGRAM_MAX: usize = 1_000_000;

/// Insns and lines that all programs of an object may have together; the largest known objects have a tenth.
pub(crate) const OBJECT_MAX: usize = 8_000_000;

/// A program with its subprograms.
#[derive(Debug, Default)]
pub(crate) struct Linked {
    pub(crate) insns: Vec<Insn>,
    pub(crate) parts: Vec<Part>,
    pub(crate) funcs: Vec<FuncInfo>,
    pub(crate) lines: Vec<LineInfo>,
}

/// A function's place in a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Index into [`Code::functions`].
    pub(crate) function: usize,
    /// Its first insn within the program.
    pub(crate) at: u32,
}

/// A walk over one program's functions.
pub(crate) struct Linker<'a> {
    code: &'a Code,
    /// Insns of each section after CO-RE relocation.
    insns: &'a [Vec<Insn>],
    program: &'a Function,
    linked: Linked,
    /// Where functions of `.text` went.
    placed: HashMap<usize, u32>,
}

impl<'a> Linker<'a> {
    pub(crate) fn new(code: &'a Code, insns: &'a [Vec<Insn>], program: usize) -> Self {
        Self {
            code,
            insns,
            program: &code.functions[program],
            linked: Linked::default(),
            placed: HashMap::new(),
        }
    }

    pub(crate) fn finish(self) -> Linked {
        self.linked
    }

    /// Whether a subprogram is part of the program already.
    pub(crate) fn has(&self, function: usize) -> bool {
        self.placed.contains_key(&function)
    }

    /// Appends a function and everything that it calls.
    pub(crate) fn add(&mut self, function: usize) -> Result<(), ResolveError> {
        self.append(function)?;
        // What is left to do: a function's place, and its insn that comes next.
        let mut unfinished = vec![(self.linked.parts.len() - 1, 0)];
        while let Some((part, next)) = unfinished.pop() {
            if let Some((called, insn)) = self.walk(part, next)? {
                unfinished.push((part, insn));
                self.append(called)?;
                unfinished.push((self.linked.parts.len() - 1, 0));
            }
        }
        Ok(())
    }

    fn error(&self, function: &Function, insn: u32, found: &str) -> ResolveError {
        ResolveError::within(&self.program.name, &function.name, found).at(InsnIdx(insn))
    }

    fn append(&mut self, index: usize) -> Result<(), ResolveError> {
        let function = &self.code.functions[index];
        let section = &self.code.sections[function.section];
        let at = self.linked.insns.len();
        if at + function.len as usize > PROGRAM_MAX {
            let found = format!(
                "with its subprograms it has more than {PROGRAM_MAX} insns, the most that Linux takes"
            );
            return Err(ResolveError::new(&self.program.name, found));
        }
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let (start, end) = (function.start as usize, function.end() as usize);
        self.linked.insns.extend_from_slice(&self.insns[function.section][start..end]);
        self.linked.parts.push(Part { function: index, at });
        self.placed.insert(index, at);
        self.infos(function, section, at)
    }

    /// Brings a function's `.BTF.ext` records along. The program's own absence of records excuses its
    /// subprograms'; else each must have some.
    fn infos(
        &mut self,
        function: &Function,
        section: &CodeSection,
        at: u32,
    ) -> Result<(), ResolveError> {
        let range = function.start..function.end();
        let records = within(&section.funcs, &range, |record| record.insn);
        let is_first = self.linked.funcs.is_empty();
        let is_typed = !is_first && self.linked.funcs[0].ty.is_some();
        let missing = |what| self.error(function, 0, &format!("its {what} is missing in .BTF.ext"));
        if is_typed && records.is_empty() {
            return Err(missing("type"));
        }
        let ty = records.first().map(|record| record.ty).filter(|_| is_first || is_typed);
        let lines = within(&section.lines, &range, |record| record.insn);
        if !is_first && !self.linked.lines.is_empty() && lines.is_empty() {
            return Err(missing("line information"));
        }
        if is_first || !self.linked.lines.is_empty() {
            self.linked.lines.extend(lines.iter().map(|record| LineInfo {
                insn: InsnIdx(at + (record.insn - function.start)),
                file_off: record.file_off,
                text_off: record.text_off,
                line: record.line_col >> 10,
                column: record.line_col & 0x3ff,
            }));
        }
        self.linked.funcs.push(FuncInfo {
            insn: InsnIdx(at),
            name: function.name.clone(),
            ty: ty.filter(|&ty| ty != TypeId::VOID),
            is_global: function.is_global && !function.is_hidden,
        });
        Ok(())
    }

    /// Handles calls from insn `next` on, up to the first into a subprogram that is not appended yet: returns that
    /// one and the call's insn.
    fn walk(&mut self, part: usize, next: u32) -> Result<Option<(usize, u32)>, ResolveError> {
        let code = self.code;
        let Part { function, at } = self.linked.parts[part];
        let function = &code.functions[function];
        for insn in next..function.len {
            let place = (at + insn) as usize;
            let slot = self.linked.insns[place];
            if !is_subprog_call(slot) && !is_func_address(slot) {
                continue;
            }
            let Some(called) = self.called(function, insn, slot)? else { continue };
            let Some(&target) = self.placed.get(&called) else { return Ok(Some((called, insn))) };
            let distance = i64::from(target) - i64::from(at + insn) - 1;
            // Programs have at most a million insns.
            self.linked.insns[place].imm = i32::try_from(distance).unwrap_or(i32::MAX);
        }
        Ok(None)
    }

    /// The subprogram that an insn refers to; none for kfuncs.
    fn called(
        &self,
        function: &Function,
        insn: u32,
        slot: Insn,
    ) -> Result<Option<usize>, ResolveError> {
        let section = &self.code.sections[function.section];
        let index = function.start + insn;
        let reloc = section.relocs.binary_search_by_key(&index, |reloc| reloc.insn).ok();
        let imm = i64::from(slot.imm);
        let target = match reloc.map(|found| section.relocs[found].target) {
            Some(Target::Extern(_) | Target::Fault(_)) => return Ok(None),
            Some(Target::Call { offset }) => (offset / 8).checked_add_signed(imm + 1),
            Some(Target::FuncAddr { offset }) => {
                offset.checked_add_signed(imm).map(|byte| byte / 8)
            }
            Some(_) => {
                return Err(self.error(function, insn, "it calls something that is no function"));
            }
            None if is_func_address(slot) => {
                return Err(self.error(
                    function,
                    insn,
                    "the address of a function has no relocation",
                ));
            }
            None if Some(function.section) != self.code.text => {
                let found = "it calls into its own section, and subprograms are in .text";
                return Err(self
                    .error(function, insn, found)
                    .help("remove SEC() from functions that programs call"));
            }
            None => u64::from(index).checked_add_signed(imm + 1),
        };
        let found = target.and_then(|target| Some((self.code.subprog_at(target)?, target)));
        match found {
            Some((called, target)) if u64::from(self.code.functions[called].start) == target => {
                Ok(Some(called))
            }
            _ => {
                let target = target.map_or_else(
                    || "before .text".into(),
                    |target| format!("at insn {target} of .text"),
                );
                Err(self.error(
                    function,
                    insn,
                    &format!("it calls a function {target}, where none starts"),
                ))
            }
        }
    }
}

/// The records of a function, out of its section's.
fn within<'r, T>(
    records: &'r [T],
    range: &std::ops::Range<u32>,
    insn: impl Fn(&T) -> u32,
) -> &'r [T] {
    let start = records.partition_point(|record| insn(record) < range.start);
    let end = records.partition_point(|record| insn(record) < range.end);
    &records[start..end]
}

fn is_subprog_call(insn: Insn) -> bool {
    insn.code == opcode::JMP | opcode::CALL
        && insn.src.0 == opcode::PSEUDO_CALL
        && insn.dst.0 == 0
        && insn.off == 0
}

pub(crate) fn is_func_address(insn: Insn) -> bool {
    insn.code == opcode::LD_IMM64 && insn.src.0 == opcode::PSEUDO_FUNC
}
