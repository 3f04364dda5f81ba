//! Values of maps: bounds, permissions, special fields, and constants of frozen sections.

use super::kptr;
use super::mem::unknown;
use super::region::{self, Span};
use super::{Access, Rw};
use crate::call::MapRef;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::{Field, FieldKind};
use crate::state::RegState;
use skep_isa::Reg;

/// `BPF_F_WRONLY_PROG`.
const WRONLY_PROG: u32 = 1 << 8;

rejections! {
    /// The program writes to a map that programs may only read, such as `.rodata`.
    WriteForbidden("map-write-forbidden", EACCES, help: "write to another map; `const` variables cannot change") {
        value_size: u32, off: i32, size: u32,
    } => "write into map forbidden, value_size={value_size} off={off} size={size}";

    /// The program reads a map that programs may only write.
    ReadForbidden("map-read-forbidden", EACCES, help: "create the map without BPF_F_WRONLY_PROG") {
        value_size: u32, off: i32, size: u32,
    } => "read from map forbidden, value_size={value_size} off={off} size={size}";

    /// A call would access a kptr field of a map's value as plain memory.
    KptrIndirect("kptr-indirect-access", EACCES, help: "pass memory that holds no kptr; copy the other fields one by one") {
        field: &'static str,
    } => "{field} cannot be accessed indirectly by helper";

    /// A kptr field may be touched at an offset that is not a constant.
    KptrVariable("kptr-variable-offset", EACCES, help: "use a constant index") {
        field: &'static str,
    } => "{field} access cannot have variable offset";

    /// A kptr field is touched, but not at its start.
    KptrMisaligned("kptr-misaligned", EACCES, help: "load or store the whole pointer") {
        field: &'static str, expected: u32, off: u64,
    } => "{field} access misaligned expected={expected} off={off}";

    /// A kptr field is touched by a load or store of fewer than eight bytes.
    KptrSize("kptr-access-size", EACCES, help: "load or store the whole pointer") {
        field: &'static str,
    } => "{field} access size must be BPF_DW";

    /// A lock, timer or other special field of a map's value is touched by a load or store.
    SpecialField("special-field-access", EACCES, help: "use the calls that are made for this field") {
        field: &'static str,
    } => "{field} cannot be accessed directly by load/store";
}

/// Who accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// An insn.
    Insn,
    /// A call.
    Call,
}

/// A load or store.
pub(super) fn access(env: &mut Env<'_>, access: &Access, off: i32) -> Step {
    let reg = *env.reg(access.base);
    check_type(env, &reg, off, access.size, access.rw)?;
    let span = Span { off, size: access.size, zero_ok: false };
    check(env, access.base, span, By::Insn)?;
    let at = reg.num.const_value().map(|at| at.wrapping_add_signed(i64::from(off)));
    if let Some(field) = at.and_then(|at| kptr_at(env, &reg, at)) {
        return kptr::access(env, access, field);
    }
    if access.rw == Rw::Read
        && let (Some(value), Some(at)) = (access.value, at)
        && let Some(number) = constant(env, &reg, at, access)
    {
        *env.reg_mut(value) = RegState::constant(number);
        return Ok(());
    }
    unknown(env, access);
    Ok(())
}

/// Checks that programs may read or write the map (`check_map_access_type`).
pub(super) fn check_type(env: &Env<'_>, reg: &RegState, off: i32, size: u32, rw: Rw) -> Step {
    let Some(map) = MapRef::of(reg).map(|map| map.get(env)) else {
        return Stop::bug("a map value without a map");
    };
    let value_size = map.value_size;
    if rw == Rw::Write && map.is_read_only() {
        return Err(WriteForbidden { value_size, off, size }.into());
    }
    if rw == Rw::Read && map.flags & WRONLY_PROG != 0 && !map.is_read_only() {
        return Err(ReadForbidden { value_size, off, size }.into());
    }
    Ok(())
}

/// Checks bounds and special fields (`check_map_access`).
pub(super) fn check(env: &Env<'_>, regno: Reg, span: Span, by: By) -> Step {
    let reg = env.reg(regno);
    let Some(map) = MapRef::of(reg) else { return Stop::bug("a map value without a map") };
    region::check(env, regno, span, map.get(env).value_size)?;
    let off = i64::from(span.off);
    let first = reg.num.smin.wrapping_add(off);
    let end = reg.num.umax.wrapping_add_signed(off + i64::from(span.size));
    for field in &env.map_record(map.map, map.inner).fields {
        let starts_before = first.cast_unsigned() < u64::from(field.offset + field.size);
        if starts_before && u64::from(field.offset) < end {
            check_field(reg, field, span, by)?;
        }
    }
    Ok(())
}

fn check_field(reg: &RegState, field: &Field, span: Span, by: By) -> Step {
    let name = field.kind.name();
    let FieldKind::Kptr(_) = field.kind else {
        return Err(SpecialField { field: name }.into());
    };
    if by == By::Call {
        return Err(KptrIndirect { field: name }.into());
    }
    let Some(at) = reg.num.const_value() else {
        return Err(KptrVariable { field: name }.into());
    };
    let off = at.wrapping_add_signed(i64::from(span.off));
    if off != u64::from(field.offset) {
        return Err(KptrMisaligned { field: name, expected: field.offset, off }.into());
    }
    if span.size != 8 {
        return Err(KptrSize { field: name }.into());
    }
    Ok(())
}

fn kptr_at(env: &Env<'_>, reg: &RegState, at: u64) -> Option<Field> {
    let map = MapRef::of(reg)?;
    let field = env.map_record(map.map, map.inner).at(u32::try_from(at).ok()?)?;
    field.kind.kptr().map(|_| *field)
}

/// What a frozen map holds there, as a load of this size sees it (`bpf_map_direct_read`).
fn constant(env: &Env<'_>, reg: &RegState, at: u64, access: &Access) -> Option<u64> {
    let map = MapRef::of(reg)?.get(env);
    let data = map.frozen.filter(|_| map.is_read_only())?;
    let at = usize::try_from(at).ok()?;
    let mut bytes = [0; 8];
    for (i, byte) in bytes.iter_mut().enumerate().take(access.size as usize) {
        // The value may be larger than the section that fills it.
        *byte = data.get(at + i).copied().unwrap_or(0);
    }
    let number = u64::from_le_bytes(bytes);
    let unused = 64 - 8 * access.size;
    let shifted = number << unused;
    Some(if access.sign_extend {
        (shifted.cast_signed() >> unused).cast_unsigned()
    } else {
        shifted >> unused
    })
}
