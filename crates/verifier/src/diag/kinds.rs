//! Every kind of rejection, for `skep explain` and the docs.

use skep_abi::Errno;

/// What is known about a rejection before it happens.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What `BPF_PROG_LOAD` returns.
    pub errno: Errno,
    /// What it means.
    pub doc: &'static str,
    /// The kernel's sentence as a template.
    pub text: &'static str,
    /// What to do.
    pub help: &'static str,
    /// The module that declares it: `verifier::call::arg`.
    pub module: &'static str,
    /// A program that is rejected so, as the crate `case` reads it.
    pub example: &'static str,
}

impl Kind {
    /// The verifier's room that it belongs to: the first part of the module's name.
    #[must_use]
    pub fn room(&self) -> &'static str {
        self.module.split("::").nth(1).unwrap_or(self.module)
    }

    /// What it means: the first paragraph of its documentation, on one line.
    #[must_use]
    pub fn meaning(&self) -> String {
        let lines = self.doc.lines().map(str::trim);
        lines
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Every kind, a list for each file that declares some.
pub static KINDS: &[&[Kind]] = &[
    crate::subprog::REJECTIONS,
    crate::subprog::CTX_TYPE_REJECTIONS,
    crate::subprog::EXCEPTION_CB_REJECTIONS,
    crate::subprog::GLOBAL_ARGS_REJECTIONS,
    crate::subprog::KFUNC_REJECTIONS,
    crate::check_btf::REJECTIONS,
    crate::check_btf::LINE_REJECTIONS,
    crate::ld_imm64::REJECTIONS,
    crate::ld_imm64::KSYM_REJECTIONS,
    crate::ld_imm64::MAP_REJECTIONS,
    crate::cfg::REJECTIONS,
    crate::attach::REJECTIONS,
    crate::attach::STRUCT_OPS_REJECTIONS,
    crate::attach::TARGET_REJECTIONS,
    crate::explore::BRANCH_REJECTIONS,
    crate::explore::ENTRY_REJECTIONS,
    crate::explore::WALK_REJECTIONS,
    crate::precision::REJECTIONS,
    crate::prune::REJECTIONS,
    crate::stack_depth::REJECTIONS,
    crate::fixups::REJECTIONS,
    crate::access::REJECTIONS,
    crate::access::align::REJECTIONS,
    crate::access::btf_ptr::REJECTIONS,
    crate::access::btf_ptr::walk::REJECTIONS,
    crate::access::btf_ptr::writable::REJECTIONS,
    crate::access::call_mem::REJECTIONS,
    crate::access::ctx::REJECTIONS,
    crate::access::kptr::REJECTIONS,
    crate::access::map_ptr::REJECTIONS,
    crate::access::map_value::REJECTIONS,
    crate::access::mem::REJECTIONS,
    crate::access::packet::REJECTIONS,
    crate::access::ptr_off::REJECTIONS,
    crate::access::ptr_type::REJECTIONS,
    crate::access::region::REJECTIONS,
    crate::access::socket::REJECTIONS,
    crate::access::stack::bounds::REJECTIONS,
    crate::access::stack::range::REJECTIONS,
    crate::access::stack::read::REJECTIONS,
    crate::access::stack::write::REJECTIONS,
    crate::call::arg::REJECTIONS,
    crate::call::arg::btf_id::REJECTIONS,
    crate::call::arg::const_str::REJECTIONS,
    crate::call::arg::map::REJECTIONS,
    crate::call::arg::mem::REJECTIONS,
    crate::call::arg::offset::REJECTIONS,
    crate::call::arg::reg_type::REJECTIONS,
    crate::call::exit::REJECTIONS,
    crate::call::frame::REJECTIONS,
    crate::call::helper::REJECTIONS,
    crate::call::helper::effect::REJECTIONS,
    crate::call::helper::format::REJECTIONS,
    crate::call::helper::map::REJECTIONS,
    crate::call::helper::result::REJECTIONS,
    crate::call::leak::REJECTIONS,
    crate::call::ret::REJECTIONS,
    crate::call::ret::range::REJECTIONS,
    crate::call::subprog::REJECTIONS,
    crate::call::dynptr::REJECTIONS,
    crate::call::graph::REJECTIONS,
    crate::call::irq::REJECTIONS,
    crate::call::iter::REJECTIONS,
    crate::call::kfunc::REJECTIONS,
    crate::call::kfunc::arg::REJECTIONS,
    crate::call::kfunc::desc::REJECTIONS,
    crate::call::kfunc::object::REJECTIONS,
    crate::call::kfunc::param::REJECTIONS,
    crate::call::kfunc::pointer::REJECTIONS,
    crate::call::kfunc::result::REJECTIONS,
    crate::call::kfunc::special::REJECTIONS,
    crate::call::kptr::REJECTIONS,
    crate::call::lock::REJECTIONS,
    crate::call::obj::REJECTIONS,
    crate::call::region::REJECTIONS,
    crate::call::stack_object::REJECTIONS,
    crate::call::timer::REJECTIONS,
    crate::transfer::REJECTIONS,
    crate::transfer::alu::REJECTIONS,
    crate::transfer::alu_ptr::REJECTIONS,
    crate::transfer::atomic::REJECTIONS,
    crate::transfer::jmp::REJECTIONS,
    crate::transfer::ld_abs::REJECTIONS,
    crate::transfer::ld_imm64::REJECTIONS,
    crate::transfer::mov::REJECTIONS,
    crate::transfer::reg_arg::REJECTIONS,
    crate::transfer::sane::REJECTIONS,
];

/// Finds a kind by name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().flat_map(|kinds| kinds.iter()).find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::KINDS;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_is_explained() {
        let mut names = HashSet::new();
        for kind in KINDS.iter().flat_map(|kinds| kinds.iter()) {
            assert!(names.insert(kind.name), "{} is the name of two kinds", kind.name);
            let is_kebab =
                kind.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(is_kebab, "{} is not in kebab case", kind.name);
            assert!(kind.doc.trim().len() > 20, "{} is not explained", kind.name);
            assert!(!kind.help.is_empty(), "{} does not say what to do", kind.name);
        }
    }

    #[test]
    fn every_file_that_declares_rejections_is_listed() {
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut declaring = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    declaring += usize::from(text.lines().any(|line| line == "rejections! {"));
                }
            }
        }
        assert_eq!(KINDS.len(), declaring);
    }
}
