//! Every shipped profile, the running kernel, and files that are none.

use std::io::Write;

use skep_abi::KernelVersion;
use skep_btf::core::{Outcome, Relocation, RelocationKind};
use skep_btf::{Btf, BtfBuilder, Kind, MemberDef, TypeDef};

use super::{config, from_btf_file, ksyms, running, shipped, shipped_list};
use crate::ErrorKind;

/// Kfuncs by name out of a fact table.
fn kfuncs(table: &'static str) -> Vec<&'static str> {
    table.lines().filter_map(|line| line.split('\t').nth(1)).collect()
}

#[test]
fn every_shipped_profile_unpacks_to_what_its_head_says() {
    assert_eq!(shipped_list().len(), 5);
    for shipped in shipped_list() {
        let release = shipped.release();
        assert_eq!(KernelVersion::from_release(release), Some(shipped.version));
        assert!(shipped.packed_len() < 300_000, "{release} has {} bytes", shipped.packed_len());
        let profile = shipped.unpack();
        assert!(!profile.is_complete());
        assert_eq!((profile.nr_cpus, profile.config["CONFIG_NR_CPUS"].as_str()), (8192, "8192"));
        assert_eq!(profile.config["CONFIG_HZ"], "250");
        let task = profile.btf.find("task_struct", Kind::Struct).expect("task_struct is whole");
        let size = profile.btf.size_of(task).map(|size| size.to_string());
        assert_eq!(size.as_deref(), shipped.field("sizeof task_struct"), "{release}");
        let types = format!("{} of ", profile.btf.len() - 1);
        assert!(shipped.field("types").is_some_and(|field| field.starts_with(&types)), "{release}");
    }
}

#[test]
fn every_kfunc_of_the_fact_tables_has_its_prototype() {
    let tables = [
        ("6.12", include_str!("../../../../facts/kfunc-sets-6.12.107.tsv")),
        ("6.18", include_str!("../../../../facts/kfunc-sets-6.18.15.tsv")),
        ("6.19", include_str!("../../../../facts/kfunc-sets-6.19.14.tsv")),
        ("7.2", include_str!("../../../../facts/kfunc-sets-7.2.13.tsv")),
    ];
    for (version, table) in tables {
        let profile = shipped(KernelVersion::literal(version)).expect("shipped");
        let names = kfuncs(table);
        assert!(names.len() > 100);
        for name in names {
            let func = profile.btf.find(name, Kind::Func);
            let func = func.unwrap_or_else(|| panic!("{version} lacks {name}"));
            let proto = profile.btf.ty(func).target().expect("a prototype");
            assert_eq!(profile.btf.kind(proto), Kind::FuncProto);
        }
    }
}

#[test]
fn the_structs_that_skep_models_are_whole_in_every_profile() {
    for shipped in shipped_list() {
        let btf = shipped.unpack().btf;
        for name in [
            "task_struct",
            "cgroup",
            "cgroup_subsys_state",
            "cpumask",
            "pt_regs",
            "bpf_perf_event_data",
            "bpf_perf_event_data_kern",
            "perf_sample_data",
            "perf_event",
            "file",
            "mm_struct",
            "vm_area_struct",
            "inode",
            "dentry",
            "super_block",
            "sock",
            "sk_buff",
            "net_device",
            "__sk_buff",
            "xdp_md",
            "bpf_iter__task",
            "tcp_congestion_ops",
            "bpf_dynptr",
            "bpf_map",
            "trace_event_raw_sched_switch",
        ] {
            let id = btf.find(name, Kind::Struct);
            assert!(id.is_some(), "{} lacks struct {name}", shipped.release());
        }
        assert!(btf.find("btf_trace_sched_switch", Kind::Typedef).is_some());
    }
}

/// An object's BTF with `struct NAME { int field; }` as type 2.
fn object_with(name: &str) -> Btf {
    let mut builder = BtfBuilder::new();
    let int = builder.push(&TypeDef::int("int", 4, true)).unwrap();
    let members = vec![MemberDef::at("field", int, 0)];
    builder.push(&TypeDef::Struct { name: name.to_owned(), size: 4, members }).unwrap();
    Btf::parse(&builder.finish().unwrap()).unwrap()
}

#[test]
fn a_type_left_out_is_told_from_one_that_the_kernel_lacks() {
    let profile = shipped(KernelVersion::new(6, 12)).unwrap();
    let known = profile.known.as_ref().unwrap();
    let left_out =
        known.encode().lines().find_map(|line| line.strip_prefix('s').map(str::to_owned));
    let left_out = left_out.expect("some struct was left out");
    let ask = |name: &str, kind| {
        let local = object_with(name);
        let root = local.find(name, Kind::Struct).unwrap();
        profile.core_target().relocate(&local, &Relocation { kind, root, access: "0:0" }).unwrap()
    };
    let offset = ask(&left_out, RelocationKind::FieldByteOffset);
    assert_eq!(offset, Outcome::MissingFromProfile(left_out));
    assert_eq!(ask("no_kernel_has_this", RelocationKind::FieldByteOffset), Outcome::Unresolved);
}

#[test]
fn no_list_of_trusted_members_is_left_out() {
    for version in [(6, 1), (6, 12), (6, 18), (6, 19), (7, 2)] {
        let version = KernelVersion::new(version.0, version.1);
        let profile = shipped(version).unwrap();
        let known = profile.known.as_ref().unwrap().encode();
        let list = known.lines().find(|line| line.contains("__safe_"));
        assert_eq!(list, None, "{version}");
        // The lists came with 6.4.
        let has = profile.btf.find("task_struct__safe_rcu", Kind::Struct).is_some();
        assert_eq!(has, version >= KernelVersion::new(6, 4), "{version}");
    }
}

#[test]
fn the_nearest_shipped_release_is_not_newer_unless_all_are() {
    let nearest = |text| shipped::nearest(KernelVersion::literal(text)).to_string();
    assert_eq!(nearest("6.12"), "6.12");
    assert_eq!(nearest("6.17"), "6.12");
    assert_eq!(nearest("7.9"), "7.2");
    assert_eq!(nearest("5.4"), "6.1");
}

#[test]
fn the_running_kernel_is_a_complete_profile() {
    let profile = match running() {
        Ok(profile) => profile,
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Environment);
            skep_skip::skipped!("{error}");
            return;
        }
    };
    assert!(profile.is_complete());
    assert_eq!(KernelVersion::from_release(&profile.release), Some(profile.version));
    if let Some(configured) = profile.config.get("CONFIG_NR_CPUS") {
        assert_eq!(configured.parse(), Ok(profile.nr_cpus));
        assert_eq!(super::nr_cpus(&profile.btf), profile.nr_cpus.next_multiple_of(64));
    }
}

