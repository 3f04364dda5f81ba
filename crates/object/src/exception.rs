//! Exception callbacks: `__exception_cb(name)`, a decl tag on a program. libbpf's `bpf_prog_assign_exc_cb`.

use std::collections::HashMap;

use skep_btf::{Btf, Linkage, Type};

use crate::code::Code;
use crate::error::shown;

const PREFIX: &str = "exception_callback:";

/// The callbacks that programs name.
pub(crate) struct Callbacks<'a> {
    /// Names by program.
    named: HashMap<&'a str, Vec<&'a str>>,
    /// Subprograms by name, the first of each; empty when no program names any.
    subprogs: HashMap<&'a str, usize>,
}

impl<'a> Callbacks<'a> {
    pub(crate) fn new(btf: Option<&'a Btf>, code: &'a Code) -> Self {
        let named = btf.map(named).unwrap_or_default();
        let mut subprogs = HashMap::new();
        if !named.is_empty() {
            for (index, function) in code.functions.iter().enumerate() {
                if Some(function.section) == code.text {
                    subprogs.entry(function.name.as_str()).or_insert(index);
                }
            }
        }
        Self { named, subprogs }
    }

    /// The subprogram that a program's exceptions end in. Several callbacks are left for the verifier to refuse.
    pub(crate) fn of(&self, code: &Code, program: &str) -> Result<Option<usize>, String> {
        let Some([name]) = self.named.get(program).map(Vec::as_slice) else { return Ok(None) };
        match self.subprogs.get(name).map(|&index| (index, &code.functions[index])) {
            Some((index, function)) if function.is_global && !function.is_hidden => Ok(Some(index)),
            Some(_) => Err(format!(
                "exception callback {} is static or hidden, and must be global",
                shown(name)
            )),
            None => Err(format!("exception callback {} does not exist in .text", shown(name))),
        }
    }
}

fn named(btf: &Btf) -> HashMap<&str, Vec<&str>> {
    let mut named: HashMap<&str, Vec<&str>> = HashMap::new();
    for id in btf.ids() {
        let Type::DeclTag { value, target, component: None } = btf.ty(id) else { continue };
        let (Some(callback), Type::Func { name, linkage: Linkage::Global, .. }) =
            (value.strip_prefix(PREFIX), btf.ty(target))
        else {
            continue;
        };
        named.entry(name).or_default().push(callback);
    }
    named
}
