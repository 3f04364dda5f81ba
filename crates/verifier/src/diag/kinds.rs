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
}

impl Kind {
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
];

/// Finds a kind by name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().flat_map(|kinds| kinds.iter()).find(|kind| kind.name == name)
}
