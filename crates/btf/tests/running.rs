//! The running kernel's own BTF.

#![allow(clippy::unwrap_used, reason = "tests panic where they fail")]

use skep_btf::{Btf, Kind, Type};

fn vmlinux() -> Option<Btf> {
    match std::fs::read("/sys/kernel/btf/vmlinux") {
        Ok(bytes) => Some(Btf::parse(&bytes).expect("the kernel's BTF parses")),
        Err(error) => {
            skep_skip::skipped!("/sys/kernel/btf/vmlinux: {error}");
            None
        }
    }
}

#[test]
fn the_running_kernels_types_parse() {
    let Some(btf) = vmlinux() else { return };
    assert!(btf.len() > 10_000);
    let task = btf.find("task_struct", Kind::Struct).unwrap();
    let Type::Struct(composite) = btf.ty(task) else { panic!("a struct") };
    assert!(composite.members().any(|member| member.name == "pid"));
    assert_eq!(btf.size_of(task), Some(u64::from(composite.size)));
    for id in btf.ids() {
        let _ = (btf.size_of(id), btf.align_of(id), btf.type_tags(id));
    }
}

/// The offset of a struct's member as an access string finds it, and as the declaration has it.
#[test]
fn the_running_kernels_fields_relocate_to_themselves() {
    use skep_btf::core::{CoreError, Outcome, Relocation, RelocationKind, Target};
    let Some(btf) = vmlinux() else { return };
    let target = Target::new(&btf);
    let (mut agreed, mut ambiguous) = (0, 0);
    for root in btf.ids().filter(|&id| btf.kind(id) == Kind::Struct && !btf.name(id).is_empty()) {
        let composite = btf.ty(root).composite().unwrap();
        for (index, member) in composite.members().enumerate().take(8) {
            if member.name.is_empty() || member.bitfield > 0 {
                continue;
            }
            let access = format!("0:{index}");
            let kind = RelocationKind::FieldByteOffset;
            match target.relocate(&btf, &Relocation { kind, root, access: &access }) {
                Ok(Outcome::Value(patch)) => {
                    assert_eq!(u64::from(member.bit_offset), patch.new * 8, "{}", composite.name);
                    assert_eq!(patch.orig, patch.new, "{}", composite.name);
                    agreed += 1;
                }
                // The kernel has some structs of one name in several files.
                Err(CoreError::Ambiguous { .. }) => ambiguous += 1,
                // Pointers to functions have no size by themselves, so nothing else may come.
                other => panic!("{}.{}: {other:?}", composite.name, member.name),
            }
        }
    }
    assert!(agreed > 10_000 && ambiguous < agreed / 20, "{agreed} agreed, {ambiguous} ambiguous");
}

#[test]
fn the_running_kernels_types_survive_writing() {
    let Some(btf) = vmlinux() else { return };
    let mut builder = skep_btf::BtfBuilder::new();
    for id in btf.ids() {
        builder.push(&btf.ty(id).to_def(|id| id).unwrap()).unwrap();
    }
    let again = Btf::parse(&builder.finish().unwrap()).unwrap();
    assert_eq!(again.len(), btf.len());
    for id in btf.ids() {
        assert_eq!(again.ty(id).to_def(|id| id), btf.ty(id).to_def(|id| id), "type {id}");
    }
}
