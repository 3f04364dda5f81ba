//! Fixtures against what libbpf makes of them (`fixtures/README.md` says how the expectations were made).
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod fixture;

use std::fmt::Write as _;

use skep_abi::MapType;
use skep_object::{Outcome, Resolved};

/// The text that `fixtures/NAME.libbpf` holds.
fn rendered(resolved: &Resolved, nr_cpus: u32) -> String {
    let mut text = String::new();
    for map in &resolved.maps {
        let flags = if map.flags == 0 { "0".to_owned() } else { format!("{:#x}", map.flags) };
        // libbpf fills in the machine's CPUs, which skep leaves to whoever creates the map.
        let per_cpu = map.kind == Some(MapType::PerfEventArray) && map.max_entries == 0;
        let max = if per_cpu { nr_cpus } else { map.max_entries };
        let (name, kind, key, value) = (&map.name, map.map_type, map.key_size, map.value_size);
        let (extra, numa) = (map.map_extra, map.numa_node);
        writeln!(text, "map {name} type {kind} key {key} value {value} max {max} flags {flags} extra {extra} numa {numa}")
            .unwrap();
    }
    for program in &resolved.programs {
        let attach = program.attach_type.map_or(0, |attach| attach as u32);
        let autoload = u8::from(program.autoload);
        let count = if program.autoload { program.insns.len() } else { 0 };
        let (name, section, kind) = (&program.name, &program.section, program.prog_type as u32);
        writeln!(
            text,
            "prog {name} sec {section} type {kind} attach {attach} autoload {autoload} n {count}"
        )
        .unwrap();
        if !program.autoload {
            continue;
        }
        for insn in &program.insns {
            let (dst, src) = (insn.dst.0, insn.src.0);
            writeln!(text, "{:02x} {dst:x} {src:x} {} {}", insn.code, insn.off, insn.imm).unwrap();
        }
        for func in &program.funcs {
            writeln!(text, "func {} {}", func.insn, func.ty.expect("compiled with BTF").0).unwrap();
        }
        for line in &program.lines {
            let line_col = line.line << 10 | line.column;
            writeln!(text, "line {} {} {} {line_col}", line.insn, line.file_off, line.text_off)
                .unwrap();
        }
    }
    text
}

fn agrees(name: &str) {
    let expected = std::fs::read_to_string(fixture::path(&format!("{name}.libbpf"))).unwrap();
    let resolved = fixture::resolved(name);
    for program in &resolved.programs {
        assert_eq!(program.outcome, Outcome::Ready, "{name}: {}", program.name);
    }
    let found = rendered(&resolved, 2);
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{name}.libbpf line {}", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}.libbpf");
}

#[test]
fn arena_variables_are_addressed_as_by_libbpf() {
    agrees("arena");
}

#[test]
fn core_relocations_of_all_kinds_come_out_as_by_libbpf() {
    agrees("core");
}

#[test]
fn data_sections_become_the_maps_that_libbpf_makes() {
    agrees("data");
}

#[test]
fn btf_defined_maps_are_read_as_by_libbpf() {
    agrees("maps");
}

#[test]
fn subprograms_are_appended_in_the_order_of_libbpf() {
    agrees("subprogs");
}
