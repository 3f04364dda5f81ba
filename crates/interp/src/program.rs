//! A program as the interpreter runs it: insns, and what is known about where they come from.

use std::collections::HashMap;
use std::sync::Arc;

use skep_abi::{Addr, CallKind, ProgId, ProgType};
use skep_calls::Call;
use skep_isa::{INSN_SIZE, Imm64, Insn, InsnIdx, Names};
use skep_machine::memory::OutOfMemory;
use skep_machine::{Machine, ObjType};

use crate::code::{self, Around, Slot};

/// Where a subprogram begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncInfo {
    /// Its first insn.
    pub insn: InsnIdx,
    /// Its name in C.
    pub name: Arc<str>,
}

/// The source line of the insns from here to the next record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInfo {
    /// The first insn of the line.
    pub insn: InsnIdx,
    /// Source file, as the compiler recorded it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Text of the line; may be empty.
    pub text: Arc<str>,
}

/// Everything that makes a program; [`Program::new`] turns it into one.
#[derive(Clone, Debug)]
pub struct ProgramSpec {
    /// Its id on the machine.
    pub id: ProgId,
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub prog_type: ProgType,
    /// The main program and its subprograms. Maps in `ld_imm64` are already machine addresses with a zero source
    /// register; calls and addresses of subprograms are relative, as the kernel takes them.
    pub insns: Vec<Insn>,
    /// Source lines, by ascending insn; may be empty.
    pub lines: Vec<LineInfo>,
    /// Subprograms, by ascending insn; may be empty.
    pub funcs: Vec<FuncInfo>,
    /// Names of the kernel functions that it calls, by the BTF id in the call.
    pub kfuncs: HashMap<i32, String>,
    /// The subprogram that handles exceptions (`bpf_throw`); without one the cookie is the result.
    pub exception_cb: Option<InsnIdx>,
    /// Words of the context that are trusted BTF pointers, a bit each: the pointer arguments of `tp_btf` programs.
    pub ctx_ptrs: u16,
    /// Whether it may sleep (`BPF_F_SLEEPABLE`): it is in an RCU section only where it says so.
    pub sleepable: bool,
    /// Structs that it may allocate (`bpf_obj_new`), by their numbers in its BTF.
    pub obj_types: Arc<HashMap<u32, Arc<ObjType>>>,
}

impl ProgramSpec {
    /// A program of bare insns, without source lines.
    #[must_use]
    pub fn raw(id: ProgId, name: &str, prog_type: ProgType, insns: Vec<Insn>) -> Self {
        let (lines, funcs) = (Vec::new(), Vec::new());
        let kfuncs = HashMap::new();
        let name = name.into();
        let (exception_cb, ctx_ptrs, sleepable) = (None, 0, false);
        let obj_types = Arc::default();
        Self {
            id,
            name,
            prog_type,
            insns,
            lines,
            funcs,
            kfuncs,
            exception_cb,
            ctx_ptrs,
            sleepable,
            obj_types,
        }
    }
}

/// A program that can run.
#[derive(Debug)]
pub struct Program {
    spec: ProgramSpec,
    base: Addr,
    slots: Vec<Slot>,
}

impl Program {
    /// Decodes a program and gives its code an address on the machine.
    ///
    /// Insns that are malformed trap when they are reached.
    ///
    /// # Errors
    /// When the machine's window for code is full.
    pub fn new(machine: &Machine, spec: ProgramSpec) -> Result<Self, OutOfMemory> {
        let bytes = spec.insns.len() as u64 * INSN_SIZE as u64;
        let base = machine.memory().alloc_code(bytes, &format!("program {}", spec.name))?;
        let kfunc = |btf_id, _| spec.kfuncs.get(&btf_id).and_then(|name| kfunc(name));
        let around =
            Around { base, version: machine.version(), prog_type: spec.prog_type, kfunc: &kfunc };
        let slots = code::decode(&spec.insns, &around);
        Ok(Self { spec, base, slots })
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ProgId {
        self.spec.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.spec.name
    }

    /// Its type.
    #[must_use]
    pub const fn prog_type(&self) -> ProgType {
        self.spec.prog_type
    }

    /// The subprogram that handles exceptions.
    pub(crate) const fn exception_cb(&self) -> Option<InsnIdx> {
        self.spec.exception_cb
    }

    /// Its insns as they were given.
    #[must_use]
    pub fn insns(&self) -> &[Insn] {
        &self.spec.insns
    }

    /// The name of the subprogram that `idx` belongs to.
    #[must_use]
    pub fn subprog_at(&self, idx: InsnIdx) -> Option<&Arc<str>> {
        let after = self.spec.funcs.partition_point(|func| func.insn <= idx);
        self.spec.funcs[..after].last().map(|func| &func.name)
    }

    /// The source line that `idx` was compiled from.
    #[must_use]
    pub fn line_at(&self, idx: InsnIdx) -> Option<&LineInfo> {
        let after = self.spec.lines.partition_point(|line| line.insn <= idx);
        self.spec.lines[..after].last()
    }

    /// The insn's text, in the kernel's spelling.
    #[must_use]
    pub fn text_at(&self, idx: InsnIdx) -> String {
        skep_isa::disasm_at(&self.spec.insns, idx, self)
    }

    /// The address of a slot's code.
    #[must_use]
    pub const fn code_addr(&self, idx: InsnIdx) -> Addr {
        Addr(self.base.0 + idx.0 as u64 * INSN_SIZE as u64)
    }

    /// The slot at a code address of this program.
    #[must_use]
    pub fn slot_at(&self, addr: Addr) -> Option<InsnIdx> {
        let offset = addr.0.checked_sub(self.base.0)?;
        let idx = u32::try_from(offset / INSN_SIZE as u64).ok()?;
        let aligned = offset.is_multiple_of(INSN_SIZE as u64);
        (aligned && (idx as usize) < self.slots.len()).then_some(InsnIdx(idx))
    }

    pub(crate) const fn ctx_ptrs(&self) -> u16 {
        self.spec.ctx_ptrs
    }

    /// Whether it may sleep.
    pub(crate) const fn is_sleepable(&self) -> bool {
        self.spec.sleepable
    }

    /// A struct that it may allocate.
    pub(crate) fn obj_type(&self, id: u64) -> Option<Arc<ObjType>> {
        self.spec.obj_types.get(&u32::try_from(id).ok()?).cloned()
    }

    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

impl Names for Program {
    fn helper(&self, id: i32) -> Option<&str> {
        u32::try_from(id).ok().and_then(skep_calls::helper).map(|call: &Call| call.spec.name)
    }

    fn kfunc(&self, btf_id: i32, _: i16) -> Option<&str> {
        self.spec.kfuncs.get(&btf_id).map(String::as_str)
    }

    fn imm64(&self, _: Imm64) -> Option<String> {
        None
    }
}

/// The kernel function of this name.
fn kfunc(name: &str) -> Option<&'static Call> {
    skep_calls::by_name(name).filter(|call| call.spec.kind == CallKind::Kfunc)
}
