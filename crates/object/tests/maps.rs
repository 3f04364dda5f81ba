//! What maps hold at first, and what is kept about them.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod fixture;

use fixture::{map, object, program, resolved};
use skep_abi::MapType;
use skep_object::{InsnIdx, MapIdx, MapInit, MapOrigin, Pinning, ProgIdx, Slot};

#[test]
fn maps_of_maps_and_program_arrays_have_their_elements() {
    let object = object("maps");
    let index = |name: &str| object.maps.iter().position(|map| map.name == name).unwrap() as u32;
    let find = |name: &str| &object.maps[index(name) as usize];
    let inner = |name| Slot::Map(MapIdx(index(name)));
    assert_eq!(
        find("outer").init,
        MapInit::Slots(vec![(1, inner("inner_a")), (4, inner("inner_b"))])
    );
    let second = object.programs.iter().position(|program| program.name == "second").unwrap();
    assert_eq!(
        find("tails").init,
        MapInit::Slots(vec![(2, Slot::Program(ProgIdx(second as u32)))])
    );
    assert_eq!(find("outer_hash").init, MapInit::Empty);
}

#[test]
fn inner_maps_are_described() {
    let object = object("maps");
    let find = |name: &str| object.maps.iter().find(|map| map.name == name).unwrap();
    let inner = find("outer_hash").inner.as_deref().unwrap();
    assert_eq!(inner.name, "outer_hash.inner");
    assert_eq!(
        (inner.kind, inner.key_size, inner.value_size, inner.max_entries),
        (Some(MapType::Hash), 4, 4, 3)
    );
    assert!(find("tails").inner.is_none());
}

#[test]
fn pinning_and_types_are_recorded() {
    let object = object("maps");
    let btf = object.btf.as_ref().unwrap();
    let find = |name: &str| object.maps.iter().find(|map| map.name == name).unwrap();
    assert_eq!(find("pinned").pinning, Pinning::ByName);
    assert_eq!(find("typed").pinning, Pinning::None);
    assert_eq!(btf.name(find("typed").key_type.unwrap()), "key");
    assert_eq!(btf.name(find("typed").value_type.unwrap()), "value");
    assert_eq!(find("sized").key_type, None);
    assert_eq!(find("ring").max_entries, 8192, "rounded up from 5000");
}

#[test]
fn variables_of_data_sections_have_offsets_and_first_values() {
    let resolved = resolved("data");
    let data = map(&resolved, "data.data");
    let MapInit::Data(bytes) = &data.init else { panic!("{:?}", data.init) };
    let value = |name: &str| {
        let variable = data.variables.iter().find(|variable| variable.name == name).unwrap();
        &bytes[variable.offset as usize..][..variable.size as usize]
    };
    assert_eq!(value("counter"), 3_u64.to_le_bytes());
    assert_eq!(value("still"), 9_u32.to_le_bytes());
    assert_eq!(value("nested")[24..], 4_u64.to_le_bytes());
    let bss = map(&resolved, "data.bss");
    assert_eq!((bss.origin, &bss.init), (MapOrigin::Bss, &MapInit::Empty));
    let rodata = map(&resolved, "data.rodata");
    assert!(rodata.variables.iter().any(|variable| variable.name == "text" && variable.size == 5));
}

#[test]
fn sections_of_hidden_and_static_variables_cannot_be_mapped() {
    const MMAPABLE: u32 = 1 << 10;
    let resolved = resolved("data");
    assert_eq!(map(&resolved, ".data.own").flags & MMAPABLE, MMAPABLE);
    assert_eq!(map(&resolved, ".data.static_one").flags & MMAPABLE, 0);
    let old = object("data").resolve(&fixture::kernel("5.4.0")).unwrap();
    assert_eq!(map(&old, ".data.own").flags & MMAPABLE, 0, "arrays cannot be mapped before 5.5");
}

#[test]
fn legacy_maps_need_no_btf() {
    let resolved = resolved("legacy");
    assert!(resolved.btf.is_none());
    let counts = map(&resolved, "counts");
    assert_eq!((counts.origin, counts.kind), (MapOrigin::Legacy, Some(MapType::Hash)));
    assert_eq!(
        (counts.key_size, counts.value_size, counts.max_entries, counts.flags),
        (4, 8, 100, 1)
    );
    assert_eq!(resolved.kern_version, Some(0x060c00));
    assert_eq!(resolved.license, "GPL");
    let old = program(&resolved, "old");
    let loads: Vec<_> = old
        .insns
        .iter()
        .filter(|insn| insn.code == 0x18)
        .map(|insn| (insn.src.0, insn.imm))
        .collect();
    assert_eq!(loads, [(1, 0), (1, 1), (2, 2)], "two maps by index, then a variable");
    assert!(old.lines.is_empty() && old.error().is_none());
    let names: Vec<_> =
        old.funcs.iter().map(|func| (func.name.as_str(), func.insn, func.ty)).collect();
    assert_eq!(names, [("old", InsnIdx(0), None), ("helper", InsnIdx(19), None)]);
}

#[test]
fn arena_variables_move_to_the_end_from_7_0_on() {
    let object = object("arena");
    for (release, offset) in [("6.19.0", 0), ("7.0.0", 99 * 4096)] {
        let resolved = object.resolve(&fixture::kernel(release)).unwrap();
        let MapInit::Arena { offset: found, data } = &map(&resolved, "arena").init else {
            panic!()
        };
        assert_eq!((*found, data.len()), (offset, 32), "{release}");
        let insns = &program(&resolved, "touches").insns;
        let at = insns
            .iter()
            .position(|insn| insn.code == 0x18 && insn.src.0 == 2 && insn.imm == 0)
            .unwrap();
        assert!(insns[at + 1].imm >= offset as i32, "{release}");
    }
}
