//! Objects that are refused, and what is said about them.
#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod assembled;
mod fixture;

use assembled::{Assembled, map_btf, uint, with_map};
use object::SectionKind;
use skep_btf::TypeDef;
use skep_object::{ObjectError, ObjectErrorKind as Kind, ObjectSpec};

fn refused(bytes: &[u8]) -> ObjectError {
    ObjectSpec::parse("test.o", bytes).expect_err("it is refused")
}

/// Refuses a fixture in which one byte is another.
fn patched(name: &str, at: usize, byte: u8) -> ObjectError {
    let mut bytes = fixture::bytes(name);
    bytes[at] = byte;
    refused(&bytes)
}

#[test]
fn what_is_no_elf_file_is_called_by_its_name() {
    let said = |bytes: &[u8]| {
        let error = refused(bytes);
        assert_eq!(error.kind, Kind::NotElf);
        error.to_string()
    };
    assert_eq!(said(b""), "the file is empty");
    assert_eq!(
        said(b"int main(void)\n"),
        "at byte 0x0 of the file: this is text, not an ELF object"
    );
    assert_eq!(
        said(b"BC\xc0\xde____"),
        "at byte 0x0 of the file: this is LLVM bitcode, not an ELF object"
    );
    assert_eq!(
        said(b"\x9f\xeb\x01\0"),
        "at byte 0x0 of the file: this is raw BTF, not an ELF object"
    );
    assert_eq!(
        said(b"\x7fEL"),
        "at byte 0x0 of the file: the file ends after 3 bytes, within the ELF header"
    );
    assert_eq!(said(&[0xff; 100]), "at byte 0x0 of the file: this is not an ELF file");
}

#[test]
fn elf_files_of_other_machines_and_kinds_are_refused_with_advice() {
    let error = patched("data", 5, 2);
    assert_eq!(error.kind, Kind::BigEndian);
    assert_eq!(
        error.to_string(),
        "at byte 0x5 of the file: the object is big-endian (bpfeb); skep reads little-endian objects only"
    );
    assert!(error.help.unwrap().contains("-target bpfel"));
    let error = patched("data", 18, 62);
    assert_eq!(error.kind, Kind::NotBpf);
    assert_eq!(
        error.to_string(),
        "at byte 0x12 of the file: this is an ELF file for x86-64, not for BPF"
    );
    assert!(patched("data", 4, 1).to_string().contains("32-bit"));
    assert!(patched("data", 16, 2).to_string().contains("type 2 is no relocatable object"));
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(refused(&own).kind, Kind::NotBpf);
}

#[test]
fn every_shorter_file_is_refused() {
    for name in fixture::NAMES {
        let bytes = fixture::bytes(name);
        for len in 0..bytes.len() {
            let error = refused(&bytes[..len]);
            assert!(matches!(error.kind, Kind::NotElf | Kind::Malformed), "{name} {len}: {error}");
        }
    }
}

#[test]
fn sections_that_share_bytes_are_refused() {
    let mut bytes = fixture::bytes("data");
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    // The third section starts where the first does.
    bytes.copy_within(headers + 64 + 24..headers + 64 + 32, headers + 3 * 64 + 24);
    let error = refused(&bytes).to_string();
    assert!(
        error.contains("share bytes of the file") && error.contains("section .strtab"),
        "{error}"
    );
}

#[test]
fn objects_without_programs_say_what_is_there_instead() {
    let mut object = Assembled::new();
    object.section(".data", SectionKind::Data, &[1; 8]);
    let error = object.parse().unwrap_err();
    assert_eq!(
        (error.kind, error.to_string().as_str()),
        (Kind::NoPrograms, "there is no program in the object")
    );
    // Who wants maps and types alone says so.
    let any = ObjectSpec::parse_any("object", &object.bytes()).unwrap();
    assert_eq!((any.programs.len(), any.maps.len()), (0, 1));
    object.program(".text", "lonely", "exit");
    let error = object.parse().unwrap_err();
    assert_eq!(
        error.to_string(),
        "in section .text (lonely): there is no program: all 1 functions are in .text, which is for subprograms"
    );
    assert!(error.help.unwrap().contains("SEC("));
}

