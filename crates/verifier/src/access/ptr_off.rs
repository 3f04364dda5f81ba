//! Pointers that may be used only as they came, without an offset (`__check_ptr_off_reg`).

use skep_isa::Reg;

use crate::diag::{Step, rejections};
use crate::env::Env;

rejections! {
    /// A pointer of a kind that must not be moved lies before its start.
    NegativeOffset("ptr-negative-offset", EACCES, help: "use the pointer as it came") {
        ty: String, regno: u8, off: i32,
    } => "negative offset {ty} ptr R{regno} off={off} disallowed";

    /// A pointer of a kind that must be used as it came has been moved.
    ///
    /// The context and many kernel objects are checked by the offset in the load or store; the pointer itself must
    /// not have been added to.
    ModifiedPointer("ptr-modified", EACCES, help: "keep the original pointer and put the offset in the access") {
        ty: String, regno: u8, off: i32,
    } => "dereference of modified {ty} ptr R{regno} off={off} disallowed";

    /// A number that is not known was added to a pointer of a kind that must be used at known offsets.
    VariablePointer("ptr-variable-offset", EACCES, help: "use constant offsets only") {
        ty: String, var_off: String,
    } => "variable {ty} access var_off={var_off} disallowed";
}

/// Checks that the pointer was not moved; a constant distance forward is fine where `fixed_off_ok` says so.
pub(crate) fn check_ptr_off(env: &Env<'_>, regno: Reg, fixed_off_ok: bool) -> Step {
    let reg = env.reg(regno);
    let (ty, off) = (reg.ty, reg.off);
    if off < 0 {
        return Err(NegativeOffset { ty: ty.to_string(), regno: regno.0, off }.into());
    }
    if !fixed_off_ok && off != 0 {
        return Err(ModifiedPointer { ty: ty.to_string(), regno: regno.0, off }.into());
    }
    if reg.num.const_value() != Some(0) {
        let var_off = reg.num.var_off.to_string();
        return Err(VariablePointer { ty: ty.to_string(), var_off }.into());
    }
    Ok(())
}
