//! Programs as text: insns in the kernel's spelling, with their source lines and what they refer to.

use serde_json::{Map, Value, json};
use skep_btf::{Btf, TypeId};
use skep_isa::{Imm64, Names, Op};
use skep_object::{InsnIdx, MapSpec, Outcome, Resolved, ResolvedProgram};

/// A program, ready to print.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// What is said about the program as a whole, in the order of the document.
    pub(crate) head: Map<String, Value>,
    /// The function's name.
    pub(crate) name: String,
    /// Its type and section, in words.
    pub(crate) summary: String,
    /// Why it cannot be used, where it cannot.
    pub(crate) refusal: Option<String>,
    /// Its insns.
    pub(crate) lines: Vec<Line>,
}

/// One insn.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its first slot.
    pub(crate) insn: u32,
    /// The function that begins here: its name.
    pub(crate) func: Option<String>,
    /// The source line that begins here.
    pub(crate) source: Option<SourceLine>,
    /// Its bytes: 8, or 16 for `ld_imm64`.
    pub(crate) bytes: Vec<u8>,
    /// What the kernel's log would print after the opcode.
    pub(crate) text: String,
    /// The function, map or variable that it refers to.
    pub(crate) refers: Option<String>,
    /// The CO-RE relocation that filled it in.
    pub(crate) relocation: Option<String>,
}

/// A line of C.
#[derive(Clone, Debug)]
pub(crate) struct SourceLine {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) text: String,
}

impl Listing {
    /// Disassembles a program of a resolved object.
    pub(crate) fn new(program: &ResolvedProgram, object: &Resolved, kernel: &Btf) -> Self {
        let (status, refusal) = match &program.outcome {
            Outcome::Ready => ("ready", None),
            Outcome::Unsupported(missing) => ("unsupported", Some(missing.to_string())),
            Outcome::Failed(error) => ("failed", Some(error.to_string())),
        };
        let target = program.attach_target.as_deref();
        let of = |text: Option<&str>| text.map_or_else(String::new, |text| format!(", {text}"));
        let summary = format!(
            "{}{}{}, section {}, {} insns",
            program.prog_type.name(),
            of(program.attach_type.map(skep_abi::AttachType::name)),
            of(target),
            program.section,
            program.insns.len()
        );
        let funcs: Vec<Value> = program
            .funcs
            .iter()
            .map(|func| json!({ "insn": func.insn.0, "name": func.name, "global": func.is_global }))
            .collect();
        let relocations: Vec<Value> = program
            .core_relocations
            .iter()
            .map(|one| json!({ "insn": one.insn.0, "what": one.what, "poisoned": one.is_poisoned }))
            .collect();
        let Value::Object(head) = json!({
            "name": program.name,
            "section": program.section,
            "type": program.prog_type.name(),
            "attach_type": program.attach_type.map(skep_abi::AttachType::name),
            "attach_target": target,
            "sleepable": program.sleepable,
            "autoload": program.autoload,
            "status": status,
            "reason": refusal,
            "subprograms": funcs,
            "core_relocations": relocations,
        }) else {
            return Self::empty(program, summary, refusal);
        };
        let context = Context { program, object, kernel };
        Self { head, lines: context.lines(), ..Self::empty(program, summary, refusal) }
    }

    fn empty(program: &ResolvedProgram, summary: String, refusal: Option<String>) -> Self {
        let (head, lines) = (Map::new(), Vec::new());
        Self { head, name: program.name.clone(), summary, refusal, lines }
    }

    /// The program's part of the document.
    pub(crate) fn json(&self) -> Value {
        let mut fields = self.head.clone();
        let lines: Vec<Value> = self.lines.iter().map(Line::json).collect();
        fields.insert("insns".to_owned(), Value::Array(lines));
        Value::Object(fields)
    }
}

impl Line {
    fn json(&self) -> Value {
        let hex: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut fields = Map::new();
        fields.insert("insn".to_owned(), json!(self.insn));
        fields.insert("bytes".to_owned(), json!(hex));
        fields.insert("text".to_owned(), json!(self.text));
        if let Some(name) = &self.refers {
            fields.insert("refers".to_owned(), json!(name));
        }
        if let Some(source) = &self.source {
            let SourceLine { file, line, column, text } = source;
            let source = json!({ "file": file, "line": line, "column": column, "text": text });
            fields.insert("source".to_owned(), source);
        }
        Value::Object(fields)
    }
}