#[test]
fn functions_must_be_whole_and_apart() {
    let said = |build: &dyn Fn(&mut Assembled)| {
        let mut object = Assembled::new();
        build(&mut object);
        object.parse().unwrap_err().to_string()
    };
    let code = |object: &mut Assembled| object.section("xdp", SectionKind::Text, &[0x95; 64]);
    let error = said(&|object| {
        let xdp = code(object);
        object.function(xdp, "empty", 0, 0, true);
    });
    assert_eq!(
        error,
        "in section xdp at byte 0x0 (empty): a function of 0 bytes at byte 0x0 is not made of whole insns of 8 bytes"
    );
    let error = said(&|object| {
        let xdp = code(object);
        object.function(xdp, "long", 4, 5, true);
    });
    assert_eq!(
        error,
        "in section xdp at byte 0x20 (long): 40 bytes reach past the end of the section, 0x40"
    );
    let error = said(&|object| {
        let xdp = code(object);
        object.function(xdp, "a", 0, 4, true);
        object.function(xdp, "b", 3, 2, true);
    });
    assert_eq!(
        error,
        "in section xdp at byte 0x18 (b): function b (insns 3..5) overlaps a (insns 0..4)"
    );
    let error = said(&|object| {
        let xdp = code(object);
        object.function(xdp, "hidden", 0, 8, false);
    });
    assert_eq!(
        error,
        "in section xdp at byte 0x0 (hidden): the program is static, so nothing can load it"
    );
}

#[test]
fn functions_of_libc_are_missing_and_said_to_be() {
    let mut object = Assembled::new();
    let (prog, _) = object.program("xdp", "prog", "call 1\nexit");
    let memset = object.undefined("memset");
    object.relocation(prog, 0, memset);
    let error = object.parse().unwrap_err();
    assert_eq!(error.kind, Kind::Extern);
    assert!(
        error.to_string().starts_with("in memset: it is declared here and defined elsewhere"),
        "{error}"
    );
    object.section(".BTF", SectionKind::OtherString, &map_btf(|btf| vec![("type", uint(btf, 1))]));
    let error = object.parse().unwrap_err();
    assert!(
        error.to_string().contains("neither defined in the object nor declared in its BTF"),
        "{error}"
    );
    assert!(error.help.unwrap().contains("BPF has no libc"));
}

#[test]
fn sections_of_nearly_4_gib_are_declared_and_larger_ones_refused() {
    let mut object = Assembled::new();
    object.program("xdp", "prog", "r0 = 0\nexit");
    object.bss(".bss", 0xffff_fff0);
    let spec = object.parse().unwrap();
    assert_eq!((spec.maps[0].name.as_str(), spec.maps[0].value_size), ("test.bss", 0xffff_fff0));
    object.bss(".bss.more", 1 << 32);
    let error = object.parse().unwrap_err();
    assert_eq!(error.kind, Kind::TooBig);
    assert_eq!(
        error.to_string(),
        "in section .bss.more: a section of 4294967296 bytes is more than a map value holds"
    );
}

