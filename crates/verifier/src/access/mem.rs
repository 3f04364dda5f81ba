//! Memory of a known size, keys of maps, buffers of iterators and tracepoints, and arenas.

use skep_abi::TypeFlags;
use skep_isa::Reg;

use super::region::{self, Span};
use super::{Access, InvalidMemAccess, Rw};
use crate::call::MapRef;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::scalar::mark_unknown;
use crate::state::Payload;

rejections! {
    /// The program writes to memory that it may only read.
    WriteReadOnly("write-read-only", EACCES, help: "copy the data to the stack or a map and change it there") {
        regno: u8, ty: String,
    } => "R{regno} cannot write into {ty}";

    /// The program writes to the key of a map.
    ///
    /// The key that a callback of `bpf_for_each_map_elem` gets belongs to the map.
    WriteMapKey("write-map-key", EACCES, help: "copy the key first") {
        regno: u8,
    } => "write to change key R{regno} not allowed";

    /// The access lies before the start of a buffer.
    BufferBounds("buffer-negative-offset", EACCES, help: "use offsets from 0 on") {
        regno: u8, what: &'static str, off: i32, size: u32,
    } => "R{regno} invalid {what} buffer access: off={off}, size={size}";

    /// A buffer is accessed at an offset that is not a constant.
    BufferVariable("buffer-variable-offset", EACCES, help: "use constant offsets only") {
        regno: u8, off: i32, var_off: String,
    } => "R{regno} invalid variable buffer offset: off={off}, var_off={var_off}";
}

/// A key of a map.
pub(super) fn map_key(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    if access.rw == Rw::Write {
        return Err(WriteMapKey { regno: access.base.0 }.into());
    }
    let key_size = MapRef::of(env.reg(access.base)).map_or(0, |map| map.get(env).key_size);
    region::check(env, access.base, Span { off, size: access.size, zero_ok: false }, key_size)?;
    unknown(env, access);
    Ok(())
}

/// Memory of a known size (`PTR_TO_MEM`).
pub(super) fn mem(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let reg = env.reg(access.base);
    let (ty, regno) = (reg.ty, access.base.0);
    if ty.may_be_null() {
        return Err(InvalidMemAccess { regno, ty: ty.to_string() }.into());
    }
    let is_read_only = ty.has(TypeFlags::MEM_RDONLY);
    if access.rw == Rw::Write && is_read_only {
        return Err(WriteReadOnly { regno, ty: ty.to_string() }.into());
    }
    // Untrusted memory is read with exception handling, wherever it is.
    if !(is_read_only && ty.has(TypeFlags::PTR_UNTRUSTED)) {
        let bytes = mem_size(reg.payload);
        region::check(env, access.base, Span { off, size: access.size, zero_ok: false }, bytes)?;
    }
    unknown(env, access);
    Ok(())
}

/// Bytes of the memory that a register points to.
pub(super) const fn mem_size(payload: Payload) -> u32 {
    match payload {
        Payload::Mem { size, .. } => size,
        _ => 0,
    }
}

/// A buffer of a size that attaching checks (`PTR_TO_BUF`).
pub(super) fn buf(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let ty = env.reg(access.base).ty;
    let is_read_only = ty.has(TypeFlags::MEM_RDONLY);
    if is_read_only && access.rw == Rw::Write {
        return Err(WriteReadOnly { regno: access.base.0, ty: ty.to_string() }.into());
    }
    check_buffer(env, access.base, buffer_name(is_read_only), off, access.size)?;
    unknown(env, access);
    Ok(())
}

/// What the kernel calls a `PTR_TO_BUF`.
pub(super) const fn buffer_name(is_read_only: bool) -> &'static str {
    if is_read_only { "rdonly" } else { "rdwr" }
}

/// The buffer of a writable raw tracepoint.
pub(super) fn tp_buffer(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    check_buffer(env, access.base, "tracepoint", off, access.size)?;
    unknown(env, access);
    Ok(())
}

/// Checks that a buffer is accessed at a constant offset that is not negative (`__check_buffer_access`).
pub(super) fn check_buffer(
    env: &Env<'_>,
    regno: Reg,
    what: &'static str,
    off: i32,
    size: u32,
) -> Step {
    if off < 0 {
        return Err(BufferBounds { regno: regno.0, what, off, size }.into());
    }
    let num = &env.reg(regno).num;
    if num.const_value() != Some(0) {
        return Err(BufferVariable { regno: regno.0, off, var_off: num.var_off.to_string() }.into());
    }
    Ok(())
}

/// Arena memory: a fault of its own is handled at run time.
pub(super) fn arena(env: &mut Env<'_>, access: &Access) {
    unknown(env, access);
}

/// A load yields any number.
pub(super) fn unknown(env: &mut Env<'_>, access: &Access) {
    if access.rw == Rw::Read
        && let Some(value) = access.value
    {
        mark_unknown(env, value);
    }
}
