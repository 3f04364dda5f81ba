//! Differences between what skep and libbpf make of one object.

use std::fmt::Write as _;

use skep_abi::ProgType;
use skep_isa::{Insn, InsnIdx, NoNames, disasm_at};
use skep_object::{MapInit, MapSpec, Outcome, Resolved, ResolvedProgram};

use crate::libbpf::{Map, Prepared, Program};

const LD_IMM64: u8 = 0x18;
const PSEUDO_MAP_FD: u8 = 1;
const PSEUDO_MAP_VALUE: u8 = 2;

/// Every difference, in words; none when both agree.
#[must_use]
pub fn differences(ours: &Resolved, theirs: &Prepared) -> Vec<String> {
    let mut found = maps(ours, theirs);
    let names = |programs: &mut dyn Iterator<Item = &String>| {
        programs.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let our_names = names(&mut ours.programs.iter().map(|program| &program.name));
    let their_names = names(&mut theirs.programs.iter().map(|program| &program.name));
    if our_names != their_names {
        found.push(format!("programs: ours {our_names}\n       theirs {their_names}"));
        return found;
    }
    for (our, their) in ours.programs.iter().zip(&theirs.programs) {
        found.extend(
            program(our, their, theirs).into_iter().map(|d| format!("program {}: {d}", our.name)),
        );
    }
    found
}

fn maps(ours: &Resolved, theirs: &Prepared) -> Vec<String> {
    let mut found = Vec::new();
    if ours.maps.len() != theirs.maps.len() {
        let our: Vec<_> = ours.maps.iter().map(|map| &map.name).collect();
        let their: Vec<_> = theirs.maps.iter().map(|map| &map.name).collect();
        return vec![format!("maps: ours {our:?}\n    theirs {their:?}")];
    }
    for (our, their) in ours.maps.iter().zip(&theirs.maps) {
        found.extend(map(our, their).into_iter().map(|d| format!("map {}: {d}", our.name)));
    }
    found
}

fn map(our: &MapSpec, their: &Map) -> Vec<String> {
    let mut found = Vec::new();
    // libbpf's own name of a data section is the section's where that is not one of the usual ones.
    if our.name != their.name && our.section != their.name {
        found.push(format!("is called {} by libbpf", their.name));
    }
    let attributes =
        [our.map_type, our.key_size, our.value_size, our.max_entries, our.flags, our.numa_node];
    if attributes != their.attributes || our.map_extra != their.extra {
        found.push(format!(
            "type, key, value, entries, flags, node: ours {attributes:?} {:#x}, theirs {:?} {:#x}",
            our.map_extra, their.attributes, their.extra
        ));
    }
    let data = match &our.init {
        MapInit::Data(data) => Some(&**data),
        MapInit::Arena { data, .. } => Some(&**data),
        _ => None,
    };
    // A struct_ops map's value holds addresses; libbpf gives the struct as the object has it.
    if let (Some(data), Some(initial)) = (data, &their.initial)
        && our.struct_ops.is_none()
        && data != initial.as_slice()
    {
        found.push(format!("data: ours {data:02x?}\n theirs {initial:02x?}"));
    }
    found
}

fn program(our: &ResolvedProgram, their: &Program, object: &Prepared) -> Vec<String> {
    let mut found = Vec::new();
    match &our.outcome {
        Outcome::Ready => {}
        // What an extension replaces is another program, which is chosen when it is loaded.
        Outcome::Unsupported(_) if our.prog_type == ProgType::Ext => {}
        Outcome::Unsupported(missing) => {
            found.push(format!("unsupported on a whole kernel: {missing:?}"))
        }
        Outcome::Failed(error) => found.push(format!("refused: {error}")),
    }
    let attach = our.struct_ops_member.unwrap_or(our.attach_type.map_or(0, |attach| attach as u32));
    let ours = (&*our.section, our.prog_type as u32, attach, our.autoload);
    let theirs = (&*their.section, their.prog_type, their.attach_type, their.autoload);
    if ours != theirs {
        found.push(format!(
            "section, type, attach type, autoload: ours {ours:?}, theirs {theirs:?}"
        ));
    }
    found.extend(insns(&our.insns, their, object));
    let funcs: Vec<_> =
        our.funcs.iter().filter_map(|func| Some((func.insn.0, func.ty?.0))).collect();
    if funcs != their.funcs {
        found.push(format!("functions: ours {funcs:?}, theirs {:?}", their.funcs));
    }
    let lines: Vec<_> = our
        .lines
        .iter()
        .map(|line| [line.insn.0, line.file_off, line.text_off, line.line << 10 | line.column])
        .collect();
    if lines != their.lines {
        let at = lines.iter().zip(&their.lines).position(|(a, b)| a != b);
        let at = at.unwrap_or(lines.len().min(their.lines.len()));
        found.push(format!(
            "lines: {} and {}, from {at} on ours {:?}, theirs {:?}",
            lines.len(),
            their.lines.len(),
            lines.get(at),
            their.lines.get(at)
        ));
    }
    found
}

fn insns(ours: &[Insn], their: &Program, object: &Prepared) -> Option<String> {
    let theirs = by_index(&their.insns, object);
    if ours == theirs {
        return None;
    }
    let mut text = format!("insns: ours {}, theirs {}", ours.len(), theirs.len());
    let differ = (0..ours.len().max(theirs.len())).filter(|at| ours.get(*at) != theirs.get(*at));
    for at in differ.take(12) {
        let show = |insns: &[Insn]| {
            let Some(insn) = insns.get(at) else { return "nothing".to_owned() };
            let at = InsnIdx(u32::try_from(at).unwrap_or(u32::MAX));
            format!("{:016x} {}", u64::from_be_bytes(insn.encode()), disasm_at(insns, at, &NoNames))
        };
        let _ = write!(text, "\n  {at:4}: - {}\n        + {}", show(&theirs), show(ours));
    }
    Some(text)
}

/// Replaces the descriptors of maps by their places.
fn by_index(insns: &[Insn], object: &Prepared) -> Vec<Insn> {
    let mut insns = insns.to_vec();
    let mut second_slot = false;
    for insn in &mut insns {
        if second_slot {
            second_slot = false;
            continue;
        }
        second_slot = insn.code == LD_IMM64;
        if second_slot && matches!(insn.src.0, PSEUDO_MAP_FD | PSEUDO_MAP_VALUE) {
            let place = object.maps.iter().position(|map| map.fd == insn.imm);
            insn.imm = place.and_then(|place| i32::try_from(place).ok()).unwrap_or(-1);
        }
    }
    insns
}
