//! Exception callbacks: `__exception_cb(name)`, a decl tag on a program. libbpf's `bpf_prog_assign_exc_cb`.

use std::collections::HashMap;

use skep_btf::{Btf, Linkage, Type};

use crate::code::Code;
use crate::error::shown;

const PREFIX: &str = "exception_callback:";

/// The callbacks that programs name, by program.
pub(crate) fn callbacks(btf: Option<&Btf>) -> HashMap<&str, Vec<&str>> {
    let mut callbacks: HashMap<&str, Vec<&str>> = HashMap::new();
    let Some(btf) = btf else { return callbacks };
    for id in btf.ids() {
        let Type::DeclTag { value, target, component: None } = btf.ty(id) else { continue };
        let (Some(callback), Type::Func { name, linkage: Linkage::Global, .. }) =
            (value.strip_prefix(PREFIX), btf.ty(target))
        else {
            continue;
        };
        callbacks.entry(name).or_default().push(callback);
    }
    callbacks
}

/// The subprogram that a program's exceptions end in. Several callbacks are left for the verifier to refuse.
pub(crate) fn subprog(code: &Code, named: &[&str]) -> Result<Option<usize>, String> {
    let [name] = named else { return Ok(None) };
    let found = code
        .functions
        .iter()
        .position(|function| Some(function.section) == code.text && function.name == *name);
    match found.map(|index| (index, &code.functions[index])) {
        Some((index, function)) if function.is_global && !function.is_hidden => Ok(Some(index)),
        Some(_) => Err(format!(
            "exception callback {} is static or hidden, and must be global",
            shown(name)
        )),
        None => Err(format!("exception callback {} does not exist in .text", shown(name))),
    }
}
