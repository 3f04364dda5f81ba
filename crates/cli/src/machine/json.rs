//! The document of `skep machine show --json`.

use serde_json::{Map, Value, json};
use skep::topology::Declared;
use skep_abi::Cpu;
use skep_topology::{NodeInfo, format_list};

pub(super) fn fields(declared: &Declared) -> Map<String, Value> {
    let machine = &declared.topology;
    let list = |cpus: &[Cpu]| format_list(cpus.iter().map(|cpu| cpu.0));
    let groups = |groups: &[Vec<Cpu>]| -> Value {
        let all = groups.iter().enumerate();
        all.map(|(id, cpus)| json!({ "id": id, "cpus": list(cpus) })).collect()
    };
    let node = |of: &NodeInfo| {
        let distance = |to: &NodeInfo| machine.distance(of.node, to.node);
        json!({
            "id": of.node.0,
            "online": of.online,
            "memory": of.memory,
            "cpus": list(&of.cpus),
            "distances": machine.nodes().iter().map(distance).collect::<Vec<_>>(),
        })
    };
    let cpus: Vec<Value> = machine
        .cpus()
        .map(|of| {
            json!({
                "cpu": of.cpu.0,
                "node": of.node.0,
                "socket": of.socket.0,
                "llc": of.llc.0,
                "core": of.core.0,
                "thread": of.thread,
                "capacity": of.capacity,
                "max_khz": of.max_khz,
                "present": machine.present().contains(of.cpu),
                "online": machine.online().contains(of.cpu),
            })
        })
        .collect();
    Map::from_iter([
        ("source".to_owned(), json!(declared.source.name())),
        ("notices".to_owned(), json!(declared.notes)),
        ("nr_cpu_ids".to_owned(), json!(machine.nr_cpu_ids())),
        ("nr_node_ids".to_owned(), json!(machine.nr_node_ids())),
        ("nr_cpus".to_owned(), json!(machine.nr_cpus())),
        ("smt_active".to_owned(), json!(machine.is_smt_active())),
        ("possible".to_owned(), json!(machine.possible().to_string())),
        ("present".to_owned(), json!(machine.present().to_string())),
        ("online".to_owned(), json!(machine.online().to_string())),
        ("sockets".to_owned(), groups(machine.sockets())),
        ("nodes".to_owned(), machine.nodes().iter().map(node).collect()),
        ("llcs".to_owned(), groups(machine.llcs())),
        ("cores".to_owned(), groups(machine.cores())),
        ("cpus".to_owned(), Value::Array(cpus)),
    ])
}
