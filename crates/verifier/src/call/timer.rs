//! `bpf_timer`, `bpf_wq` and `bpf_task_work` in map values (`check_map_field_pointer`).

use skep_isa::Reg;

use super::record::const_off;
use super::{MapRef, Meta};
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::fields::{FieldKind, Record};
use crate::state::Base;

rejections! {
    /// The object is passed by a pointer whose distance from the start of the map value is not known.
    AsyncVariableOffset("async-variable-offset", EINVAL, help: "take the address of the member itself") {
        regno: u8, what: &'static str,
    } => "R{regno} doesn't have constant offset. {what} has to be at the constant offset";

    /// The object in a map value is only found by the BTF of the map.
    AsyncNeedsBtf("async-map-without-btf", EINVAL, help: "declare the map in section .maps with __type(value, …)") {
        map: String, what: &'static str,
    } => "map '{map}' has to have BTF in order to use {what}";

    /// The map's value holds no such object.
    AsyncMissing("async-missing", EINVAL, help: "put the member into the struct of the map's value") {
        map: String, what: &'static str,
    } => "map '{map}' has no valid {what}";

    /// The pointer does not point to where the object is.
    AsyncWrongOffset("async-wrong-offset", EINVAL, help: "take the address of the member itself") {
        off: i64, what: &'static str, at: i64,
    } => "off {off} doesn't point to 'struct {what}' that is at {at}";

    /// Such an object lives in map values only.
    NotAMapValue("async-not-map-value", EINVAL, help: "pass the address of the member of a map value") {
        arg: u8,
    } => "arg#{arg} doesn't point to a map value";

    /// A work queue is started with another map than the one that it lies in.
    WqWrongMap("wq-wrong-map", EINVAL, help: "pass the map that the value was found in") {
        of: u32, map: u32,
    } => "workqueue pointer in R1 map_uid={of} doesn't match map pointer in R2 map_uid={map}";

    /// A task work is scheduled with another map than the one that it lies in.
    TaskWorkWrongMap("task-work-wrong-map", EINVAL, help: "pass the map that the value was found in") {
        of: u32, map: u32,
    } => "bpf_task_work pointer in R2 map_uid={of} doesn't match map pointer in R3 map_uid={map}";
}

/// Checks that `reg` points to the timer of a map's value, and remembers the map (`process_timer_func`).
pub(crate) fn check(env: &mut Env<'_>, reg: Reg, meta: &mut Meta) -> Step {
    meta.map = Some(check_field(env, reg, FieldKind::Timer, |record| record.timer_off)?);
    Ok(())
}

/// Checks that `reg` points to the work queue of a map's value (`process_wq_func`): the map.
pub(super) fn check_wq(env: &Env<'_>, reg: Reg) -> Step<MapRef> {
    check_map_value(env, reg)?;
    check_field(env, reg, FieldKind::Wq, |record| record.wq_off)
}

/// Checks that `reg` points to the task work of a map's value (`process_task_work_func`): the map.
pub(super) fn check_task_work(env: &Env<'_>, reg: Reg) -> Step<MapRef> {
    check_map_value(env, reg)?;
    check_field(env, reg, FieldKind::TaskWork, |record| record.task_work_off)
}

fn check_map_value(env: &Env<'_>, regno: Reg) -> Step {
    if env.reg(regno).ty.is(Base::MapValue) {
        return Ok(());
    }
    Err(NotAMapValue { arg: regno.0 - 1 }.into())
}

fn check_field(
    env: &Env<'_>,
    regno: Reg,
    kind: FieldKind,
    at: impl Fn(&Record) -> Option<u32>,
) -> Step<MapRef> {
    let reg = env.reg(regno);
    let what = kind.name();
    let Some(off) = const_off(reg) else {
        return Err(AsyncVariableOffset { regno: regno.0, what }.into());
    };
    let Some(map_ref) = MapRef::of(reg) else {
        return Stop::bug("a map value of no map");
    };
    let map = map_ref.get(env);
    if map.value_type.is_none() {
        return Err(AsyncNeedsBtf { map: map.name.to_owned(), what }.into());
    }
    let Some(at) = at(env.map_record(map_ref.map, map_ref.inner)).map(i64::from) else {
        return Err(AsyncMissing { map: map.name.to_owned(), what }.into());
    };
    if off != at {
        return Err(AsyncWrongOffset { off, what, at }.into());
    }
    Ok(map_ref)
}

/// Checks that the map argument is the one that the object before it lies in.
pub(super) fn check_same_map(env: &Env<'_>, of: Option<MapRef>, map: MapRef) -> Step {
    let Some(of) = of.filter(|of| *of != map) else { return Ok(()) };
    let record = env.map_record(map.map, map.inner);
    let (of, uid) = (of.uid, map.uid);
    if record.task_work_off.is_some() {
        return Err(TaskWorkWrongMap { of, map: uid }.into());
    }
    if record.wq_off.is_some() {
        return Err(WqWrongMap { of, map: uid }.into());
    }
    Ok(())
}
