//! Maps, their keys and values as arguments.

use skep_abi::{ArgBase, ArgProto, Effect, MapType, TypeFlags};
use skep_isa::Reg;

use super::mem;
use crate::access::{CallMem, Rw, check_call_mem};
use crate::call::{MapRef, Meta};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::precision;
use crate::state::{Base, RegState, SlotKind, StackSlot};

rejections! {
    /// The timer lies in another map than the one that is passed with it.
    ///
    /// Inner maps of one map of maps are told apart by the lookup that found them.
    TimerOfAnotherMap("timer-of-another-map", EINVAL, help: "pass the very map in whose value the timer is") {
        timer: u32, map: u32,
    } => "timer pointer in R1 map_uid={timer} doesn't match map pointer in R2 map_uid={map}";

    /// A socket map has no values that a program could read or write.
    SockmapValue("sockmap-value", EINVAL, help: "use the helpers for socket maps") {
    } => "invalid arg_type for sockmap/sockhash";
}

/// Remembers the map that is passed.
pub(super) fn check_map(env: &Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let Some(map) = MapRef::of(env.reg(regno)) else {
        return Stop::bug("a pointer to a map lacks its map");
    };
    if let Some(before) = meta.map.filter(|&before| before != map) {
        return Err(TimerOfAnotherMap { timer: before.uid, map: map.uid }.into());
    }
    meta.map = Some(map);
    Ok(())
}

/// What a value argument stands for with this map (`resolve_map_arg_type`).
pub(super) fn resolve_value(env: &Env<'_>, arg: ArgProto, meta: &Meta) -> Step<ArgProto> {
    let Some(map) = meta.map else { return Stop::bug("a value comes before its map") };
    match map.kind(env) {
        MapType::Sockmap | MapType::Sockhash if arg.flags.is_empty() => {
            Ok(ArgProto { base: ArgBase::BtfIdSockCommon, ..arg })
        }
        MapType::Sockmap | MapType::Sockhash => Err(SockmapValue {}.into()),
        // Asks whether the value is there, instead of filling it.
        MapType::BloomFilter if meta.proto.effect == Some(Effect::MapPeek) => {
            Ok(ArgProto { flags: TypeFlags::empty(), ..arg })
        }
        _ => Ok(arg),
    }
}

/// Checks a key, and remembers it where it is known.
pub(super) fn check_key(env: &mut Env<'_>, regno: Reg, meta: &mut Meta) -> Step {
    let Some(map) = meta.map else { return Stop::bug("a key comes before its map") };
    let (size, kind) = (map.get(env).key_size, map.kind(env));
    check_call_mem(env, CallMem { reg: regno, size, rw: Rw::Read, zero_ok: false, raw: None })?;
    if env.features.elides_lookup_null() && has_every_index(kind) {
        meta.map_key = constant_key(env, regno, size)?;
    }
    Ok(())
}

/// Checks memory of the size of the map's value.
pub(super) fn check_value(
    env: &mut Env<'_>,
    regno: Reg,
    flags: TypeFlags,
    meta: &mut Meta,
) -> Step {
    if flags.contains(TypeFlags::PTR_MAYBE_NULL) && env.reg(regno).is_null() {
        return Ok(());
    }
    let Some(map) = meta.map else { return Stop::bug("a value comes before its map") };
    let size = map.get(env).value_size;
    mem::check_sized(env, regno, size, flags, meta)
}

/// Whether each index below the map's size has an element (`can_elide_value_nullness`).
pub(crate) fn has_every_index(kind: MapType) -> bool {
    matches!(kind, MapType::Array | MapType::PercpuArray)
}

/// The key that the stack at `regno` holds, when it is one number (`get_constant_map_key`). The verdict then depends on
/// that number, so it becomes precise.
fn constant_key(env: &mut Env<'_>, regno: Reg, size: u32) -> Step<Option<u64>> {
    let reg = *env.reg(regno);
    let Some((frame, spi, byte)) = slot_of(&reg) else { return Ok(None) };
    let stack = &env.state.frames[frame as usize].stack;
    let Some(slot) = stack.get(spi) else { return Ok(None) };
    let count = |kind| slot.kinds[..=byte].iter().rev().take_while(|&&k| k == kind).count();
    if count(SlotKind::Zero) >= size as usize {
        return Ok(Some(0));
    }
    if !slot.is_scalar_spill() || count(SlotKind::Spill) != size as usize {
        return Ok(None);
    }
    let Some(key) = spilled_constant(slot) else { return Ok(None) };
    precision::mark_slot(env, frame, spi as u32)?;
    Ok(Some(key))
}

fn spilled_constant(slot: &StackSlot) -> Option<u64> {
    slot.spilled.const_value()
}

/// The frame, slot and byte of it that a stack pointer points to, when that is one place.
fn slot_of(reg: &RegState) -> Option<(u32, usize, usize)> {
    if !reg.ty.is(Base::Stack) {
        return None;
    }
    let off = i64::from(reg.off).checked_add_unsigned(reg.num.const_value()?)?;
    let below = usize::try_from(-off - 1).ok()?;
    Some((reg.frameno, below / 8, below % 8))
}