#[test]
fn files_without_a_kernels_types_are_refused_with_advice() {
    let file = |bytes: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let error = from_btf_file(file.path(), "6.12").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input);
        assert!(error.message.contains(&file.path().display().to_string()), "{error}");
        error.to_string()
    };
    assert!(file(b"hello, world, this is no BTF").contains("raw BTF"));
    assert!(file(b"\x7fELF").contains("bad ELF"));
    assert!(file(b"").contains("too few"));
    assert!(from_btf_file("/nonexistent", "6.12").unwrap_err().message.contains("/nonexistent"));
    assert!(
        from_btf_file("/nonexistent", "newest").unwrap_err().message.contains("no kernel release")
    );
}

#[test]
fn raw_types_from_a_file_make_a_profile() {
    let mut builder = BtfBuilder::new();
    let long = builder.push(&TypeDef::int("long unsigned int", 8, false)).unwrap();
    let bits = builder.push(&TypeDef::Array { element: long, index: long, len: 4 }).unwrap();
    let members = vec![MemberDef::at("bits", bits, 0)];
    builder.push(&TypeDef::Struct { name: "cpumask".to_owned(), size: 32, members }).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&builder.finish().unwrap()).unwrap();
    let profile = from_btf_file(file.path(), "6.12.107-amd64\n").unwrap();
    assert_eq!((profile.nr_cpus, profile.release.as_str()), (256, "6.12.107-amd64"));
    assert!(profile.is_complete());
}

#[test]
fn options_and_symbols_are_read_as_the_kernel_writes_them() {
    let options = config::parse("# CONFIG_A is not set\nCONFIG_HZ=250\nCONFIG_NAME=\"a=b\"\n");
    assert_eq!(options.len(), 2);
    assert_eq!((&*options["CONFIG_HZ"], &*options["CONFIG_NAME"]), ("250", "\"a=b\""));
    let symbols = ksyms::parse(
        "ffffffff81000000 T _text\n0000000000000000 t hidden\nbad\nffffffff81000010 t f [m]\n",
    );
    assert_eq!(symbols.len(), 2);
    assert_eq!((symbols["_text"], symbols["f"]), (0xffff_ffff_8100_0000, 0xffff_ffff_8100_0010));
}
