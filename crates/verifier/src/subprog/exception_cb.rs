//! The subprogram that handles exceptions, by a tag of the main program (`bpf_find_exception_callback_insn_off`).

use skep_btf::{Kind, Linkage, Type};

use crate::diag::{Step, rejections};
use crate::env::Env;

rejections! {
    /// The main program names two functions that handle its exceptions.
    ///
    /// `__exception_cb(f)` was written more than once.
    ManyExceptionCbs("exception-callback-not-unique", EEXIST, help: "write `__exception_cb` once") {
    } => "multiple exception callback tags for main subprog";

    /// The function that handles exceptions does not exist.
    ///
    /// `__exception_cb` names a function that the object's types do not have.
    ExceptionCbMissing("exception-callback-missing", ENOENT, help: "name a global function of the object in `__exception_cb`") {
        name: String,
    } => "exception callback '{name}' could not be found in BTF";

    /// The function that handles exceptions is static.
    ///
    /// The kernel calls it on its own, so it must be global.
    ExceptionCbNotGlobal("exception-callback-not-global", EINVAL, help: "remove `static`") {
        name: String,
    } => "exception callback '{name}' must have global linkage";

    /// The program handles its own exceptions.
    ///
    /// `__exception_cb` names the main program itself.
    ExceptionCbIsMain("exception-callback-is-main", EINVAL, help: "write another function that handles exceptions") {
    } => "invalid exception callback insn_off in func_info: 0";

    /// The function that handles exceptions is not a part of the program.
    ///
    /// The object has it, but it was not loaded with the program.
    ExceptionCbNotLoaded("exception-callback-not-loaded", EINVAL, help: "put the function into the program's object, not `static`") {
    } => "exception callback type id not found in func_info";
}

/// The first insn of the function that the main program's tag names, if it has one.
pub(super) fn first_insn(env: &Env<'_>) -> Step<Option<u32>> {
    let (Some(main), Some(btf)) = (env.prog.funcs.first(), env.prog.btf) else { return Ok(None) };
    let mut names =
        btf.decl_tags(main.ty, None).filter_map(|tag| tag.strip_prefix("exception_callback:"));
    let Some(name) = names.next() else { return Ok(None) };
    if names.next().is_some() {
        return Err(ManyExceptionCbs {}.into());
    }
    let Some(id) = btf.find(name, Kind::Func) else {
        return Err(ExceptionCbMissing { name: name.to_owned() }.into());
    };
    if !matches!(btf.ty(id), Type::Func { linkage: Linkage::Global, .. }) {
        return Err(ExceptionCbNotGlobal { name: name.to_owned() }.into());
    }
    match env.prog.funcs.iter().rfind(|func| func.ty == id).map(|func| func.insn) {
        Some(0) => Err(ExceptionCbIsMain {}.into()),
        Some(first) => Ok(Some(first)),
        None => Err(ExceptionCbNotLoaded {}.into()),
    }
}
