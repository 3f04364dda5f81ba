//! The head of a saved case: what the program needs of the world.

use skep_case::functions;
use skep_isa::{Insn, opcode as op};

use super::super::generate::Generated;
use super::super::world::{World, WorldMap, inner_spec};

/// The structs of the world, as a case declares them; their order is that of [`World::btf`].
const STRUCTS: [(&str, &str); 6] = [
    ("locked", "struct locked 48: a int 0, lock bpf_spin_lock 4, b long 8"),
    ("timer_value", "struct timer_value 32: a long 0, timer bpf_timer 8"),
    (
        "kptr_value",
        "struct kptr_value 32: task kptr:task_struct 0, a long 8, old untrusted:task_struct 16",
    ),
    (
        "node",
        "struct node 72: key long 0, l bpf_list_node 8, r bpf_rb_node 32, count bpf_refcount 64",
    ),
    (
        "graph",
        "struct graph 48: lock bpf_spin_lock 0, head list_of:node.l 8, root tree_of:node.r 24",
    ),
    ("pair", "struct pair 16: a long 0, b long 8"),
];

/// Types of the world's functions, as a case declares them.
const FUNCS: [(&str, &str); 5] = [
    ("main", "int (ctx long)"),
    ("callback", "int (a long, b long)"),
    ("sub", "int (a long, b long)"),
    ("global", "global int (a int, b long)"),
    ("global_mem", "global int (p ptr:pair)"),
];

/// The maps of the world that a program names.
pub(super) fn maps(world: &World, program: &Generated) -> Vec<usize> {
    let mut maps: Vec<usize> =
        program.insns.iter().filter_map(named_map).filter(|&map| map < world.maps.len()).collect();
    maps.sort_unstable();
    maps.dedup();
    maps
}

/// The number of the map that an insn loads.
pub(super) fn named_map(insn: &Insn) -> Option<usize> {
    let is_map =
        insn.code == op::LD_IMM64 && matches!(insn.src.0, op::PSEUDO_MAP_FD | op::PSEUDO_MAP_VALUE);
    usize::try_from(insn.imm).ok().filter(|_| is_map)
}

/// The lines of the head.
pub(super) fn lines(
    world: &World,
    program: &Generated,
    maps: &[usize],
    insns: &[Insn],
) -> Vec<String> {
    let target = &program.target;
    let mut lines = vec![format!("type: {}", target.prog_type.name())];
    if let Some(id) = target.attach_btf_id {
        lines.push(format!("attach: {}", target.attach_type.name()));
        lines.push(format!("target: typedef:{}", world.profile.btf.name(id)));
    }
    if target.sleepable {
        lines.push("sleepable".to_owned());
    }
    if !program.gpl {
        lines.push("license: proprietary".to_owned());
    }
    let funcs = funcs(world, program, insns);
    let maps = map_lines(world, maps);
    let named = |name: &str| {
        let is_word = |line: &String| line.split([' ', ':', ')']).any(|word| word == name);
        maps.iter().chain(&funcs).any(is_word)
    };
    let new = |name: &str| {
        let id = world.kfunc(name);
        let is_call = |insn: &Insn| insn.src.0 == op::PSEUDO_KFUNC_CALL && Some(insn.imm) == id;
        insns.iter().any(is_call)
    };
    let makes_objects = new("bpf_obj_new_impl");
    let has_graph = named("graph");
    for (name, line) in STRUCTS {
        let is_object = matches!(name, "node" | "pair") && makes_objects;
        if named(name) || is_object || name == "node" && has_graph {
            lines.push(line.to_owned());
        }
    }
    lines.extend(maps);
    lines.extend(funcs);
    lines
}

/// Types of functions; `func_info` where the insns do not tell it.
fn funcs(world: &World, program: &Generated, insns: &[Insn]) -> Vec<String> {
    if program.funcs.is_empty() {
        return vec!["no btf".to_owned()];
    }
    let name = |ty| world.btf.name(ty);
    let mut names: Vec<&str> = program.funcs.iter().map(|func| name(func.ty)).collect();
    let starts: Vec<u32> = program.funcs.iter().map(|func| func.start).collect();
    let line = |name: &str| {
        let ty = FUNCS.iter().find(|(known, _)| *known == name).map_or("int ()", |(_, ty)| ty);
        format!("func {name}: {ty}")
    };
    if starts == functions(insns) {
        return names.into_iter().map(line).collect();
    }
    let records = starts.iter().zip(&names).map(|(start, name)| format!("{start} {name}"));
    let records = format!("func_info: {}", records.collect::<Vec<_>>().join(", "));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(line).chain([records]).collect()
}

fn map_lines(world: &World, maps: &[usize]) -> Vec<String> {
    let used = maps.iter().map(|&map| &world.maps[map]);
    let mut lines: Vec<String> = used.clone().map(|map| map_line(world, map)).collect();
    if used.into_iter().any(|map| map.inner) {
        lines.push(map_line(world, &inner_spec()));
    }
    lines
}

fn map_line(world: &World, map: &WorldMap) -> String {
    let WorldMap { name, key_size, value_size, max_entries, flags, .. } = map;
    let mut line = format!("map {name}: {} {key_size} {value_size} {max_entries}", map.kind.name());
    if *flags != 0 || map.value_type.is_some() {
        line.push_str(&format!(" {flags:#x}"));
    }
    if let Some(ty) = map.value_type {
        line.push_str(&format!(" {}", world.btf.name(ty)));
    }
    if map.frozen {
        let bytes = world.constants.iter().map(|byte| match byte {
            b' '..=b'~' if !b"\"\\;".contains(byte) => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        });
        line.push_str(&format!(" \"{}\"", bytes.collect::<String>()));
    }
    if map.inner {
        line.push_str(&format!(" inner={}", inner_spec().name));
    }
    line
}
