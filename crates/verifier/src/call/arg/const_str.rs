//! Text that is known when the program is loaded (`check_reg_const_str`).

use skep_isa::Reg;

use crate::access::{CallMem, Rw, check_call_mem};
use crate::call::MapRef;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::state::RegState;

rejections! {
    /// The text must lie in memory that nobody can change after the program is loaded, such as `.rodata`.
    StrNotReadOnly("const-str-not-read-only", EACCES, help: "use a string literal or a `static const char[]`") {
        regno: u8,
    } => "R{regno} does not point to a readonly map'";

    /// Where the text begins depends on the path or on data.
    StrNotConstant("const-str-not-constant", EACCES, help: "pass the text at a constant offset") {
        regno: u8,
    } => "R{regno} is not a constant address'";

    /// The text has no terminating zero before the end of the map's value.
    StrNotTerminated("const-str-not-terminated", EINVAL, help: "end the text with a zero") {
    } => "string is not zero-terminated";
}

/// Checks that `reg` points to such text.
pub(crate) fn check(env: &mut Env<'_>, regno: Reg) -> Step {
    let reg = *env.reg(regno);
    let map = MapRef::of(&reg).map(|map| map.get(env));
    let Some((map, content)) = map.and_then(|map| Some((map, map.frozen?))) else {
        return Err(StrNotReadOnly { regno: regno.0 }.into());
    };
    if !reg.has_const_off() {
        return Err(StrNotConstant { regno: regno.0 }.into());
    }
    // The number is modulo 2^32 in the kernel too; the access check refuses what lies outside.
    let size = map.value_size.wrapping_sub(reg.off.cast_unsigned());
    let mem = CallMem { reg: regno, size, rw: Rw::Read, zero_ok: false, raw: None };
    check_call_mem(env, mem)?;
    match at(content, &reg) {
        Some(_) => Ok(()),
        None => Err(StrNotTerminated {}.into()),
    }
}

/// The text that a register checked by [`check`] points to, without its terminating zero.
pub(crate) fn text<'a>(env: &Env<'a>, regno: Reg) -> Option<&'a [u8]> {
    let reg = env.reg(regno);
    at(MapRef::of(reg)?.get(env).frozen?, reg)
}

fn at<'a>(content: &'a [u8], reg: &RegState) -> Option<&'a [u8]> {
    let start = i64::from(reg.off).checked_add_unsigned(reg.num.const_value()?)?;
    let rest = content.get(usize::try_from(start).ok()?..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    Some(&rest[..end])
}
