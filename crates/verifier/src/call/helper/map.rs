//! Helpers and the maps that they are given (`record_func_map`, `record_func_key`, `check_map_func_compatibility`).

use skep_abi::{Effect, MapAnswer, MapType};
use skep_isa::Reg;

use crate::call::Meta;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::precision;

rejections! {
    /// The program changes a map that programs may only read (`BPF_F_RDONLY_PROG`, such as `.rodata`).
    MapReadOnly("map-read-only", EACCES, help: "use another map, or create this one without BPF_F_RDONLY_PROG") {
    } => "write into map forbidden";

    /// The helper does not work on maps of this kind.
    MapHelperMismatch("map-helper-mismatch", EINVAL, help: "use the helper that belongs to this kind of map") {
        before: &'static str, map_type: u32, name: &'static str, id: u32,
    } => "{before}cannot pass map_type {map_type} into func {name}#{id}";

    /// A tail call is given a map that holds no programs.
    TailCallMap("tail-call-map", EINVAL, help: "pass a BPF_MAP_TYPE_PROG_ARRAY") {
    } => "expected prog array map for tail call";
}

/// Remembers the map for all paths.
pub(super) fn record(env: &mut Env<'_>, meta: &Meta) -> Step {
    let effect = meta.proto.effect;
    let remembers = matches!(
        effect,
        Some(
            Effect::TailCall
                | Effect::MapLookup
                | Effect::MapLookupPercpu
                | Effect::MapUpdate
                | Effect::MapDelete
                | Effect::MapQueue
                | Effect::MapPeek
                | Effect::CallbackMapElem
                | Effect::MapRedirect
        )
    );
    if !remembers {
        return Ok(());
    }
    let Some(map) = meta.map else { return Stop::bug("a helper for maps was given none") };
    let writes = matches!(effect, Some(Effect::MapUpdate | Effect::MapDelete | Effect::MapQueue));
    if writes && map.get(env).is_read_only() {
        return Err(MapReadOnly {}.into());
    }
    map.see(&mut env.aux_mut().map);
    if effect == Some(Effect::TailCall) { record_key(env, meta) } else { Ok(()) }
}

/// A constant index lets the kernel turn the tail call into a jump, so the number becomes precise.
fn record_key(env: &mut Env<'_>, meta: &Meta) -> Step {
    let Some(map) = meta.map.filter(|map| map.kind(env) == MapType::ProgArray) else {
        return Err(TailCallMap {}.into());
    };
    let max = u64::from(map.get(env).max_entries);
    match env.reg(Reg::R3).const_value() {
        Some(key) if key < max => precision::mark_chain(env, Reg::R3),
        _ => Ok(()),
    }
}

/// Checks that the helper works on the kind of map.
pub(super) fn check_compatible(env: &Env<'_>, meta: &Meta) -> Step {
    let Some(map) = meta.map else { return Ok(()) };
    let (kind, proto) = (map.kind(env), meta.proto);
    let before = match env.kernel.calls.map_takes(kind, proto.id, &env.caller()) {
        MapAnswer::Takes => return Ok(()),
        MapAnswer::Refused => "",
        MapAnswer::NoSockmapUpdate => "cannot update sockmap in this context\n",
    };
    let (map_type, name, id) = (kind as u32, proto.name, proto.id);
    Err(MapHelperMismatch { before, map_type, name, id }.into())
}
