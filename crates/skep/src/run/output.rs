//! What programs print or send to user space.

use serde_json::{Value, json};
use skep_abi::MapId;
use skep_btf::hex;
use skep_machine::{Machine, Output};

use crate::load::Loaded;

/// Puts an output event into each slot of each PERF_EVENT_ARRAY, as the readers of perf buffers do.
pub(crate) fn open_perf_buffers(machine: &Machine, loaded: &Loaded) {
    let maps = loaded.maps.iter().filter_map(|map| machine.map(map.id));
    for slots in maps.filter_map(skep_machine::Map::perf_event_array) {
        slots.open_outputs(machine.nr_cpu_ids());
    }
}

/// Everything that waits, oldest first.
pub(crate) fn take(machine: &Machine, loaded: &Loaded) -> Vec<Value> {
    let name = |id: MapId| {
        let map = loaded.maps.iter().find(|map| map.id == id);
        map.map_or_else(String::new, |map| map.spec.name.clone())
    };
    let outputs = machine.outputs().take().into_iter();
    outputs
        .map(|output| match output {
            Output::TracePrintk { text, .. } => Value::String(text),
            Output::PerfEvent { map, cpu, data, .. } => {
                json!({ "map": name(map), "cpu": cpu.0, "data": hex(&data) })
            }
            Output::Ringbuf { map, data } => json!({ "map": name(map), "data": hex(&data) }),
        })
        .collect()
}