/// What names and source lines come from.
struct Context<'a> {
    program: &'a ResolvedProgram,
    object: &'a Resolved,
    kernel: &'a Btf,
}

impl Context<'_> {
    fn lines(&self) -> Vec<Line> {
        let insns = &self.program.insns;
        skep_isa::ops(insns)
            .map(|(idx, op)| {
                let slots = op.as_ref().map_or(1, Op::slots);
                let at = InsnIdx(idx.0);
                Line {
                    insn: idx.0,
                    func: self.func_at(at).map(str::to_owned),
                    source: self.source_at(at),
                    bytes: insns[idx.at()..]
                        .iter()
                        .take(slots)
                        .flat_map(|insn| insn.encode())
                        .collect(),
                    text: skep_isa::disasm_at(insns, idx, self),
                    refers: op.ok().and_then(|op| self.refers(at, &op)),
                    relocation: self.relocation_at(at),
                }
            })
            .collect()
    }

    fn func_at(&self, insn: InsnIdx) -> Option<&str> {
        let func = self.program.funcs.iter().find(|func| func.insn == insn)?;
        Some(&func.name)
    }

    fn source_at(&self, insn: InsnIdx) -> Option<SourceLine> {
        let btf = self.object.btf.as_ref()?;
        let line = self.program.lines.iter().find(|line| line.insn == insn)?;
        Some(SourceLine {
            file: line.file(btf).to_owned(),
            line: line.line,
            column: line.column,
            text: line.text(btf).to_owned(),
        })
    }

    /// The question to the kernel's types that an insn holds the answer to.
    fn relocation_at(&self, insn: InsnIdx) -> Option<String> {
        let all = &self.program.core_relocations;
        let one = &all[all.binary_search_by_key(&insn, |one| one.insn).ok()?];
        let lack = if one.is_poisoned { ", which the kernel lacks" } else { "" };
        Some(format!("CO-RE {}{lack}", one.what))
    }

    /// What an insn points at, where its text alone does not say so.
    fn refers(&self, at: InsnIdx, op: &Op) -> Option<String> {
        let target = |slots: u32, off: i32| {
            let slot = at.0.checked_add(slots)?.checked_add_signed(off)?;
            self.func_at(InsnIdx(slot)).map(str::to_owned)
        };
        match *op {
            Op::CallSubprog { off } => target(1, off),
            // The kernel counts from the slot after the first one.
            Op::LdImm64 { value: Imm64::Func(off), .. } => target(1, off),
            Op::LdImm64 { value: Imm64::MapValue { fd, off }, .. } => {
                let map = self.map(fd)?;
                let var = map.variables.iter().find(|var| {
                    off.checked_sub(var.offset).is_some_and(|into| into < var.size.max(1))
                })?;
                let into = off - var.offset;
                Some(if into == 0 { var.name.clone() } else { format!("{}+{into}", var.name) })
            }
            _ => None,
        }
    }

    fn map(&self, index: i32) -> Option<&MapSpec> {
        self.object.maps.get(usize::try_from(index).ok()?)
    }
}

impl Names for Context<'_> {
    fn helper(&self, id: i32) -> Option<&str> {
        skep_calls::helper_name(u32::try_from(id).ok()?)
    }

    fn kfunc(&self, btf_id: i32, fd_idx: i16) -> Option<&str> {
        // Another fd is a module's, whose types are not at hand.
        let id = TypeId(u32::try_from(btf_id).ok().filter(|_| fd_idx == 0)?);
        Some(self.kernel.name(id)).filter(|name| !name.is_empty())
    }

    fn imm64(&self, value: Imm64) -> Option<String> {
        match value {
            Imm64::MapFd(index) => Some(format!("map[{}]", self.map(index)?.name)),
            Imm64::MapValue { fd, off } => Some(format!("map[{}][0]+{off}", self.map(fd)?.name)),
            Imm64::BtfId { id, fd: 0 } => {
                let name = self.kernel.name(TypeId(u32::try_from(id).ok()?));
                (!name.is_empty()).then(|| format!("&{name}"))
            }
            _ => None,
        }
    }
}
