//! The running kernel's own BTF.

use skep_btf::{Btf, Kind, Type};

fn vmlinux() -> Option<Btf> {
    match std::fs::read("/sys/kernel/btf/vmlinux") {
        Ok(bytes) => Some(Btf::parse(&bytes).expect("the kernel's BTF parses")),
        Err(error) => {
            eprintln!("skipped: /sys/kernel/btf/vmlinux: {error}");
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
