//! The insns of a saved case.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use skep_isa::{
    Imm64, Insn, InsnIdx, Names, NoNames, Op, assemble, decode_at, disasm_at, opcode as op,
};

use super::super::generate::Generated;
use super::super::world::World;
use super::head;

/// The insns, a line each, as they are.
pub(crate) fn listing(program: &Generated) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < program.insns.len() {
        let index = InsnIdx(at as u32);
        let _ = writeln!(text, "{at}: {}", disasm_at(&program.insns, index, &NoNames));
        at += if program.insns[at].code == op::LD_IMM64 { 2 } else { 1 };
    }
    text
}

/// The insns of a program, with maps by their place among those that it names.
pub(super) fn with_places(program: &Generated, maps: &[usize]) -> Vec<Insn> {
    let mut insns = program.insns.clone();
    let mut at = 0;
    while at < insns.len() {
        let is_wide = insns[at].code == op::LD_IMM64;
        let place = head::named_map(&insns[at])
            .and_then(|map| maps.iter().position(|&one| one == map))
            .and_then(|place| i32::try_from(place).ok());
        if let Some(place) = place {
            insns[at].imm = place;
        }
        at += if is_wide { 2 } else { 1 };
    }
    insns
}

/// The insns as lines of a case.
pub(super) fn lines(world: &World, insns: &[Insn]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut labels = BTreeSet::new();
    let mut at = 0;
    while at < insns.len() {
        let (slots, text, target) = statement(world, insns, at);
        labels.extend(target);
        lines.push((at, text));
        at += slots;
    }
    let mut out = Vec::new();
    for (at, text) in lines {
        if labels.contains(&at) {
            out.push(format!("l{at}:"));
        }
        out.extend(text.lines().map(|line| format!("    {line}")));
    }
    out
}

/// The insn at this place: how many slots it has, its text, and where it goes if by a label.
fn statement(world: &World, insns: &[Insn], at: usize) -> (usize, String, Option<usize>) {
    let index = InsnIdx(at as u32);
    let Ok(op) = decode_at(insns, index) else { return (1, raw(insns[at]), None) };
    let slots = op.slots();
    let own = &insns[at..at + slots];
    let text = disasm_at(insns, index, &Helpers);
    // Fields that the text does not have, and what the assembler writes otherwise.
    if assemble(&text).as_deref() != Ok(own) {
        let text: Vec<String> = own.iter().map(|insn| raw(*insn)).collect();
        return (slots, text.join("\n"), None);
    }
    if let Some(name) = kfunc(world, &op) {
        return (slots, format!("kcall {name}"), None);
    }
    if let Some(name) = object_type(world, insns, at) {
        return (slots, format!("r1 = type:{name} ll"), None);
    }
    let to = |distance: i64| {
        let to = usize::try_from(at as i64 + 1 + distance).ok();
        to.filter(|&to| to < insns.len() && starts(insns, to))
    };
    let (distance, written) = match op {
        Op::Goto { off } | Op::MayGoto { off } | Op::Branch { off, .. } => {
            (i64::from(off), format!("pc{off:+}"))
        }
        Op::GotoLong { off } | Op::CallSubprog { off } => (i64::from(off), format!("pc{off:+}")),
        Op::LdImm64 { value: Imm64::Func(off), .. } => (i64::from(off), format!("{off:+}")),
        _ => return (slots, text, None),
    };
    match (to(distance), text.strip_suffix(']')) {
        (None, _) => (slots, text, None),
        (Some(to), None) => {
            let before = text.strip_suffix(&written).unwrap_or(&text);
            (slots, format!("{before}l{to}"), Some(to))
        }
        (Some(to), Some(inside)) => {
            let before = inside.strip_suffix(&written).unwrap_or(inside);
            (slots, format!("{before}l{to}]"), Some(to))
        }
    }
}

/// Whether a statement begins at a slot.
fn starts(insns: &[Insn], slot: usize) -> bool {
    let mut at = 0;
    while at < slot {
        at += decode_at(insns, InsnIdx(at as u32)).map_or(1, |op| op.slots());
    }
    at == slot
}

/// The name of the kfunc that an insn calls, where one name means one number.
fn kfunc<'w>(world: &'w World, op: &Op) -> Option<&'w str> {
    let Op::CallKfunc { btf_id, fd_idx: 0 } = *op else { return None };
    let id = skep_btf::TypeId(u32::try_from(btf_id).ok()?);
    let name = world.profile.btf.name(id);
    (world.kfunc(name) == Some(btf_id)).then_some(name)
}

/// The type that an insn loads for `bpf_obj_new_impl`, which comes soon after it.
fn object_type<'w>(world: &'w World, insns: &[Insn], at: usize) -> Option<&'w str> {
    let insn = insns[at];
    let new = world.kfunc("bpf_obj_new_impl")?;
    let is_new = |insn: &Insn| insn.src.0 == op::PSEUDO_KFUNC_CALL && insn.imm == new;
    let is_soon = insns.iter().skip(at + 2).take(3).any(is_new);
    let id = skep_btf::TypeId(u32::try_from(insn.imm).ok()?);
    let is_type = id == world.types.node || id == world.types.pair;
    let is_load = insn.code == op::LD_IMM64 && insn.dst.0 == 1 && insn.src.0 == 0;
    (is_soon && is_type && is_load).then(|| world.btf.name(id))
}

/// An insn by its fields.
fn raw(insn: Insn) -> String {
    let Insn { code, dst, src, off, imm } = insn;
    format!(".insn code={code:#04x} dst={} src={} off={off} imm={imm}", dst.0, src.0)
}

/// Names of helpers, beside their numbers.
struct Helpers;

impl Names for Helpers {
    fn helper(&self, id: i32) -> Option<&str> {
        u32::try_from(id).ok().and_then(skep_calls::helper_name)
    }
}