#[test]
fn map_definitions_are_checked_attribute_by_attribute() {
    let said = |btf: &[u8]| {
        let error = with_map(btf).parse().unwrap_err();
        assert_eq!(error.kind, Kind::Map);
        error.to_string()
    };
    let place = "in section .maps at byte 0x0 (table)";
    let error = said(&map_btf(|btf| vec![("type", uint(btf, 1)), ("key_sice", uint(btf, 4))]));
    assert_eq!(error, format!("{place}: attribute key_sice: it is no attribute of maps"));
    let error = said(&map_btf(|btf| vec![("max_entries", uint(btf, 1))]));
    assert_eq!(error, format!("{place}: the map has no type"));
    let error = said(&map_btf(|btf| {
        let int = btf.push(&TypeDef::int("int", 4, true)).unwrap();
        let key = btf.push(&TypeDef::Ptr { target: int }).unwrap();
        vec![("type", uint(btf, 1)), ("key", key), ("key_size", uint(btf, 8))]
    }));
    assert_eq!(error, format!("{place}: the key has 4 bytes by one attribute and 8 by another"));
    let error = said(&map_btf(|btf| {
        let number = btf.push(&TypeDef::int("int", 4, true)).unwrap();
        vec![("type", number)]
    }));
    assert_eq!(
        error,
        format!("{place}: attribute type: its number is encoded as INT, not as int (*)[N]")
    );
    let error = said(&map_btf(|btf| vec![("type", uint(btf, 1)), ("pinning", uint(btf, 7))]));
    assert_eq!(error, format!("{place}: attribute pinning: 7 is unknown"));
    let error = said(&map_btf(|btf| {
        let fwd = btf.push(&TypeDef::Fwd { name: "gone".into(), is_union: false }).unwrap();
        let value = btf.push(&TypeDef::Ptr { target: fwd }).unwrap();
        vec![("type", uint(btf, 1)), ("value", value)]
    }));
    assert!(error.contains("attribute value: type [1] has no size"), "{error}");
    let error = said(&map_btf(|btf| vec![("type", uint(btf, 1)), ("values", uint(btf, 1))]));
    assert!(
        error.contains("the map is hash; only maps of maps and prog_array have values"),
        "{error}"
    );
    let error = said(&map_btf(|btf| (0..40).map(|_| ("max_entries", uint(btf, 1))).collect()));
    assert!(error.contains("40 attributes are more than there are"), "{error}");
}

#[test]
fn a_map_of_a_type_that_no_kernel_has_is_kept_by_its_number() {
    let spec = with_map(&map_btf(|btf| vec![("type", uint(btf, 4000))])).parse().unwrap();
    assert_eq!((spec.maps[0].map_type, spec.maps[0].kind), (4000, None));
}

#[test]
fn old_maps_and_versions_must_have_their_size() {
    let mut object = Assembled::new();
    object.program("xdp", "prog", "r0 = 0\nexit");
    let maps = object.section("maps", SectionKind::Data, &[1; 36]);
    object.variable(maps, "table", 0, 36);
    let error = object.parse().unwrap_err();
    assert!(error.to_string().contains("a field at byte 20 that is not zero"), "{error}");
    assert!(error.help.unwrap().contains("iproute2"));
    let mut object = Assembled::new();
    object.program("xdp", "prog", "r0 = 0\nexit");
    object.section("version", SectionKind::Data, &[1; 3]);
    assert_eq!(
        object.parse().unwrap_err().to_string(),
        "in section version: a kernel version has 4 bytes, this one 3"
    );
}

#[test]
fn damaged_btf_and_btf_ext_are_refused_at_their_byte() {
    let mut object = Assembled::new();
    object.program("xdp", "prog", "r0 = 0\nexit");
    object.section(".BTF", SectionKind::OtherString, b"\x9f\xeb\x01\x00garbage");
    let error = object.parse().unwrap_err();
    assert_eq!((error.kind, error.place.section.as_deref()), (Kind::Btf, Some(".BTF")));
    for (ext, expected) in [
        (&b"\x9f\xeb"[..], "in section .BTF.ext at byte 0x0: 2 bytes are too few for its header"),
        (
            &[0x9f, 0xeb, 2, 0, 24, 0, 0, 0],
            "in section .BTF.ext at byte 0x2: version 2 with flags 0x0 is unknown",
        ),
        (
            &[0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            "in section .BTF.ext at byte 0x8: func_info (0x18..0x7b) reaches past the end, 0x18",
        ),
    ] {
        let mut object = with_map(&map_btf(|btf| vec![("type", uint(btf, 1))]));
        object.section(".BTF.ext", SectionKind::OtherString, ext);
        assert_eq!(object.parse().unwrap_err().to_string(), expected);
    }
}

#[test]
fn names_out_of_all_proportion_are_refused() {
    let btf = map_btf(|btf| {
        btf.push(&TypeDef::Fwd { name: "x".repeat(5000), is_union: false }).unwrap();
        vec![("type", uint(btf, 1))]
    });
    let error = with_map(&btf).parse().unwrap_err();
    assert_eq!(error.kind, Kind::TooBig);
    assert!(error.to_string().contains("type [1] has a name of more than 4096 bytes"), "{error}");
}
