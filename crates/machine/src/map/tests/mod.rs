//! Maps on a machine of their own, where no kernel is needed to know the answer.

mod concurrent;
mod fields;
mod keyless;
mod kinds;
mod local_storage;
mod lpm_trie;
mod lru;
mod slots;
mod walks;

use skep_abi::{Addr, Cpu, MapType};

use super::{Map, MapDef, MapFlags, UserSide};
use crate::{Machine, Width};

fn machine(cpus: u32) -> Machine {
    Machine::builder().cpus(cpus).build().unwrap()
}

fn map(machine: &Machine, def: MapDef) -> &Map {
    machine.map(machine.create_map(def).unwrap()).unwrap()
}

fn user<'m>(machine: &'m Machine, map: &Map) -> UserSide<'m> {
    machine.user_side(map.id()).unwrap()
}

fn def(kind: MapType, max_entries: u32) -> MapDef {
    MapDef::new("m", kind, 4, 8, max_entries)
}

fn put(map: &Map, cpu: u32, key: u32, value: u64) -> Result<(), skep_abi::Errno> {
    map.update(Cpu(cpu), &key.to_le_bytes(), &value.to_le_bytes(), 0)
}

fn get(machine: &Machine, map: &Map, cpu: u32, key: u32) -> Option<u64> {
    map.lookup(Cpu(cpu), &key.to_le_bytes()).map(|at| word(machine, at))
}

fn word(machine: &Machine, at: Addr) -> u64 {
    machine.memory().load(at, Width::Dw).unwrap()
}
