//! Programs as text that the assembler reads.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use skep_isa::{InsnIdx, NoNames, disasm_at, opcode as op};

use super::difference::{Found, Kind};
use super::generate::Generated;
use super::world::World;

/// Writes a difference into a folder; the file is named after what it shows.
pub(crate) fn save(folder: &Path, world: &World, kind: &Kind, found: &Found) -> Result<(), String> {
    let words = if kind.skep.is_empty() { &kind.kernel } else { &kind.skep };
    let name: String =
        words.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let path = folder.join(format!("{}-{}.s", kind.what, name.trim_matches('-')));
    let mut text = String::new();
    let _ = writeln!(text, "// {} ({} times)", kind.what, found.count);
    let _ = writeln!(text, "// kernel: {}", found.kernel);
    let _ = writeln!(text, "// skep: {}", found.skep);
    let _ = writeln!(text, "// type: {}", found.program.target.name);
    let _ = writeln!(text, "// licence: {}", if found.program.gpl { "GPL" } else { "proprietary" });
    for func in &found.program.funcs {
        let _ = writeln!(text, "// function at {}: {}", func.start, world.btf.name(func.ty));
    }
    for (index, map) in world.maps.iter().enumerate() {
        let is_used = |insn: &skep_isa::Insn| {
            insn.code == op::LD_IMM64
                && matches!(insn.src.0, op::PSEUDO_MAP_FD | op::PSEUDO_MAP_VALUE)
                && insn.imm as usize == index
        };
        if found.program.insns.iter().any(is_used) {
            let _ = writeln!(
                text,
                "// map {index}: {} {}, key {}, value {}, {} elements, flags {:#x}",
                map.name,
                map.kind.name(),
                map.key_size,
                map.value_size,
                map.max_entries,
                map.flags
            );
        }
    }
    text.push_str(&listing(&found.program));
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// The insns, a line each.
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
