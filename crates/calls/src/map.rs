//! `kernel/bpf/helpers.c`: elements of maps.

use skep_abi::{Cpu, Errno, MapType};
use skep_machine::{Fault, Kernel, Map};
use skep_macros::calls;

use crate::arg::{Anything, ConstMap, MapKey, MapValue, UninitMapValue};
use crate::ret::{Answer, MapValueOrNull, Success};

/// Look-up, update, delete.
pub(crate) struct MapElem;

#[calls(avail { BASE, LIRC })]
impl MapElem {
    /// Looks up an element: the address of its value, or null.
    ///
    /// In a per-CPU map it is the value of the current CPU; in a map of maps, the inner map.
    #[helper(1, since = "3.18", effect = MapLookup)]
    fn bpf_map_lookup_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        key: MapKey,
    ) -> Answer<MapValueOrNull> {
        let map = k.run.machine.map_at(map.0)?;
        let key = read_key(k, map, key)?;
        Ok(MapValueOrNull(map.lookup(k.run.cpu, &key)))
    }

    /// Looks up the value that a CPU has of an element of a per-CPU map: its address, or null, also for a CPU that there
    /// cannot be.
    #[helper(195, since = "5.19", avail { BASE, TRACING }, effect = MapLookupPercpu)]
    fn bpf_map_lookup_percpu_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        key: MapKey,
        cpu: Anything,
    ) -> Answer<MapValueOrNull> {
        let map = k.run.machine.map_at(map.0)?;
        let key = read_key(k, map, key)?;
        let cpu = Cpu(cpu.0 as u32);
        let is_possible = cpu.0 < k.run.machine.nr_cpu_ids();
        Ok(MapValueOrNull(map.lookup(cpu, &key).filter(|_| is_possible)))
    }

    /// Creates or replaces an element.
    ///
    /// `flags`: `BPF_ANY` (0), `BPF_NOEXIST` (1) only creates, `BPF_EXIST` (2) only replaces. In a per-CPU map
    /// only the value of the current CPU is set; the other CPUs' values of a new element are zero. Returns 0.
    ///
    /// *Errors*: `EINVAL` for other flags, `EEXIST`, `ENOENT`, `E2BIG` for a full map or an index past the end,
    /// `ENOMEM`.
    #[helper(2, since = "3.18", effect = MapUpdate)]
    fn bpf_map_update_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        key: MapKey,
        value: MapValue,
        flags: Anything,
    ) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        let key = read_key(k, map, key)?;
        let value = k.run.memory().read_vec(value.0, u64::from(map.def().value_size))?;
        map.update(k.run.cpu, &key, &value, flags.0)?;
        Ok(Success)
    }

    /// Deletes an element. Returns 0.
    ///
    /// *Errors*: `ENOENT` when there is none, `EINVAL` for arrays.
    #[helper(3, since = "3.19", effect = MapDelete)]
    fn bpf_map_delete_elem(k: &mut Kernel<'_, '_>, map: ConstMap, key: MapKey) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        let key = read_key(k, map, key)?;
        map.delete(k.run.cpu, &key)?;
        Ok(Success)
    }
}

/// Maps without keys.
pub(crate) struct MapQueue;

#[calls(since = "4.20", avail { BASE, LIRC })]
impl MapQueue {
    /// Puts a value into a queue, onto a stack, or into a Bloom filter. Returns 0.
    ///
    /// `flags`: `BPF_EXIST` (2) drops the oldest value of a queue or stack that is full.
    ///
    /// *Errors*: `E2BIG` when it is full, `EINVAL` for other flags.
    #[helper(87, effect = MapQueue)]
    fn bpf_map_push_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        value: MapValue,
        flags: Anything,
    ) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        let value = k.run.memory().read_vec(value.0, u64::from(map.def().value_size))?;
        map.push(&value, flags.0)?;
        Ok(Success)
    }

    /// Takes the first value out of a queue, or the last one off a stack. Returns 0.
    ///
    /// *Errors*: `ENOENT`, with zeroes for a value, when there is none.
    #[helper(88, effect = MapQueue)]
    fn bpf_map_pop_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        value: UninitMapValue,
    ) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        let popped = map.pop();
        give(k, map, value, popped)
    }

    /// Copies the value that `bpf_map_pop_elem` would take; of a Bloom filter, tells whether the value may be in it. Returns 0.
    ///
    /// *Errors*: `ENOENT` when there is none, with zeroes for a value of a queue or stack.
    #[helper(89, effect = MapPeek)]
    fn bpf_map_peek_elem(
        k: &mut Kernel<'_, '_>,
        map: ConstMap,
        value: UninitMapValue,
    ) -> Answer<Success> {
        let map = k.run.machine.map_at(map.0)?;
        if map.map_type() == MapType::BloomFilter {
            let value = k.run.memory().read_vec(value.0, u64::from(map.def().value_size))?;
            map.contains(&value)?;
            return Ok(Success);
        }
        let first = map.peek();
        give(k, map, value, first)
    }
}

/// Hands a value to the program, zeroes where there is none.
fn give(
    k: &Kernel<'_, '_>,
    map: &Map,
    to: UninitMapValue,
    value: Result<Vec<u8>, Errno>,
) -> Answer<Success> {
    let memory = k.run.memory();
    match value {
        Ok(value) => memory.write(to.0, &value)?,
        Err(errno) => {
            memory.fill(to.0, u64::from(map.def().value_size), 0)?;
            return Err(errno.into());
        }
    }
    Ok(Success)
}

fn read_key(k: &Kernel<'_, '_>, map: &Map, key: MapKey) -> Result<Vec<u8>, Fault> {
    k.run.memory().read_vec(key.0, u64::from(map.def().key_size))
}

/// A map of a type that the verifier does not let the call have.
pub(crate) fn wrong_map(call: &'static str, map: &Map) -> Fault {
    let def = map.def();
    Fault::Call {
        call,
        why: format!("cannot take map `{}`, which is of type {}", def.name, def.map_type.name()),
    }
}
